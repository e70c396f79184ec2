//! Tensor files: what is written is read again, and what is not of a format is refused in a sentence.

use proptest::prelude::*;
use tachy_graph::files::{self, FormatError, npy, npz, protobuf, safetensors};
use tachy_graph::{DType, Tensor};

/// A tensor of any type and a small shape, dimensions of size 0 included.
fn any_tensor() -> impl Strategy<Value = Tensor> {
    let dtype = proptest::sample::select(&DType::ALL[..]);
    let shape = proptest::collection::vec(0usize..5, 0..4);
    (dtype, shape).prop_flat_map(|(dtype, shape)| {
        let bytes = shape.iter().product::<usize>() * dtype.size();
        proptest::collection::vec(any::<u8>(), bytes).prop_map(move |mut bytes| {
            bytes.iter_mut().for_each(|byte| *byte = canonical(dtype, *byte));
            Tensor::from_bytes(dtype, &shape, &bytes).unwrap()
        })
    })
}

/// A byte that stands for a value of the type: booleans are 0 or 1, and types below a byte use its low bits,
/// with the sign in the others.
fn canonical(dtype: DType, byte: u8) -> u8 {
    match dtype {
        DType::Bool => byte & 1,
        DType::U4 | DType::F4E2M1 => byte & 0xf,
        DType::U2 => byte & 3,
        DType::I4 => ((byte << 4) as i8 >> 4) as u8,
        DType::I2 => ((byte << 6) as i8 >> 6) as u8,
        _ => byte,
    }
}

fn unless_unsupported<T>(result: Result<T, FormatError>) -> Option<T> {
    result.map_err(|error| assert!(error.0.contains("does not have"), "{error}")).ok()
}

proptest! {
    #[test]
    fn protobuf_holds_every_tensor(tensor in any_tensor(), name in "[a-z]{0,3}") {
        prop_assert_eq!(protobuf::decode(protobuf::encode(&name, &tensor)), Ok((name, tensor)));
    }

    #[test]
    fn the_other_formats_hold_what_they_have_types_for(a in any_tensor(), b in any_tensor()) {
        if let Some(bytes) = unless_unsupported(npy::encode(&a)) {
            prop_assert_eq!(&npy::decode(&bytes).unwrap(), &a);
            prop_assert_eq!(bytes.len() % 64, a.bytes().len() % 64);
        }
        let tensors = vec![("a/1".to_owned(), a), ("b".to_owned(), b)];
        if let Some(bytes) = unless_unsupported(npz::encode(&tensors)) {
            prop_assert_eq!(&npz::decode(&bytes).unwrap(), &tensors);
        }
        if let Some(bytes) = unless_unsupported(safetensors::encode(&tensors)) {
            let mut read = safetensors::decode(&bytes).unwrap();
            read.sort_by(|(a, _), (b, _)| a.cmp(b));
            prop_assert_eq!(read, tensors);
        }
    }

    #[test]
    fn no_prefix_of_a_file_is_a_file(tensor in any_tensor(), cut in any::<prop::sample::Index>()) {
        let named = [("x".to_owned(), tensor)];
        if let Some(bytes) = unless_unsupported(npy::encode(&named[0].1)) {
            prop_assert!(npy::decode(&bytes[..cut.index(bytes.len())]).is_err());
        }
        if let Some(bytes) = unless_unsupported(npz::encode(&named)) {
            prop_assert!(npz::decode(&bytes[..cut.index(bytes.len())]).is_err());
        }
        if let Some(bytes) = unless_unsupported(safetensors::encode(&named)) {
            prop_assert!(safetensors::decode(&bytes[..cut.index(bytes.len())]).is_err());
        }
    }
}

/// A file of version 1 with this header and data.
fn npy_file(header: &str, data: &[u8]) -> Vec<u8> {
    let length = (header.len() as u16).to_le_bytes();
    [b"\x93NUMPY\x01\x00", &length[..], header.as_bytes(), data].concat()
}

#[test]
fn arrays_in_the_order_of_fortran_and_of_big_machines() {
    let header = "{'descr': '>i2', 'fortran_order': True, 'shape': (2, 3), }";
    let data = [0, 1, 0, 4, 0, 2, 0, 5, 0, 3, 0, 6];
    let tensor = npy::decode(&npy_file(header, &data)).unwrap();
    assert_eq!(tensor, Tensor::new(&[2, 3], &[1i16, 2, 3, 4, 5, 6]).unwrap());
}

#[test]
fn what_is_wrong_with_an_array_file_is_said() {
    let cases = [
        (b"PK".to_vec(), "it ends within its header"),
        (vec![0; 64], "it does not begin as such a file does"),
        (
            npy_file("{'descr': '<f4', 'fortran_order': False, 'shape': (9999999999,)}", &[]),
            "its header says f32[9999999999], which takes 39999999996 bytes, but 0 follow",
        ),
        (
            npy_file("{'descr': '<c8', 'fortran_order': False, 'shape': (1,)}", &[0; 8]),
            "its element type `<c8` is not supported",
        ),
        (
            npy_file("{'descr': [('a', '<f4')], 'fortran_order': False, 'shape': (1,)}", &[0; 4]),
            "its elements are records; only arrays of numbers are supported",
        ),
        (
            npy_file("{'descr': '|b1', 'fortran_order': False, 'shape': (2,)}", &[1, 2]),
            "its data holds a byte that is not a boolean",
        ),
        (
            npy_file("{'descr': '<f4', 'fortran_order': False, 'shape': (-1,)}", &[]),
            "its shape holds `-1`",
        ),
    ];
    for (bytes, expected) in cases {
        assert_eq!(npy::decode(&bytes).unwrap_err().to_string(), expected);
    }
}

#[test]
fn files_are_known_by_their_names() {
    let folder = tempfile::tempdir().unwrap();
    let tensors = vec![("x".to_owned(), Tensor::new(&[2], &[1f32, 2.]).unwrap())];
    for name in ["x.npy", "some.npz", "x.pb", "some.safetensors"] {
        let path = folder.path().join(name);
        files::write(&path, &tensors).unwrap();
        assert_eq!(files::read(&path).unwrap(), tensors, "{name}");
        assert_eq!(files::read_one(&path).unwrap(), tensors[0].1, "{name}");
    }
    let error = |name: &str| files::read(folder.path().join(name)).unwrap_err().to_string();
    assert!(error("x.txt").ends_with(
        "is not known; the name of a tensor file ends in .npy, .npz, .pb or .safetensors."
    ));
    assert!(error("absent.npy").contains("absent.npy` cannot be read: "));
    std::fs::write(folder.path().join("bad.pb"), b"\x0a").unwrap();
    assert!(error("bad.pb").contains("is not a valid ONNX tensor (.pb) file: "));
}
