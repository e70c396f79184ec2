//! ONNX models: import and export.
//!
//! - [`import`] and [`import_file`] make a [`Graph`](crate::Graph) of a model; every shape becomes fixed.
//! - [`export`] and [`export_file`] make a model of a graph.
//! - [`Interface`] is what a file says of its inputs and outputs, read without decoding the model.
//! - [`operators`] lists what can be imported; [`operators_markdown`] is that list for people.
//!
//! The format is that of the ONNX specification, versions 7 to 28 of its operators.

mod catalogue;
mod data_type;
mod error;
mod export;
mod external;
mod import;
mod interface;
mod message;
mod proto;
mod tensor;
mod wire;

pub use catalogue::{OperatorInfo, operators, operators_markdown};
pub use error::{ExportError, ImportError};
pub use export::{ExportOptions, export, export_file};
pub use import::{ImportOptions, NEWEST_OPERATOR_SET, OLDEST_OPERATOR_SET, import, import_file};
pub use interface::{Dimension, Interface, InterfaceValue};
pub(crate) use message::{decode_tensor, encode_tensor};
