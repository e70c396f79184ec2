//! A chart of dots in text: signs of Braille, each two dots wide and four high.

/// Lines of a chart.
pub(super) const LINES: usize = 4;

/// Dots of the chart's height.
const HEIGHT: usize = 4 * LINES;

/// Draws values as dots from the least to the greatest, the first at the left: [`LINES`] lines of at most `columns`
/// signs. Where there are more values than dots, one dot stands for the median of several.
pub(super) fn chart(values: &[f64], columns: usize) -> [String; LINES] {
    let values = condensed(values, (2 * columns).max(1));
    let least = values.iter().copied().fold(f64::INFINITY, f64::min);
    let most = values.iter().copied().fold(f64::NEG_INFINITY, f64::max);
    let mut signs = vec![[0_u32; LINES]; values.len().div_ceil(2)];
    for (place, value) in values.iter().enumerate() {
        // All values alike stand in the middle.
        let share = if most > least { (value - least) / (most - least) } else { 0.5 };
        let from_top = ((1.0 - share) * (HEIGHT - 1) as f64).round() as usize;
        signs[place / 2][from_top / 4] |= dot(place % 2, from_top % 4);
    }
    std::array::from_fn(|line| {
        let line = signs.iter().map(|sign| char::from_u32(0x2800 + sign[line]).unwrap_or(' '));
        line.collect::<String>().trim_end_matches('\u{2800}').to_owned()
    })
}

/// The bit of a dot in a sign: columns from the left, rows from the top. The lowest row came later to the standard.
fn dot(column: usize, row: usize) -> u32 {
    const BITS: [[u32; 4]; 2] = [[0x01, 0x02, 0x04, 0x40], [0x08, 0x10, 0x20, 0x80]];
    BITS[column][row]
}

/// At most so many values: medians of neighbours, evenly shared out.
fn condensed(values: &[f64], most: usize) -> Vec<f64> {
    if values.len() <= most {
        return values.to_vec();
    }
    let start = |bin: usize| bin * values.len() / most;
    let median = |bin: usize| {
        let mut bin = values[start(bin)..start(bin + 1)].to_vec();
        bin.sort_by(f64::total_cmp);
        bin[bin.len() / 2]
    };
    (0..most).map(median).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_least_is_at_the_bottom_and_the_greatest_at_the_top() {
        assert_eq!(chart(&[1.0, 1.0, 2.0, 2.0], 10), ["\u{2800}⠉", "", "", "⣀"]);
        assert_eq!(chart(&[0.0, 5.0, 10.0, 15.0], 10).concat().chars().count(), 2 + 2 + 1 + 1);
    }

    #[test]
    fn equals_stand_in_the_middle_and_many_values_are_condensed() {
        assert_eq!(chart(&[3.0; 2], 10)[2], "⠉");
        let many: Vec<f64> = (0..1000).map(f64::from).collect();
        let lines = chart(&many, 20);
        assert_eq!(lines[0].chars().count(), 20);
        assert!(lines[3].chars().count() < 20);
        assert_eq!(condensed(&many, 10)[0], 50.0);
    }
}
