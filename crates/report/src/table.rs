//! Aligned columns for a terminal.

use textwrap::core::display_width;

use crate::look::{Look, Tone, tame};
use crate::quantity::plain;

/// Which side of a column its cells keep to.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Align {
    /// Words.
    Left,
    /// Numbers.
    Right,
}

/// A column: its title, its side, and where it may stand.
#[derive(Debug, Clone)]
pub struct Column {
    title: String,
    align: Align,
    joined: bool,
    opens_group: bool,
}

impl Column {
    /// A column of words.
    pub fn left(title: &str) -> Self {
        Self { title: title.to_owned(), align: Align::Left, joined: false, opens_group: false }
    }

    /// A column of numbers.
    pub fn right(title: &str) -> Self {
        Self { align: Align::Right, ..Self::left(title) }
    }

    /// Stands close to the column before it and is never parted from it, as an interval from its figure.
    pub fn joined(self) -> Self {
        Self { joined: true, ..self }
    }

    /// Begins a group: where the terminal is too narrow, the table is broken here first.
    pub fn opens_group(self) -> Self {
        Self { opens_group: true, ..self }
    }
}

/// A cell: a text and its tone.
#[derive(Debug, Clone)]
pub struct Cell {
    text: String,
    tone: Tone,
}

impl Cell {
    /// A text in a tone.
    pub fn new(text: impl AsRef<str>, tone: Tone) -> Self {
        Self { text: plain(&tame(text.as_ref())).replace('\n', " "), tone }
    }
}

impl From<&str> for Cell {
    fn from(text: &str) -> Self {
        Self::new(text, Tone::Plain)
    }
}

impl From<String> for Cell {
    fn from(text: String) -> Self {
        Self::new(text, Tone::Plain)
    }
}

/// A table without lines between its cells. Too wide for the terminal, it becomes several below each other, each
/// beginning with the leading columns again.
#[derive(Debug, Clone)]
pub struct Table {
    leading: usize,
    columns: Vec<Column>,
    rows: Vec<Vec<Cell>>,
}

/// Blanks between two columns.
const GAP: usize = 2;

impl Table {
    /// A table of these columns, of which the first one names the row.
    pub fn new(columns: Vec<Column>) -> Self {
        Self { leading: 1, columns, rows: Vec::new() }
    }

    /// How many columns at the left name the row.
    pub fn leading(self, leading: usize) -> Self {
        Self { leading: leading.min(self.columns.len()), ..self }
    }

    /// Adds a row. Cells beyond the columns are left out, missing ones are blank.
    pub fn row(&mut self, mut cells: Vec<Cell>) {
        cells.resize_with(self.columns.len(), || Cell::from(""));
        self.rows.push(cells);
    }

    /// Whether there is no row.
    pub fn is_empty(&self) -> bool {
        self.rows.is_empty()
    }

    /// The lines, each ending in a line break.
    pub fn render(&self, look: Look) -> String {
        let widths: Vec<usize> = (0..self.columns.len()).map(|index| self.width(index)).collect();
        let tables: Vec<String> = self
            .split(&widths, look.width)
            .iter()
            .map(|columns| self.lines(columns, &widths, look))
            .collect();
        tables.join("\n")
    }

    fn width(&self, index: usize) -> usize {
        let cells = self.rows.iter().map(|row| display_width(&row[index].text));
        cells.chain([display_width(&self.columns[index].title)]).max().unwrap_or(0)
    }

    fn gap(&self, index: usize) -> usize {
        if self.columns[index].joined { 1 } else { GAP }
    }

    /// The columns of each table, so that none is wider than `most` if that can be helped.
    fn split(&self, widths: &[usize], most: usize) -> Vec<Vec<usize>> {
        let leading: Vec<usize> = (0..self.leading).collect();
        let wide = |columns: &[usize]| {
            columns.iter().map(|&index| self.gap(index) + widths[index]).sum::<usize>()
        };
        let fits = |table: &[usize], more: &[usize]| wide(table) + wide(more) <= most + GAP;
        let mut tables = vec![leading.clone()];
        for group in self.runs(self.leading, |column| column.opens_group) {
            let begun = tables.last().is_some_and(|table| table.len() > self.leading);
            if begun && !fits(tables.last().unwrap_or(&leading), &group) {
                tables.push(leading.clone());
            }
            for piece in self.pieces(&group) {
                let table = tables.last().map_or(&leading[..], |table| table);
                if table.len() > self.leading && !fits(table, &piece) {
                    tables.push(leading.clone());
                }
                if let Some(table) = tables.last_mut() {
                    table.extend(piece);
                }
            }
        }
        tables
    }

    /// The columns from `start` on, in runs that begin where `begins` says.
    fn runs(&self, start: usize, begins: impl Fn(&Column) -> bool) -> Vec<Vec<usize>> {
        let mut runs: Vec<Vec<usize>> = Vec::new();
        for index in start..self.columns.len() {
            match runs.last_mut() {
                Some(run) if !begins(&self.columns[index]) => run.push(index),
                _ => runs.push(vec![index]),
            }
        }
        runs
    }

    /// The columns of a group with those joined to them.
    fn pieces(&self, group: &[usize]) -> Vec<Vec<usize>> {
        group.chunk_by(|_, next| self.columns[*next].joined).map(<[usize]>::to_vec).collect()
    }

    fn lines(&self, columns: &[usize], widths: &[usize], look: Look) -> String {
        let titles: Vec<Cell> =
            self.columns.iter().map(|column| Cell::new(&column.title, Tone::Quiet)).collect();
        let total: usize =
            columns.iter().map(|&index| self.gap(index) + widths[index]).sum::<usize>() - GAP;
        let mut lines = self.line(&titles, columns, widths, look);
        lines += &look.paint(Tone::Quiet, &"─".repeat(total.min(look.width)));
        lines.push('\n');
        for row in &self.rows {
            lines += &self.line(row, columns, widths, look);
        }
        lines
    }

    fn line(&self, cells: &[Cell], columns: &[usize], widths: &[usize], look: Look) -> String {
        let mut line = String::new();
        // Blanks are written when something follows them, so that no line ends in one.
        let mut blanks = 0;
        for (place, &index) in columns.iter().enumerate() {
            let Cell { text, tone } = &cells[index];
            let rest = widths[index] - display_width(text);
            let (before, after) = match self.columns[index].align {
                Align::Left => (0, rest),
                Align::Right => (rest, 0),
            };
            blanks += before + if place == 0 { 0 } else { self.gap(index) };
            if text.is_empty() {
                blanks += after;
                continue;
            }
            line += &" ".repeat(blanks);
            line += &look.paint(*tone, text);
            blanks = after;
        }
        line.push('\n');
        line
    }
}
