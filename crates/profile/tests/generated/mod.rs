//! Traces with random nesting, from a seed.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tachy_profile::trace::{Machine, Operation, Overhead, Span, Thread, Trace, Work};

/// Up to about `spans` spans of a few operations on a few threads, properly nested.
pub fn trace(seed: u64, spans: usize) -> Trace {
    let mut random = StdRng::seed_from_u64(seed);
    let operations = (0..random.random_range(1..20))
        .map(|number| Operation {
            name: format!("operation {number} \"<&;\\é"),
            category: ["", "Conv", "Gemm"][number % 3].to_owned(),
            device: "cpu".to_owned(),
            detail: String::new(),
            work: (number % 2 == 0).then(|| Work {
                flops: random.random_range(0.0..1e5),
                bytes: random.random_range(0.0..1e4),
                transferred: 0.0,
            }),
        })
        .collect();
    let threads: Vec<Thread> = (0..random.random_range(1..4))
        .map(|number| Thread { name: format!("thread {number}"), id: 100 + number })
        .collect();
    let wall = 1_000_000;
    let mut trace = Trace {
        name: "generated".to_owned(),
        started: 1_700_000_000_000_000_000,
        wall,
        operations,
        threads,
        spans: Vec::new(),
        machine: random.random_bool(0.5).then(|| Machine {
            flops: random.random_range(1e9..1e12),
            bandwidth: vec![(1e6, 1e11), (f64::INFINITY, random.random_range(1e9..1e11))],
            overhead: 1e-8,
            transfer: 1e9,
        }),
        stacks: None,
        memory: None,
        overhead: Overhead { per_span: 12.5, ..Overhead::default() },
    };
    let each = spans / trace.threads.len();
    for thread in 0..trace.threads.len() as u32 {
        let limit = trace.spans.len() + each;
        let mut from = 0;
        while from < wall && trace.spans.len() < limit {
            let until = random.random_range(from..=wall);
            nest(&mut trace, &mut random, thread, from, until, 0, limit);
            from = until + random.random_range(0..wall / 10);
        }
    }
    trace
}

fn nest(
    trace: &mut Trace,
    random: &mut StdRng,
    thread: u32,
    start: u64,
    end: u64,
    depth: u32,
    limit: usize,
) {
    let operation = random.random_range(0..trace.operations.len()) as u32;
    trace.spans.push(Span { operation, thread, start, duration: end - start, depth });
    let mut from = start;
    while depth < 12 && trace.spans.len() < limit && random.random_bool(0.7) {
        let until = random.random_range(from..=end);
        nest(trace, random, thread, from, until, depth + 1, limit);
        from = until;
    }
}
