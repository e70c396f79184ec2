//! Traces from files, which may be damaged, or not be traces at all.

use std::fs::File;
use std::io::{self, Read};
use std::path::Path;

use super::bytes::Bytes;
use super::spans::Context;
use super::stacks::take_stacks;
use super::{
    END, LONGEST, MACHINE, MAGIC, MEMORY, OPERATIONS, OPTIONAL, SESSION, SPANS, STACKS, THREADS,
    VERSION, checksum,
};
use crate::trace::{Machine, Operation, Overhead, Thread, Trace, Work};

/// Why a trace could not be read.
#[derive(Debug, thiserror::Error)]
pub enum TraceFileError {
    /// The file could not be read.
    #[error("The trace could not be read: {0}.")]
    Io(#[from] io::Error),
    /// It does not begin as a trace does.
    #[error("This is not a trace of Tachy. Export other tools' traces with their own commands.")]
    NotATrace,
    /// It was written by a later version.
    #[error(
        "The trace has format version {0}, and this program knows version {VERSION}. Read it with the version of Tachy that wrote it, or a later one."
    )]
    Version(u32),
    /// It ends too early.
    #[error(
        "The trace ends in the middle: writing it was interrupted, or the copy is not complete."
    )]
    Truncated,
    /// A part is not what was written.
    #[error(
        "The trace is damaged: {what} near byte {offset}. Copy it again, or record it once more."
    )]
    Damaged {
        /// What is wrong.
        what: &'static str,
        /// Bytes from the beginning to the end of the part in question.
        offset: u64,
    },
}

impl Trace {
    /// Reads a trace in Tachy's own format. The memory that it takes is in proportion to what there is to read.
    pub fn read(from: impl Read) -> Result<Self, TraceFileError> {
        Reader { from, offset: 0, content: Vec::new() }.trace()
    }

    /// Reads a trace from a file.
    pub fn open(path: impl AsRef<Path>) -> Result<Self, TraceFileError> {
        Self::read(io::BufReader::with_capacity(1 << 16, File::open(path)?))
    }
}

struct Reader<R> {
    from: R,
    offset: u64,
    content: Vec<u8>,
}

impl<R: Read> Reader<R> {
    fn trace(mut self) -> Result<Trace, TraceFileError> {
        let magic: [u8; 8] = self.bytes().map_err(|error| match error {
            TraceFileError::Truncated => TraceFileError::NotATrace,
            other => other,
        })?;
        if &magic != MAGIC {
            return Err(TraceFileError::NotATrace);
        }
        let version = u32::from_le_bytes(self.bytes()?);
        if version != VERSION {
            return Err(TraceFileError::Version(version));
        }
        if self.section()? != SESSION {
            return Err(self.damaged("the session's description is missing"));
        }
        let mut trace = session(&self.content)
            .ok_or_else(|| self.damaged("the session's description cannot be understood"))?;
        loop {
            let kind = self.section()?;
            let understood = match kind {
                OPERATIONS => operations(&self.content, &mut trace.operations),
                THREADS => threads(&self.content, &mut trace.threads),
                SPANS => spans(&self.content, &mut trace),
                MACHINE => machine(&self.content).map(|machine| trace.machine = Some(machine)),
                STACKS => take_stacks(&self.content).map(|stacks| trace.stacks = Some(stacks)),
                MEMORY => serde_json::from_slice(&self.content)
                    .map(|memory| trace.memory = Some(memory))
                    .ok(),
                END => {
                    return if ends(&self.content, &trace) == Some(true) {
                        Ok(trace)
                    } else {
                        Err(self.damaged("a part is missing"))
                    };
                }
                kind if kind >= OPTIONAL => Some(()),
                _ => None,
            };
            if understood.is_none() {
                return Err(self.damaged(match kind {
                    OPERATIONS => "operations cannot be understood",
                    THREADS => "threads cannot be understood",
                    SPANS => "spans cannot be understood",
                    MACHINE => "the machine's peaks cannot be understood",
                    STACKS => "call stacks cannot be understood",
                    MEMORY => "the figures of memory cannot be understood",
                    _ => "a part is of an unknown kind",
                }));
            }
        }
    }

    /// Reads a section into `content` and returns its kind.
    fn section(&mut self) -> Result<u8, TraceFileError> {
        let head: [u8; 9] = self.bytes()?;
        let [kind, length @ .., _, _, _, _] = head;
        let length = u32::from_le_bytes(length);
        if length as usize > LONGEST {
            return Err(self.damaged("a part claims to be longer than any is"));
        }
        self.content.clear();
        // Grows with what there is, not with what is claimed.
        let read = self.from.by_ref().take(u64::from(length)).read_to_end(&mut self.content)?;
        self.offset += read as u64;
        if read < length as usize {
            return Err(TraceFileError::Truncated);
        }
        let [_, _, _, _, _, sum @ ..] = head;
        if u32::from_le_bytes(sum) != checksum(kind, length, &self.content) {
            return Err(self.damaged("a checksum is wrong"));
        }
        Ok(kind)
    }

    fn bytes<const N: usize>(&mut self) -> Result<[u8; N], TraceFileError> {
        let mut bytes = [0; N];
        self.from.read_exact(&mut bytes).map_err(|error| match error.kind() {
            io::ErrorKind::UnexpectedEof => TraceFileError::Truncated,
            _ => TraceFileError::Io(error),
        })?;
        self.offset += N as u64;
        Ok(bytes)
    }

    fn damaged(&self, what: &'static str) -> TraceFileError {
        TraceFileError::Damaged { what, offset: self.offset }
    }
}

fn session(content: &[u8]) -> Option<Trace> {
    let mut bytes = Bytes(content);
    Some(Trace {
        name: bytes.text()?,
        started: bytes.number()?,
        wall: bytes.number()?,
        overhead: Overhead {
            per_span: bytes.float()?,
            dropped: bytes.number()?,
            unbalanced: bytes.number()?,
            clock_error: bytes.float()?,
        },
        ..Trace::default()
    })
}

fn operations(content: &[u8], operations: &mut Vec<Operation>) -> Option<()> {
    let mut bytes = Bytes(content);
    while !bytes.0.is_empty() {
        operations.push(Operation {
            name: bytes.text()?,
            category: bytes.text()?,
            device: bytes.text()?,
            detail: bytes.text()?,
            work: match bytes.byte()? {
                0 => None,
                1 => Some(Work {
                    flops: bytes.float()?,
                    bytes: bytes.float()?,
                    transferred: bytes.float()?,
                }),
                _ => return None,
            },
        });
    }
    Some(())
}

fn threads(content: &[u8], threads: &mut Vec<Thread>) -> Option<()> {
    let mut bytes = Bytes(content);
    while !bytes.0.is_empty() {
        threads.push(Thread { name: bytes.text()?, id: bytes.number()? });
    }
    Some(())
}

fn spans(content: &[u8], trace: &mut Trace) -> Option<()> {
    let mut bytes = Bytes(content);
    let thread = bytes.small()?;
    let count = usize::try_from(bytes.number()?).ok()?;
    // Each of them takes three bytes at least.
    if thread as usize >= trace.threads.len() || count > bytes.0.len() / 3 {
        return None;
    }
    trace.spans.reserve(count);
    let mut context = Context::new();
    for _ in 0..count {
        let span = context.take(&mut bytes, thread)?;
        if span.operation as usize >= trace.operations.len() {
            return None;
        }
        trace.spans.push(span);
    }
    bytes.0.is_empty().then_some(())
}

fn machine(content: &[u8]) -> Option<Machine> {
    let mut bytes = Bytes(content);
    let flops = bytes.float()?;
    let levels = bytes.number()?;
    let bandwidth = (0..levels).map(|_| Some((bytes.float()?, bytes.float()?)));
    Some(Machine {
        flops,
        bandwidth: bandwidth.collect::<Option<_>>()?,
        overhead: bytes.float()?,
        transfer: bytes.float()?,
    })
}

fn ends(content: &[u8], trace: &Trace) -> Option<bool> {
    let mut bytes = Bytes(content);
    let there = [trace.operations.len(), trace.threads.len(), trace.spans.len()];
    for count in there {
        if bytes.number()? != count as u64 {
            return Some(false);
        }
    }
    Some(bytes.0.is_empty())
}
