//! Functions of arrays, traced once and compiled by MLX.

use std::ffi::{CString, c_void};
use std::marker::PhantomData;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::ptr::NonNull;
use std::sync::Mutex;

use tachy_runtime::Result;

use crate::array::Array;
use crate::failure::{check, failed};
use crate::library::table;
use crate::stream::Unit;
use crate::table::{RawArray, RawFunction, Table};

type Builder = dyn Fn(&[Array]) -> Result<Vec<Array>>;

/// A function of arrays. MLX traces it at its first call, fuses what is element by element, and from then on builds the
/// fused graph anew in each call.
///
/// A thread that did not call it before traces it again: MLX keeps what it has compiled for each thread apart.
pub struct Function {
    raw: NonNull<RawFunction>,
    table: &'static Table,
    outputs: usize,
    not_send: PhantomData<*mut ()>,
}

impl Function {
    /// Compiles for a unit. The builder may be called again at any time until the function is dropped; it must not
    /// evaluate. Where MLX cannot compile (on Linux's processors it needs `g++`), the builder is called in each call.
    ///
    /// # Errors
    /// If MLX fails. Errors and panics of the builder are errors of [`call`](Self::call).
    pub fn new(
        unit: Unit,
        outputs: usize,
        builder: impl Fn(&[Array]) -> Result<Vec<Array>> + 'static,
    ) -> Result<Self> {
        // MLX asks the default device whether it can compile.
        static DEFAULT_DEVICE: Mutex<()> = Mutex::new(());
        let table = table()?;
        let _kept = DEFAULT_DEVICE.lock().unwrap_or_else(|poisoned| poisoned.into_inner());
        let builder: Box<Box<Builder>> = Box::new(Box::new(builder));
        let mut raw = std::ptr::null_mut();
        // SAFETY: the context is a box of the type that both callbacks expect; the shim releases it exactly once.
        let status = unsafe {
            let status = (table.set_default_device)(unit.code());
            if status == 0 {
                let context = Box::into_raw(builder).cast();
                let status = (table.compile)(build, context, release, outputs, &mut raw);
                (table.set_default_device)(Unit::Cpu.code());
                status
            } else {
                status
            }
        };
        check(status, "compile a function")?;
        let raw = NonNull::new(raw).ok_or_else(|| failed("compile a function", "it gave none"))?;
        Ok(Self { raw, table, outputs, not_send: PhantomData })
    }

    /// The outputs for these inputs, to be evaluated.
    ///
    /// # Errors
    /// If the builder fails or panics, or MLX fails.
    pub fn call(&mut self, inputs: &[Array]) -> Result<Vec<Array>> {
        let raw: Vec<*mut RawArray> = inputs.iter().map(Array::raw).collect();
        let mut outputs = vec![std::ptr::null_mut(); self.outputs];
        // SAFETY: all arrays are alive; the outputs' buffer is as long as the function's outputs.
        let status = unsafe {
            (self.table.call)(
                self.raw.as_ptr(),
                raw.as_ptr(),
                raw.len(),
                outputs.as_mut_ptr(),
                outputs.len(),
            )
        };
        check(status, "build the graph")?;
        outputs.into_iter().map(|raw| Array::own(raw, self.table)).collect()
    }
}

impl Drop for Function {
    fn drop(&mut self) {
        // SAFETY: the function is owned here and not used again.
        unsafe { (self.table.drop_function)(self.raw.as_ptr()) }
    }
}

unsafe extern "C" fn build(
    context: *mut c_void,
    inputs: *const *mut RawArray,
    input_count: usize,
    outputs: *mut *mut RawArray,
    output_count: usize,
) -> i32 {
    let built = catch_unwind(AssertUnwindSafe(|| -> Result<Vec<Array>> {
        let table = table()?;
        // SAFETY: the context is what `Function::new` gave; the inputs are alive during the call.
        let (builder, inputs) = unsafe {
            let raw = if input_count == 0 {
                &[]
            } else {
                std::slice::from_raw_parts(inputs, input_count)
            };
            let shared = raw.iter().map(|raw| Array::share(*raw, table));
            (&*context.cast::<Box<Builder>>(), shared.collect::<Result<Vec<_>>>()?)
        };
        builder(&inputs)
    }));
    let message = match built {
        Ok(Ok(arrays)) if arrays.len() == output_count => {
            for (place, array) in arrays.into_iter().enumerate() {
                // SAFETY: the buffer holds as many outputs as were announced.
                unsafe { *outputs.add(place) = array.into_raw() };
            }
            return 0;
        }
        Ok(Ok(arrays)) => format!("{} outputs were built instead of {output_count}", arrays.len()),
        Ok(Err(error)) => error.to_string(),
        Err(panic) => {
            let text = panic.downcast_ref::<String>().map(String::as_str);
            let text = text.or_else(|| panic.downcast_ref::<&str>().copied());
            format!("building the graph panicked: {}", text.unwrap_or("without a message"))
        }
    };
    if let (Ok(table), Ok(message)) = (table(), CString::new(message.replace('\0', " "))) {
        // SAFETY: the message is a string; the shim copies it.
        unsafe { (table.fail)(message.as_ptr()) };
    }
    1
}

unsafe extern "C" fn release(context: *mut c_void) {
    // SAFETY: the context is the box that `Function::new` gave, released once.
    let builder = unsafe { Box::from_raw(context.cast::<Box<Builder>>()) };
    // What a builder holds may panic when it is dropped; that must not reach C++.
    let _ = catch_unwind(AssertUnwindSafe(|| drop(builder)));
}
