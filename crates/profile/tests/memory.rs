//! The tracker against an independent model, and against all that can be told wrongly.

use std::collections::HashMap;
use std::sync::Mutex;

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use tachy_profile::memory::{
    EngineFigures, EventKind, Figures, LeakSign, MemoryFault, MemoryReport, MemoryTracker,
    Occasion, TrackerOptions,
};

const DEVICES: [&str; 2] = ["cpu", "gpu"];
const PURPOSES: [&str; 3] = ["weights", "activations", "scratch"];

/// Sums as anybody would write them down.
#[derive(Default)]
struct Model {
    live: HashMap<(usize, u64), (u64, usize)>,
    sums: HashMap<(usize, Option<usize>), Figures>,
    traffic: HashMap<(usize, usize), (u64, u64)>,
    allocated_twice: u64,
    not_held: u64,
    zero: u64,
    believed: u64,
}

impl Model {
    fn allocate(&mut self, id: u64, bytes: u64, device: usize, purpose: usize) {
        if self.live.contains_key(&(device, id)) {
            self.allocated_twice += 1;
            return;
        }
        self.live.insert((device, id), (bytes, purpose));
        self.believed += 1;
        self.zero += u64::from(bytes == 0);
        for key in [(device, None), (device, Some(purpose))] {
            let sum = self.sums.entry(key).or_default();
            sum.allocated += bytes;
            sum.allocations += 1;
            sum.current += bytes;
            sum.peak = sum.peak.max(sum.current);
        }
    }

    fn free(&mut self, id: u64, device: usize) {
        let Some((bytes, purpose)) = self.live.remove(&(device, id)) else {
            self.not_held += 1;
            return;
        };
        self.believed += 1;
        for key in [(device, None), (device, Some(purpose))] {
            let sum = self.sums.entry(key).or_default();
            sum.current -= bytes;
            sum.deallocations += 1;
        }
    }

    fn transfer(&mut self, bytes: u64, from: usize, to: usize) {
        let (count, sum) = self.traffic.entry((from, to)).or_default();
        *count += 1;
        *sum += bytes;
        self.zero += u64::from(bytes == 0);
        self.believed += 1;
    }
}

fn timeless(figures: Figures) -> Figures {
    Figures { peak_at: 0, ..figures }
}

/// One million events, right ones and wrong ones, one after another but each from any of eight threads: whether the
/// sums, the peaks and the faults are those of the model depends on the events being entered in the order in which they
/// happened.
#[test]
fn a_million_events_of_eight_threads_sum_up_to_the_byte() {
    let tracker = MemoryTracker::with_options(TrackerOptions { history: 100, timeline_points: 64 });
    let model = Mutex::new(Model::default());
    std::thread::scope(|scope| {
        for thread in 0..8 {
            let (tracker, model) = (&tracker, &model);
            let accounts =
                DEVICES.map(|device| PURPOSES.map(|purpose| tracker.account(device, purpose)));
            scope.spawn(move || {
                let mut random = StdRng::seed_from_u64(thread);
                for _ in 0..125_000 / 25 {
                    let mut model = model.lock().unwrap();
                    for _ in 0..25 {
                        let id = random.random_range(0..4096);
                        let (device, purpose) =
                            (random.random_range(0..2), random.random_range(0..3));
                        let bytes = random.random_range(0..10_000);
                        let account = &accounts[device][purpose];
                        match random.random_range(0..10) {
                            0..5 => {
                                account.allocated(id, bytes);
                                model.allocate(id, bytes, device, purpose);
                            }
                            5..9 => {
                                account.freed(id);
                                model.free(id, device);
                            }
                            _ => {
                                account.transferred(id, bytes, &accounts[1 - device][purpose]);
                                model.transfer(bytes, device, 1 - device);
                            }
                        }
                    }
                }
            });
        }
    });
    let (report, model) = (tracker.report(), model.into_inner().unwrap());
    for (number, device) in DEVICES.iter().enumerate() {
        let told = report.device(device).unwrap();
        assert_eq!(timeless(told.figures), model.sums[&(number, None)]);
        let highest = told.timeline.iter().map(|point| point.max).max();
        assert_eq!(highest, Some(told.figures.peak));
        assert_eq!(told.timeline.last().unwrap().last, told.figures.current);
        assert!(told.timeline.len() <= 64);
        for (number_of_purpose, name) in PURPOSES.iter().enumerate() {
            let purpose = told.purposes.iter().find(|told| told.purpose == *name).unwrap();
            assert_eq!(timeless(purpose.figures), model.sums[&(number, Some(number_of_purpose))]);
        }
    }
    for traffic in &report.transfers {
        let number = |name: &str| DEVICES.iter().position(|device| *device == name).unwrap();
        let sums = model.traffic[&(number(&traffic.from), number(&traffic.to))];
        assert_eq!((traffic.count, traffic.bytes), sums);
    }
    assert_eq!(report.transfers.len(), 2);
    assert_eq!(report.faults.allocated_twice, model.allocated_twice);
    assert_eq!(report.faults.freed_twice + report.faults.unknown_id, model.not_held);
    assert_eq!(report.faults.zero_bytes, model.zero);
    assert_eq!((report.events, report.dropped), (model.believed, model.believed - 100));
    assert_eq!(tracker.events().len(), 100);
}

/// What one thread gets from another can be freed at once, though nobody orders the two but the clock.
#[test]
fn an_allocation_comes_before_the_free_that_another_thread_makes() {
    let tracker = MemoryTracker::new();
    let (sender, receiver) = std::sync::mpsc::sync_channel(4);
    std::thread::scope(|scope| {
        let (first, second) = (tracker.account("cpu", "a"), tracker.account("cpu", "b"));
        scope.spawn(move || {
            for id in 0..5000 {
                first.allocated(id % 7, 10);
                if sender.send(id % 7).is_err() {
                    break;
                }
                // The address may be used again as soon as the other thread has freed it.
                while id % 7 == 6 && first.tracker().current("cpu") > 0 {
                    std::thread::yield_now();
                }
            }
        });
        scope.spawn(move || receiver.into_iter().for_each(|id| second.freed(id)));
    });
    let report = tracker.report();
    assert_eq!(report.faults.total(), 0, "{report}");
    assert_eq!(report.devices[0].figures.deallocations, 5000);
}

/// The first thread need not mind the order of others as long as there are none: the second comes in the middle, frees what the
/// first has allocated, and hands the ids back to it to be used again.
#[test]
fn a_thread_that_comes_later_changes_no_order() {
    for alone in 0..300 {
        let tracker = MemoryTracker::new();
        let (first, second) = (tracker.account("cpu", "a"), tracker.account("cpu", "b"));
        (0..alone).for_each(|id| first.allocated(id, 10));
        let (there, taken) = std::sync::mpsc::sync_channel(2);
        let (back, returned) = std::sync::mpsc::sync_channel(2);
        std::thread::scope(|scope| {
            scope.spawn(move || {
                for id in taken {
                    second.freed(id);
                    if back.send(id).is_err() {
                        break;
                    }
                }
            });
            for id in 1000..1020 {
                first.allocated(id, 10);
                there.send(id).unwrap();
                first.allocated(returned.recv().unwrap(), 20);
                first.freed(id);
            }
            drop(there);
        });
        let report = tracker.report();
        assert_eq!(report.faults.total(), 0, "{report}");
        assert_eq!(report.devices[0].figures.live(), alone);
    }
}

#[test]
fn what_is_wrong_is_said_and_counted() {
    let tracker = MemoryTracker::new();
    assert_eq!(tracker.track_allocation("a", 100, "cpu", "x"), Ok(()));
    assert_eq!(tracker.track_allocation("a", 7, "cpu", "x"), Err(MemoryFault::AllocatedTwice));
    assert_eq!(tracker.track_allocation("a", 50, "gpu", "x"), Ok(()), "another device");
    assert_eq!(tracker.track_deallocation("a", "cpu", "clean-up"), Ok(()));
    assert_eq!(tracker.track_deallocation("a", "cpu", "clean-up"), Err(MemoryFault::FreedTwice));
    assert_eq!(tracker.track_deallocation("b", "cpu", "clean-up"), Err(MemoryFault::UnknownId));
    assert_eq!(tracker.track_allocation("empty", 0, "cpu", "x"), Err(MemoryFault::ZeroBytes));
    assert_eq!(tracker.track_deallocation("empty", "cpu", "x"), Ok(()));
    assert_eq!(tracker.track_transfer("a", 0, "cpu", "gpu", "x"), Err(MemoryFault::ZeroBytes));
    assert_eq!(tracker.track_allocation("big", u64::MAX, "cpu", "x"), Err(MemoryFault::Overflow));
    assert_eq!(tracker.track_allocation("big", u64::MAX - 100, "cpu", "x"), Ok(()));
    let report = tracker.report();
    assert_eq!(report.faults.total(), 6);
    assert_eq!(report.device("cpu").unwrap().figures.current, u64::MAX - 100);
    assert!(report.to_string().contains(
        "not believed: allocated twice 1, freed twice 1, unknown id 1, zero bytes 2, overflow 1\n"
    ));
    let text = serde_json::to_string(&report).unwrap();
    assert_eq!(serde_json::from_str::<MemoryReport>(&text).unwrap(), report);
}

#[test]
fn names_and_places_come_back() {
    let tracker = MemoryTracker::new();
    tracker.track_allocation("tensor_1", 1 << 20, "gpu", "matmul").unwrap();
    let line = line!() - 1;
    tracker.track_transfer("tensor_1", 1 << 20, "cpu", "gpu", "upload").unwrap();
    let held = &tracker.report().longest_held[0];
    assert_eq!(held.name.as_deref(), Some("tensor_1"));
    assert!(held.site.starts_with(&format!("{}:{line}:", file!())));
    tracker.track_deallocation("tensor_1", "gpu", "clean-up").unwrap();
    let events = tracker.events();
    let kinds: Vec<_> = events.iter().map(|event| event.kind).collect();
    assert_eq!(kinds, [EventKind::Allocation, EventKind::Transfer, EventKind::Deallocation]);
    assert_eq!((events[1].device.as_str(), events[1].to.as_deref()), ("cpu", Some("gpu")));
    // What is freed is taken from the purpose that it was allocated for.
    assert_eq!((events[2].purpose.as_str(), events[2].bytes), ("matmul", 1 << 20));
    assert_eq!(events[2].name.as_deref(), Some("tensor_1"));
}

#[test]
fn off_is_off_and_trackers_are_apart() {
    let (one, other) = (MemoryTracker::new(), MemoryTracker::new());
    let (to_one, to_other) = (one.account("cpu", "x"), other.account("cpu", "x"));
    for id in 0..2000 {
        to_one.allocated(id, 1);
        to_other.allocated(id, 2);
    }
    other.set_enabled(false);
    to_other.allocated(9999, 1);
    assert_eq!((one.current("cpu"), other.current("cpu")), (2000, 4000));
    drop((other, to_other));
    let next = MemoryTracker::new();
    let to_next = next.account("cpu", "x");
    (0..2000).for_each(|id| to_next.allocated(id, 3));
    assert_eq!((one.peak("cpu"), next.peak("cpu")), (2000, 6000));
}

#[test]
fn what_ended_threads_told_is_there() {
    let tracker = MemoryTracker::new();
    for thread in 0..50 {
        let account = tracker.account("cpu", "x");
        let ended = std::thread::spawn(move || {
            (0..100).for_each(|id| account.allocated(thread * 100 + id, 1));
            panic!("a thread dies");
        });
        assert!(ended.join().is_err());
    }
    assert_eq!(tracker.current("cpu"), 5000);
}

#[test]
fn names_without_end_end_in_other() {
    let tracker = MemoryTracker::new();
    for number in 0..20_000 {
        let _ = tracker.track_allocation("a", 1, &format!("device {number}"), "x");
        tracker.account("cpu", &format!("purpose {number}")).allocated(number, 1);
    }
    let report = tracker.report();
    assert!(report.devices.len() <= 1025, "{}", report.devices.len());
    let purposes: usize = report.devices.iter().map(|device| device.purposes.len()).sum();
    assert!(purposes <= 16_384 + 1026, "{purposes}");
    assert!(report.faults.too_many_names > 0);
    assert_eq!(report.device("cpu").unwrap().figures.allocations, 20_000);
}

#[test]
fn a_leak_is_told_from_weights_and_from_buffers_that_come_and_go() {
    let tracker = MemoryTracker::new();
    let weights = tracker.account("cpu", "weights");
    (0..100).for_each(|id| weights.allocated(id, 1 << 20));
    let (leaky, sound) = (tracker.account("cpu", "leaky"), tracker.account("cpu", "sound"));
    for id in 1000..101_000 {
        sound.allocated(2 * id, 1000);
        leaky.allocated(2 * id + 1, 100);
        if id >= 1050 {
            sound.freed(2 * (id - 50));
            // One of a hundred is forgotten.
            if id % 100 != 0 {
                leaky.freed(2 * (id - 50) + 1);
            }
        }
    }
    let leaks = tracker.report().leaks;
    assert_eq!(leaks.len(), 1, "{leaks:?}");
    assert_eq!((leaks[0].purpose.as_str(), leaks[0].sign), ("leaky", LeakSign::GrowsSteadily));
    assert!((990..=1000).contains(&leaks[0].count), "{}", leaks[0].count);
}

#[test]
fn idle_memory_of_an_arena_is_told() {
    let tracker = MemoryTracker::new();
    let account = tracker.account("cpu", "activations");
    account.allocated(0x1000, 0x100);
    account.allocated(0x1300, 0x100);
    tracker.set_reserved("cpu", 0x1000);
    let idle = |tracker: &MemoryTracker| tracker.report().devices[0].fragmentation.unwrap();
    assert_eq!((idle(&tracker).held, idle(&tracker).largest_gap), (0x200, None));
    tracker.set_arena("cpu", 0x1000..0x1800);
    account.allocated(0x9000, 0x100);
    let arena = idle(&tracker);
    assert_eq!((arena.reserved, arena.held, arena.largest_gap), (0x800, 0x200, Some(0x400)));
}

#[test]
fn engines_tell_sums_that_stand_beside_the_events() {
    let tracker = MemoryTracker::new();
    tracker.account("cpu", "arena").allocated(1, 4096);
    let figures = |active, peak| EngineFigures { active: Some(active), peak, reserved: Some(900) };
    let told = ["arrays", "MLX's allocator, for the whole process"];
    tracker.engine_tells("mlx:cpu", told, Occasion::Ran, figures(300, Some(700)));
    tracker.engine_tells("mlx:cpu", told, Occasion::Compiled, figures(100, None));
    tracker.engine_tells("mlx:cpu", told, Occasion::Ran, figures(500, Some(800)));
    tracker.engine_tells_nothing("rten", "`rten` tells no figures of its memory.");
    tracker.engine_tells_nothing("rten", "`rten` tells no figures of its memory.");
    tracker.set_enabled(false);
    tracker.engine_tells("lost", told, Occasion::Bound, figures(1, None));

    let report = tracker.report();
    assert_eq!(tracker.current("mlx:cpu"), 0, "what an engine tells is no event");
    let [mlx, rten] = &report.engines[..] else { panic!("{report}") };
    let readings: Vec<_> =
        mlx.readings.iter().map(|reading| (reading.occasion, reading.figures)).collect();
    let expected =
        [(Occasion::Compiled, figures(100, None)), (Occasion::Ran, figures(500, Some(800)))];
    assert_eq!(readings, expected);
    assert!(mlx.readings[0].at < mlx.readings[1].at && mlx.readings[1].at <= report.wall);
    assert!(rten.readings.is_empty(), "told as such, not as zero");

    let holdings = report.holdings();
    let held: Vec<_> =
        holdings.iter().map(|it| (&*it.device, &*it.purpose, it.held, it.peak)).collect();
    assert_eq!(
        held,
        [
            ("cpu", "arena", Some(4096), Some(4096)),
            ("mlx:cpu", "arrays", Some(500), Some(800)),
            ("rten", "", None, None),
        ]
    );
    let shown = report.to_string();
    assert!(shown.contains("counted by MLX's allocator, for the whole process"), "{shown}");
    assert!(shown.contains("rten: `rten` tells no figures of its memory."), "{shown}");

    // Reports that were written before engines told anything are still read.
    let mut json = serde_json::to_value(&report).unwrap();
    json.as_object_mut().unwrap().remove("engines");
    assert!(serde_json::from_value::<MemoryReport>(json).unwrap().engines.is_empty());
}
