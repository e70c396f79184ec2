//! The figures of a session's arena, which the library tells from version 1.23 on.

use std::ffi::{CStr, c_char, c_void};
use std::mem::{offset_of, size_of};
use std::ptr;

use ort::AsPointer;
use ort::memory::{Allocator, AllocatorType, MemoryInfo, MemoryType};
use ort::session::Session;
use ort::sys::{OrtAllocator, OrtApi, OrtApiBase, OrtStatusPtr};
use tachy_runtime::MemoryStats;

use crate::provider::Provider;

/// The version of the interface that has the figures.
const VERSION: u32 = 23;

/// A map of the library's.
#[repr(C)]
struct Pairs {
    _opaque: [u8; 0],
}

/// The library's functions as far as they are needed here. The bindings end with version 18, so that older libraries can
/// be used; what came later stands behind it, and no version moves what is there.
#[repr(C)]
pub(crate) struct Functions {
    until_18: OrtApi,
    _until_key_values: [*const c_void; 17],
    get_key_value: unsafe extern "system" fn(*const Pairs, *const c_char) -> *const c_char,
    _other_key_values: [*const c_void; 2],
    release_key_values: unsafe extern "system" fn(*mut Pairs),
    _until_statistics: [*const c_void; 18],
    allocator_get_stats:
        unsafe extern "system" fn(*const OrtAllocator, *mut *mut Pairs) -> OrtStatusPtr,
}

// As the library's own source has it.
const _: () = assert!(offset_of!(Functions, get_key_value) == 297 * size_of::<usize>());
const _: () = assert!(offset_of!(Functions, allocator_get_stats) == 319 * size_of::<usize>());

// SAFETY: pointers to functions and to nothing else, which nobody changes.
unsafe impl Sync for Functions {}

impl Functions {
    /// What the library has; `None` if it is older.
    ///
    /// # Safety
    /// The library must stay loaded.
    pub(crate) unsafe fn of(base: &OrtApiBase) -> Option<&'static Self> {
        // SAFETY: it may be called at any time, and gives null or the table of that version, which is as old as the
        // library's memory and of which `Functions` is the beginning.
        unsafe { (base.GetApi)(VERSION).cast::<Self>().as_ref() }
    }

    /// What the session's arena in the provider's memory holds; nothing if the provider has no arena.
    pub(crate) fn arena(&self, session: &Session, provider: Provider) -> MemoryStats {
        self.figures(session, provider).unwrap_or_default()
    }

    fn figures(&self, session: &Session, provider: Provider) -> Option<MemoryStats> {
        let (device, source) = provider.arena()?;
        let memory = MemoryInfo::new(device, 0, AllocatorType::Arena, MemoryType::Default).ok()?;
        let allocator = Allocator::new(session, memory).ok()?;
        let mut pairs = ptr::null_mut();
        // SAFETY: the allocator is alive, and the out-pointer points to a local.
        let status = unsafe { (self.allocator_get_stats)(allocator.ptr(), &mut pairs) };
        // SAFETY: the status was just returned and is not used again.
        unsafe { ort::Error::result_from_status(status) }.ok()?;
        if pairs.is_null() {
            return None;
        }
        let number = |key: &CStr| {
            // SAFETY: the map is alive, the key ends in a zero, and the value is null or a string of the map's.
            let value = unsafe { (self.get_key_value)(pairs, key.as_ptr()).as_ref() }?;
            // SAFETY: as above.
            unsafe { CStr::from_ptr(value) }.to_str().ok()?.parse::<u64>().ok()
        };
        let [active, peak, reserved] = [c"InUse", c"MaxInUse", c"TotalAllocated"].map(number);
        // SAFETY: the map was made for the caller and is not used again.
        unsafe { (self.release_key_values)(pairs) };
        // An allocator that keeps no figures gives none, or zeros.
        let told = [peak, reserved].into_iter().flatten().any(|bytes| bytes > 0);
        told.then_some(MemoryStats { active, peak, reserved, purpose: "arena", source })
    }
}
