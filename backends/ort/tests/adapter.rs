//! The adapter against the cases that every adapter must pass.

use tachy_backend_cases as cases;
use tachy_ort::OrtBackend;
use tachy_runtime::Device;

fn device() -> Option<Device> {
    cases::available(&OrtBackend, "ort:cpu")
}

#[test]
fn computes_a_perceptron() {
    if let Some(device) = device() {
        cases::computes_a_perceptron(&OrtBackend, &device);
    }
}

#[test]
fn tells_the_steps_of_its_runs() {
    if let Some(device) = device() {
        cases::tells_the_steps_of_its_runs(&OrtBackend, &device);
    }
}

#[test]
fn tells_its_memory() {
    if let Some(device) = device() {
        cases::tells_its_memory(&OrtBackend, &device);
    }
}

#[test]
fn order_and_types_are_checked() {
    if let Some(device) = device() {
        cases::order_and_types_are_checked(&OrtBackend, &device);
    }
}

#[test]
fn inputs_can_be_outputs() {
    if let Some(device) = device() {
        cases::inputs_can_be_outputs(&OrtBackend, &device);
    }
}

#[test]
fn element_types_pass_through() {
    if let Some(device) = device() {
        cases::element_types_pass_through(&OrtBackend, &device, &[]);
    }
}

#[test]
fn missing_operator_is_named() {
    if let Some(device) = device() {
        cases::missing_operator_is_named(&OrtBackend, &device, true);
    }
}

#[test]
fn unreadable_models_are_errors() {
    if let Some(device) = device() {
        cases::unreadable_models_are_errors(&OrtBackend, &device);
    }
}

#[test]
fn named_dimensions_are_fixed() {
    if let Some(device) = device() {
        cases::named_dimensions_are_fixed(&OrtBackend, &device);
    }
}

#[test]
fn weights_beside_the_model_are_found() {
    if let Some(device) = device() {
        cases::weights_beside_the_model_are_found(&OrtBackend, &device);
    }
}

#[test]
fn lists_devices_in_a_child_process() {
    cases::list_devices_in_child(&OrtBackend);
}

#[test]
fn broken_libraries_are_absent() {
    let lister = "lists_devices_in_a_child_process";
    cases::broken_libraries_are_absent(lister, "ORT_DYLIB_PATH", "onnxruntime");
}
