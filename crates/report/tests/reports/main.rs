//! What the reports of made-up comparisons say.

mod reading;
mod scripts;
mod support;
