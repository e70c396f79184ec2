//! The catalogue: graphs of one operator each, by size, element type and layout, to compare devices on.
//!
//! A case goes by a name, `matmul:1024:f16:strided`: [`OperatorCase`] reads and writes it, and builds its graph.

mod build;
mod case;
mod operator;
mod recognize;

pub use case::{CaseError, Layout, OperatorCase};
pub use operator::CatalogueOperator;
pub use recognize::{Recognized, recognize};
