//! The hand-over of tasks among threads.
#![allow(missing_docs)]

use std::num::NonZeroUsize;
use std::panic::{AssertUnwindSafe, catch_unwind};
use std::sync::atomic::{AtomicUsize, Ordering};
use std::time::Duration;

use tachy_kernels::team::Team;

fn team(threads: usize) -> Team {
    Team::new(NonZeroUsize::new(threads).unwrap()).unwrap()
}

#[test]
fn every_task_is_done_once() {
    for threads in 1..5 {
        let team = team(threads);
        for tasks in [0, 1, 2, 3, 7, 64, 1000] {
            let counts: Vec<AtomicUsize> = (0..tasks).map(|_| AtomicUsize::new(0)).collect();
            team.run_as_member(tasks, |task, member| {
                assert!(member < threads);
                counts[task].fetch_add(1, Ordering::Relaxed);
            });
            assert!(counts.iter().all(|count| count.load(Ordering::Relaxed) == 1));
        }
    }
}

#[test]
fn what_tasks_write_is_seen_after_them_by_sleepers_and_wakers_alike() {
    let team = team(3);
    let mut numbers = vec![0usize; 97];
    for round in 1..3000 {
        let place = numbers.as_mut_ptr() as usize;
        team.run(97, |task| {
            // SAFETY: every task has a number of its own, and the run ends before the vector is used again.
            unsafe { *(place as *mut usize).add(task) = round * task };
        });
        assert!(numbers.iter().enumerate().all(|(task, number)| *number == round * task));
        if round % 1000 == 0 {
            // Long enough for the others to fall asleep.
            std::thread::sleep(Duration::from_millis(20));
        }
    }
}

#[test]
fn tasks_within_tasks_are_done_at_once() {
    let team = team(2);
    let sum = AtomicUsize::new(0);
    team.run(8, |outer| {
        team.run(4, |inner| {
            sum.fetch_add(outer * 4 + inner, Ordering::Relaxed);
        });
    });
    assert_eq!(sum.into_inner(), (0..32).sum());
}

#[test]
fn a_panic_comes_out_and_leaves_the_team_whole() {
    let team = team(3);
    for guilty in [0, 13, 63] {
        let result = catch_unwind(AssertUnwindSafe(|| {
            team.run(64, |task| assert_ne!(task, guilty, "on purpose"));
        }));
        assert!(result.is_err());
        let count = AtomicUsize::new(0);
        team.run(64, |_| {
            count.fetch_add(1, Ordering::Relaxed);
        });
        assert_eq!(count.into_inner(), 64);
    }
}

#[test]
fn several_callers_may_share_a_team() {
    let team = team(2);
    let count = AtomicUsize::new(0);
    std::thread::scope(|scope| {
        for _ in 0..3 {
            scope.spawn(|| {
                for _ in 0..500 {
                    team.run(5, |_| {
                        count.fetch_add(1, Ordering::Relaxed);
                    });
                }
            });
        }
    });
    assert_eq!(count.into_inner(), 3 * 500 * 5);
}
