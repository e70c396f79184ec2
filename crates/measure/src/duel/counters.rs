//! Instructions and cycles of child processes, where the kernel counts them.

/// What was counted during one process.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Counts {
    pub instructions: Option<u64>,
    pub cycles: Option<u64>,
}

#[cfg(target_os = "linux")]
pub(super) use linux::Counters;
#[cfg(not(target_os = "linux"))]
pub(super) use other::Counters;

#[cfg(target_os = "linux")]
mod linux {
    use std::io;

    use perf_event::events::{Event, Hardware};
    use perf_event::{Builder, Counter};

    use super::Counts;

    /// Whether instructions and cycles of child processes can be counted here.
    pub(in crate::duel) struct Counters {
        absence: Option<String>,
    }

    /// Counters of the next child of this thread.
    pub(in crate::duel) struct Running {
        instructions: Option<Counter>,
        cycles: Option<Counter>,
    }

    impl Counters {
        pub fn probe() -> Self {
            Self { absence: armed(Hardware::INSTRUCTIONS).err().map(explain) }
        }

        /// Why nothing is counted, if nothing is.
        pub fn absence(&self) -> Option<&str> {
            self.absence.as_deref()
        }

        /// To be called right before a child is started.
        pub fn arm(&self) -> Running {
            let open = |event: Hardware| match self.absence {
                Some(_) => None,
                None => armed(event).ok(),
            };
            Running {
                instructions: open(Hardware::INSTRUCTIONS),
                cycles: open(Hardware::CPU_CYCLES),
            }
        }
    }

    impl Running {
        /// What the child counted, once it has ended.
        pub fn finish(self) -> Counts {
            let count = |counter: Option<Counter>| counted(&mut counter?);
            Counts { instructions: count(self.instructions), cycles: count(self.cycles) }
        }
    }

    fn explain(error: io::Error) -> String {
        match error.kind() {
            io::ErrorKind::PermissionDenied => {
                "the kernel forbids counting; `sysctl kernel.perf_event_paranoid=2` allows it"
                    .to_owned()
            }
            io::ErrorKind::NotFound | io::ErrorKind::Unsupported => {
                "the processor's counters are not to be had here, as on many virtual machines"
                    .to_owned()
            }
            _ => format!("the kernel does not count them ({error})"),
        }
    }

    /// A counter that this thread's children inherit, and that counts from their `exec` on.
    ///
    /// It never runs for this thread itself, which executes no other program. What a child counted is added to it at
    /// the child's end. Only user mode is counted: that is allowed to everybody, and free of interrupts. Each child
    /// needs a fresh one: where parent and child follow each other on a processor, the kernel may swap their equal
    /// counters instead of switching them, and then the parent's is the one that has been used up.
    pub(super) fn armed<E: Event>(event: E) -> io::Result<Counter> {
        Builder::new(event).inherit(true).enable_on_exec(true).build()
    }

    /// The count, scaled up if the counter was shared with others for some of the time; `None` if it never ran.
    pub(super) fn counted(counter: &mut Counter) -> Option<u64> {
        let data = counter.read_full().ok()?;
        let (enabled, running) = (data.time_enabled()?.as_nanos(), data.time_running()?.as_nanos());
        match running {
            0 => None,
            _ if running >= enabled => Some(data.count()),
            _ => Some((data.count() as f64 * (enabled as f64 / running as f64)) as u64),
        }
    }
}

#[cfg(not(target_os = "linux"))]
mod other {
    use super::Counts;

    /// Nothing is counted here.
    pub(in crate::duel) struct Counters;

    pub(in crate::duel) struct Running;

    impl Counters {
        pub fn probe() -> Self {
            Self
        }

        pub fn absence(&self) -> Option<&str> {
            Some("they are counted on Linux only")
        }

        pub fn arm(&self) -> Running {
            Running
        }
    }

    impl Running {
        pub fn finish(self) -> Counts {
            Counts::default()
        }
    }
}

#[cfg(all(test, target_os = "linux"))]
mod tests {
    use std::process::Command;

    use perf_event::events::Software;

    use super::linux::{armed, counted};

    /// Many machines have no hardware counters, but page faults are counted by the same path everywhere.
    #[test]
    fn a_childs_events_are_counted_and_not_ours() {
        let Ok(mut idle) = armed(Software::PAGE_FAULTS) else {
            println!("left out: the kernel forbids counting");
            return;
        };
        // Our own page faults are none of the child's.
        std::hint::black_box(vec![1u8; 32 << 20]);
        assert_eq!(counted(&mut idle), None);
        for _ in 0..20 {
            let mut counter = armed(Software::PAGE_FAULTS).unwrap();
            assert!(Command::new("true").status().unwrap().success());
            let faults = counted(&mut counter).unwrap();
            assert!((10..4000).contains(&faults), "{faults}");
        }
    }
}
