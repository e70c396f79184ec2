//! Models: read, given fixed shapes, compiled.

use std::time::Instant;

use openvino::{CompiledModel, Core, Model, PartialShape};
use tachy_graph::Shape;
use tachy_runtime::{CompileOptions, CompileStats, OpenSignature, Result, Signature};

use crate::failure::{during, of_reading};
use crate::plugin::Plugin;

/// Reads and compiles a model. The core is the model's own, so that no other model's settings reach it.
pub(crate) fn compile(
    mut core: Core,
    plugin: Plugin,
    model: &[u8],
    mut signature: OpenSignature,
    options: &CompileOptions,
) -> Result<(CompiledModel, Signature, CompileStats)> {
    plugin.configure(&mut core, options)?;
    let mut phases = Vec::new();
    let start = Instant::now();
    let mut read = read(&mut core, model, options)?;
    if read.is_dynamic() {
        fix_shapes(&mut read, &signature)?;
    }
    phases.push(("read", start.elapsed()));
    for (index, output) in signature.outputs.iter_mut().enumerate() {
        output.shape = output.shape.take().or_else(|| shape(&read, index));
    }
    let signature = signature.close(model, options)?;
    let start = Instant::now();
    let compiled =
        core.compile_model(&read, plugin.device()).map_err(during("compile the model"))?;
    phases.push(("compile", start.elapsed()));
    Ok((compiled, signature, CompileStats { phases, ..Default::default() }))
}

fn read(core: &mut Core, model: &[u8], options: &CompileOptions) -> Result<Model> {
    match core.read_model_from_buffer(model, None) {
        Ok(model) => Ok(model),
        Err(error) => {
            let path = options.model_path.as_deref().and_then(|path| path.to_str());
            let external = error.message.as_deref().is_some_and(|m| m.contains("external data"));
            match path {
                // Models in memory have no folder for external data, models in files have.
                Some(path) if external => core.read_model_from_file(path, "").map_err(of_reading),
                _ => Err(of_reading(error)),
            }
        }
    }
}

fn fix_shapes(model: &mut Model, signature: &OpenSignature) -> Result<()> {
    let failed = during("fix the shapes of the inputs");
    let mut shapes = Vec::with_capacity(signature.inputs.len());
    for port in &signature.inputs {
        let sizes: Vec<i64> = port.ty.shape.iter().map(|size| *size as i64).collect();
        shapes.push(PartialShape::new_static(sizes.len() as i64, &sizes).map_err(&failed)?);
    }
    let names = signature.inputs.iter().map(|port| &*port.name);
    let named: Vec<(&str, &PartialShape)> = names.zip(&shapes).collect();
    model.reshape(&named).map_err(&failed)
}

/// The shape that the library has inferred for an output, if it is fixed.
fn shape(model: &Model, index: usize) -> Option<Shape> {
    let port = model.get_output_by_index(index).ok()?;
    let fixed = !port.get_partial_shape().ok()?.is_dynamic();
    let shape = fixed.then(|| port.get_shape().ok()).flatten()?;
    shape.get_dimensions().iter().map(|size| usize::try_from(*size).ok()).collect()
}
