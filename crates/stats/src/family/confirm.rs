//! What was found once is measured again.

use crate::{Finding, Judgement, Outcome, Settlement};

/// The judgement of a benchmark that was flagged and then measured anew, in reversed order of the
/// benchmarks and with fresh lots for its pairs.
///
/// A finding stands if the second measurement finds the same direction by itself; then the second
/// judgement is the one to report, since the first was picked for being large and so overstates the
/// effect (the winner's curse). If equals are flagged with a probability of `α`, they pass both stages
/// in one direction with `α² / 2`. Otherwise the judgement is unsure. A first judgement that was
/// neither faster nor slower needs no confirmation and is returned as it is.
pub fn confirm(first: &Judgement, second: &Judgement) -> Judgement {
    match first.outcome {
        Outcome::Same | Outcome::Unsure => *first,
        direction if second.outcome == direction => *second,
        _ => {
            let settlement = match second.settlement {
                Some(settlement) => settlement,
                // The second was sure of something else: the machine changed in between.
                None => Settlement::QuieterMachine,
            };
            second.withdrawn(Finding::NotConfirmed, settlement)
        }
    }
}
