//! Evidence for a direction that may be looked at after every pair.

/// How much a stream of log ratios speaks against "their centre is the shift", for each direction.
///
/// # A game of coins
/// Subtract the shift from each log ratio. If the shift is the truth, the sign of what is left is the
/// toss of a fair coin, given its magnitude and all that came before ([`Design`](crate::Design) says
/// why). So let a gambler with one unit of money bet a share `b` of it on "+" before each toss, where
/// `b` may depend on everything but the toss itself. The money is a nonnegative martingale of mean one,
/// and by Ville's inequality (1939) it *ever* reaches `1/α` with probability `α` at most, whatever the
/// distribution of the noise, for any number of looks. Its value at any moment is an e-value (Shafer
/// and Vovk, *Game-Theoretic Foundations for Probability and Finance*, 2019; Ramdas, Grünwald, Vovk
/// and Shafer, *Game-Theoretic Statistics and Safe Anytime-Valid Inference*, 2023).
///
/// # The bets
/// Against normal log ratios of mean `θ` and spread `σ` the best bet after seeing the magnitude `m` is
/// `tanh(θ m / σ²)`: large differences tell more about the sign than small ones do. Neither `θ` nor `σ`
/// is known, and magnitudes with heavy tails would ruin the gambler. So the magnitude is replaced by
/// its rank among those so far (the sequential ranks of Reynolds, *A Sequential Signed-Rank Test for
/// Symmetry*, Annals of Statistics 3, 1975), and the stakes are spread over effects from a seventh of
/// the noise to far above it. This is Wilcoxon's signed-rank test made safe to watch.
///
/// # Why not a normal confidence sequence
/// The confidence sequences of Howard, Ramdas, McAuliffe and Sekhon (2021) need bounded or
/// sub-Gaussian values with a known bound, and the asymptotic ones of Waudby-Smith and others (2024)
/// hold for many pairs, not for the first thirty of a machine with bursts. The price paid here for
/// exactness is that each coin at most doubles the money: nine coins are the fewest that can decide.
#[derive(Clone, Debug)]
pub(crate) struct Evidence {
    shift: f64,
    /// The magnitudes so far, ascending.
    magnitudes: Vec<f64>,
    /// The money of the gamblers on "+" and on "−", one for each stake.
    above: [f64; STAKES],
    below: [f64; STAKES],
}

/// How many effects the money is spread over, each twice the one before.
const STAKES: usize = 6;

/// The smallest effect, in units of the noise. √3 gives ranks over (0, 1] a mean square of one.
const SMALLEST_STAKE: f64 = 0.25 * 1.732_050_807_568_877_2;

/// Money beyond this is given away, so that products stay numbers. Giving away keeps the bound.
const RICHEST: f64 = 1e150;

impl Evidence {
    pub(crate) fn new(shift: f64) -> Self {
        Self { shift, magnitudes: Vec::new(), above: [1.0; STAKES], below: [1.0; STAKES] }
    }

    /// The evidence of a whole stream.
    pub(crate) fn of(log_ratios: &[f64], shift: f64) -> Self {
        let mut evidence = Self::new(shift);
        log_ratios.iter().for_each(|&log_ratio| evidence.observe(log_ratio));
        evidence
    }

    pub(crate) fn observe(&mut self, log_ratio: f64) {
        let difference = log_ratio - self.shift;
        let magnitude = difference.abs();
        let first = self.magnitudes.partition_point(|&other| other < magnitude);
        let ties = self.magnitudes[first..].partition_point(|&other| other <= magnitude);
        self.magnitudes.insert(first, magnitude);
        if difference == 0.0 {
            return;
        }
        let rank = first as f64 + 0.5 * ties as f64 + 1.0;
        let score = rank / (self.magnitudes.len() as f64 + 1.0);
        let mut bet = (SMALLEST_STAKE * score).tanh();
        let (winners, losers) = match difference > 0.0 {
            true => (&mut self.above, &mut self.below),
            false => (&mut self.below, &mut self.above),
        };
        for (winner, loser) in winners.iter_mut().zip(losers) {
            *winner = (*winner * (1.0 + bet)).min(RICHEST);
            *loser *= 1.0 - bet;
            // tanh 2x, for a stake twice as high.
            bet = 2.0 * bet / (1.0 + bet * bet);
        }
    }

    /// The e-value against "the centre is the shift or below it".
    pub(crate) fn above(&self) -> f64 {
        mean(&self.above)
    }

    /// The e-value against "the centre is the shift or above it".
    pub(crate) fn below(&self) -> f64 {
        mean(&self.below)
    }
}

fn mean(money: &[f64; STAKES]) -> f64 {
    money.iter().sum::<f64>() / STAKES as f64
}

/// A side of a shift.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub(crate) enum Side {
    Below,
    Above,
}

impl Side {
    /// The money against all shifts on this side that there is at one of them.
    fn against(self, evidence: &Evidence) -> f64 {
        match self {
            Side::Below => evidence.above(),
            Side::Above => evidence.below(),
        }
    }

    /// The value seen that lies farthest out on this side.
    fn farthest(self, log_ratios: &[f64]) -> f64 {
        let extreme = match self {
            Side::Below => f64::min,
            Side::Above => f64::max,
        };
        log_ratios.iter().copied().reduce(extreme).unwrap_or(0.0)
    }

    /// Whether `value` lies on this side of `shift`.
    fn holds(self, value: f64, shift: f64) -> bool {
        match self {
            Side::Below => value < shift,
            Side::Above => value > shift,
        }
    }
}

/// At how many shifts beyond a given one the evidence is looked at.
const LOOKS: usize = 16;

/// Whether there is enough evidence against a shift and against all beyond it on a side.
///
/// Evidence against a shift is nearly always evidence against those beyond it, but not by necessity: where the
/// second place costs more than the effect, and that has not been learned yet, small log ratios fall to the
/// wrong side. The truth is one of the shifts, so enough evidence is asked for at each of a row of them; beyond
/// all that was seen the evidence does not change any more.
pub(crate) fn rules_out(log_ratios: &[f64], at: &Evidence, side: Side, enough: f64) -> bool {
    let (shift, farthest) = (at.shift, side.farthest(log_ratios));
    side.against(at) >= enough
        && (!side.holds(farthest, shift)
            || (1..=LOOKS).all(|look| {
                let beyond = shift + (farthest - shift) * look as f64 / LOOKS as f64;
                side.against(&Evidence::of(log_ratios, beyond)) >= enough
            }))
}

/// The shifts that the evidence does not rule out at `level`: an interval that may be looked at after
/// every pair and still holds the truth at all those moments together. `None` while an end is open.
///
/// Each end is where the money against the shifts beyond it comes to `2 / (1 − level)`.
pub(crate) fn anytime_interval(log_ratios: &[f64], center: f64, level: f64) -> Option<(f64, f64)> {
    let enough = 2.0 / (1.0 - level);
    let end = |side: Side| -> Option<f64> {
        let ruled_out = |shift: f64| side.against(&Evidence::of(log_ratios, shift)) >= enough;
        let farthest = side.farthest(log_ratios);
        // A little beyond all that was seen, where the evidence does not change any more.
        let mut out = farthest
            + 1e-9 * (farthest - center)
            + if side == Side::Below { -1e-12 } else { 1e-12 };
        if log_ratios.is_empty() || !ruled_out(out) {
            return None;
        }
        // From outside in, the first shift that is not ruled out; then the way there is halved.
        let step = (center - out) / LOOKS as f64;
        let mut not_out = out + step;
        for _ in 1..LOOKS {
            if !ruled_out(not_out) {
                break;
            }
            out = not_out;
            not_out += step;
        }
        // A relative 1e-5 of the range is far below what any reader sees.
        for _ in 0..14 {
            let middle = 0.5 * (out + not_out);
            if ruled_out(middle) {
                out = middle;
            } else {
                not_out = middle;
            }
        }
        Some(out)
    };
    Some((end(Side::Below)?, end(Side::Above)?))
}
