//! Tensor files: no panic, whatever the bytes; and what was read can be written and read again. The first byte
//! chooses the format.
#![no_main]

use libfuzzer_sys::fuzz_target;
use tachy_graph::files::{npy, npz, protobuf, safetensors};

fuzz_target!(|data: &[u8]| {
    let Some((format, data)) = data.split_first() else { return };
    match format % 4 {
        0 => {
            if let Ok(tensor) = npy::decode(data) {
                let bytes = npy::encode(&tensor).expect("what was read can be written");
                assert_eq!(npy::decode(&bytes), Ok(tensor));
            }
        }
        1 => {
            if let Ok(tensors) = npz::decode(data)
                && let Ok(bytes) = npz::encode(&tensors)
            {
                assert_eq!(npz::decode(&bytes), Ok(tensors));
            }
        }
        2 => {
            if let Ok((name, tensor)) = protobuf::decode(data.to_vec()) {
                let bytes = protobuf::encode(&name, &tensor);
                assert_eq!(protobuf::decode(bytes), Ok((name, tensor)));
            }
        }
        _ => {
            if let Ok(tensors) = safetensors::decode(data) {
                let bytes = safetensors::encode(&tensors).expect("what was read can be written");
                let mut again = safetensors::decode(&bytes).expect("what was written can be read");
                let mut tensors = tensors;
                tensors.sort_by(|(a, _), (b, _)| a.cmp(b));
                again.sort_by(|(a, _), (b, _)| a.cmp(b));
                assert_eq!(again, tensors);
            }
        }
    }
});
