//! Traces in files: a few bytes a span, checked when they are read.
//!
//! A file is the text `tachytrc`, the version as four bytes, and sections. All numbers are little-endian. A section is
//! its kind (one byte), the length of its content (four bytes), the CRC-32 of kind, length and content (four bytes),
//! and the content. The kinds, in this order:
//!
//! | kind | content |
//! |---|---|
//! | 1 | the session: name, start, wall time, overhead |
//! | 2 | operations, one after the other; there may be several such sections |
//! | 3 | threads, likewise |
//! | 4 | spans of one thread, in the order of their starts; there may be any number |
//! | 128 | the machine's peaks: operations a second, levels of memory with size and rate, overhead, transfer |
//! | 129 | call stacks: name, start, wall time, period, and what stacks count; then their threads, frames and stacks |
//! | 130 | what the memory tracker saw, as JSON |
//! | 5 | how many operations, threads and spans there were: the end |
//!
//! Kinds from 128 on may stand anywhere before the end, and whoever does not know them goes on behind them. Whole
//! numbers in a content are LEB128 (seven bits a byte, the least first), texts are their length and UTF-8, other
//! numbers are IEEE 754 in eight bytes.
//!
//! Spans say only how they differ from what was to be expected: see [`spans`].

mod bytes;
mod read;
mod spans;
mod stacks;
mod write;

pub use read::TraceFileError;

const MAGIC: &[u8; 8] = b"tachytrc";
const VERSION: u32 = 1;

const SESSION: u8 = 1;
const OPERATIONS: u8 = 2;
const THREADS: u8 = 3;
const SPANS: u8 = 4;
const END: u8 = 5;
/// From here on, kinds that need not be known.
const OPTIONAL: u8 = 128;
const MACHINE: u8 = 128;
const STACKS: u8 = 129;
const MEMORY: u8 = 130;

/// Sections are about so long, but for a name that is longer.
const SECTION: usize = 256 << 10;
/// No section is longer than this.
const LONGEST: usize = 64 << 20;

fn checksum(kind: u8, length: u32, content: &[u8]) -> u32 {
    let mut hasher = crc32fast::Hasher::new();
    hasher.update(&[kind]);
    hasher.update(&length.to_le_bytes());
    hasher.update(content);
    hasher.finalize()
}
