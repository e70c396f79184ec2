//! All figures of a tracker at one time.

use std::fmt;
use std::time::Duration;

use serde::{Deserialize, Serialize};

use super::leak;
use super::ledger::Device;
use super::view::View;
use super::{
    EngineMemory, EngineReading, Faults, Figures, Fragmentation, LeakCandidate, LeakSign,
    LiveAllocation, TimelinePoint,
};

/// Allocations that are listed as held longest.
const LONGEST: usize = 10;

/// All figures of a tracker at one time. `{}` prints it for people.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct MemoryReport {
    /// When the tracker was made: nanoseconds since 1970-01-01 UTC.
    pub started: u64,
    /// How long that is ago, in nanoseconds. All times of the report count from the start.
    pub wall: u64,
    /// Each device that was named, in that order.
    pub devices: Vec<DeviceMemory>,
    /// What went from device to device, the most first.
    pub transfers: Vec<Traffic>,
    /// What was probably forgotten, the worst first.
    pub leaks: Vec<LeakCandidate>,
    /// The allocations that are held longest. Weights belong here.
    pub longest_held: Vec<LiveAllocation>,
    /// What engines tell of their own memory. Bytes that the devices' sums have may be among it.
    #[serde(default)]
    pub engines: Vec<EngineMemory>,
    /// Events that were believed.
    pub events: u64,
    /// Of them, those that the history has no room for any more. Only the history lacks them.
    pub dropped: u64,
    /// Events that were not believed.
    pub faults: Faults,
}

/// The memory of one device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct DeviceMemory {
    /// Its name.
    pub device: String,
    /// Its sums.
    pub figures: Figures,
    /// What it is used for, the largest peak first.
    pub purposes: Vec<PurposeMemory>,
    /// What was held over time.
    pub timeline: Vec<TimelinePoint>,
    /// What its arena holds and what lies idle, if somebody said how large it is.
    pub fragmentation: Option<Fragmentation>,
}

/// The memory of one purpose on one device.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct PurposeMemory {
    /// What for.
    pub purpose: String,
    /// Its sums.
    pub figures: Figures,
}

/// What went from one device to another.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct Traffic {
    /// From where.
    pub from: String,
    /// To where.
    pub to: String,
    /// How many transfers.
    pub count: u64,
    /// How many bytes.
    pub bytes: u64,
}

impl MemoryReport {
    pub(super) fn of(view: &View<'_>, started: u64) -> Self {
        let ledger = view.ledger;
        let in_nanoseconds =
            |figures: Figures| Figures { peak_at: view.nanoseconds(figures.peak_at), ..figures };
        let devices = ledger.devices.iter().zip(0..).map(|(device, number)| {
            let of_device = ledger.purposes.iter().filter(|purpose| purpose.device == number);
            let mut purposes: Vec<PurposeMemory> = of_device
                .map(|purpose| PurposeMemory {
                    purpose: purpose.name.clone(),
                    figures: in_nanoseconds(purpose.figures),
                })
                .collect();
            purposes.sort_by_key(|purpose| std::cmp::Reverse(purpose.figures.peak));
            let points = device.timeline.points();
            DeviceMemory {
                device: device.name.clone(),
                figures: in_nanoseconds(device.figures),
                purposes,
                timeline: points
                    .map(|point| TimelinePoint { at: view.nanoseconds(point.at), ..point })
                    .collect(),
                fragmentation: fragmentation(device),
            }
        });
        let name = |device: u16| ledger.devices[device as usize].name.clone();
        let mut transfers: Vec<Traffic> = ledger
            .traffic
            .iter()
            .map(|((from, to), (count, bytes))| Traffic {
                from: name(*from),
                to: name(*to),
                count: *count,
                bytes: *bytes,
            })
            .collect();
        transfers.sort_by(|a, b| (b.bytes, &a.from, &a.to).cmp(&(a.bytes, &b.from, &b.to)));
        Self {
            started,
            wall: view.nanoseconds(view.now),
            devices: devices.collect(),
            transfers,
            leaks: leak::candidates(view),
            longest_held: leak::longest_held(view, LONGEST),
            engines: ledger.engines.0.iter().map(|engine| in_time(engine, view)).collect(),
            events: ledger.history.seen(),
            dropped: ledger.history.dropped(),
            faults: ledger.faults,
        }
    }

    /// What is told of one device.
    pub fn device(&self, name: &str) -> Option<&DeviceMemory> {
        self.devices.iter().find(|device| device.device == name)
    }
}

fn in_time(engine: &EngineMemory, view: &View<'_>) -> EngineMemory {
    let at =
        |reading: &EngineReading| EngineReading { at: view.nanoseconds(reading.at), ..*reading };
    EngineMemory { readings: engine.readings.iter().map(at).collect(), ..engine.clone() }
}

fn fragmentation(device: &Device) -> Option<Fragmentation> {
    if let Some(arena) = &device.arena {
        let blocks = device.live.iter().filter(|(id, _)| arena.contains(id));
        let blocks = blocks.map(|(id, held)| (*id, held.bytes));
        return Some(Fragmentation::of_blocks(arena.clone(), blocks));
    }
    let reserved = device.reserved?;
    Some(Fragmentation { reserved, held: device.figures.current, largest_gap: None })
}

/// Bytes in the unit that people read.
fn bytes(bytes: u64) -> String {
    let units = ["KiB", "MiB", "GiB", "TiB", "PiB", "EiB"];
    let mut size = bytes as f64;
    let mut shown = format!("{bytes} B");
    for unit in units {
        if size < 1024.0 {
            break;
        }
        size /= 1024.0;
        shown = format!("{size:.1} {unit}");
    }
    shown
}

fn time(nanoseconds: u64) -> String {
    format!("{:.3?}", Duration::from_nanos(nanoseconds))
}

impl fmt::Display for MemoryReport {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        writeln!(f, "memory over {}, {} events", time(self.wall), self.events)?;
        for device in &self.devices {
            writeln!(f, "\n{}", device.device)?;
            writeln!(
                f,
                "  {:<24} {:>12} {:>12} {:>12} {:>10} {:>10}",
                "purpose", "held", "peak", "in all", "allocated", "live"
            )?;
            let row = |f: &mut fmt::Formatter<'_>, name: &str, figures: &Figures| {
                writeln!(
                    f,
                    "  {name:<24} {:>12} {:>12} {:>12} {:>10} {:>10}",
                    bytes(figures.current),
                    bytes(figures.peak),
                    bytes(figures.allocated),
                    figures.allocations,
                    figures.live()
                )
            };
            for purpose in &device.purposes {
                row(f, &purpose.purpose, &purpose.figures)?;
            }
            row(f, "all", &device.figures)?;
            if let Some(arena) = &device.fragmentation {
                write!(
                    f,
                    "  {} reserved, {:.1}% of it idle",
                    bytes(arena.reserved),
                    arena.unused() * 100.0
                )?;
                match arena.largest_gap {
                    Some(gap) => writeln!(f, ", the largest gap {}", bytes(gap))?,
                    None => writeln!(f)?,
                }
            }
        }
        for engine in &self.engines {
            if engine.readings.is_empty() {
                writeln!(f, "\n{}: {}", engine.device, engine.source)?;
                continue;
            }
            writeln!(f, "\n{}, as counted by {}", engine.device, engine.source)?;
            writeln!(
                f,
                "  {:<24} {:>12} {:>12} {:>12}",
                engine.purpose, "in use", "peak", "reserved"
            )?;
            for EngineReading { occasion, figures, .. } in &engine.readings {
                let shown = |figure: Option<u64>| figure.map_or("–".to_owned(), bytes);
                writeln!(
                    f,
                    "  {:<24} {:>12} {:>12} {:>12}",
                    occasion.name(),
                    shown(figures.active),
                    shown(figures.peak),
                    shown(figures.reserved)
                )?;
            }
        }
        if !self.transfers.is_empty() {
            writeln!(f, "\ntransfers")?;
        }
        for traffic in &self.transfers {
            writeln!(
                f,
                "  {} -> {}: {} in {} transfers",
                traffic.from,
                traffic.to,
                bytes(traffic.bytes),
                traffic.count
            )?;
        }
        if !self.leaks.is_empty() {
            writeln!(f, "\nprobably forgotten")?;
        }
        for leak in &self.leaks {
            write!(
                f,
                "  `{}` on {} at {}: {} in {} allocations since {}",
                leak.purpose,
                leak.device,
                leak.site,
                bytes(leak.bytes),
                leak.count,
                time(leak.since)
            )?;
            match leak.sign {
                LeakSign::GrowsSteadily => {
                    write!(
                        f,
                        "; some stayed behind in {} of 16 stretches since then",
                        leak.windows
                    )?;
                }
                LeakSign::OutlivesOthers => write!(f, "; held four times as long as others")?,
            }
            match leak.usual_lifetime {
                Some(usual) => {
                    writeln!(f, "; others are freed within {usual} further allocations")?
                }
                None => writeln!(f)?,
            }
        }
        if self.dropped > 0 {
            let (dropped, events) = (self.dropped, self.events);
            writeln!(
                f,
                "\nThe history has no room for {dropped} of {events} events; the sums have them all."
            )?;
        }
        let faults = self.faults.named().into_iter().filter(|(_, count)| *count > 0);
        for (position, (name, count)) in faults.enumerate() {
            let start = if position == 0 { "\nnot believed: " } else { ", " };
            write!(f, "{start}{name} {count}")?;
        }
        if self.faults.total() > 0 {
            writeln!(f)?;
        }
        Ok(())
    }
}
