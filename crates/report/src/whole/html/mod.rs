//! The report as one page that stands alone: no font, no image and no request from anywhere, and one script of its own,
//! which sorts tables and enlarges pictures. Without it, everything can still be read.

mod distributions;
mod figures;
mod flame;
mod memory;
mod page;
mod performance;
mod roofline;
mod summary;
mod table;
mod timeline;
mod traces;
mod trends;
