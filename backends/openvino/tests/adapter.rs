//! The adapter against the cases that every adapter must pass.

use tachy_backend_cases as cases;
use tachy_openvino::OpenVinoBackend;
use tachy_runtime::Device;

fn device() -> Option<Device> {
    cases::available(&OpenVinoBackend, "openvino:cpu")
}

#[test]
fn computes_a_perceptron() {
    if let Some(device) = device() {
        cases::computes_a_perceptron(&OpenVinoBackend, &device);
    }
}

#[test]
fn tells_its_memory() {
    if let Some(device) = device() {
        cases::tells_its_memory(&OpenVinoBackend, &device);
    }
}

#[test]
fn order_and_types_are_checked() {
    if let Some(device) = device() {
        cases::order_and_types_are_checked(&OpenVinoBackend, &device);
    }
}

#[test]
fn inputs_can_be_outputs() {
    if let Some(device) = device() {
        cases::inputs_can_be_outputs(&OpenVinoBackend, &device);
    }
}

#[test]
fn element_types_pass_through() {
    if let Some(device) = device() {
        cases::element_types_pass_through(&OpenVinoBackend, &device, &[]);
    }
}

#[test]
fn missing_operator_is_named() {
    if let Some(device) = device() {
        cases::missing_operator_is_named(&OpenVinoBackend, &device, false);
    }
}

#[test]
fn unreadable_models_are_errors() {
    if let Some(device) = device() {
        cases::unreadable_models_are_errors(&OpenVinoBackend, &device);
    }
}

#[test]
fn named_dimensions_are_fixed() {
    if let Some(device) = device() {
        cases::named_dimensions_are_fixed(&OpenVinoBackend, &device);
    }
}

#[test]
fn weights_beside_the_model_are_found() {
    if let Some(device) = device() {
        cases::weights_beside_the_model_are_found(&OpenVinoBackend, &device);
    }
}

#[test]
fn lists_devices_in_a_child_process() {
    cases::list_devices_in_child(&OpenVinoBackend);
}

#[test]
fn broken_libraries_are_absent() {
    let lister = "lists_devices_in_a_child_process";
    cases::broken_libraries_are_absent(lister, "OPENVINO_LIB_PATH", "openvino");
}
