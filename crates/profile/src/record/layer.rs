//! The spans that a program has for the `tracing` crate.

use std::collections::HashMap;
use std::sync::{LazyLock, Mutex, PoisonError};

use tracing::callsite::Identifier;
use tracing::span::{Attributes, Id};
use tracing::{Metadata, Subscriber};
use tracing_subscriber::Layer;
use tracing_subscriber::layer::Context;
use tracing_subscriber::registry::LookupSpan;

use super::operations::OperationId;
use super::scope::{end_operation, is_recording, start_operation};
use crate::trace::Operation;

/// Brings the spans that a program has for the `tracing` crate into the session that records.
///
/// A span's name becomes the operation's, its target the category. Each time that a span is entered counts: one that an
/// asynchronous task enters and leaves at each poll has a span here for each of these. Creating a span and entering it
/// costs what `tracing` itself takes, some hundred nanoseconds, and not what [`span!`](crate::span!) does.
///
/// ```
/// use tachy_profile::record::{Session, SpanLayer};
/// use tracing_subscriber::layer::SubscriberExt;
///
/// let subscriber = tracing_subscriber::registry().with(SpanLayer::new());
/// let _default = tracing::subscriber::set_default(subscriber);
/// let session = Session::start("example")?;
/// tracing::info_span!("request").in_scope(|| {});
/// let trace = session.stop();
/// # #[cfg(not(feature = "off"))]
/// assert_eq!(trace.operations[0].name, "request");
/// # Ok::<(), tachy_profile::record::SessionError>(())
/// ```
#[derive(Clone, Copy, Debug, Default)]
pub struct SpanLayer(());

impl SpanLayer {
    /// A layer for any subscriber that knows its spans, such as `tracing_subscriber::registry()`.
    pub fn new() -> Self {
        Self::default()
    }
}

/// The operation of a place in the program, looked up by the place, as its name need not be looked at then.
fn operation(metadata: &Metadata) -> OperationId {
    static KNOWN: LazyLock<Mutex<HashMap<Identifier, OperationId>>> = LazyLock::new(Mutex::default);
    let mut known = KNOWN.lock().unwrap_or_else(PoisonError::into_inner);
    *known.entry(metadata.callsite()).or_insert_with(|| {
        let operation = Operation::new(metadata.name()).with_category(metadata.target());
        OperationId::register(operation)
    })
}

fn of_span<S>(id: &Id, context: &Context<S>) -> Option<OperationId>
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    context.span(id)?.extensions().get::<OperationId>().copied()
}

impl<S> Layer<S> for SpanLayer
where
    S: Subscriber + for<'span> LookupSpan<'span>,
{
    fn on_new_span(&self, attributes: &Attributes<'_>, id: &Id, context: Context<'_, S>) {
        if let Some(span) = context.span(id) {
            span.extensions_mut().replace(operation(attributes.metadata()));
        }
    }

    fn on_enter(&self, id: &Id, context: Context<'_, S>) {
        if is_recording()
            && let Some(operation) = of_span(id, &context)
        {
            start_operation(operation);
        }
    }

    fn on_exit(&self, id: &Id, context: Context<'_, S>) {
        if is_recording()
            && let Some(operation) = of_span(id, &context)
        {
            end_operation(operation);
        }
    }
}
