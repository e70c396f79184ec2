//! The adapter against the cases that every adapter must pass.

use tachy_backend_cases as cases;
use tachy_graph::DType;
use tachy_runtime::Device;
use tachy_tract::TractBackend;

fn device() -> Option<Device> {
    cases::available(&TractBackend, "tract")
}

#[test]
fn computes_a_perceptron() {
    if let Some(device) = device() {
        cases::computes_a_perceptron(&TractBackend, &device);
    }
}

#[test]
fn tells_its_memory() {
    if let Some(device) = device() {
        cases::tells_its_memory(&TractBackend, &device);
    }
}

#[test]
fn order_and_types_are_checked() {
    if let Some(device) = device() {
        cases::order_and_types_are_checked(&TractBackend, &device);
    }
}

#[test]
fn inputs_can_be_outputs() {
    if let Some(device) = device() {
        cases::inputs_can_be_outputs(&TractBackend, &device);
    }
}

#[test]
fn element_types_pass_through() {
    if let Some(device) = device() {
        cases::element_types_pass_through(&TractBackend, &device, &[DType::BF16]);
    }
}

#[test]
fn missing_operator_is_named() {
    if let Some(device) = device() {
        cases::missing_operator_is_named(&TractBackend, &device, true);
    }
}

#[test]
fn unreadable_models_are_errors() {
    if let Some(device) = device() {
        cases::unreadable_models_are_errors(&TractBackend, &device);
    }
}

#[test]
fn named_dimensions_are_fixed() {
    if let Some(device) = device() {
        cases::named_dimensions_are_fixed(&TractBackend, &device);
    }
}

#[test]
fn weights_beside_the_model_are_found() {
    if let Some(device) = device() {
        cases::weights_beside_the_model_are_found(&TractBackend, &device);
    }
}
