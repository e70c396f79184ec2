//! Folded stacks: a line for each path, its frames joined by semicolons, and its weight.

use std::io::{self, BufWriter, Write};

use crate::stacks::{Stack, Stacks};

/// Writes a line for each stack whose last value is not 0: the thread, the frames, outermost first, and that value.
pub fn folded(stacks: &Stacks, out: impl Write) -> io::Result<()> {
    let mut out = BufWriter::new(out);
    for stack in &stacks.stacks {
        if let Some(line) = line(stacks, stack) {
            writeln!(out, "{line}")?;
        }
    }
    out.flush()
}

/// The line of a stack, if it has a weight.
pub(super) fn line(stacks: &Stacks, stack: &Stack) -> Option<String> {
    let weight = stack.values.last().filter(|weight| **weight > 0)?;
    let thread = stacks.threads.get(stack.thread as usize).map_or("", |thread| &thread.name);
    let mut line = clean(thread);
    for &frame in &stack.frames {
        line.push(';');
        line.push_str(&clean(stacks.frames.get(frame as usize).map_or("", |frame| &frame.name)));
    }
    Some(format!("{line} {weight}"))
}

/// A name without what ends a frame or a line.
fn clean(name: &str) -> String {
    let name = name.trim();
    if name.is_empty() {
        return "(no name)".to_owned();
    }
    name.chars()
        .map(|letter| match letter {
            ';' => ':',
            letter if letter.is_control() => ' ',
            letter => letter,
        })
        .collect()
}
