//! What a benchmark says is to be measured.

use std::hint::black_box;

use tachy_measure::function::{Gauge, Meter, Routine, Throughput};

/// Most iterations that have their inputs prepared at once: enough that reading the clock in between does not matter,
/// and few enough that large inputs find room.
const BATCH: u32 = 256;

/// Measures what a benchmark hands it, once.
///
/// ```
/// # use tachy_bench::Bencher;
/// fn parse(bencher: Bencher) {
///     let text = "1 2 3 4".repeat(1000);
///     bencher.bytes(text.len() as u64).bench(|| text.split(' ').count());
/// }
/// ```
pub struct Bencher<'a> {
    meter: &'a mut Meter,
}

impl<'a> Bencher<'a> {
    pub(crate) fn new(meter: &'a mut Meter) -> Self {
        Self { meter }
    }

    /// One iteration works through so many bytes: the report tells the rate.
    pub fn bytes(self, bytes: u64) -> Self {
        self.meter.set_throughput(Throughput::Bytes(bytes));
        self
    }

    /// One iteration works through so many things: the report tells the rate.
    pub fn items(self, items: u64) -> Self {
        self.meter.set_throughput(Throughput::Items(items));
        self
    }

    /// Measures a function. What it returns is dropped within the time; [`Bencher::with_inputs`] keeps that out.
    pub fn bench<O>(self, function: impl FnMut() -> O) {
        self.meter.measure(&mut Plain(function));
    }

    /// Every iteration gets an input of its own, which is made and dropped outside of the time.
    ///
    /// ```
    /// # use tachy_bench::Bencher;
    /// fn sort(bencher: Bencher) {
    ///     bencher
    ///         .with_inputs(|| (0..1000).rev().collect::<Vec<u32>>())
    ///         .bench_refs(|numbers| numbers.sort_unstable());
    /// }
    /// ```
    pub fn with_inputs<I, F: FnMut() -> I>(self, make: F) -> BencherWithInputs<'a, F> {
        BencherWithInputs { meter: self.meter, make }
    }
}

/// A [`Bencher`] that makes an input for every iteration.
pub struct BencherWithInputs<'a, F> {
    meter: &'a mut Meter,
    make: F,
}

impl<I, F: FnMut() -> I> BencherWithInputs<'_, F> {
    /// Measures a function that takes its input by value. What it returns is dropped outside of the time; the input is
    /// dropped where the function does it.
    pub fn bench_values<O>(self, function: impl FnMut(I) -> O) {
        self.meter.measure(&mut ByValue {
            make: self.make,
            function,
            inputs: Vec::new(),
            outputs: Vec::new(),
        });
    }

    /// Measures a function that takes its input by reference and may change it. The input and what the function returns
    /// are dropped outside of the time.
    pub fn bench_refs<O>(self, function: impl FnMut(&mut I) -> O) {
        self.meter.measure(&mut ByReference {
            make: self.make,
            function,
            inputs: Vec::new(),
            outputs: Vec::new(),
        });
    }
}

/// A number of bytes or things, whatever its type.
///
/// # Panics
/// If it is negative.
pub fn count<N: TryInto<u64>>(number: N) -> u64 {
    number.try_into().ok().expect("what an iteration works through is a number of 0 or more")
}

struct Plain<F>(F);

impl<O, F: FnMut() -> O> Routine for Plain<F> {
    fn pass(&mut self, iterations: u32, gauge: &mut dyn Gauge) {
        gauge.start();
        for _ in 0..iterations {
            black_box((self.0)());
        }
        gauge.stop();
    }
}

struct ByValue<M, F, I, O> {
    make: M,
    function: F,
    inputs: Vec<I>,
    outputs: Vec<O>,
}

impl<I, O, M: FnMut() -> I, F: FnMut(I) -> O> Routine for ByValue<M, F, I, O> {
    fn pass(&mut self, iterations: u32, gauge: &mut dyn Gauge) {
        let Self { make, function, inputs, outputs } = self;
        for batch in batches(iterations) {
            inputs.extend((0..batch).map(|_| make()));
            outputs.reserve(inputs.len());
            gauge.start();
            for input in inputs.drain(..) {
                outputs.push(function(black_box(input)));
            }
            gauge.stop();
            black_box(&mut *outputs).clear();
        }
    }
}

struct ByReference<M, F, I, O> {
    make: M,
    function: F,
    inputs: Vec<I>,
    outputs: Vec<O>,
}

impl<I, O, M: FnMut() -> I, F: FnMut(&mut I) -> O> Routine for ByReference<M, F, I, O> {
    fn pass(&mut self, iterations: u32, gauge: &mut dyn Gauge) {
        let Self { make, function, inputs, outputs } = self;
        for batch in batches(iterations) {
            inputs.extend((0..batch).map(|_| make()));
            outputs.reserve(inputs.len());
            gauge.start();
            for input in inputs.iter_mut() {
                outputs.push(function(black_box(input)));
            }
            gauge.stop();
            black_box(&mut *outputs).clear();
            black_box(&mut *inputs).clear();
        }
    }
}

/// The sizes of the batches that so many iterations are made in.
fn batches(iterations: u32) -> impl Iterator<Item = u32> {
    (0..iterations).step_by(BATCH as usize).map(move |start| BATCH.min(iterations - start))
}
