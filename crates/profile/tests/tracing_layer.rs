//! Spans of the `tracing` crate come into the session.
#![cfg(all(feature = "tracing", not(feature = "off"), not(loom)))]
#![allow(missing_docs)]

use tachy_profile::record::{Session, SpanLayer};
use tachy_profile::span;
use tracing::subscriber::with_default;
use tracing::{Level, info_span};
use tracing_subscriber::layer::SubscriberExt;

#[test]
fn spans_of_both_kinds_nest() {
    let subscriber = tracing_subscriber::registry().with(SpanLayer::new());
    with_default(subscriber, || {
        let before = info_span!("created before").entered();
        let session = Session::start("test").unwrap();
        drop(before);
        for request in 0..2 {
            let span = tracing::span!(target: "server", Level::INFO, "request", request);
            let entered = span.enter();
            {
                let _own = span!("decode");
                info_span!("parse").in_scope(|| ());
            }
            drop(entered);
            // As an asynchronous task does at each poll.
            drop(span.enter());
        }
        let trace = session.stop();
        let outline: Vec<_> = trace
            .spans
            .iter()
            .map(|span| (trace.operations[span.operation as usize].name.as_str(), span.depth))
            .collect();
        let request = [("request", 0), ("decode", 1), ("parse", 2), ("request", 0)];
        assert_eq!(outline, [request, request].concat());
        assert_eq!(trace.operations[0].category, "server");
        // The end of the span that was entered before the session.
        assert_eq!(trace.overhead.unbalanced, 1);
    });
}
