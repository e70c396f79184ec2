//! The adapter against the cases that every adapter must pass.

mod support;

use tachy_backend_cases as cases;
use tachy_graph::DType;
use tachy_mlx::MlxBackend;

#[test]
fn computes_a_perceptron() {
    for device in support::devices() {
        cases::computes_a_perceptron(&MlxBackend, &device);
    }
}

#[test]
fn tells_its_memory() {
    for device in support::devices() {
        cases::tells_its_memory(&MlxBackend, &device);
    }
}

#[test]
fn order_and_types_are_checked() {
    for device in support::devices() {
        cases::order_and_types_are_checked(&MlxBackend, &device);
    }
}

#[test]
fn inputs_can_be_outputs() {
    for device in support::devices() {
        cases::inputs_can_be_outputs(&MlxBackend, &device);
    }
}

#[test]
fn element_types_pass_through() {
    for device in support::devices() {
        let refused: &[DType] = if device.unit() == Some("gpu") { &[DType::F64] } else { &[] };
        cases::element_types_pass_through(&MlxBackend, &device, refused);
    }
}

#[test]
fn missing_operator_is_named() {
    for device in support::devices() {
        cases::missing_operator_is_named(&MlxBackend, &device, true);
    }
}

#[test]
fn unreadable_models_are_errors() {
    for device in support::devices() {
        cases::unreadable_models_are_errors(&MlxBackend, &device);
    }
}

#[test]
fn named_dimensions_are_fixed() {
    for device in support::devices() {
        cases::named_dimensions_are_fixed(&MlxBackend, &device);
    }
}

#[test]
fn weights_beside_the_model_are_found() {
    for device in support::devices() {
        cases::weights_beside_the_model_are_found(&MlxBackend, &device);
    }
}

#[test]
fn lists_devices_in_a_child_process() {
    cases::list_devices_in_child(&MlxBackend);
}

#[test]
fn broken_libraries_are_absent() {
    cases::broken_libraries_are_absent("lists_devices_in_a_child_process", "MLX_ROOT", "mlx");
}
