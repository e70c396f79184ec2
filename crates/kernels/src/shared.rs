//! Pointers that tasks share.

/// A pointer that tasks share.
#[derive(Clone, Copy)]
pub(crate) struct Pointer(pub(crate) *const f32);

/// A pointer that tasks share, each for another part.
#[derive(Clone, Copy)]
pub(crate) struct PointerMut(pub(crate) *mut f32);

// SAFETY: whoever shares them answers for what is behind them.
unsafe impl Sync for Pointer {}
// SAFETY: as above.
unsafe impl Send for Pointer {}
// SAFETY: as above.
unsafe impl Sync for PointerMut {}
// SAFETY: as above.
unsafe impl Send for PointerMut {}
