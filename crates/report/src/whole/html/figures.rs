//! The table of all measurements. It holds ten thousand: the first hundred as HTML, all as data that the script shows
//! page by page, sorted and filtered.

use tachy_measure::Unit;

use super::super::figures::Figure;
use super::super::performance::PerformanceAnalysis;
use super::table::head;
use crate::html::text::escape;
use crate::quantity::quantity;
use crate::sentences::relative_interval;

/// Lines of a page.
const PAGE: usize = 100;

/// Lines that the page has at all.
const MOST: usize = 12_000;

/// Characters of a name.
const NAME: usize = 120;

/// Places of a small picture of a distribution, of which the middle is the typical value.
const PLACES: usize = 61;

/// What a picture may reach to on either side, as a share of the typical value.
const REACHES: [f64; 7] = [0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0];

/// The digits of places: all can stand in JSON as they are.
const DIGITS: &[u8; 64] = b"0123456789ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz-_";

/// The table with its data.
pub(super) fn figures(performance: &PerformanceAnalysis) -> String {
    let all = &performance.figures;
    if all.is_empty() {
        return String::new();
    }
    let reach = reach(all);
    let titles = [
        "benchmark",
        "run:",
        "metric",
        "typical:",
        "95%:",
        "distribution",
        "p95:",
        "fastest:",
        "samples:",
    ];
    let shown = &all[..all.len().min(MOST)];
    let rows: String = shown.iter().take(PAGE).map(|figure| row(figure, reach)).collect();
    let (attributes, data) = match shown.len() > PAGE {
        false => (String::new(), String::new()),
        true => (
            format!(" data-rows=\"figures\" data-page=\"{PAGE}\""),
            format!(
                "<script type=\"application/json\" id=\"figures\">{}</script>\n",
                data(shown, reach)
            ),
        ),
    };
    let left_out = match all.len() - shown.len() {
        0 => String::new(),
        more => format!(" {more} more are in the CSV and in the JSON."),
    };
    let first = match shown.len() > PAGE {
        true => format!(" The first {PAGE} of {} are shown.", shown.len()),
        false => String::new(),
    };
    format!(
        "<h3>Measurements</h3>\n<p class=\"lead\">Typical values with 95% intervals over processes; a star marks an \
         interval within one process, a question mark none. Dots are samples or, of more than 20, twentieths of them, from \
         −{reach} to +{reach} of the typical value, which the line marks; the bar is the interval. Runs are numbered as in their table.{left_out}</p>\n\
         {}{rows}</tbody>\n</table>\n</div>\n<p class=\"fine pager\" aria-live=\"polite\">{first}</p>\n{data}",
        head("Measurements", &titles, &attributes),
        reach = percent(reach)
    )
}

fn percent(share: f64) -> String {
    format!("{:.0}%", share * 100.0)
}

/// How far the pictures reach: far enough for three in four of them.
fn reach(figures: &[Figure]) -> f64 {
    let mut spreads: Vec<f64> = figures
        .iter()
        .filter(|figure| figure.pooled.count > 1 && figure.value() > 0.0)
        .map(|figure| {
            let (value, last) = (figure.value(), figure.quantiles.len().saturating_sub(1));
            let off = |place: usize| (figure.quantiles[place.min(last)] / value - 1.0).abs();
            off(1).max(off(last.saturating_sub(1)))
        })
        .collect();
    spreads.sort_by(f64::total_cmp);
    let most = spreads.get(spreads.len() * 3 / 4).copied().unwrap_or(0.0);
    REACHES.into_iter().find(|reach| most <= *reach).unwrap_or(REACHES[REACHES.len() - 1])
}

/// The place of a value in a picture: 0 to 60, at the edge what lies beyond.
fn place(value: f64, typical: f64, reach: f64) -> usize {
    let middle = (PLACES - 1) as f64 / 2.0;
    let at = middle + middle * (value / typical - 1.0) / reach;
    // A value that is no number lands in the middle.
    if at.is_nan() { PLACES / 2 } else { at.round().clamp(0.0, (PLACES - 1) as f64) as usize }
}

/// The ends of the interval of a picture, or two full stops, then its dots, as digits.
fn places(figure: &Figure, reach: f64) -> String {
    let typical = figure.value();
    if figure.pooled.count < 2 || typical <= 0.0 {
        return String::new();
    }
    let digit = |value: f64| char::from(DIGITS[place(value, typical, reach)]);
    let ends = match figure.typical.and_then(|estimate| estimate.interval) {
        Some(interval) => [digit(interval.low), digit(interval.high)],
        None => ['.', '.'],
    };
    ends.into_iter().chain(figure.quantiles.iter().map(|value| digit(*value))).collect()
}

/// The picture that the script draws from the same digits.
fn picture(places: &str) -> String {
    if places.is_empty() {
        return "–".to_owned();
    }
    let (ends, dots) = places.split_at(2);
    let read = |text: &str| -> Vec<usize> {
        text.bytes().filter_map(|byte| DIGITS.iter().position(|digit| *digit == byte)).collect()
    };
    let (ends, dots) = (read(ends), read(dots));
    let mut heights = [0usize; PLACES];
    let counts = dots.iter().fold([0usize; PLACES], |mut counts, place| {
        counts[*place] += 1;
        counts
    });
    let most = counts.iter().copied().max().unwrap_or(1);
    let dots: String = dots
        .iter()
        .map(|place| {
            let step = if most > 5 { 14.0 / (most - 1) as f64 } else { 3.0 };
            let y = 17.0 - step * heights[*place] as f64;
            heights[*place] += 1;
            format!("M{} {}h0", 2 * place + 2, round(y))
        })
        .collect();
    let bar = match *ends {
        [low, high] => {
            format!("<path class=\"bar\" d=\"M{} 21h{}\"/>", 2 * low + 2, 2 * (high - low))
        }
        _ => String::new(),
    };
    format!(
        "<svg class=\"spark\" viewBox=\"0 0 124 23\" aria-hidden=\"true\"><path class=\"mark\" d=\"M62 0v23\"/>\
         <path class=\"dots\" d=\"{dots}\"/>{bar}</svg>"
    )
}

/// With one digit after the point, where it is not zero.
fn round(value: f64) -> String {
    let text = format!("{value:.1}");
    text.strip_suffix(".0").map(str::to_owned).unwrap_or(text)
}

fn interval(figure: &Figure) -> String {
    figure.typical.as_ref().map_or("?".to_owned(), relative_interval)
}

fn samples(figure: &Figure) -> String {
    format!("{} in {}", figure.pooled.count, figure.processes)
}

fn name(figure: &Figure) -> String {
    shorten(&figure.subject())
}

fn shorten(text: &str) -> String {
    match text.char_indices().nth(NAME) {
        None => text.to_owned(),
        Some((end, _)) => format!("{}…", &text[..end]),
    }
}

fn row(figure: &Figure, reach: f64) -> String {
    let show = |value: f64| quantity(number(value).parse().unwrap_or(value), figure.unit);
    let p95 = match figure.pooled.p95 {
        Some(p95) => format!("<td data-key=\"{p95:e}\">{}</td>", show(p95)),
        None => "<td data-key=\"\">–</td>".to_owned(),
    };
    format!(
        "<tr><th scope=\"row\" class=\"name\"><code>{}</code></th><td>{}</td><td class=\"words\">{}</td><td data-key=\"{:e}\">{}</td><td>{}</td>\
         <td class=\"words\">{}</td>{p95}<td data-key=\"{:e}\">{}</td><td>{}</td></tr>\n",
        escape(&name(figure)),
        figure.run + 1,
        figure.metric.name(),
        figure.value(),
        show(figure.value()),
        escape(&interval(figure)),
        picture(&places(figure, reach)),
        figure.pooled.min,
        show(figure.pooled.min),
        samples(figure),
    )
}

/// All lines, column by column. Texts that repeat are told once.
fn data(figures: &[Figure], reach: f64) -> String {
    let mut subjects = Dictionary::default();
    let mut metrics = Dictionary::default();
    let mut counts = Dictionary::default();
    let mut columns = [const { String::new() }; 9];
    for figure in figures {
        let unit = match figure.unit {
            Unit::Seconds => 's',
            Unit::Bytes => 'b',
            Unit::Count => 'n',
            Unit::Joules => 'j',
            Unit::Watts => 'w',
        };
        let cells = [
            subjects.place(name(figure)).to_string(),
            metrics.place(format!("{unit}{}", figure.metric.name())).to_string(),
            number(figure.value()),
            string(&interval(figure)),
            string(&places(figure, reach)),
            figure.pooled.p95.map_or("0".to_owned(), number),
            number(figure.pooled.min),
            counts.place(samples(figure)).to_string(),
            (figure.run + 1).to_string(),
        ];
        for (column, cell) in columns.iter_mut().zip(cells) {
            if !column.is_empty() {
                column.push(',');
            }
            *column += &cell;
        }
    }
    let columns: Vec<String> = columns.iter().map(|column| format!("[{column}]")).collect();
    format!(
        "{{\"subjects\":{},\"metrics\":{},\"samples\":{},\"columns\":[{}]}}",
        subjects.json(),
        metrics.json(),
        counts.json(),
        columns.join(",")
    )
}

/// Five digits: what is shown is rounded from them, here and by the script.
fn number(value: f64) -> String {
    let text = format!("{value:.4e}");
    let (digits, power) = text.split_once('e').unwrap_or((&text, "0"));
    let digits = match digits.contains('.') {
        true => digits.trim_end_matches('0').trim_end_matches('.'),
        false => digits,
    };
    if power == "0" { digits.to_owned() } else { format!("{digits}e{power}") }
}

/// A text in JSON that stands between tags.
fn string(text: &str) -> String {
    let text = crate::look::tame(text);
    serde_json::to_string(&text)
        .expect("a text is JSON")
        .replace('<', "\\u003c")
        .replace('&', "\\u0026")
}

/// Texts, each once.
#[derive(Default)]
struct Dictionary {
    places: std::collections::HashMap<String, usize>,
    texts: Vec<String>,
}

impl Dictionary {
    fn place(&mut self, text: String) -> usize {
        if let Some(place) = self.places.get(&text) {
            return *place;
        }
        let place = self.texts.len();
        self.texts.push(text.clone());
        self.places.insert(text, place);
        place
    }

    fn json(&self) -> String {
        let texts: Vec<String> = self.texts.iter().map(|text| string(text)).collect();
        format!("[{}]", texts.join(","))
    }
}
