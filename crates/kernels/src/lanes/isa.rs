//! The choice of an instruction set.

use std::sync::OnceLock;

use super::Lanes;
use super::portable::Portable;

/// An instruction set that this processor has.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct Isa(Set);

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
enum Set {
    #[cfg(target_arch = "x86_64")]
    Avx512,
    #[cfg(target_arch = "x86_64")]
    Avx2,
    #[cfg(target_arch = "aarch64")]
    Neon,
    Portable,
}

/// A computation that is written for vectors of any instruction set.
pub trait Work {
    /// What it gives.
    type Output;

    /// Does it. Implementations are `#[inline(always)]`, as is everything that they call with vectors: only then is
    /// it compiled with the instruction set.
    ///
    /// # Safety
    /// The processor must have the instruction set of `L`.
    unsafe fn run<L: Lanes>(self) -> Self::Output;
}

impl Isa {
    /// The widest that the processor has, found once.
    pub fn best() -> Self {
        static BEST: OnceLock<Isa> = OnceLock::new();
        *BEST.get_or_init(|| Self::all()[0])
    }

    /// All that the processor has, the widest first.
    pub fn all() -> Vec<Self> {
        let mut all = vec![Isa(Set::Portable)];
        #[cfg(target_arch = "x86_64")]
        {
            use std::arch::is_x86_feature_detected as has;
            // Every processor with AVX2 and FMA has F16C, too, but the three are told apart.
            if has!("avx2") && has!("fma") && has!("f16c") {
                all.push(Isa(Set::Avx2));
            }
            if has!("avx512f")
                && has!("avx512vl")
                && has!("avx512dq")
                && has!("avx512bw")
                && has!("fma")
                && has!("f16c")
            {
                all.push(Isa(Set::Avx512));
            }
        }
        #[cfg(target_arch = "aarch64")]
        all.push(Isa(Set::Neon));
        all.reverse();
        all
    }

    /// Its name, as people write it.
    pub fn name(self) -> &'static str {
        match self.0 {
            #[cfg(target_arch = "x86_64")]
            Set::Avx512 => "AVX-512",
            #[cfg(target_arch = "x86_64")]
            Set::Avx2 => "AVX2",
            #[cfg(target_arch = "aarch64")]
            Set::Neon => "NEON",
            Set::Portable => "portable",
        }
    }

    /// Elements of f32 in a vector.
    pub fn lanes(self) -> usize {
        struct Count;
        impl Work for Count {
            type Output = usize;
            #[inline(always)]
            unsafe fn run<L: Lanes>(self) -> usize {
                L::LANES
            }
        }
        self.run(Count)
    }

    /// [`Lanes::TILE_ROWS`] of the instruction set.
    pub(crate) fn tile_rows(self) -> usize {
        struct Rows;
        impl Work for Rows {
            type Output = usize;
            #[inline(always)]
            unsafe fn run<L: Lanes>(self) -> usize {
                L::TILE_ROWS
            }
        }
        self.run(Rows)
    }

    /// Does the work with this instruction set.
    #[inline]
    pub fn run<W: Work>(self, work: W) -> W::Output {
        // SAFETY: an `Isa` is made by `all` alone, which asks the processor.
        unsafe {
            match self.0 {
                #[cfg(target_arch = "x86_64")]
                Set::Avx512 => avx512(work),
                #[cfg(target_arch = "x86_64")]
                Set::Avx2 => avx2(work),
                #[cfg(target_arch = "aarch64")]
                Set::Neon => work.run::<super::neon::Neon>(),
                Set::Portable => work.run::<Portable>(),
            }
        }
    }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(
    enable = "avx512f,avx512vl,avx512dq,avx512bw,avx2,fma,f16c,bmi1,bmi2,lzcnt,popcnt"
)]
unsafe fn avx512<W: Work>(work: W) -> W::Output {
    // SAFETY: the caller has made sure of the instruction set.
    unsafe { work.run::<super::avx512::Avx512>() }
}

#[cfg(target_arch = "x86_64")]
#[target_feature(enable = "avx2,fma,f16c,bmi1,bmi2,lzcnt,popcnt")]
unsafe fn avx2<W: Work>(work: W) -> W::Output {
    // SAFETY: the caller has made sure of the instruction set.
    unsafe { work.run::<super::avx2::Avx2>() }
}
