//! Problems and plans as CSV, in MiniMalloc's layout.
//!
//! One line for each buffer, under a line with the columns' names, in any order: `id`, `lower` (the step of birth),
//! `upper` (the step at which it is no longer alive), `size` (bytes), and, if wanted, `alignment` (bytes, 1 without
//! the column) and `offset` (its place, which makes the file a plan).
//! As MiniMalloc does, the reader also takes `buffer` or `buffer_id` for `id`, `start` or `begin` for `lower`, and
//! `end` for `upper`, which then is the last step of life itself. A column `gaps` may be there if it is empty.
//!
//! Aliases, in-place operators and persistent buffers have no column: what is written is what the lifetimes say.

use std::fmt::Write;

use crate::problem::{Buffer, Problem};

/// What a CSV file holds.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Table {
    /// The buffers' names, in the file's order.
    pub ids: Vec<String>,
    /// The buffers, in the same order.
    pub problem: Problem,
    /// Their offsets, if the file has them.
    pub offsets: Option<Vec<u64>>,
}

/// Why a CSV file cannot be read. Lines count from 1, columns are named as in the file.
#[derive(Clone, Debug, PartialEq, Eq, thiserror::Error)]
pub enum CsvError {
    /// A file without a first line.
    #[error(
        "the file is empty; its first line has to name the columns, such as `id,lower,upper,size`"
    )]
    Empty,
    /// A column that nobody knows.
    #[error(
        "line {line}: there is no column `{column}`; the columns are id, lower, upper, size, alignment, offset, \
         and gaps"
    )]
    UnknownColumn {
        /// The line with the columns' names.
        line: usize,
        /// The name.
        column: String,
    },
    /// A column that comes twice, perhaps under two names.
    #[error("line {line}: column `{column}` repeats an earlier one; leave one of them out")]
    RepeatedColumn {
        /// The line with the columns' names.
        line: usize,
        /// The name of the second.
        column: String,
    },
    /// A column that is needed and missing.
    #[error("line {line}: the column `{column}` is missing; id, lower, upper and size are needed")]
    MissingColumn {
        /// The line with the columns' names.
        line: usize,
        /// The name.
        column: &'static str,
    },
    /// A line with too few or too many fields.
    #[error("line {line} has {fields} fields, but the first line names {columns} columns")]
    FieldCount {
        /// The line.
        line: usize,
        /// Its fields.
        fields: usize,
        /// The columns.
        columns: usize,
    },
    /// A field that is no number.
    #[error(
        "line {line}, column `{column}`: {value:?} is no whole number from 0 to 18446744073709551615"
    )]
    Number {
        /// The line.
        line: usize,
        /// The column.
        column: String,
        /// What stands there.
        value: String,
    },
    /// An alignment of zero.
    #[error("line {line}, column `alignment`: the smallest alignment is 1")]
    ZeroAlignment {
        /// The line.
        line: usize,
    },
    /// A lifetime without a step.
    #[error(
        "line {line}, column `{column}`: the buffer lives from step {lower} to just before step {upper}, which is no \
         step at all"
    )]
    EmptyLifetime {
        /// The line.
        line: usize,
        /// The column that ends the lifetime.
        column: String,
        /// Where it begins.
        lower: u64,
        /// Where it ends.
        upper: u64,
    },
    /// A lifetime with gaps, which the planner has no use for.
    #[error(
        "line {line}, column `gaps`: lifetimes with gaps are not supported; make a buffer of each part"
    )]
    Gaps {
        /// The line.
        line: usize,
    },
}

#[derive(Clone, Copy, PartialEq, Eq)]
enum Column {
    Id,
    Lower,
    Upper,
    /// The last step of life, one less than upper.
    End,
    Size,
    Alignment,
    Offset,
    Gaps,
}

impl Column {
    fn named(name: &str) -> Option<Self> {
        Some(match name {
            "id" | "buffer" | "buffer_id" => Self::Id,
            "lower" | "start" | "begin" => Self::Lower,
            "upper" => Self::Upper,
            "end" => Self::End,
            "size" => Self::Size,
            "alignment" => Self::Alignment,
            "offset" => Self::Offset,
            "gaps" => Self::Gaps,
            _ => return None,
        })
    }

    /// Whether both tell the same thing.
    fn repeats(self, other: Self) -> bool {
        let kind = |column| if column == Self::End { Self::Upper } else { column };
        kind(self) == kind(other)
    }
}

/// Reads a problem, or a plan.
///
/// # Errors
///
/// If the text is no such table; the message names the line and the column.
pub fn read(text: &str) -> Result<Table, CsvError> {
    let mut lines = (text.strip_prefix('\u{feff}').unwrap_or(text).lines().enumerate())
        .map(|(index, line)| (index + 1, line))
        .filter(|(_, line)| !line.trim().is_empty());
    let (line, header) = lines.next().ok_or(CsvError::Empty)?;
    let names: Vec<&str> = header.split(',').map(str::trim).collect();
    let columns = columns(line, &names)?;
    let has_offsets = columns.contains(&Column::Offset);
    let mut table = Table {
        ids: Vec::new(),
        problem: Problem::new(Vec::new()).with_alignment(1),
        offsets: None,
    };
    let mut offsets = Vec::new();
    for (line, text) in lines {
        let fields = text.split(',').count();
        if fields != columns.len() {
            return Err(CsvError::FieldCount { line, fields, columns: columns.len() });
        }
        let mut id = String::new();
        let mut buffer = Buffer::new(0..0, 0);
        let mut end_name = "";
        for ((field, column), name) in text.split(',').zip(&columns).zip(&names) {
            let field = field.trim();
            let number = || {
                // `parse` would take a plus sign, too.
                let digits = !field.is_empty() && field.bytes().all(|byte| byte.is_ascii_digit());
                digits.then(|| field.parse::<u64>().ok()).flatten().ok_or_else(|| {
                    CsvError::Number { line, column: (*name).to_owned(), value: field.to_owned() }
                })
            };
            match column {
                // Old line breaks, which only names can hold, are spaces when they are written, too.
                Column::Id => id = field.replace('\r', " "),
                Column::Lower => buffer.lifetime.start = number()?,
                Column::Upper => (buffer.lifetime.end, end_name) = (number()?, name),
                Column::End => {
                    let upper = number()?.checked_add(1).ok_or_else(|| CsvError::Number {
                        line,
                        column: (*name).to_owned(),
                        value: field.to_owned(),
                    })?;
                    (buffer.lifetime.end, end_name) = (upper, name);
                }
                Column::Size => buffer.size = number()?,
                Column::Alignment => match number()? {
                    0 => return Err(CsvError::ZeroAlignment { line }),
                    1 => {}
                    alignment => buffer.alignment = Some(alignment),
                },
                Column::Offset => offsets.push(number()?),
                Column::Gaps if field.is_empty() => {}
                Column::Gaps => return Err(CsvError::Gaps { line }),
            }
        }
        if buffer.lifetime.is_empty() {
            return Err(CsvError::EmptyLifetime {
                line,
                column: end_name.to_owned(),
                lower: buffer.lifetime.start,
                upper: buffer.lifetime.end,
            });
        }
        table.ids.push(id);
        table.problem.buffers.push(buffer);
    }
    table.offsets = has_offsets.then_some(offsets);
    Ok(table)
}

fn columns(line: usize, names: &[&str]) -> Result<Vec<Column>, CsvError> {
    let mut columns: Vec<Column> = Vec::with_capacity(names.len());
    for &name in names {
        let column = Column::named(name)
            .ok_or_else(|| CsvError::UnknownColumn { line, column: name.to_owned() })?;
        if columns.iter().any(|earlier| earlier.repeats(column)) {
            return Err(CsvError::RepeatedColumn { line, column: name.to_owned() });
        }
        columns.push(column);
    }
    let needed = [
        (Column::Id, "id"),
        (Column::Lower, "lower"),
        (Column::Upper, "upper"),
        (Column::Size, "size"),
    ];
    for (column, name) in needed {
        if !columns.iter().any(|present| present.repeats(column)) {
            return Err(CsvError::MissingColumn { line, column: name });
        }
    }
    Ok(columns)
}

/// Writes a problem, with the offsets of a plan if the table has them.
///
/// There is a column for the alignment if any buffer is aligned to more than one byte. Commas and line breaks in
/// names become spaces.
pub fn write(table: &Table) -> String {
    let alignment = |buffer: &Buffer| buffer.alignment.unwrap_or(table.problem.alignment);
    let aligned = table.problem.buffers.iter().any(|buffer| alignment(buffer) != 1);
    let mut text = String::from("id,lower,upper,size");
    text.push_str(if aligned { ",alignment" } else { "" });
    text.push_str(if table.offsets.is_some() { ",offset\n" } else { "\n" });
    for (index, buffer) in table.problem.buffers.iter().enumerate() {
        let id = table
            .ids
            .get(index)
            .map_or_else(|| index.to_string(), |id| id.replace([',', '\n', '\r'], " "));
        let lifetime = &buffer.lifetime;
        // Writing to a string cannot fail.
        let _ = write!(text, "{},{},{},{}", id.trim(), lifetime.start, lifetime.end, buffer.size);
        if aligned {
            let _ = write!(text, ",{}", alignment(buffer));
        }
        if let Some(offset) = table.offsets.as_ref().and_then(|offsets| offsets.get(index)) {
            let _ = write!(text, ",{offset}");
        }
        text.push('\n');
    }
    text
}
