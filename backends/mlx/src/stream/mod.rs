//! Streams: where operations are carried out in order, and the operations themselves.

mod elementwise;
mod linear;
mod movement;
mod pool;
mod quantized;

use std::ffi::CString;
use std::marker::PhantomData;
use std::ptr;

use tachy_graph::Tensor;
use tachy_runtime::{Error, Result};

pub use linear::Convolution;
pub use quantized::{Quantization, QuantizationMode, Quantized};

use crate::array::Array;
use crate::backend::NAME;
use crate::element::Element;
use crate::failure::{check, failed};
use crate::library::table;
use crate::operation::Operation;
use crate::table::{RawArguments, RawArray, Table};
use pool::Slot;

/// A kind of device.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum Unit {
    /// The processor.
    Cpu,
    /// A GPU: Metal on Apple's machines, CUDA elsewhere.
    Gpu,
}

impl Unit {
    pub(crate) const ALL: [Self; 2] = [Self::Cpu, Self::Gpu];

    /// The device's name after `mlx:`.
    pub(crate) fn name(self) -> &'static str {
        match self {
            Self::Cpu => "cpu",
            Self::Gpu => "gpu",
        }
    }

    pub(crate) fn code(self) -> i32 {
        match self {
            Self::Cpu => 0,
            Self::Gpu => 1,
        }
    }
}

/// A stream of one device. Its methods are MLX's operations: they give lazy arrays that belong to it.
///
/// A stream stays on its thread. Streams that live at the same time compute independently, as far as the device lets
/// them.
pub struct Stream {
    unit: Unit,
    slot: &'static Slot,
    table: &'static Table,
    not_send: PhantomData<*mut ()>,
}

impl Stream {
    /// A stream of its own, unless very many live at once: then some share.
    ///
    /// # Errors
    /// If there is no MLX, or it cannot use the device.
    pub fn new(unit: Unit) -> Result<Self> {
        let table = table()?;
        Ok(Self { unit, slot: pool::take(unit)?, table, not_send: PhantomData })
    }

    /// The device.
    pub fn unit(&self) -> Unit {
        self.unit
    }

    /// A tensor on the device.
    ///
    /// # Errors
    /// If the tensor is larger than the memory limit, or MLX fails.
    pub fn upload(&self, tensor: &Tensor) -> Result<Array> {
        let mut arrays = self.upload_all(std::slice::from_ref(tensor))?;
        Ok(arrays.remove(0))
    }

    /// Tensors on the device, which takes less time together than one by one.
    ///
    /// # Errors
    /// As [`upload`](Self::upload).
    pub fn upload_all(&self, tensors: &[Tensor]) -> Result<Vec<Array>> {
        let array = |tensor| Array::on_the_way_to(self.unit, tensor);
        let arrays = tensors.iter().map(array).collect::<Result<Vec<_>>>()?;
        if self.unit == Unit::Cpu || arrays.is_empty() {
            return Ok(arrays);
        }
        // What the host has written lies in its memory until the device reads it, which would be in a run. MLX's own
        // copy shares the memory; a choice has to write its own.
        let always = Array::from_bytes(Element::Bool, &[], &[1])?;
        let copy = |array: &Array| {
            array.bring_to(Unit::Gpu)?;
            self.select(&always, array, array)
        };
        let copies = arrays.iter().map(copy).collect::<Result<Vec<_>>>()?;
        self.eval(&copies)?;
        Ok(copies)
    }

    /// Computes these arrays and what they depend on; returns when they are there.
    ///
    /// # Errors
    /// If an operation fails, on whatever thread it ran.
    pub fn eval(&self, arrays: &[Array]) -> Result<()> {
        let raw: Vec<*mut RawArray> = arrays.iter().map(Array::raw).collect();
        let _alone = self.slot.lock();
        // SAFETY: all arrays are alive.
        check(unsafe { (self.table.eval)(raw.as_ptr(), raw.len()) }, "evaluate")
    }

    /// Evaluates an array and brings it to the host.
    ///
    /// # Errors
    /// As [`eval`](Self::eval), and if there is no tensor of such elements.
    pub fn download(&self, array: &Array) -> Result<Tensor> {
        let array = self.contiguous(array)?;
        self.eval(std::slice::from_ref(&array))?;
        self.bring_home(&array)?;
        array.to_tensor()
    }

    /// Has the memory of an evaluated array moved to the host, before it is read there.
    pub(crate) fn bring_home(&self, array: &Array) -> Result<()> {
        match self.unit {
            Unit::Cpu => Ok(()),
            Unit::Gpu => array.bring_to(Unit::Cpu),
        }
    }

    /// An operation with one output.
    fn one(
        &self,
        operation: Operation,
        arrays: &[Option<&Array>],
        operands: &Operands,
    ) -> Result<Array> {
        let mut output = [ptr::null_mut()];
        self.apply(operation, arrays, operands, &mut output)?;
        Array::own(output[0], self.table)
    }

    fn many(
        &self,
        operation: Operation,
        arrays: &[Option<&Array>],
        operands: &Operands,
        count: usize,
    ) -> Result<Vec<Array>> {
        let mut outputs = vec![ptr::null_mut(); count];
        self.apply(operation, arrays, operands, &mut outputs)?;
        outputs.into_iter().map(|raw| Array::own(raw, self.table)).collect()
    }

    fn apply(
        &self,
        operation: Operation,
        arrays: &[Option<&Array>],
        operands: &Operands,
        outputs: &mut [*mut RawArray],
    ) -> Result<()> {
        let raw = |array: &Option<&Array>| array.map_or(ptr::null_mut(), Array::raw);
        // Nearly all operations have few arrays.
        let mut few = [ptr::null_mut(); 4];
        let many: Vec<*mut RawArray>;
        let arrays = if arrays.len() <= few.len() {
            for (place, array) in few.iter_mut().zip(arrays) {
                *place = raw(array);
            }
            &few[..arrays.len()]
        } else {
            many = arrays.iter().map(raw).collect();
            &many[..]
        };
        let arguments = RawArguments {
            arrays: arrays.as_ptr(),
            array_count: arrays.len(),
            integers: operands.integers.as_ptr(),
            integer_count: operands.integers.len(),
            reals: operands.reals.as_ptr(),
            real_count: operands.reals.len(),
            text: operands.text.as_ref().map_or(ptr::null(), |text| text.as_ptr()),
        };
        // SAFETY: all arrays are alive; all lengths are those of the buffers beside them.
        let status = unsafe {
            (self.table.apply)(
                operation as u32,
                &arguments,
                self.slot.raw(),
                outputs.as_mut_ptr(),
                outputs.len(),
            )
        };
        check(status, "build the graph")
    }
}

impl Drop for Stream {
    fn drop(&mut self) {
        self.slot.leave();
    }
}

/// The operands of an operation beside its arrays, in the order in which the shim reads them.
#[derive(Default)]
struct Operands {
    integers: Vec<i64>,
    reals: Vec<f64>,
    text: Option<CString>,
}

impl Operands {
    fn none() -> Self {
        Self::default()
    }

    fn integer(mut self, integer: impl TryInto<i64>) -> Self {
        // What does not fit is refused by MLX, whose sizes have 32 bits.
        self.integers.push(integer.try_into().unwrap_or(i64::MAX));
        self
    }

    fn flag(self, flag: bool) -> Self {
        self.integer(i64::from(flag))
    }

    fn list<T: Copy + TryInto<i64>>(mut self, list: &[T]) -> Self {
        self.integers.reserve(list.len() + 1);
        list.iter().fold(self.integer(list.len()), |operands, item| operands.integer(*item))
    }

    fn real(mut self, real: f64) -> Self {
        self.reals.push(real);
        self
    }

    fn text(mut self, text: &str) -> Result<Self> {
        let text =
            CString::new(text).map_err(|_| failed("build the graph", "a text has a zero in it"))?;
        self.text = Some(text);
        Ok(self)
    }
}

/// An error for what an operation cannot do.
fn unsupported(detail: impl Into<String>) -> Error {
    Error::UnsupportedOption { backend: NAME, detail: detail.into() }
}
