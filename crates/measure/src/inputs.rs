//! Seeded inputs: the same for every engine and every process.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tachy_graph::convert::Conversion;
use tachy_graph::{DType, Tensor, TensorError, TensorType};

/// A tensor of random elements that depends on the seed, the input's place and its type only.
///
/// Floats are normal with mean 0 and standard deviation 1. Integers of 8 bits, which are quantised numbers, take every
/// value; other integers are 0 or 1, which are valid as indices into nearly everything; an input with a meaning of its own
/// is better given as a file. Booleans are even odds.
///
/// # Errors
/// If there is no memory for the tensor.
pub fn random_tensor(ty: &TensorType, seed: u64, place: usize) -> Result<Tensor, TensorError> {
    let mut random =
        StdRng::seed_from_u64(seed ^ (place as u64).wrapping_mul(0x9E37_79B9_7F4A_7C15));
    if matches!(ty.dtype, DType::I8 | DType::U8) {
        let mut tensor = Tensor::zeros(ty.dtype, &ty.shape)?;
        random.fill(tensor.bytes_mut());
        return Ok(tensor);
    }
    if !ty.dtype.is_float() {
        let mut tensor = Tensor::zeros(ty.dtype, &ty.shape)?;
        for element in tensor.bytes_mut().chunks_exact_mut(ty.dtype.size()) {
            element[0] = u8::from(random.random::<bool>());
        }
        return Ok(tensor);
    }
    let mut tensor = Tensor::zeros(DType::F32, &ty.shape)?;
    for pair in tensor.as_mut_slice::<f32>()?.chunks_mut(2) {
        for (slot, value) in pair.iter_mut().zip(normal_pair(&mut random)) {
            *slot = value;
        }
    }
    Ok(if ty.dtype == DType::F32 {
        tensor
    } else {
        tensor.cast(ty.dtype, Conversion::default())?
    })
}

/// Two independent standard normal numbers (Box and Muller, 1958).
fn normal_pair(random: &mut StdRng) -> [f32; 2] {
    let radius = (-2.0 * (1.0 - random.random::<f64>()).ln()).sqrt();
    let (sine, cosine) = (std::f64::consts::TAU * random.random::<f64>()).sin_cos();
    [(radius * cosine) as f32, (radius * sine) as f32]
}
