//! Samples to summaries.
#![forbid(unsafe_code)]
