//! Two programs measured in pairs: what a pair is, what follows from many, and when to stop.

mod adjust;
mod design;
mod duel;
mod evidence;
mod judgement;
mod noise;
mod pair;
mod plan;
mod severity;
mod signed_rank;

pub use design::{Design, Orders};
pub use duel::{Duel, DuelOptions, judge};
pub use judgement::{Finding, Judgement, Settlement};
pub use noise::Noise;
pub use pair::{InvalidPair, Order, Pair};
pub use plan::Plan;
pub use severity::Severity;
pub use signed_rank::{paired_ratio, signed_rank_interval, signed_rank_location};
