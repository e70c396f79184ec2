//! Numbers as bytes, and the sums by which damage is noticed.

use tachy_stats::Samples;

use crate::Outcome;

/// How numbers are written: one after the other, as 64-bit floats, the least significant byte first.
const PLAIN: u8 = 0;

/// All samples of a benchmark: measurement by measurement, process by process. How many belong to each process comes
/// first.
pub(super) fn write_samples(outcome: &Outcome) -> Vec<u8> {
    let series = || outcome.measurements().iter().flat_map(|measurement| &measurement.processes);
    let total: usize = series().map(|series| series.samples.len()).sum();
    let mut bytes = Vec::with_capacity(1 + 8 * series().count() + 8 * total);
    bytes.push(PLAIN);
    for series in series() {
        bytes.extend((series.samples.len() as u64).to_le_bytes());
    }
    for series in series() {
        extend(&mut bytes, series.samples.values());
    }
    bytes
}

/// Puts the samples back into an outcome that was read without them; `None` if the bytes do not fit it.
pub(super) fn read_samples(bytes: &[u8], outcome: &mut Outcome) -> Option<()> {
    let (&PLAIN, mut bytes) = bytes.split_first()? else { return None };
    let mut all: Vec<&mut Samples> = outcome
        .measurements_mut()
        .iter_mut()
        .flat_map(|measurement| &mut measurement.processes)
        .map(|series| &mut series.samples)
        .collect();
    let mut lengths = Vec::with_capacity(all.len());
    for _ in &all {
        let (length, rest) = bytes.split_first_chunk::<8>()?;
        lengths.push(usize::try_from(u64::from_le_bytes(*length)).ok()?);
        bytes = rest;
    }
    for (samples, length) in all.iter_mut().zip(lengths) {
        let (own, rest) = bytes.split_at_checked(length.checked_mul(8)?)?;
        **samples = Samples::new(numbers(own)).ok()?;
        bytes = rest;
    }
    bytes.is_empty().then_some(())
}

/// The medians of a measurement's processes, and a sum over them and the place where they belong.
pub(super) fn write_medians(medians: &[f64], series: i64, started: i64, run: i64) -> Vec<u8> {
    let mut bytes = Vec::with_capacity(8 * medians.len() + 4);
    extend(&mut bytes, medians);
    bytes.extend(sum_of_medians(&bytes, series, started, run).to_le_bytes());
    bytes
}

/// Reads medians; `None` if the bytes are not what was written there.
pub(super) fn read_medians(bytes: &[u8], series: i64, started: i64, run: i64) -> Option<Vec<f64>> {
    let (numbers_, sum) = bytes.split_last_chunk::<4>()?;
    let right = sum_of_medians(numbers_, series, started, run) == u32::from_le_bytes(*sum);
    (right && numbers_.len().is_multiple_of(8)).then(|| numbers(numbers_))
}

fn sum_of_medians(bytes: &[u8], series: i64, started: i64, run: i64) -> u32 {
    let place = [series, started, run].map(i64::to_le_bytes);
    checksum(&[place.as_flattened(), bytes])
}

/// The CRC-32 of several pieces, each with its length.
pub(super) fn checksum(pieces: &[&[u8]]) -> u32 {
    let mut sum = crc32fast::Hasher::new();
    for piece in pieces {
        sum.update(&(piece.len() as u64).to_le_bytes());
        sum.update(piece);
    }
    sum.finalize()
}

fn extend(bytes: &mut Vec<u8>, values: &[f64]) {
    for value in values {
        bytes.extend(value.to_le_bytes());
    }
}

fn numbers(bytes: &[u8]) -> Vec<f64> {
    let (chunks, _) = bytes.as_chunks::<8>();
    chunks.iter().map(|chunk| f64::from_le_bytes(*chunk)).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn medians_belong_to_their_place() {
        let bytes = write_medians(&[1.5, -0.0], 3, 4, 5);
        assert_eq!(read_medians(&bytes, 3, 4, 5), Some(vec![1.5, -0.0]));
        assert_eq!(read_medians(&bytes, 3, 4, 6), None);
        for place in 0..bytes.len() {
            let mut damaged = bytes.clone();
            damaged[place] ^= 1;
            assert_eq!(read_medians(&damaged, 3, 4, 5), None);
            assert_eq!(read_medians(&bytes[..place], 3, 4, 5), None);
        }
    }
}
