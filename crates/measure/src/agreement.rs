//! Do two engines agree? Distances between outputs, and how much of one is no error.

use serde::{Deserialize, Serialize};
use tachy_graph::convert::Conversion;
use tachy_graph::{DType, Tensor};

/// How far outputs are from the reference: the worst output's figures.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Agreement {
    /// The largest |a − b| over all elements.
    #[serde(with = "infinite")]
    pub max_absolute: f64,
    /// The largest |a − b| / max(|b|, floor), where the floor keeps values near zero from counting: 10⁻³ of the
    /// reference's largest magnitude.
    #[serde(with = "infinite")]
    pub max_relative: f64,
    /// ‖a − b‖₂ / ‖b‖₂: what decides.
    #[serde(with = "infinite")]
    pub relative_l2: f64,
    /// The largest relative L2 error that is accepted for this element type.
    pub tolerance: f64,
    /// The output that is farthest off.
    pub output: String,
    /// What is wrong beside the distance, such as NaN where the reference has a number.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub fault: Option<String>,
}

impl Agreement {
    /// Whether the outputs are right.
    pub fn holds(&self) -> bool {
        self.fault.is_none() && self.relative_l2 <= self.tolerance
    }

    /// The worse of two.
    pub fn worse(self, other: Self) -> Self {
        let badness =
            |a: &Self| (a.fault.is_some(), a.relative_l2 / a.tolerance.max(f64::MIN_POSITIVE));
        if badness(&other) > badness(&self) { other } else { self }
    }
}

/// JSON has no infinity: `null` stands for it.
mod infinite {
    use serde::{Deserialize, Deserializer, Serialize, Serializer};

    pub(super) fn serialize<S: Serializer>(value: &f64, serializer: S) -> Result<S::Ok, S::Error> {
        value.is_finite().then_some(*value).serialize(serializer)
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<f64, D::Error> {
        Ok(Option::deserialize(deserializer)?.unwrap_or(f64::INFINITY))
    }
}

/// The relative L2 error that is accepted when the narrowest float on the way has this element type: about the
/// rounding error of a deep network, far below the effect of a wrong operator. Integers and booleans must be equal.
pub fn tolerance(dtype: DType) -> f64 {
    match dtype {
        DType::F64 => 1e-6,
        DType::F32 => 1e-4,
        DType::F16 => 1e-2,
        DType::BF16 => 5e-2,
        _ => 0.0,
    }
}

/// Compares outputs with the reference's, by name and in order.
pub fn agreement(names: &[String], found: &[Tensor], expected: &[Tensor]) -> Agreement {
    agreement_in(names, found, expected, None)
}

/// As [`agreement`]; `narrowest` is the narrowest float on the way, where that is not the outputs' own.
pub(crate) fn agreement_in(
    names: &[String],
    found: &[Tensor],
    expected: &[Tensor],
    narrowest: Option<DType>,
) -> Agreement {
    let fault = |output: &str, fault: String| Agreement {
        max_absolute: f64::INFINITY,
        max_relative: f64::INFINITY,
        relative_l2: f64::INFINITY,
        tolerance: 0.0,
        output: output.to_owned(),
        fault: Some(fault),
    };
    if found.len() != expected.len() {
        let message = format!("{} outputs instead of {}", found.len(), expected.len());
        return fault("", message);
    }
    names
        .iter()
        .zip(found.iter().zip(expected))
        .map(|(name, (found, expected))| {
            if found.ty() == expected.ty() {
                compare(name, found, expected, narrowest)
            } else {
                let message = format!("{} instead of {}", found.ty(), expected.ty());
                fault(name, message)
            }
        })
        .reduce(Agreement::worse)
        .unwrap_or_else(|| fault("", "no outputs".to_owned()))
}

fn compare(name: &str, found: &Tensor, expected: &Tensor, narrowest: Option<DType>) -> Agreement {
    let own = tolerance(expected.dtype());
    let tolerance = match narrowest {
        // Integers that narrow floats decide, such as the place of the largest, must be equal all the same.
        Some(narrowest) if expected.dtype().is_float() => own.max(tolerance(narrowest)),
        _ => own,
    };
    let (found, expected) = (tensor_values(found), tensor_values(expected));
    let magnitude =
        expected.iter().filter(|b| b.is_finite()).fold(0.0f64, |most, b| most.max(b.abs()));
    let floor = (magnitude * 1e-3).max(f64::MIN_POSITIVE);
    let mut agreement = Agreement {
        max_absolute: 0.0,
        max_relative: 0.0,
        relative_l2: 0.0,
        tolerance,
        output: name.to_owned(),
        fault: None,
    };
    let (mut error, mut norm) = (0.0f64, 0.0f64);
    let mut misplaced = 0usize;
    for (a, b) in found.iter().zip(&expected) {
        if a == b || (a.is_nan() && b.is_nan()) {
            if b.is_finite() {
                norm += b * b;
            }
            continue;
        }
        if !a.is_finite() || !b.is_finite() {
            misplaced += 1;
            continue;
        }
        let difference = (a - b).abs();
        agreement.max_absolute = agreement.max_absolute.max(difference);
        agreement.max_relative = agreement.max_relative.max(difference / b.abs().max(floor));
        error += difference * difference;
        norm += b * b;
    }
    agreement.relative_l2 = match (error, norm) {
        (0.0, _) => 0.0,
        (_, 0.0) => f64::INFINITY,
        _ => (error / norm).sqrt(),
    };
    if misplaced > 0 {
        agreement.fault = Some(format!(
            "{misplaced} of {} elements are infinite or NaN on one side only",
            expected.len()
        ));
    }
    agreement
}

/// The elements as binary64; integers beyond 2⁵³ are rounded.
pub fn tensor_values(tensor: &Tensor) -> Vec<f64> {
    let wide = tensor.cast(DType::F64, Conversion::default());
    // A tensor of the same shape exists, so this one's shape is possible; without memory there is nothing to do.
    let wide = wide.expect("there is memory for a copy of the tensor");
    wide.as_slice::<f64>().expect("it was just cast").to_vec()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn names() -> Vec<String> {
        vec!["y".to_owned()]
    }

    fn tensor(values: &[f32]) -> Vec<Tensor> {
        vec![Tensor::new(&[values.len()], values).unwrap()]
    }

    #[test]
    fn distances_are_those_of_the_definition() {
        let agreement = agreement(&names(), &tensor(&[3.0, 4.5]), &tensor(&[3.0, 4.0]));
        assert_eq!(agreement.max_absolute, 0.5);
        assert_eq!(agreement.max_relative, 0.125);
        assert!((agreement.relative_l2 - 0.1).abs() < 1e-12);
        assert!(!agreement.holds());
    }

    #[test]
    fn nan_agrees_with_nan_only() {
        let nan = tensor(&[1.0, f32::NAN]);
        assert!(agreement(&names(), &nan, &nan).holds());
        assert!(!agreement(&names(), &nan, &tensor(&[1.0, 2.0])).holds());
        assert!(!agreement(&names(), &tensor(&[1.0, 2.0]), &nan).holds());
    }

    #[test]
    fn integers_must_be_equal() {
        let a = vec![Tensor::new(&[2], &[1i64, 2]).unwrap()];
        let b = vec![Tensor::new(&[2], &[1i64, 3]).unwrap()];
        assert!(agreement(&names(), &a, &a).holds());
        assert!(!agreement(&names(), &a, &b).holds());
    }

    #[test]
    fn narrow_floats_on_the_way_are_allowed_for() {
        let (a, b) = (tensor(&[3.0, 4.01]), tensor(&[3.0, 4.0]));
        assert!(!agreement_in(&names(), &a, &b, Some(DType::F32)).holds());
        assert!(agreement_in(&names(), &a, &b, Some(DType::F16)).holds());
    }

    #[test]
    fn another_shape_is_a_fault() {
        let found = agreement(&names(), &tensor(&[1.0]), &tensor(&[1.0, 2.0]));
        assert!(found.fault.is_some() && !found.holds());
    }
}
