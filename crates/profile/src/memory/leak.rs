//! What was probably forgotten.

use std::collections::HashMap;

use serde::{Deserialize, Serialize};

use super::live::Held;
use super::view::View;

/// Stretches into which what happened since the first suspect is cut.
const WINDOWS: usize = 16;
/// In so many of them something must have been left behind to be called steady.
const STEADY: usize = 12;
/// Fewer suspects than this say nothing.
const FEWEST: usize = 8;
/// Ids that are named of each candidate.
const EXAMPLES: usize = 5;
/// Freed allocations from which on it is known how long they live.
const LIFETIMES: u64 = 16;

/// An allocation that is held.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LiveAllocation {
    /// Its number.
    pub id: u64,
    /// Its name, if it was told by name.
    pub name: Option<String>,
    /// Bytes.
    pub bytes: u64,
    /// Where.
    pub device: String,
    /// What for.
    pub purpose: String,
    /// The place of the program that told of it, or that made its account.
    pub site: String,
    /// When it was allocated: nanoseconds since the tracker was made.
    pub since: u64,
}

/// Why something is called a leak.
#[derive(Clone, Copy, Debug, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum LeakSign {
    /// Again and again, something stayed behind.
    GrowsSteadily,
    /// It is held more than four times as long as 999 of 1,000 others from the same place.
    OutlivesOthers,
}

/// Allocations from one place that were probably forgotten.
#[derive(Clone, Debug, PartialEq, Eq, Serialize, Deserialize)]
pub struct LeakCandidate {
    /// Where.
    pub device: String,
    /// What for.
    pub purpose: String,
    /// The place of the program that told of them, or that made their account.
    pub site: String,
    /// Why.
    pub sign: LeakSign,
    /// How many allocations seem forgotten.
    pub count: u64,
    /// Their bytes.
    pub bytes: u64,
    /// When the first was allocated: nanoseconds since the tracker was made.
    pub since: u64,
    /// Of 16 equal stretches of what was allocated since then, in how many something was left behind; of the time since
    /// then, if nothing was ever freed.
    pub windows: u32,
    /// After how many further allocations from this place 999 of 1,000 freed ones were freed at the latest, to the next
    /// power of two; `None` if too few were.
    pub usual_lifetime: Option<u64>,
    /// The oldest of them.
    pub examples: Vec<LiveAllocation>,
}

impl LiveAllocation {
    fn of(view: &View<'_>, id: u64, held: &Held) -> Self {
        let ledger = view.ledger;
        let account = &ledger.accounts[held.account as usize];
        Self {
            id,
            name: view.names.name(id).map(str::to_owned),
            bytes: held.bytes,
            device: ledger.devices[account.device as usize].name.clone(),
            purpose: ledger.purposes[account.purpose as usize].name.clone(),
            site: account.site.to_string(),
            since: view.nanoseconds(held.since),
        }
    }
}

/// Everything that is held.
fn held<'a>(view: &View<'a>) -> impl Iterator<Item = (u64, &'a Held)> {
    let devices = view.ledger.devices.iter();
    devices.flat_map(|device| device.live.iter().map(|(id, held)| (*id, held)))
}

/// The allocations that are held longest; of two of the same age, the larger first.
pub(super) fn longest_held(view: &View<'_>, most: usize) -> Vec<LiveAllocation> {
    let mut all: Vec<_> = held(view).collect();
    let age = |(id, held): &(u64, &Held)| (held.since, u64::MAX - held.bytes, *id);
    if all.len() > most {
        all.select_nth_unstable_by_key(most, age);
        all.truncate(most);
    }
    all.sort_unstable_by_key(age);
    all.into_iter().map(|(id, held)| LiveAllocation::of(view, id, held)).collect()
}

/// What was probably forgotten; what grows comes first, then what is larger.
///
/// Weights that are loaded once and held for ever are no leak: nothing comes after them. Buffers that come and go are
/// none either: those that are held are no older than others became.
pub(super) fn candidates(view: &View<'_>) -> Vec<LeakCandidate> {
    let mut held_by: HashMap<u32, Vec<(u64, &Held)>> = HashMap::new();
    for (id, held) in held(view) {
        held_by.entry(held.account).or_default().push((id, held));
    }
    let judged =
        held_by.into_iter().filter_map(|(account, held)| candidate(view, account as usize, held));
    let mut candidates: Vec<LeakCandidate> = judged.collect();
    candidates.sort_by(|a, b| {
        let steady = |candidate: &LeakCandidate| candidate.sign != LeakSign::GrowsSteadily;
        (steady(a), b.bytes, &a.site, &a.purpose).cmp(&(steady(b), a.bytes, &b.site, &b.purpose))
    });
    candidates
}

fn candidate(
    view: &View<'_>,
    account: usize,
    mut suspects: Vec<(u64, &Held)>,
) -> Option<LeakCandidate> {
    let View { ledger, now, .. } = *view;
    let state = &ledger.accounts[account];
    let usual = (state.lifetimes.count() >= LIFETIMES).then(|| state.lifetimes.quantile(0.999));
    let usual = usual.flatten();
    let suspicious = usual.unwrap_or(0).saturating_mul(4);
    // Where some are freed, the number of later allocations is their age, which no pause disturbs. Where none is ever
    // freed, time must tell what is loaded once from what comes again and again.
    let count = u64::from(state.allocations);
    let is_old = |held: &Held| count.saturating_sub(held.position.into()) > suspicious;
    let coordinate = |held: &Held| if usual.is_some() { held.position.into() } else { held.since };
    let end = if usual.is_some() { count.saturating_sub(suspicious) } else { now };
    suspects.retain(|(_, held)| is_old(held));
    if suspects.len() < FEWEST {
        return None;
    }
    suspects.sort_unstable_by_key(|(id, held)| (held.since, *id));
    let first = suspects[0].1.since;
    let begin = suspects.iter().map(|(_, held)| coordinate(held)).min().unwrap_or(0);
    let span = end.saturating_sub(begin).max(1);
    let window = |held: &Held| {
        let position = u128::from(coordinate(held) - begin) * WINDOWS as u128 / u128::from(span);
        (position as usize).min(WINDOWS - 1)
    };
    let mut left_behind = [false; WINDOWS];
    suspects.iter().for_each(|(_, held)| left_behind[window(held)] = true);
    let windows = left_behind.iter().filter(|left| **left).count();
    let sign = match usual {
        _ if windows >= STEADY => LeakSign::GrowsSteadily,
        Some(_) => LeakSign::OutlivesOthers,
        None => return None,
    };
    let examples = suspects.iter().take(EXAMPLES);
    Some(LeakCandidate {
        device: ledger.devices[state.device as usize].name.clone(),
        purpose: ledger.purposes[state.purpose as usize].name.clone(),
        site: state.site.to_string(),
        sign,
        count: suspects.len() as u64,
        bytes: suspects.iter().map(|(_, held)| held.bytes).sum(),
        since: view.nanoseconds(first),
        windows: windows as u32,
        usual_lifetime: usual,
        examples: examples.map(|(id, held)| LiveAllocation::of(view, *id, held)).collect(),
    })
}
