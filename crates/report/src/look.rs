//! How a terminal is written to: its width, and whether in colour.

use anstyle::{AnsiColor, Style};
use textwrap::core::display_width;
use textwrap::{Options, WordSplitter, fill};

use crate::quantity::plain;

/// The terminal that a text is meant for.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Look {
    /// Columns of the terminal. Tables are stacked and sentences wrapped to fit.
    pub width: usize,
    /// Whether to write ANSI colours; only ask for them on a terminal.
    pub colour: bool,
}

impl Look {
    /// Sentences are not drawn out further than this, however wide the terminal.
    const READABLE: usize = 100;

    /// For a terminal of this width, without colour.
    pub const fn plain(width: usize) -> Self {
        Self { width, colour: false }
    }

    /// The text in a tone, if colours are wanted.
    pub(crate) fn paint(self, tone: Tone, text: &str) -> String {
        let style = tone.style();
        if self.colour && style != Style::new() && !text.is_empty() {
            format!("{style}{text}{style:#}")
        } else {
            text.to_owned()
        }
    }

    /// A sentence, in which names stand between backticks: in colour they are bold instead.
    pub(crate) fn sentence(self, tone: Tone, text: &str) -> String {
        let text = tame(text);
        if !self.colour {
            return text;
        }
        let part = |(index, part): (usize, &str)| {
            let tone = if index % 2 == 1 { Tone::Strong } else { tone };
            self.paint(tone, part)
        };
        text.split('`').enumerate().map(part).collect()
    }

    /// Lines no wider than the terminal: the first begins with `first`, the others with as many blanks.
    pub(crate) fn wrap(self, first: &str, text: &str) -> String {
        let blanks = " ".repeat(display_width(first));
        let width = self.width.clamp(20, Self::READABLE);
        let options = Options::new(width)
            .initial_indent(first)
            .subsequent_indent(&blanks)
            .break_words(false)
            .word_splitter(WordSplitter::NoHyphenation);
        plain(&fill(text, options))
    }

    /// Entries of a name and a text: the texts wrapped beside the names, of which the widest is `wide`.
    pub(crate) fn entries(self, entries: &[(String, String)], wide: usize, tone: Tone) -> String {
        let mut lines = String::new();
        for (name, text) in entries {
            let blanks = " ".repeat(wide.saturating_sub(display_width(name)));
            let first = format!("  {}{blanks}  ", self.paint(tone, name));
            for (place, line) in text.lines().enumerate() {
                let continued = " ".repeat(wide + 4);
                let first = if place == 0 { &first } else { &continued };
                lines += &self.wrap(first, &self.sentence(Tone::Plain, line));
                lines.push('\n');
            }
        }
        lines
    }
}

/// What a piece of text is, which decides its colour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Tone {
    /// As the rest.
    Plain,
    /// What to read first.
    Strong,
    /// What won.
    Good,
    /// What needs care.
    Caution,
    /// What is wrong.
    Bad,
    /// What may be passed over.
    Quiet,
}

impl Tone {
    fn style(self) -> Style {
        let colour = |colour: AnsiColor| Style::new().fg_color(Some(anstyle::Color::Ansi(colour)));
        match self {
            Tone::Plain => Style::new(),
            Tone::Strong => Style::new().bold(),
            Tone::Good => colour(AnsiColor::Green).bold(),
            Tone::Caution => colour(AnsiColor::Yellow),
            Tone::Bad => colour(AnsiColor::Red).bold(),
            Tone::Quiet => Style::new().dimmed(),
        }
    }
}

/// The width of the widest name.
pub(crate) fn widest(entries: &[(String, String)]) -> usize {
    entries.iter().map(|(name, _)| display_width(name)).max().unwrap_or(0)
}

/// Text from engines and files, without the control characters with which it could command the terminal.
pub(crate) fn tame(text: &str) -> String {
    text.chars()
        .map(|c| match c {
            '\n' => '\n',
            '\t' => ' ',
            c if c.is_control() => '\u{fffd}',
            c => c,
        })
        .collect()
}
