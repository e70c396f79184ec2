//! What the reports of made-up comparisons say.

mod page;
mod reading;
mod scripts;
mod support;
