//! Proposals on events for which the right saving is known.

use tachy_profile::memory::{
    EventKind, MemoryTracker, Optimization, OptimizationKind, Priority, Saving,
};

fn only(tracker: &MemoryTracker, device: &str, kind: OptimizationKind) -> Vec<Optimization> {
    let all = tracker.optimizations(device).into_iter();
    all.filter(|proposal| proposal.kind == kind).collect()
}

#[test]
fn buffers_of_one_size_that_come_and_go_are_pooled() {
    let tracker = MemoryTracker::new();
    let account = tracker.account("cpu", "activations");
    for id in 0..100 {
        account.allocated(id, 5000);
        // Two are held at once: two must be made, 98 are served.
        if id > 0 {
            account.freed(id - 1);
        }
        // Of another size each time: no pool helps.
        account.allocated(1000 + id, 10_000 + id);
        account.freed(1000 + id);
    }
    let [pool] = &only(&tracker, "cpu", OptimizationKind::Pool)[..] else { panic!("one pool") };
    assert_eq!((pool.potential_savings, pool.saving), (98 * 5000, Saving::Requested));
    assert_eq!((pool.event_count, pool.events.len()), (98, 8));
    assert!(
        pool.events.iter().all(|event| event.kind == EventKind::Allocation && event.bytes == 5000)
    );
    assert_eq!(pool.priority, Priority::High);
}

#[test]
fn purposes_with_different_peaks_share() {
    let tracker = MemoryTracker::new();
    let (encoder, decoder) = (tracker.account("cpu", "encoder"), tracker.account("cpu", "decoder"));
    encoder.allocated(1, 700);
    encoder.freed(1);
    decoder.allocated(2, 500);
    encoder.allocated(3, 100);
    let [share] = &only(&tracker, "cpu", OptimizationKind::Share)[..] else { panic!("one share") };
    // 700 and 500 for themselves, at most 700 together.
    assert_eq!((share.potential_savings, share.saving), (500, Saving::Peak));
    tracker.set_reserved("cpu", 1000);
    let [share] = &only(&tracker, "cpu", OptimizationKind::Share)[..] else { panic!("one share") };
    assert_eq!(share.potential_savings, 300);
}

#[test]
fn what_goes_to_and_fro_stays() {
    let tracker = MemoryTracker::new();
    let (cpu, gpu) = (tracker.account("cpu", "state"), tracker.account("gpu", "state"));
    for _ in 0..5 {
        cpu.transferred(1, 1000, &gpu);
        gpu.transferred(1, 1000, &cpu);
    }
    // One way alone, however often, may be new content each time.
    (0..5).for_each(|_| cpu.transferred(2, 1000, &gpu));
    let [kept] = &only(&tracker, "cpu", OptimizationKind::KeepOnDevice)[..] else { panic!("one") };
    assert_eq!((kept.potential_savings, kept.saving), (8000, Saving::Transferred));
    assert_eq!(kept.event_count, 10);
    assert_eq!(only(&tracker, "gpu", OptimizationKind::KeepOnDevice), []);
}

#[test]
fn a_copy_that_is_left_behind_is_freed() {
    let tracker = MemoryTracker::new();
    let (cpu, gpu) = (tracker.account("cpu", "weights"), tracker.account("gpu", "weights"));
    tracker.track_allocation("w", 4000, "cpu", "weights").unwrap();
    tracker.track_allocation("w", 4000, "gpu", "weights").unwrap();
    tracker.track_transfer("w", 4000, "cpu", "gpu", "weights").unwrap();
    // It was idle for longer than it was needed.
    std::thread::sleep(std::time::Duration::from_millis(300));
    gpu.allocated(7, 10);
    cpu.allocated(8, 10);
    let [idle] = &only(&tracker, "cpu", OptimizationKind::FreeAfterTransfer)[..] else {
        panic!("one")
    };
    assert_eq!((idle.potential_savings, idle.saving), (4000, Saving::Held));
    assert!(idle.description.starts_with("`w` was copied to gpu"));
    tracker.track_deallocation("w", "cpu", "weights").unwrap();
    assert_eq!(only(&tracker, "cpu", OptimizationKind::FreeAfterTransfer), []);
}

#[test]
fn the_old_is_freed_before_the_new_is_allocated() {
    let tracker = MemoryTracker::new();
    let account = tracker.account("cpu", "state");
    account.allocated(1, 1000);
    for id in 2..6 {
        account.allocated(id, 1000);
        account.freed(id - 1);
    }
    // Another peak limits what is won.
    account.allocated(100, 600);
    account.allocated(101, 10);
    let [early] = &only(&tracker, "cpu", OptimizationKind::FreeEarlier)[..] else { panic!("one") };
    assert_eq!((early.potential_savings, early.saving), (2000 - 1610, Saving::Peak));
    assert_eq!((early.event_count, early.priority), (2, Priority::Medium));
}

#[test]
fn many_small_ones_are_taken_from_a_block() {
    let tracker = MemoryTracker::new();
    let account = tracker.account("cpu", "tokens");
    (0..150).for_each(|id| account.allocated(id, 100));
    (150..160).for_each(|id| account.allocated(id, 1024));
    let [arena] = &only(&tracker, "cpu", OptimizationKind::Arena)[..] else { panic!("one") };
    assert_eq!((arena.potential_savings, arena.event_count), (15_000, 150));
}

#[test]
fn nothing_is_proposed_where_nothing_is_won() {
    let tracker = MemoryTracker::new();
    assert_eq!(tracker.optimizations("cpu"), []);
    let account = tracker.account("cpu", "weights");
    (0..20).for_each(|id| account.allocated(id, 5000 + id));
    assert_eq!(tracker.optimizations("cpu"), []);
    (0..20).for_each(|id| account.freed(id));
    assert_eq!(tracker.optimizations("cpu"), []);
}
