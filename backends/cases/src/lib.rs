//! What every adapter must do, written once and run by each adapter's tests.
//!
//! The engines' operators are checked elsewhere, by the conformance suite; this is about the adapters: data in
//! and out, element types, shapes given late, weights beside the model, errors, and engines that are not there.
#![forbid(unsafe_code)]

mod absence;
mod element_types;
mod errors;
mod life;
mod onnx_bytes;
mod shapes;

pub use absence::{broken_libraries_are_absent, list_devices_in_child};
pub use element_types::element_types_pass_through;
pub use errors::{missing_operator_is_named, unreadable_models_are_errors};
pub use life::{
    computes_a_perceptron, inputs_can_be_outputs, order_and_types_are_checked, tells_its_memory,
    tells_the_steps_of_its_runs,
};
pub use shapes::{named_dimensions_are_fixed, weights_beside_the_model_are_found};

use tachy_runtime::{Availability, Backend, Device};

/// The device, if it can be used here; otherwise says on standard error that it is left out, and why.
pub fn available(backend: &dyn Backend, device: &str) -> Option<Device> {
    let device: Device = device.parse().expect("the name of a device");
    let info = backend.devices().into_iter().find(|info| info.device == device)?;
    match info.availability {
        Availability::Available => Some(device),
        Availability::Absent { reason, remedy } => {
            eprintln!("left out: `{device}` is absent: {reason} {remedy}");
            None
        }
    }
}
