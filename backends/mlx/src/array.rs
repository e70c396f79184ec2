//! Arrays: nodes of a lazy graph until they are evaluated.

use std::fmt;
use std::marker::PhantomData;
use std::ptr::NonNull;

use tachy_graph::{Tensor, TensorType};
use tachy_runtime::Result;

use crate::element::Element;
use crate::failure::{check, failed};
use crate::library::table;
use crate::stream::Unit;
use crate::table::{RawArray, Table};

/// An array of MLX's.
///
/// It is lazy: an operation only notes what is to be computed, and [`Stream::eval`](crate::Stream::eval) computes.
/// Cloning shares it. Arrays stay on the thread that made them, as streams do.
pub struct Array {
    raw: NonNull<RawArray>,
    table: &'static Table,
    not_send: PhantomData<*mut ()>,
}

impl Array {
    /// An array with a copy of a tensor's elements. Nothing is left to compute.
    ///
    /// # Errors
    /// If the tensor is larger than the memory limit, or MLX fails.
    pub fn new(tensor: &Tensor) -> Result<Self> {
        Self::from_bytes(Element::of(tensor.dtype()), tensor.shape(), tensor.bytes())
    }

    /// An array of elements in the machine's order.
    ///
    /// # Errors
    /// As [`new`](Self::new), and if the bytes do not fill the shape.
    pub fn from_bytes(element: Element, shape: &[usize], bytes: &[u8]) -> Result<Self> {
        Self::copy_of(Unit::Cpu, element, shape, bytes)
    }

    /// An array of a tensor's elements, made to be moved to this device.
    pub(crate) fn on_the_way_to(unit: Unit, tensor: &Tensor) -> Result<Self> {
        Self::copy_of(unit, Element::of(tensor.dtype()), tensor.shape(), tensor.bytes())
    }

    fn copy_of(unit: Unit, element: Element, shape: &[usize], bytes: &[u8]) -> Result<Self> {
        let table = table()?;
        let sizes = sizes(shape)?;
        let mut raw = std::ptr::null_mut();
        // SAFETY: both pointers are valid for the lengths beside them; the shim copies from them.
        let status = unsafe {
            (table.from_host)(
                unit.code(),
                bytes.as_ptr().cast(),
                bytes.len(),
                element.code(),
                sizes.as_ptr(),
                sizes.len(),
                &mut raw,
            )
        };
        check(status, "make an array")?;
        Self::own(raw, table)
    }

    /// Takes an array that the shim has given away.
    pub(crate) fn own(raw: *mut RawArray, table: &'static Table) -> Result<Self> {
        let raw = NonNull::new(raw).ok_or_else(|| failed("make an array", "it gave none"))?;
        Ok(Self { raw, table, not_send: PhantomData })
    }

    /// A share of an array that belongs to the shim.
    ///
    /// # Safety
    /// The pointer is an array that is alive.
    pub(crate) unsafe fn share(raw: *mut RawArray, table: &'static Table) -> Result<Self> {
        // SAFETY: the caller's promise.
        Self::own(unsafe { (table.clone_array)(raw) }, table)
    }

    /// Gives the array away.
    pub(crate) fn into_raw(self) -> *mut RawArray {
        let raw = self.raw.as_ptr();
        std::mem::forget(self);
        raw
    }

    pub(crate) fn raw(&self) -> *mut RawArray {
        self.raw.as_ptr()
    }

    /// The sizes of the dimensions.
    pub fn shape(&self) -> Vec<usize> {
        // SAFETY: the array is alive; the buffer holds as many numbers as it has dimensions.
        let sizes = unsafe {
            let mut sizes = vec![0i32; (self.table.rank)(self.raw())];
            (self.table.shape)(self.raw(), sizes.as_mut_ptr());
            sizes
        };
        sizes.into_iter().map(|size| usize::try_from(size).unwrap_or(0)).collect()
    }

    /// The element type.
    pub fn element(&self) -> Element {
        // SAFETY: the array is alive.
        let code = unsafe { (self.table.dtype)(self.raw()) };
        Element::of_code(code).unwrap_or(Element::F32)
    }

    /// Has the memory of an evaluated array moved now to where it is read next, and not piece by piece when it is.
    pub(crate) fn bring_to(&self, unit: Unit) -> Result<()> {
        // SAFETY: the array is alive.
        check(unsafe { (self.table.bring)(self.raw(), unit.code()) }, "move an array")
    }

    /// Copies the elements of an evaluated, contiguous array into bytes of the same size.
    ///
    /// # Errors
    /// If the array is not evaluated, not contiguous, or of another size.
    pub fn read(&self, bytes: &mut [u8]) -> Result<()> {
        // SAFETY: the array is alive, and the shim compares the size before it writes.
        let status =
            unsafe { (self.table.to_host)(self.raw(), bytes.as_mut_ptr().cast(), bytes.len()) };
        check(status, "read an array")
    }

    /// The elements of an evaluated, contiguous array as a tensor.
    ///
    /// # Errors
    /// As [`read`](Self::read), and if the elements are complex.
    pub fn to_tensor(&self) -> Result<Tensor> {
        let ty = TensorType::new(self.element().to_dtype()?, self.shape());
        let mut tensor = Tensor::zeros(ty.dtype, &ty.shape)?;
        self.read(tensor.bytes_mut())?;
        Ok(tensor)
    }
}

/// The sizes as MLX counts them, in 32 bits.
pub(crate) fn sizes(shape: &[usize]) -> Result<Vec<i32>> {
    let size = |size: &usize| {
        i32::try_from(*size).map_err(|_| {
            failed("make an array", format!("a dimension of {size} is beyond MLX's 32 bits"))
        })
    };
    shape.iter().map(size).collect()
}

impl Clone for Array {
    fn clone(&self) -> Self {
        // SAFETY: the array is alive.
        let raw = unsafe { (self.table.clone_array)(self.raw()) };
        Self {
            raw: NonNull::new(raw).unwrap_or(self.raw),
            table: self.table,
            not_send: PhantomData,
        }
    }
}

impl Drop for Array {
    fn drop(&mut self) {
        // SAFETY: the array is owned here and not used again.
        unsafe { (self.table.drop_array)(self.raw()) }
    }
}

impl fmt::Debug for Array {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Array({:?} {:?})", self.element(), self.shape())
    }
}
