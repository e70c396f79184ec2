//! Call stacks as bytes.

use super::bytes::{Bytes, put, put_text};
use crate::stacks::{Frame, Stack, Stacks, Value};
use crate::trace::Thread;

pub(super) fn put_stacks(bytes: &mut Vec<u8>, stacks: &Stacks) {
    let Stacks { name, started, wall, period, values, threads, frames, stacks } = stacks;
    put_text(bytes, name);
    for number in [started, wall, period] {
        put(bytes, *number);
    }
    put(bytes, values.len() as u64);
    for Value { name, unit } in values {
        put_text(bytes, name);
        put_text(bytes, unit);
    }
    put(bytes, threads.len() as u64);
    for Thread { name, id } in threads {
        put_text(bytes, name);
        put(bytes, *id);
    }
    put(bytes, frames.len() as u64);
    for Frame { name, category, span, file, line } in frames {
        for text in [name, category, file] {
            put_text(bytes, text);
        }
        // The lowest bit tells operations from functions.
        put(bytes, u64::from(*line) << 1 | u64::from(*span));
    }
    put(bytes, stacks.len() as u64);
    for Stack { thread, frames, values, times } in stacks {
        put(bytes, u64::from(*thread));
        put(bytes, frames.len() as u64);
        frames.iter().for_each(|frame| put(bytes, u64::from(*frame)));
        values.iter().for_each(|value| put(bytes, *value));
        put(bytes, times.len() as u64);
        // Each from the one before; they come in order.
        let mut last = 0;
        for time in times {
            put(bytes, time.wrapping_sub(last));
            last = *time;
        }
    }
}

/// `None` if that is not what the bytes are.
pub(super) fn take_stacks(content: &[u8]) -> Option<Stacks> {
    let mut bytes = Bytes(content);
    let mut stacks = Stacks {
        name: bytes.text()?,
        started: bytes.number()?,
        wall: bytes.number()?,
        period: bytes.number()?,
        ..Stacks::default()
    };
    // Nothing is set aside for a number that is only claimed: what is missing ends the loop.
    for _ in 0..bytes.number()? {
        stacks.values.push(Value { name: bytes.text()?, unit: bytes.text()? });
    }
    for _ in 0..bytes.number()? {
        stacks.threads.push(Thread { name: bytes.text()?, id: bytes.number()? });
    }
    for _ in 0..bytes.number()? {
        let (name, category, file) = (bytes.text()?, bytes.text()?, bytes.text()?);
        let line = bytes.number()?;
        let (span, line) = (line & 1 == 1, u32::try_from(line >> 1).ok()?);
        stacks.frames.push(Frame { name, category, span, file, line });
    }
    for _ in 0..bytes.number()? {
        let mut stack = Stack { thread: bytes.small()?, ..Stack::default() };
        if stack.thread as usize >= stacks.threads.len() {
            return None;
        }
        for _ in 0..bytes.number()? {
            let frame = bytes.small()?;
            if frame as usize >= stacks.frames.len() {
                return None;
            }
            stack.frames.push(frame);
        }
        for _ in 0..stacks.values.len() {
            stack.values.push(bytes.number()?);
        }
        let mut time = 0u64;
        for _ in 0..bytes.number()? {
            time = time.wrapping_add(bytes.number()?);
            stack.times.push(time);
        }
        stacks.stacks.push(stack);
    }
    bytes.0.is_empty().then_some(stacks)
}
