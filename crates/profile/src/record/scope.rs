//! Spans of the calling thread.

use std::marker::PhantomData;
use std::time::Duration;

use super::operations::{OperationId, Site};
use super::recorder::NOWHERE;
#[cfg(not(feature = "off"))]
use super::registry::with_joined;
use super::registry::{register, session, with_recorder};
use crate::trace::Operation;

/// Records a span from here to the end of the enclosing block: `let _span = span!("tokenise");`
///
/// The operation's name, and its category after a comma, are constants. The span must be given a name that begins with
/// an underscore; a lone underscore would end it at once.
#[cfg(not(feature = "off"))]
#[macro_export]
macro_rules! span {
    ($name:expr) => {
        $crate::span!($name, "")
    };
    ($name:expr, $category:expr) => {{
        static SITE: $crate::record::Site = $crate::record::Site::new($name, $category);
        SITE.enter()
    }};
}

/// Records nothing, as the feature `off` is on: not even the names remain in the program.
#[cfg(feature = "off")]
#[macro_export]
macro_rules! span {
    ($name:expr) => {
        $crate::span!($name, "")
    };
    ($name:expr, $category:expr) => {{
        const _: (&str, &str) = ($name, $category);
        $crate::record::Scope::none()
    }};
}

/// A span of the calling thread, which ends when this is dropped.
#[derive(Debug)]
#[must_use = "the span ends as soon as this is dropped: keep it in a variable"]
pub struct Scope {
    _open: Open,
    /// It must end on the thread on which it began.
    thread: PhantomData<*const ()>,
}

impl Scope {
    /// No span.
    #[inline(always)]
    pub const fn none() -> Self {
        Self { _open: Open::new(0, NOWHERE), thread: PhantomData }
    }
}

/// The session that a span belongs to, and the span's place; the session is 0 if it is not recorded.
#[cfg(not(feature = "off"))]
#[derive(Debug)]
struct Open {
    session: u32,
    place: u32,
}

#[cfg(not(feature = "off"))]
impl Open {
    #[inline(always)]
    const fn new(session: u32, place: u32) -> Self {
        Self { session, place }
    }
}

#[cfg(not(feature = "off"))]
impl Drop for Open {
    #[inline(always)]
    fn drop(&mut self) {
        if self.session != 0 {
            leave(self.session, self.place);
        }
    }
}

#[cfg(not(feature = "off"))]
#[inline(never)]
fn leave(session: u32, place: u32) {
    with_joined(session, |recorder| recorder.end(place));
}

/// Has nothing to drop, so that the compiler does not even consider doing so.
#[cfg(feature = "off")]
#[derive(Debug)]
struct Open;

#[cfg(feature = "off")]
impl Open {
    const fn new(_session: u32, _place: u32) -> Self {
        Self
    }
}

impl Site {
    /// Begins a span at this place; what [`span!`](crate::span!) is made of.
    #[inline(always)]
    pub fn enter(&'static self) -> Scope {
        match session() {
            0 => Scope::none(),
            session => enter_site(session, self),
        }
    }
}

/// Begins a span of an operation, which ends when the result is dropped.
#[inline(always)]
pub fn span(operation: OperationId) -> Scope {
    match session() {
        0 => Scope::none(),
        session => enter(session, operation),
    }
}

#[inline(never)]
fn enter_site(session: u32, site: &'static Site) -> Scope {
    enter(session, site.id())
}

#[inline]
pub(super) fn enter(session: u32, operation: OperationId) -> Scope {
    match with_recorder(session, |recorder| recorder.begin(operation.0)) {
        Some(place) => Scope { _open: Open::new(session, place), thread: PhantomData },
        None => Scope::none(),
    }
}

/// Begins a span of an operation, which [`end_operation`] ends.
#[inline]
pub fn start_operation(operation: OperationId) {
    let session = session();
    if session != 0 {
        with_recorder(session, |recorder| recorder.begin(operation.0));
    }
}

/// Ends the innermost open span of an operation. Spans inside it that were not ended end with it and count as
/// unbalanced, and so does an end without a beginning.
#[inline]
pub fn end_operation(operation: OperationId) {
    let session = session();
    if session != 0 {
        with_recorder(session, |recorder| recorder.end_operation(operation.0));
    }
}

/// Records a span that is over, between two readings of [`ticks`](crate::clock::ticks): an engine that reads the clock
/// between its steps needs one reading a step.
///
/// Neither allocates, nor locks, nor calls the system, if the thread has called [`prepare_thread`] before.
#[inline]
pub fn record_completed(operation: OperationId, start: u64, end: u64) {
    let session = session();
    if session != 0 {
        with_recorder(session, |recorder| recorder.completed(operation.0, start, end));
    }
}

/// Whether a session records: whoever reads clocks for [`record_completed`] need not do so otherwise.
#[inline(always)]
pub fn is_recording() -> bool {
    session() != 0
}

/// Gives the calling thread its room for spans, so that its first one neither allocates, nor locks, nor calls the
/// system. Once in a thread's life is enough, whether a session is recording or not.
pub fn prepare_thread() {
    if !cfg!(feature = "off") {
        register();
    }
}

/// What is known of one span as soon as it is over.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct SpanMetrics {
    /// What it was a span of.
    pub operation: OperationId,
    /// How long it took.
    pub duration: Duration,
    /// How many spans of this thread it lies in; 0 if no session records.
    pub depth: u32,
    /// Whether a session recorded it.
    pub recorded: bool,
}

/// Runs a closure as a span of an operation with a name and a device, and tells how long it took, whether a session
/// records or not.
///
/// The name is looked up at each call, under a lock; [`span()`] and [`span!`](crate::span!) are for what is called
/// often.
pub fn profile_operation<R>(
    name: &str,
    device: &str,
    closure: impl FnOnce() -> R,
) -> (R, SpanMetrics) {
    let operation = OperationId::register(Operation::new(name).with_device(device));
    let session = session();
    let depth = match session {
        0 => None,
        session => with_recorder(session, |recorder| recorder.depth()),
    };
    let scope = span(operation);
    let start = std::time::Instant::now();
    let result = closure();
    let duration = start.elapsed();
    drop(scope);
    let metrics =
        SpanMetrics { operation, duration, depth: depth.unwrap_or(0), recorded: depth.is_some() };
    (result, metrics)
}
