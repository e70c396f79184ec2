//! The shim's operations, as the build script found them in `shim/operations.def`.

include!(concat!(env!("OUT_DIR"), "/operations.rs"));
