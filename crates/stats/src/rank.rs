//! Many devices in order, tied where the data cannot tell them apart.

use std::collections::BTreeSet;

use serde::{Deserialize, Serialize};

use crate::typical::{LogRatio, LogTypical};
use crate::{ComparisonOptions, Estimate, Outcome, Samples, StatisticsError, Verdict};

/// A named device and what its processes yielded, one series each.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Candidate {
    /// The device's name, unique in a ranking.
    pub name: String,
    /// The samples of each process, in the order of the rounds.
    pub processes: Vec<Samples>,
}

/// One line of a ranking.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Place {
    /// The device's name.
    pub name: String,
    /// 1 for the fastest group; a group of three at rank 1 is followed by rank 4.
    pub rank: usize,
    /// Whether another device has the same rank.
    pub tied: bool,
    /// The best rank the data allow: one more than the devices that are clearly faster.
    pub best_rank: usize,
    /// The worst rank the data allow: all devices but those that are clearly slower.
    pub worst_rank: usize,
    /// The typical value, with an interval for this device alone at the options' level.
    pub typical: Estimate,
    /// Against the device on the line above; `None` on the first line.
    pub to_previous: Option<Verdict>,
    /// Against the device on the first line; `None` there.
    pub to_first: Option<Verdict>,
}

/// Devices in order of their typical value.
#[derive(Clone, Debug, PartialEq, Serialize, Deserialize)]
pub struct Ranking {
    /// From the fastest to the slowest.
    pub places: Vec<Place>,
    /// How many pairs share the error that the level allows.
    pub pairs: usize,
    /// The level of each pair's interval, widened so that all pairs together keep the options' level.
    pub pair_level: f64,
}

/// Orders the candidates and ties those that the data cannot tell apart.
///
/// # The grouping rule
/// The devices are sorted by typical value (equal ones by name). The first begins a group. Each next
/// one begins a new group if it is clearly slower ([`Outcome::Slower`]) than *every* member of the
/// group before it; otherwise it joins that group. Members of a group share a rank. So two
/// neighbours whose interval holds 1 are never ordered, and the rule needs no transitivity: where A
/// and C differ clearly but B differs from neither, all three are tied. A tie therefore means "not
/// told apart from some member of the group"; [`Place::best_rank`] and [`Place::worst_rank`] say for
/// each device alone which ranks the data leave open. They also show the rare device so noisy that it
/// is not told apart from an earlier group, though it stands behind one that is.
///
/// # Many pairs
/// A ranking is wrong if any of its pairs is wrong, so the family-wise error is what has to be kept,
/// not the false discovery rate. Which pairs become neighbours depends on the data, so all pairs
/// count. The intervals are widened by Bonferroni's rule rather than the p-values by Holm's, because
/// Holm's has no intervals to match and a table must not show an interval that contradicts its ranks.
///
/// # Errors
/// Two candidates of one name, invalid options, or a candidate that cannot be estimated, by name.
pub fn rank(
    candidates: &[Candidate],
    options: &ComparisonOptions,
) -> Result<Ranking, StatisticsError> {
    options.check()?;
    let mut names = BTreeSet::new();
    if let Some(twice) = candidates.iter().find(|candidate| !names.insert(&candidate.name)) {
        return Err(StatisticsError::DuplicateName { name: twice.name.clone() });
    }
    let mut devices = Vec::with_capacity(candidates.len());
    for Candidate { name, processes } in candidates {
        let typical = LogTypical::new(processes, &options.resampling).map_err(|source| {
            StatisticsError::Candidate { name: name.clone(), source: Box::new(source) }
        })?;
        devices.push((name, typical));
    }
    devices.sort_by(|(a_name, a), (b_name, b)| a.mean.total_cmp(&b.mean).then(a_name.cmp(b_name)));

    let count = devices.len();
    let pairs = count * count.saturating_sub(1) / 2;
    let pair_level = 1.0 - (1.0 - options.level) / pairs.max(1) as f64;
    // Row i holds device i against each earlier one.
    let verdicts: Vec<Vec<Verdict>> = (0..count)
        .map(|slow| {
            let against = |fast: usize| {
                let ratio = LogRatio::new(&devices[slow].1, &devices[fast].1, options.pairing);
                Verdict::new(&ratio, pair_level, options.margin)
            };
            (0..slow).map(against).collect()
        })
        .collect();
    let clearly_slower = |slow: usize, fast: usize| verdicts[slow][fast].outcome == Outcome::Slower;

    let starts = group_starts(count, clearly_slower);
    let places = devices.iter().enumerate().map(|(i, (name, typical))| Place {
        name: (*name).clone(),
        rank: starts[i] + 1,
        tied: starts.iter().filter(|&&start| start == starts[i]).count() > 1,
        best_rank: 1 + (0..i).filter(|&fast| clearly_slower(i, fast)).count(),
        worst_rank: count - (i + 1..count).filter(|&slow| clearly_slower(slow, i)).count(),
        typical: typical.estimate(options.level),
        to_previous: i.checked_sub(1).map(|previous| verdicts[i][previous]),
        to_first: verdicts[i].first().copied(),
    });
    Ok(Ranking { places: places.collect(), pairs, pair_level })
}

/// For each position, the position at which its group begins.
fn group_starts(count: usize, clearly_slower: impl Fn(usize, usize) -> bool) -> Vec<usize> {
    let mut starts: Vec<usize> = Vec::with_capacity(count);
    for i in 0..count {
        let start = match starts.last() {
            Some(&start) if (start..i).any(|member| !clearly_slower(i, member)) => start,
            _ => i,
        };
        starts.push(start);
    }
    starts
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_chain_of_ties_is_one_group() {
        // 0 ~ 1, 1 ~ 2, 0 < 2: all tied. 3 is slower than all of them.
        let clearly = |slow: usize, fast: usize| slow == 3 || (slow, fast) == (2, 0);
        assert_eq!(group_starts(4, clearly), [0, 0, 0, 3]);
        // 0 ~ 1, 0 ~ 2, 1 < 2: being told apart from one member of the group is not enough.
        let clearly = |slow: usize, fast: usize| slow == 3 || (slow, fast) == (2, 1);
        assert_eq!(group_starts(4, clearly), [0, 0, 0, 3]);
    }

    #[test]
    fn only_the_group_before_decides() {
        // 2 is told apart from 1 but, being noisy, not from 0; 1 is slower than 0.
        let clearly = |slow: usize, fast: usize| (slow, fast) != (2, 0);
        assert_eq!(group_starts(3, clearly), [0, 1, 2]);
    }
}
