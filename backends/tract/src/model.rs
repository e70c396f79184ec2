//! Models: parsed, typed, optimised and planned.

use std::path::Path;
use std::sync::Arc;
use std::time::Instant;

use tachy_graph::Shape;
use tachy_runtime::{CompileOptions, CompileStats, Error, OpenSignature, Result, Signature};
use tract_linalg::multithread::Executor;
use tract_onnx::prelude::{Framework, InferenceModelExt, RunOptions};
use tract_onnx::tract_core::internal::{SimplePlan, TypedFact, TypedModel, TypedOp};
use tract_onnx::tract_hir::infer::{InferenceFact, InferenceModel};

use crate::backend::NAME;
use crate::conversion::datum_type;
use crate::failure::during;

pub(crate) type Plan = Arc<SimplePlan<TypedFact, Box<dyn TypedOp>>>;

/// Makes a plan that computes the model's outputs.
pub(crate) fn compile(
    model: &[u8],
    mut signature: OpenSignature,
    options: &CompileOptions,
) -> Result<(Plan, Signature, CompileStats)> {
    let start = Instant::now();
    let parsed = parse(model, &signature, options)?;
    let nodes = Some(parsed.nodes().len());
    let mut phases = vec![("parse", start.elapsed())];

    let start = Instant::now();
    let failed = during("optimise the model");
    let optimised = parsed.into_typed().and_then(TypedModel::into_optimized).map_err(failed)?;
    for (index, output) in signature.outputs.iter_mut().enumerate() {
        output.shape = output.shape.take().or_else(|| shape(&optimised, index));
    }
    let signature = signature.close(model, options)?;
    for port in &signature.outputs {
        datum_type("output", &port.name, port.ty.dtype)?;
    }
    phases.push(("optimise", start.elapsed()));

    let start = Instant::now();
    let executor = match options.threads.get() {
        1 => Executor::SingleThread,
        // A pool whose threads work while the caller waits: exactly as many as asked.
        threads => Executor::multithread(threads),
    };
    let run = RunOptions { executor: Some(executor), ..Default::default() };
    let plan = SimplePlan::new_with_options(optimised, &run).map_err(during("plan the model"))?;
    phases.push(("plan", start.elapsed()));
    let steps = Some(plan.order_without_consts().len());
    Ok((plan, signature, CompileStats { phases, nodes, steps, ..Default::default() }))
}

fn parse(
    mut model: &[u8],
    signature: &OpenSignature,
    options: &CompileOptions,
) -> Result<InferenceModel> {
    let failed = during("read the model");
    // Shapes that the file notes for values in between may be in terms of sizes that are now decided; the
    // engine would take the two for a contradiction, and it infers them anew anyway.
    let onnx = tract_onnx::onnx().with_ignore_value_info(true);
    let proto = onnx.proto_model_for_read(&mut model).map_err(&failed)?;
    let folder = options.model_path.as_deref().and_then(Path::parent).and_then(Path::to_str);
    let parsed = onnx.parse(&proto, folder).map_err(&failed)?;
    if let Some(value) = parsed.unresolved_inputs.first() {
        let message = format!("nothing computes the value `{value}`");
        return Err(Error::Engine { backend: NAME, action: "read the model", message });
    }
    let mut model = parsed.model;
    refuse_missing_operators(&model)?;
    for port in &signature.inputs {
        let fact = InferenceFact::dt_shape(
            datum_type("input", &port.name, port.ty.dtype)?,
            &port.ty.shape,
        );
        let outlet = parsed.outlets_by_name.get(&port.name).copied().ok_or_else(|| {
            let message = format!("it has no input named `{}`", port.name);
            Error::Engine { backend: NAME, action: "read the model", message }
        })?;
        model.set_outlet_fact(outlet, fact).map_err(&failed)?;
    }
    Ok(model)
}

/// The engine keeps operators that it lacks as nodes of a kind of their own, and fails on them much later.
fn refuse_missing_operators(model: &InferenceModel) -> Result<()> {
    for node in model.nodes() {
        let name = node.op().name();
        let missing = name.strip_prefix("Unimplemented(").and_then(|name| name.strip_suffix(')'));
        if let Some(operator) = missing {
            return Err(Error::UnsupportedOperator {
                backend: NAME,
                operator: operator.to_owned(),
                node: node.name.clone(),
                detail: "the engine does not have it".to_owned(),
            });
        }
    }
    Ok(())
}

/// The shape that the engine has inferred for an output, if it is fixed.
fn shape(model: &TypedModel, index: usize) -> Option<Shape> {
    model.output_fact(index).ok()?.shape.as_concrete().map(<[usize]>::to_vec)
}
