//! What the reports of made-up comparisons say.

mod duel;
mod page;
mod reading;
mod scripts;
mod support;
mod whole;
