//! The adapter against the cases that every adapter must pass.

use tachy_backend_cases as cases;
use tachy_graph::DType;
use tachy_rten::RtenBackend;
use tachy_runtime::Device;

fn device() -> Option<Device> {
    cases::available(&RtenBackend, "rten")
}

#[test]
fn computes_a_perceptron() {
    if let Some(device) = device() {
        cases::computes_a_perceptron(&RtenBackend, &device);
    }
}

#[test]
fn tells_its_memory() {
    if let Some(device) = device() {
        cases::tells_its_memory(&RtenBackend, &device);
    }
}

#[test]
fn order_and_types_are_checked() {
    if let Some(device) = device() {
        cases::order_and_types_are_checked(&RtenBackend, &device);
    }
}

#[test]
fn inputs_can_be_outputs() {
    if let Some(device) = device() {
        cases::inputs_can_be_outputs(&RtenBackend, &device);
    }
}

#[test]
fn element_types_pass_through() {
    if let Some(device) = device() {
        let refused = [DType::BF16, DType::I16, DType::U16, DType::U32, DType::U64];
        cases::element_types_pass_through(&RtenBackend, &device, &refused);
    }
}

#[test]
fn missing_operator_is_named() {
    if let Some(device) = device() {
        cases::missing_operator_is_named(&RtenBackend, &device, true);
    }
}

#[test]
fn unreadable_models_are_errors() {
    if let Some(device) = device() {
        cases::unreadable_models_are_errors(&RtenBackend, &device);
    }
}

#[test]
fn named_dimensions_are_fixed() {
    if let Some(device) = device() {
        cases::named_dimensions_are_fixed(&RtenBackend, &device);
    }
}

#[test]
fn weights_beside_the_model_are_found() {
    if let Some(device) = device() {
        cases::weights_beside_the_model_are_found(&RtenBackend, &device);
    }
}
