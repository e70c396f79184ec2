//! A comparison as one page that stands alone: no script, no font, no image and no request from anywhere.
//!
//! Pictures are SVG that stretches with the window, so that strokes and the text around them keep their size on a
//! phone. What is text in a picture is HTML beside it.

mod agreement;
pub(crate) mod axis;
pub(crate) mod document;
mod evidence;
mod overview;
mod page;
pub(crate) mod plot;
pub(crate) mod reasons;
mod samples;
mod table;
pub(crate) mod text;
