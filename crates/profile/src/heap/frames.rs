//! The call stack at an allocation.

use crate::stacks::Frame;

/// Frames that are kept of a call stack, from the innermost outwards.
const DEPTH: usize = 32;

/// The addresses of a call stack, innermost first; what is not used is 0.
pub(super) type Addresses = [usize; DEPTH];

/// The addresses of the calling thread's stack.
pub(super) fn capture() -> Addresses {
    let mut addresses = [0; DEPTH];
    let mut depth = 0;
    let keep = |frame: &backtrace::Frame| {
        addresses[depth] = frame.ip() as usize;
        depth += 1;
        depth < DEPTH
    };
    #[cfg(unix)]
    // SAFETY: the unwinder of these systems may run on several threads at once.
    unsafe {
        backtrace::trace_unsynchronized(keep);
    }
    #[cfg(not(unix))]
    backtrace::trace(keep);
    addresses
}

/// How many of a stack's innermost frames are of this record, of the allocators in a row, and of the standard
/// library's ways to memory.
pub(super) fn plumbing(frames: &[Frame]) -> usize {
    let own = |from: usize| {
        let rest = frames[from..].iter();
        from + rest.take_while(|frame| is_plumbing(frame)).count()
    };
    let first = own(0);
    // An allocator of the program's may stand between this one and the way to it.
    let door = frames.iter().take(first + 8).rposition(is_door).unwrap_or(0);
    let first = first.max(own(door));
    if first < frames.len() { first } else { 0 }
}

/// Whether a function is of this record or of the standard library.
///
/// Where calls were inlined a name may lack its path, so the file is looked at, too.
fn is_plumbing(frame: &Frame) -> bool {
    const NAMES: [&str; 7] = [
        "tachy_profile::heap",
        "backtrace::",
        "__rust",
        "alloc::",
        "core::",
        "std::",
        "hashbrown::",
    ];
    const FILES: [&str; 5] = [
        "/rustc/",
        "/library/",
        "/backtrace-0",
        "profile/src/heap/record.rs",
        "profile/src/heap/allocator.rs",
    ];
    let name = start(&frame.name);
    NAMES.iter().any(|start| name.starts_with(start))
        || FILES.iter().any(|part| frame.file.contains(part))
        || frame.file.starts_with("library/")
        || frame.file.ends_with("profile/src/heap/frames.rs")
}

/// Whether a function is where the standard library asks for memory.
fn is_door(frame: &Frame) -> bool {
    let name = start(&frame.name);
    // Not all that begins with `__rust`: threads begin in `__rust_begin_short_backtrace`.
    ["alloc::alloc::", "alloc::raw_vec::", "__rust_alloc", "__rust_realloc", "__rustc::"]
        .iter()
        .any(|start| name.starts_with(start))
        || ["alloc/src/alloc.rs", "alloc/src/raw_vec/mod.rs"]
            .iter()
            .any(|file| frame.file.ends_with(file))
}

/// A name without what stands before the first path: `<alloc::vec::Vec<T> as …>::f` is of `alloc`.
fn start(name: &str) -> &str {
    name.trim_start_matches(['<', '&', '*']).trim_start_matches("mut ").trim_start_matches("dyn ")
}
