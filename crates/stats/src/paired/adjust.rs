//! Log ratios freed from what a position within the pair costs.

use super::design::Design;
use super::pair::{InvalidPair, Pair};
use crate::MAD_TO_STANDARD_DEVIATION;
use crate::sorted::median_in_place;

/// Turns pairs, one at a time, into one log ratio for each coin of the design.
///
/// With a coin for each pair, what the second place costs is estimated from the pairs *before* alone.
/// So it is settled when the coin of this pair falls, and taking it off leaves the coin fair: the
/// evidence stays exact, however wrong the estimate is.
#[derive(Clone, Debug)]
pub(crate) struct Adjustment {
    design: Design,
    /// The first pair of a block that still lacks its second.
    pending: Option<Pair>,
    /// log(first ÷ second) of the pairs in which the candidate, or the reference, was first.
    candidate_first: Vec<f64>,
    reference_first: Vec<f64>,
}

/// Fewer pairs of one order say too little about the cost of a position.
const FEWEST_OF_AN_ORDER: usize = 2;

impl Adjustment {
    pub(crate) fn new(design: Design) -> Self {
        Self { design, pending: None, candidate_first: Vec::new(), reference_first: Vec::new() }
    }

    /// The log ratio of the coin that this pair completes, if it completes one.
    pub(crate) fn observe(&mut self, pair: Pair) -> Result<Option<f64>, InvalidPair> {
        match self.design {
            Design::Pairs => {
                let sign = pair.order().sign();
                let first_to_second = sign * pair.log_ratio();
                let adjusted = pair.log_ratio() - sign * self.cost_of_position();
                if sign > 0.0 { &mut self.candidate_first } else { &mut self.reference_first }
                    .push(first_to_second);
                Ok(Some(adjusted))
            }
            Design::Abba => {
                let Some(first) = self.pending else {
                    self.pending = Some(pair);
                    return Ok(None);
                };
                if first.order() == pair.order() {
                    return Err(InvalidPair::OrderRepeated);
                }
                self.pending = None;
                Ok(Some(0.5 * (first.log_ratio() + pair.log_ratio())))
            }
        }
    }

    /// log(first ÷ second) of a pair of equals, as the pairs so far have it.
    ///
    /// The mean of the two orders' medians, in which the candidate's own effect cancels, shrunk towards
    /// zero as James and Stein do (1961): where there is no such cost, hardly any noise is added.
    pub(crate) fn cost_of_position(&self) -> f64 {
        let orders = [&self.candidate_first, &self.reference_first];
        if orders.iter().any(|order| order.len() < FEWEST_OF_AN_ORDER) {
            return 0.0;
        }
        let mut variance = 0.0;
        let mut cost = 0.0;
        for order in orders {
            let mut values = order.clone();
            let median = median_in_place(&mut values);
            for value in &mut values {
                *value = (*value - median).abs();
            }
            let spread = MAD_TO_STANDARD_DEVIATION * median_in_place(&mut values);
            // A median of n normal values varies by π / (2n).
            variance += 0.25 * std::f64::consts::FRAC_PI_2 * spread * spread / order.len() as f64;
            cost += 0.5 * median;
        }
        if cost == 0.0 { 0.0 } else { cost * (1.0 - variance / (cost * cost)).max(0.0) }
    }
}

/// The log ratio of each coin of a whole stream of pairs; an unfinished block is left out.
pub(crate) fn log_ratios(pairs: &[Pair], design: Design) -> Result<Vec<f64>, InvalidPair> {
    let mut adjustment = Adjustment::new(design);
    pairs.iter().filter_map(|&pair| adjustment.observe(pair).transpose()).collect()
}
