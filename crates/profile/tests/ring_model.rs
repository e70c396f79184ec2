//! The way of records from one thread to another, in every order of events that the memory model allows.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p tachy-profile --release --target-dir target/loom --test ring_model`
//!
//! A block has two records here, so that a few records pass through several blocks. Every order is tried in which
//! threads are interrupted three times at most.
#![cfg(loom)]
#![allow(missing_docs)]

use std::sync::Arc;

use loom::thread;
use tachy_profile::record::model::{Block, Pool, Ring};

fn check(body: impl Fn() + Sync + Send + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(3);
    model.check(body);
}

/// A pool of so many places, with so many blocks.
fn pool(places: usize, blocks: usize) -> Arc<Pool> {
    let pool = Pool::new(places);
    for _ in 0..blocks {
        // SAFETY: only this thread gives.
        unsafe { pool.give(Block::new()) };
    }
    Arc::new(pool)
}

/// Collects, and checks that the records are the next ones that were written.
fn collect(ring: &Ring, pool: &Pool, seen: &mut u64) {
    let each = |number, record| {
        assert_eq!(record, [*seen, !*seen]);
        assert_eq!(number as u64, *seen);
        *seen += 1;
    };
    // SAFETY: in each test one thread collects, and it is the one that gives.
    unsafe { ring.collect(each, |block| pool.give(block)) };
}

#[test]
fn records_arrive_whole_and_in_order_while_blocks_go_round() {
    check(|| {
        let pool = pool(2, 2);
        let ring = Arc::new(Ring::new());
        let writer = {
            let (pool, ring) = (Arc::clone(&pool), Arc::clone(&ring));
            thread::spawn(move || {
                let mut written = 0;
                for _ in 0..6 {
                    // SAFETY: only this thread writes.
                    if unsafe { ring.push([written, !written], &pool) } {
                        written += 1;
                    }
                }
                written
            })
        };
        let mut seen = 0;
        collect(&ring, &pool, &mut seen);
        collect(&ring, &pool, &mut seen);
        let written = writer.join().unwrap();
        collect(&ring, &pool, &mut seen);
        assert_eq!(seen, written);
        assert!(written >= 4);
    });
}

#[test]
fn each_block_is_taken_once() {
    check(|| {
        let pool = pool(2, 2);
        let takers: Vec<_> = (0..2)
            .map(|_| {
                let pool = Arc::clone(&pool);
                thread::spawn(move || {
                    pool.take().into_iter().chain(pool.take()).collect::<Vec<Box<Block>>>()
                })
            })
            .collect();
        // The first place is used a second time as soon as its block was taken.
        // SAFETY: only this thread gives.
        unsafe { pool.give(Block::new()) };
        let mut blocks: Vec<Box<Block>> =
            takers.into_iter().flat_map(|taker| taker.join().unwrap()).collect();
        blocks.extend(std::iter::from_fn(|| pool.take()));
        let mut addresses: Vec<*const Block> =
            blocks.iter().map(|block| &raw const **block).collect();
        addresses.sort();
        addresses.dedup();
        assert_eq!(addresses.len(), blocks.len());
        // The pool was full when the third came, or it was not.
        assert!((2..=3).contains(&blocks.len()));
    });
}

#[test]
fn two_writers_share_a_pool() {
    check(|| {
        let pool = pool(2, 1);
        let write = |pool: Arc<Pool>| {
            let ring = Ring::new();
            // SAFETY: nobody else has the ring.
            let written = unsafe { ring.push([0, !0], &pool) };
            let mut seen = 0;
            // SAFETY: as above.
            unsafe { ring.collect(|_, _| seen += 1, drop) };
            assert_eq!(seen, usize::from(written));
            (written, ring)
        };
        let other = {
            let pool = Arc::clone(&pool);
            thread::spawn(move || write(pool))
        };
        let (mine, _ring) = write(Arc::clone(&pool));
        let (theirs, _other) = other.join().unwrap();
        assert!(mine != theirs, "there is one block");
    });
}
