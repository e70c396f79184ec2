//! Windows gathered into the columns of a matrix ("im2col"), some positions at a time.

use std::ops::Range;

use crate::kernels::geometry::Geometry;
use crate::workers::Workers;

/// Elements that the gathered matrix may have at a time: 2 MiB of `f32`, about what stays in a core's cache.
const LIMIT: usize = 512 * 1024;

/// The fewest positions that make a matrix product worth its packing.
const LEAST: usize = 128;

/// How many positions are gathered at a time if each has `rows` elements.
pub(super) fn tile(rows: usize, positions: usize) -> usize {
    (LIMIT / rows.max(1)).max(LEAST).min(positions)
}

/// Cuts `0..positions` into pieces of `tile`.
pub(super) fn tiles(positions: usize, tile: usize) -> impl Iterator<Item = Range<usize>> {
    (0..positions).step_by(tile.max(1)).map(move |start| start..(start + tile).min(positions))
}

/// Gathers a range of positions: row `channel · taps + tap` of `columns` is what that tap of the window meets in
/// that channel, one column for each position, zero outside of the image.
pub(super) fn gather<S: Copy + Sync, T: Copy + Default + Send>(
    workers: &Workers,
    geometry: &Geometry,
    images: &[S],
    range: Range<usize>,
    columns: &mut [T],
    convert: impl Fn(S) -> T + Sync + Send,
) {
    let (taps, size) = (geometry.taps(), geometry.image_size());
    workers.for_each_chunk(columns, range.len(), |row, columns| {
        let image = &images[row / taps * size..][..size];
        columns.fill(T::default());
        geometry.for_each_segment(row % taps, range.clone(), |segment| {
            let columns = &mut columns[segment.range()];
            if segment.step == 1 {
                let elements = &image[segment.image..][..segment.length];
                for (column, element) in columns.iter_mut().zip(elements) {
                    *column = convert(*element);
                }
            } else {
                for (column, element) in columns.iter_mut().zip(segment.elements(image)) {
                    *column = convert(element);
                }
            }
        });
    });
}
