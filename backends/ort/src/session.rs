//! Sessions: how the library is told to run a model.

use std::path::Path;

use ort::session::Session;
use ort::session::builder::{GraphOptimizationLevel, SessionBuilder};
use tachy_runtime::{CompileOptions, OpenSignature, Result};

use crate::failure::{during, of_loading};
use crate::library::Loaded;
use crate::provider::Provider;
use crate::record::Record;

/// Makes a session for a model.
pub(crate) fn create(
    library: &Loaded,
    provider: Provider,
    model: &[u8],
    signature: &OpenSignature,
    options: &CompileOptions,
    record: Option<&Record>,
) -> Result<Session> {
    let mut builder =
        configure(library, provider, signature, options).map_err(during("configure a session"))?;
    if let Some(record) = record {
        builder = builder
            .with_profiling(record.prefix())
            .map_err(during("keep a record of the steps"))?;
    }
    builder.commit_from_memory(model).map_err(of_loading)
}

fn configure(
    library: &Loaded,
    provider: Provider,
    signature: &OpenSignature,
    options: &CompileOptions,
) -> ort::Result<SessionBuilder> {
    // XNNPACK has threads of its own; the session's would only contend with them.
    let threads = if provider == Provider::Xnnpack { 1 } else { options.threads.get() };
    let mut builder = Session::builder(&library.environment)?
        // As many threads as asked for, the calling one included, and no second pool for branches of the graph.
        .with_intra_threads(threads)?
        .with_inter_threads(1)?
        .with_parallel_execution(false)?
        // Everything the library can do to the graph: fusion, constant folding, blocked layouts.
        .with_optimization_level(GraphOptimizationLevel::All)?
        // Shapes never change after compiling, so the library may plan all buffers in one block. DirectML
        // demands that it does not.
        .with_memory_pattern(provider != Provider::DirectMl)?
        // Threads spin while a run lasts, as by default, but not after it: between runs they would take
        // processor time from the other engines that are being compared.
        .with_config_entry("session.force_spinning_stop", "1")?;
    for (name, size) in &signature.dims {
        builder =
            builder.with_dimension_override(name, i64::try_from(*size).unwrap_or(i64::MAX))?;
    }
    if let Some(folder) =
        options.model_path.as_deref().and_then(Path::parent).and_then(Path::to_str)
    {
        // A model given as bytes has no folder; this is where its external data lie.
        let folder = if folder.is_empty() { "." } else { folder };
        builder = builder
            .with_config_entry("session.model_external_initializers_file_folder_path", folder)?;
    }
    provider.register(&mut builder, options.threads)?;
    Ok(builder)
}
