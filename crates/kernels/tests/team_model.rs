//! The hand-over among threads in every order of events that the memory model allows.
//!
//! `RUSTFLAGS="--cfg loom" cargo test -p tachy-kernels --release --target-dir target/loom --test team_model`
//!
//! Every order is tried in which the threads of a team of two are interrupted four times at most, and those of a team of
//! three once: few interruptions find most mistakes, and more take hours. A barrier of three is beyond reach; each pair
//! in it behaves as two do. The waiting loops spin once before they give the processor away or sleep, so that all three
//! are seen.
#![cfg(loom)]
#![allow(missing_docs)]

use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::Arc;

use loom::cell::UnsafeCell;
use loom::sync::atomic::{AtomicUsize, Ordering};
use tachy_kernels::team::Team;

/// Tries every order in which threads are interrupted at most so many times.
fn check(interruptions: usize, body: impl Fn() + Sync + Send + 'static) {
    let mut model = loom::model::Builder::new();
    model.preemption_bound = Some(interruptions);
    model.max_branches = 20_000;
    model.check(body);
}

fn team(threads: usize) -> Team {
    Team::new(NonZeroUsize::new(threads).unwrap()).unwrap()
}

/// Numbers that the model watches: it fails if two threads use one at a time.
struct Cells(Vec<UnsafeCell<usize>>);

// SAFETY: the model reports the first access that is not ordered with the others.
unsafe impl Sync for Cells {}

impl Cells {
    fn new(count: usize) -> Self {
        Self((0..count).map(|_| UnsafeCell::new(0)).collect())
    }

    fn get(&self, index: usize) -> usize {
        // SAFETY: as above.
        self.0[index].with(|place| unsafe { *place })
    }

    fn set(&self, index: usize, value: usize) {
        // SAFETY: as above.
        self.0[index].with_mut(|place| unsafe { *place = value });
    }
}

/// Two jobs, so that a member may sleep before, between and after them.
fn tasks_are_done_once_and_seen(threads: usize, interruptions: usize) {
    check(interruptions, move || {
        let team = team(threads);
        let cells = Cells::new(2);
        for round in 1..3 {
            team.run(2, |task| cells.set(task, cells.get(task) + round));
            assert_eq!([cells.get(0), cells.get(1)], [(1..=round).sum(); 2]);
        }
    });
}

#[test]
fn tasks_of_two_threads() {
    tasks_are_done_once_and_seen(2, 4);
}

#[test]
fn tasks_of_three_threads() {
    tasks_are_done_once_and_seen(3, 1);
}

/// Each member changes its own number and reads the other's, as the steps of a recurrent layer do.
#[test]
fn steps_are_taken_together() {
    check(4, || {
        let team = team(2);
        let cells = Cells::new(4);
        team.run_together(|member| {
            assert_eq!(member.members(), 2);
            let mut barrier = member.barrier(0..2);
            for step in 0..2 {
                let (from, to) = (step % 2 * 2, (step + 1) % 2 * 2);
                assert_eq!([cells.get(from), cells.get(from + 1)], [step; 2]);
                cells.set(to + member.index(), step + 1);
                barrier.wait();
            }
        });
        assert_eq!([cells.get(0), cells.get(1)], [2, 2]);
    });
}

#[test]
fn jobs_within_jobs_are_done_alone() {
    check(4, || {
        let team = team(2);
        let calls = Arc::new(AtomicUsize::new(0));
        team.run_together(|_| {
            team.run(2, |_| {
                calls.fetch_add(1, Ordering::Relaxed);
            });
            team.run_together(|inner| {
                assert_eq!(inner.members(), 1);
                inner.barrier(0..1).wait();
            });
        });
        assert_eq!(calls.load(Ordering::Relaxed), 4);
    });
}

#[test]
fn two_callers_share_a_team() {
    check(2, || {
        let team = Arc::new(team(2));
        let other = Arc::clone(&team);
        let cells = Arc::new(Cells::new(4));
        let others = Arc::clone(&cells);
        let caller = loom::thread::spawn(move || {
            other.run(2, |task| others.set(2 + task, 1));
            drop(other);
        });
        team.run_together(|member| {
            let members = member.members();
            let mut barrier = member.barrier(0..members);
            cells.set(member.index(), 1);
            barrier.wait();
            assert!((0..members).all(|index| cells.get(index) == 1));
        });
        caller.join().unwrap();
        assert_eq!([cells.get(2), cells.get(3)], [1, 1]);
    });
}

/// Whoever panics, the others do not wait for it for ever, and the team is whole afterwards.
#[test]
fn a_panic_before_a_barrier_comes_out() {
    for guilty in 0..2 {
        check(4, move || {
            let team = team(2);
            let result = catch_unwind(AssertUnwindSafe(|| {
                team.run_together(|member| {
                    let mut barrier = member.barrier(0..2);
                    if member.index() == guilty {
                        std::panic::resume_unwind(Box::new("on purpose"));
                    }
                    barrier.wait();
                    panic!("a barrier was left that one had not reached");
                });
            }));
            assert!(result.is_err());
            let cells = Cells::new(2);
            team.run_together(|member| {
                let mut barrier = member.barrier(0..2);
                cells.set(member.index(), 1);
                barrier.wait();
                assert_eq!([cells.get(0), cells.get(1)], [1, 1]);
            });
        });
    }
}

#[test]
fn a_team_may_be_closed_at_any_moment() {
    check(4, || drop(team(2)));
    check(3, || drop(team(3)));
}
