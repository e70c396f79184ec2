//! Every function on every instruction set against f64, for sizes around those of vectors.

use super::*;
use crate::lanes::Isa;

const SIZES: [usize; 15] = [0, 1, 2, 3, 4, 5, 8, 15, 16, 17, 31, 67, 129, 251, 1000];

/// Numbers between −4 and 4 without a pattern that vectors would see.
fn numbers(count: usize, seed: u32) -> Vec<f32> {
    let mut state = seed.wrapping_mul(2_654_435_761) | 1;
    let mut next = || {
        state ^= state << 13;
        state ^= state >> 17;
        state ^= state << 5;
        (state >> 8) as f32 / (1 << 21) as f32 - 4.0
    };
    (0..count).map(|_| next()).collect()
}

fn wide(numbers: &[f32]) -> Vec<f64> {
    numbers.iter().map(|x| f64::from(*x)).collect()
}

/// A matrix with gaps between its rows.
struct Matrix {
    elements: Vec<f32>,
    rows: usize,
    columns: usize,
}

impl Matrix {
    const GAP: usize = 3;

    fn new(rows: usize, columns: usize, seed: u32) -> Self {
        Self { elements: numbers(rows * (columns + Self::GAP), seed), rows, columns }
    }

    fn stride(&self) -> usize {
        self.columns + Self::GAP
    }

    fn row(&self, row: usize) -> Vec<f64> {
        wide(&self.elements[row * self.stride()..][..self.columns])
    }

    fn column(&self, column: usize) -> Vec<f64> {
        (0..self.rows).map(|row| f64::from(self.elements[row * self.stride() + column])).collect()
    }

    fn from(&self) -> Rows<*const f32> {
        Rows { pointer: self.elements.as_ptr(), stride: self.stride() }
    }

    /// What `run` makes of it, in place and elsewhere; the same both times, and the gaps are left alone.
    fn after(&self, run: impl Fn(Rows<*const f32>, Rows<*mut f32>)) -> Vec<Vec<f32>> {
        let mut elsewhere = vec![7.0; self.elements.len()];
        run(self.from(), Rows { pointer: elsewhere.as_mut_ptr(), stride: self.stride() });
        let mut place = self.elements.clone();
        let pointer = place.as_mut_ptr();
        let stride = self.stride();
        run(Rows { pointer, stride }, Rows { pointer, stride });
        let rows = 0..self.rows;
        rows.map(|row| {
            let start = row * self.stride();
            let values = &elsewhere[start..][..self.columns];
            assert_eq!(values, &place[start..][..self.columns], "in place");
            let gap = start + self.columns..start + self.stride();
            assert!(elsewhere[gap.clone()].iter().all(|x| *x == 7.0), "the gap");
            assert_eq!(place[gap.clone()], self.elements[gap], "the gap");
            values.to_vec()
        })
        .collect()
    }
}

/// Checks that numbers are near, relative to the larger of the expected one and `scale`.
fn near(got: &[f32], expected: &[f64], scale: f64, isa: Isa) {
    assert_eq!(got.len(), expected.len());
    for (index, (got, expected)) in got.iter().zip(expected).enumerate() {
        let bound = 2e-6 * expected.abs().max(scale);
        let close = (f64::from(*got) - expected).abs() <= bound;
        assert!(close, "{index} on {}: {got:e} instead of {expected:e}", isa.name());
    }
}

fn mean(numbers: &[f64]) -> f64 {
    numbers.iter().sum::<f64>() / numbers.len() as f64
}

fn variance(numbers: &[f64]) -> f64 {
    let mean = mean(numbers);
    numbers.iter().map(|x| (x - mean) * (x - mean)).sum::<f64>() / numbers.len() as f64
}

fn softmax_of(numbers: &[f64], softmax: Softmax) -> Vec<f64> {
    let largest = numbers.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let sum: f64 = numbers.iter().map(|x| (x - largest).exp()).sum();
    let value = |x: &f64| match softmax {
        Softmax::Plain => (x - largest).exp() / sum,
        Softmax::Logarithm => x - largest - sum.ln(),
    };
    numbers.iter().map(value).collect()
}

#[test]
fn softmax() {
    for isa in Isa::all() {
        // The logarithm of a sum near one has the sum's absolute error.
        for (softmax, scale) in [(Softmax::Plain, 1e-3), (Softmax::Logarithm, 1.0)] {
            for size in SIZES {
                // SAFETY: the matrices have as many elements.
                unsafe {
                    let matrix = Matrix::new(3, size, 1);
                    let rows =
                        matrix.after(|from, to| softmax_rows(isa, softmax, from, to, (3, size)));
                    for (row, got) in rows.iter().enumerate() {
                        near(got, &softmax_of(&matrix.row(row), softmax), scale, isa);
                    }
                    let matrix = Matrix::new(5, size, 2);
                    let rows =
                        matrix.after(|from, to| softmax_columns(isa, softmax, from, to, (5, size)));
                    for column in 0..size {
                        let got: Vec<_> = rows.iter().map(|row| row[column]).collect();
                        near(&got, &softmax_of(&matrix.column(column), softmax), scale, isa);
                    }
                }
            }
        }
    }
}

#[test]
fn softmax_of_special_numbers() {
    let infinity = f32::INFINITY;
    let cases = [
        ([1000.0, 1000.0, -1000.0], [0.5, 0.5, 0.0]),
        ([-infinity, 0.0, -infinity], [0.0, 1.0, 0.0]),
        ([f32::NAN, 0.0, 1.0], [f32::NAN; 3]),
        ([0.0, 1.0, f32::NAN], [f32::NAN; 3]),
        ([infinity, 0.0, 1.0], [f32::NAN; 3]),
    ];
    for isa in Isa::all() {
        for (x, expected) in cases {
            let mut y = [0.0; 3];
            let (from, to) = (
                Rows { pointer: x.as_ptr(), stride: 3 },
                Rows { pointer: y.as_mut_ptr(), stride: 3 },
            );
            // SAFETY: there are as many elements.
            unsafe { softmax_rows(isa, Softmax::Plain, from, to, (1, 3)) }
            for (y, expected) in y.iter().zip(expected) {
                assert!(*y == expected || (y.is_nan() && expected.is_nan()), "{x:?}: {y}");
            }
        }
    }
}

#[test]
fn row_norms() {
    let epsilon = 1e-5;
    for isa in Isa::all() {
        for size in SIZES.into_iter().skip(1) {
            let matrix = Matrix::new(3, size, 3);
            let (scale, bias) = (numbers(size, 4), numbers(size, 5));
            for (has_scale, has_bias) in
                [(true, true), (true, false), (false, true), (false, false)]
            {
                let scale = has_scale.then_some(&scale[..]);
                let bias = has_bias.then_some(&bias[..]);
                let factor = |i: usize| scale.map_or(1.0, |scale| f64::from(scale[i]));
                let shift = |i: usize| bias.map_or(0.0, |bias| f64::from(bias[i]));
                let statistics = std::cell::RefCell::new([[0.0; 2]; 3]);
                let shape = (3, size);
                // SAFETY: the matrices have as many elements.
                let rows = matrix.after(|from, to| unsafe {
                    let statistics = &mut *statistics.borrow_mut();
                    layer_norm(isa, from, to, shape, epsilon, scale, bias, Some(statistics));
                });
                for (row, got) in rows.iter().enumerate() {
                    let x = matrix.row(row);
                    let mean = mean(&x);
                    let inverse = 1.0 / (variance(&x) + f64::from(epsilon)).sqrt();
                    near(&statistics.borrow()[row], &[mean, inverse], 1.0, isa);
                    let value = |(i, x): (usize, &f64)| (x - mean) * inverse * factor(i) + shift(i);
                    // The error of the mean is magnified where all numbers of a row are alike.
                    let expected: Vec<_> = x.iter().enumerate().map(value).collect();
                    near(got, &expected, 8.0 * inverse.max(1.0), isa);
                }
                if has_bias {
                    continue;
                }
                // SAFETY: as above.
                let rows = matrix.after(|from, to| unsafe {
                    rms_norm(isa, from, to, shape, epsilon, scale);
                });
                for (row, got) in rows.iter().enumerate() {
                    let x = matrix.row(row);
                    let squares: f64 = x.iter().map(|x| x * x).sum();
                    let inverse = 1.0 / (squares / size as f64 + f64::from(epsilon)).sqrt();
                    let value = |(i, x): (usize, &f64)| x * inverse * factor(i);
                    let expected: Vec<_> = x.iter().enumerate().map(value).collect();
                    near(got, &expected, 0.0, isa);
                }
            }
            for norm in [Norm::One, Norm::Two] {
                // SAFETY: as above.
                let rows =
                    matrix.after(|from, to| unsafe { lp_norm(isa, norm, from, to, (3, size)) });
                for (row, got) in rows.iter().enumerate() {
                    let x = matrix.row(row);
                    let length = match norm {
                        Norm::One => x.iter().map(|x| x.abs()).sum::<f64>(),
                        Norm::Two => x.iter().map(|x| x * x).sum::<f64>().sqrt(),
                    };
                    let expected: Vec<_> = x.iter().map(|x| x / length).collect();
                    near(got, &expected, 0.0, isa);
                }
            }
        }
        let (zeros, mut y) = ([0.0f32; 5], [1.0f32; 5]);
        let (from, to) = (
            Rows { pointer: zeros.as_ptr(), stride: 5 },
            Rows { pointer: y.as_mut_ptr(), stride: 5 },
        );
        // SAFETY: there are as many elements.
        unsafe { lp_norm(isa, Norm::Two, from, to, (1, 5)) }
        assert_eq!(y, zeros);
    }
}

#[test]
fn group_norms() {
    let epsilon = 1e-3f32;
    for isa in Isa::all() {
        for (channels, groups) in [(1, 1), (6, 3), (17, 17), (32, 4), (35, 1)] {
            for pixels in [1, 2, 15, 64, 301] {
                let (scale, bias) = (numbers(channels, 6), numbers(channels, 7));
                let norm =
                    GroupNorm { channels, groups, pixels, epsilon, scale: &scale, bias: &bias };
                let members = channels / groups;
                // The image as [pixels, channels] with gaps, and as [channels, pixels].
                let last = Matrix::new(pixels, channels, 8);
                let first: Vec<f32> = (0..channels)
                    .flat_map(|channel| last.column(channel).into_iter().map(|x| x as f32))
                    .collect();
                let mut expected = vec![0.0; first.len()];
                for group in 0..groups {
                    let range = group * members * pixels..(group + 1) * members * pixels;
                    let x = wide(&first[range.clone()]);
                    let mean = mean(&x);
                    let inverse = 1.0 / (variance(&x) + f64::from(epsilon)).sqrt();
                    for (place, x) in range.zip(&x) {
                        let channel = place / pixels;
                        let (scale, bias) = (f64::from(scale[channel]), f64::from(bias[channel]));
                        expected[place] = (x - mean) * inverse * scale + bias;
                    }
                }
                let mut got = vec![0.0; first.len()];
                for group in 0..groups {
                    let (from, to) = (first.as_ptr(), got.as_mut_ptr());
                    // SAFETY: there are as many elements.
                    unsafe { group_norm_channels_first(isa, norm, from, to, group..group + 1) }
                }
                near(&got, &expected, 32.0, isa);
                // SAFETY: there are as many elements.
                let rows = last.after(|from, to| unsafe {
                    let mut scratch = vec![f32::NAN; 2 * channels];
                    group_norm_channels_last(isa, norm, from, to, &mut scratch);
                });
                for (pixel, got) in rows.iter().enumerate() {
                    let expected: Vec<_> =
                        (0..channels).map(|channel| expected[channel * pixels + pixel]).collect();
                    near(got, &expected, 32.0, isa);
                }
            }
        }
    }
}

#[test]
fn reductions() {
    use Reduction::*;
    let reduce = |reduction: Reduction, x: &[f64]| -> f64 {
        match reduction {
            Sum => x.iter().sum(),
            Mean => mean(x),
            Max => x.iter().copied().fold(f64::NEG_INFINITY, f64::max),
            Min => x.iter().copied().fold(f64::INFINITY, f64::min),
            Product => x.iter().product(),
            SumOfSquares => x.iter().map(|x| x * x).sum(),
            SumOfMagnitudes => x.iter().map(|x| x.abs()).sum(),
            Norm => x.iter().map(|x| x * x).sum::<f64>().sqrt(),
        }
    };
    for isa in Isa::all() {
        for size in SIZES {
            for reduction in [Sum, Mean, Max, Min, Product, SumOfSquares, SumOfMagnitudes, Norm] {
                // A long product leaves the range of f32.
                let size = if reduction == Product { size.min(67) } else { size };
                let check = |got: f32, x: &[f64]| {
                    let expected = reduce(reduction, x);
                    if expected.is_nan() || expected.is_infinite() {
                        assert_eq!(got.is_nan(), expected.is_nan());
                        assert!(got.is_nan() || f64::from(got) == expected);
                    } else {
                        let scale = if reduction == Sum { 4.0 * x.len() as f64 } else { 4.0 };
                        let scale = if reduction == Product { 0.0 } else { scale };
                        near(&[got], &[expected], scale, isa);
                    }
                };
                let matrix = Matrix::new(3, size, 9);
                let mut to = [0.0; 3];
                // SAFETY: there are as many elements.
                unsafe { reduce_rows(isa, reduction, matrix.from(), (3, size), to.as_mut_ptr()) }
                (0..3).for_each(|row| check(to[row], &matrix.row(row)));
                let matrix = Matrix::new(size, 19, 10);
                let mut to = [0.0; 20];
                // SAFETY: there are as many elements.
                unsafe {
                    reduce_columns(isa, reduction, matrix.from(), (size, 19), to.as_mut_ptr())
                }
                (0..19).for_each(|column| check(to[column], &matrix.column(column)));
                assert_eq!(to[19], 0.0, "one too many");
            }
        }
        for place in 0..37 {
            let mut x = numbers(37, 11);
            x[place] = f32::NAN;
            for reduction in [Max, Min] {
                let mut to = 0.0;
                let from = Rows { pointer: x.as_ptr(), stride: 37 };
                // SAFETY: there are as many elements.
                unsafe { reduce_rows(isa, reduction, from, (1, 37), &mut to) }
                assert!(to.is_nan(), "{reduction:?} of NaN at {place} on {}", isa.name());
            }
        }
    }
}

#[test]
fn local_response() {
    for isa in Isa::all() {
        for channels in [1, 2, 3, 5, 16, 17, 64, 67] {
            for size in [1, 2, 3, 5, 200] {
                for beta in [0.75, 0.5, 1.0, 0.6] {
                    let response = LocalResponse { size, alpha: 0.3, beta, bias: 1.5 };
                    let matrix = Matrix::new(4, channels, 12);
                    // SAFETY: there are as many elements.
                    let rows = matrix.after(|from, to| unsafe {
                        let mut scratch = vec![f32::NAN; response.scratch_len(channels)];
                        response.run(isa, from, to, (4, channels), &mut scratch);
                    });
                    for (row, got) in rows.iter().enumerate() {
                        let x = matrix.row(row);
                        let value = |channel: usize| {
                            let first = channel.saturating_sub((size - 1) / 2);
                            let last = (channel + size / 2).min(channels - 1);
                            let sum: f64 = x[first..=last].iter().map(|x| x * x).sum();
                            let base = 1.5 + f64::from(0.3f32) / size as f64 * sum;
                            x[channel] / base.powf(f64::from(beta))
                        };
                        let expected: Vec<_> = (0..channels).map(value).collect();
                        near(got, &expected, 0.0, isa);
                    }
                }
            }
        }
    }
}
