//! Traces to files.

use std::fs::{self, File};
use std::io::{self, Write};
use std::path::Path;

use super::bytes::{put, put_float, put_text};
use super::spans::Context;
use super::stacks::put_stacks;
use super::{
    END, LONGEST, MACHINE, MAGIC, MEMORY, OPERATIONS, SECTION, SESSION, SPANS, STACKS, THREADS,
    VERSION, checksum,
};
use crate::trace::{Machine, Operation, Thread, Trace};

impl Trace {
    /// Writes the trace in Tachy's own format, piece by piece.
    pub fn write(&self, to: impl Write) -> io::Result<()> {
        let mut sections = Sections { to, content: Vec::with_capacity(SECTION + 64) };
        sections.to.write_all(MAGIC)?;
        sections.to.write_all(&VERSION.to_le_bytes())?;

        let content = &mut sections.content;
        put_text(content, &self.name);
        put(content, self.started);
        put(content, self.wall);
        put_float(content, self.overhead.per_span);
        put(content, self.overhead.dropped);
        put(content, self.overhead.unbalanced);
        put_float(content, self.overhead.clock_error);
        sections.end(SESSION)?;

        if let Some(machine) = &self.machine {
            put_machine(&mut sections.content, machine);
            sections.end(MACHINE)?;
        }
        if let Some(stacks) = &self.stacks {
            put_stacks(&mut sections.content, stacks);
            sections.end(STACKS)?;
        }
        if let Some(memory) = &self.memory {
            serde_json::to_writer(&mut sections.content, memory)?;
            sections.end(MEMORY)?;
        }
        for operation in &self.operations {
            put_operation(&mut sections.content, operation);
            sections.end_if_full(OPERATIONS)?;
        }
        sections.end_if_any(OPERATIONS)?;
        for Thread { name, id } in &self.threads {
            put_text(&mut sections.content, name);
            put(&mut sections.content, *id);
            sections.end_if_full(THREADS)?;
        }
        sections.end_if_any(THREADS)?;
        self.write_spans(&mut sections)?;

        let content = &mut sections.content;
        put(content, self.operations.len() as u64);
        put(content, self.threads.len() as u64);
        put(content, self.spans.len() as u64);
        sections.end(END)?;
        sections.to.flush()
    }

    fn write_spans(&self, sections: &mut Sections<impl Write>) -> io::Result<()> {
        let mut body = Vec::with_capacity(SECTION + 64);
        let mut rest = self.spans.as_slice();
        while let Some(first) = rest.first() {
            body.clear();
            let mut context = Context::new();
            let count = rest
                .iter()
                .take_while(|span| {
                    span.thread == first.thread
                        && body.len() < SECTION
                        && context.put(&mut body, span)
                })
                .count();
            put(&mut sections.content, u64::from(first.thread));
            put(&mut sections.content, count as u64);
            sections.content.extend_from_slice(&body);
            sections.end(SPANS)?;
            rest = &rest[count..];
        }
        Ok(())
    }

    /// Writes the trace to a file, which is there only once it is whole: if the disk is full, what was there before
    /// stays.
    pub fn save(&self, path: impl AsRef<Path>) -> io::Result<()> {
        let path = path.as_ref();
        let mut partial = path.as_os_str().to_owned();
        partial.push(".partial");
        let written = File::create(&partial).and_then(|mut file| {
            self.write(&mut file)?;
            // A disk may be found full only now.
            file.sync_all()
        });
        written.and_then(|()| fs::rename(&partial, path)).inspect_err(|_| {
            // The error at hand says more than one about the remains would.
            let _ = fs::remove_file(&partial);
        })
    }
}

fn put_operation(content: &mut Vec<u8>, operation: &Operation) {
    put_text(content, &operation.name);
    put_text(content, &operation.category);
    put_text(content, &operation.device);
    put_text(content, &operation.detail);
    content.push(u8::from(operation.work.is_some()));
    if let Some(work) = operation.work {
        put_float(content, work.flops);
        put_float(content, work.bytes);
        put_float(content, work.transferred);
    }
}

fn put_machine(content: &mut Vec<u8>, machine: &Machine) {
    put_float(content, machine.flops);
    put(content, machine.bandwidth.len() as u64);
    for (size, rate) in &machine.bandwidth {
        put_float(content, *size);
        put_float(content, *rate);
    }
    put_float(content, machine.overhead);
    put_float(content, machine.transfer);
}

struct Sections<W> {
    to: W,
    content: Vec<u8>,
}

impl<W: Write> Sections<W> {
    fn end(&mut self, kind: u8) -> io::Result<()> {
        if self.content.len() > LONGEST {
            let reason = "A name in the trace, or its call stacks, take more than 64 MiB. Shorten \
                          the name, or sample more seldom, to write the trace.";
            return Err(io::Error::new(io::ErrorKind::InvalidInput, reason));
        }
        let length = self.content.len() as u32;
        let mut head = [0; 9];
        head[0] = kind;
        head[1..5].copy_from_slice(&length.to_le_bytes());
        head[5..].copy_from_slice(&checksum(kind, length, &self.content).to_le_bytes());
        self.to.write_all(&head)?;
        self.to.write_all(&self.content)?;
        self.content.clear();
        Ok(())
    }

    fn end_if_full(&mut self, kind: u8) -> io::Result<()> {
        if self.content.len() < SECTION { Ok(()) } else { self.end(kind) }
    }

    fn end_if_any(&mut self, kind: u8) -> io::Result<()> {
        if self.content.is_empty() { Ok(()) } else { self.end(kind) }
    }
}
