//! Memory for packed weights and intermediate values.

/// Numbers that begin at a multiple of 64 bytes: one cache line, one AVX-512 register.
///
/// Much memory lies in huge pages where the system has them, which are found sooner, when they are first touched as in
/// every run.
pub struct AlignedVec {
    /// A line longer than needed, so that some place in the first line is aligned.
    memory: Vec<f32>,
    start: usize,
    length: usize,
}

/// Numbers in a line.
const LINE: usize = 64 / size_of::<f32>();

impl AlignedVec {
    /// So many zeros.
    ///
    /// # Panics
    /// If there is no memory for them.
    pub fn zeros(length: usize) -> Self {
        // Zeros of an ordinary alignment come from the system as they are; with a greater one they would be written.
        Self::within(vec![0.0; length + LINE], length)
    }

    /// So many zeros; `None` if there is no memory for them.
    pub fn try_zeros(length: usize) -> Option<Self> {
        let memory = bytemuck::allocation::try_zeroed_vec(length.checked_add(LINE)?).ok()?;
        Some(Self::within(memory, length))
    }

    fn within(mut memory: Vec<f32>, length: usize) -> Self {
        ask_for_huge_pages(&mut memory);
        let misplaced = memory.as_ptr().addr() % 64 / size_of::<f32>();
        Self { start: (LINE - misplaced) % LINE, memory, length }
    }
}

impl Clone for AlignedVec {
    fn clone(&self) -> Self {
        let mut clone = Self::zeros(self.length);
        clone.copy_from_slice(self);
        clone
    }
}

impl std::ops::Deref for AlignedVec {
    type Target = [f32];

    fn deref(&self) -> &[f32] {
        &self.memory[self.start..][..self.length]
    }
}

impl std::ops::DerefMut for AlignedVec {
    fn deref_mut(&mut self) -> &mut [f32] {
        &mut self.memory[self.start..][..self.length]
    }
}

/// Asks the system for huge pages behind memory that is larger than a few of them.
#[cfg(target_os = "linux")]
fn ask_for_huge_pages(memory: &mut [f32]) {
    const PAGE: usize = 4096;
    const WORTHWHILE: usize = 4 << 20;
    let range = memory.as_mut_ptr_range();
    let start = range.start.addr().next_multiple_of(PAGE);
    let end = range.end.addr() / PAGE * PAGE;
    if end.saturating_sub(start) < WORTHWHILE {
        return;
    }
    let start = range.start.map_addr(|_| start);
    // SAFETY: whole pages of memory that is borrowed. It is a piece of advice: contents stay, and a system that does not
    // take it says so and does nothing.
    unsafe { libc::madvise(start.cast(), end - start.addr(), libc::MADV_HUGEPAGE) };
}

#[cfg(not(target_os = "linux"))]
fn ask_for_huge_pages(_: &mut [f32]) {}

#[cfg(test)]
mod tests {
    use super::AlignedVec;

    #[test]
    fn begins_at_a_line_and_holds_zeros() {
        for length in [0, 1, 15, 16, 17, 1000, (8 << 20) + 3] {
            let mut numbers = AlignedVec::zeros(length);
            assert_eq!((numbers.len(), numbers.as_ptr().addr() % 64), (length, 0));
            assert!(numbers.iter().all(|number| *number == 0.0));
            if let Some(last) = numbers.last_mut() {
                *last = 1.0;
            }
            let clone = numbers.clone();
            assert_eq!(clone.as_ptr().addr() % 64, 0);
            assert_eq!(*clone, *numbers);
        }
        assert!(AlignedVec::try_zeros(usize::MAX / 8).is_none());
    }
}
