//! Attention over sequences.

use super::operator::{InferError, Inputs, Operator, expect_dtype};
use crate::dtype::DType;
use crate::shape::{Shape, TensorType, broadcast};

/// What the fourth output of [`Attention`] holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub enum AttentionScores {
    /// The scaled products of queries and keys.
    Products,
    /// These after the soft cap.
    Capped,
    /// These after the mask.
    Masked,
    /// The shares that softmax gives.
    Shares,
}

/// Scaled dot-product attention: softmax(scale · Q Kᵀ + mask) V (Vaswani et al., 2017), with groups of query heads
/// that share keys and values (Ainslie et al., 2023).
///
/// Inputs: Q `[B, H, S, D]`, K `[B, G, T, D]` and V `[B, G, T, E]` with H a multiple of G; optionally a mask that
/// broadcasts to `[B, H, S, T′]` (booleans: who is seen; floats: added to the scores; a last dimension that is
/// shorter than T′ ends in masked places), earlier keys `[B, G, P, D]` and values `[B, G, P, E]` that come before
/// K and V, and each sample's number of keys that are not padding, i64 `[B]`. T′ is P + T.
///
/// Outputs: Y `[B, H, S, E]`; with `present`, all keys `[B, G, T′, D]` and values `[B, G, T′, E]`; with `scores`
/// also `[B, H, S, T′]`. A query that sees no key at all gets zeros.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Attention {
    /// The factor of the products, as a rule 1/√D.
    pub scale: f32,
    /// The limit c to scores, c · tanh(score / c); 0 for none.
    pub softcap: f32,
    /// Whether a query sees no key after its own place. Its place counts from the first of the earlier keys, or
    /// so that the last query's place is the last key that is not padding.
    pub causal: bool,
    /// How many keys before its own place a query sees, if there is a limit.
    pub left_window: Option<usize>,
    /// How many keys after its own place a query sees, if there is a limit.
    pub right_window: Option<usize>,
    /// Whether the second and third outputs are there; they must be if the fourth is.
    pub present: bool,
    /// What the fourth output holds, if it is there.
    pub scores: Option<AttentionScores>,
}

impl Operator for Attention {
    fn name(&self) -> &'static str {
        "Attention"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(7)?;
        let q = inputs.required(0, "Q")?;
        let k = inputs.required(1, "K")?;
        let v = inputs.required(2, "V")?;
        for ty in [q, k, v] {
            expect_dtype(ty, ty.dtype.is_float(), "floats")?;
        }
        Inputs(&[Some(q), Some(k)]).same_dtype()?;
        let (&[batch, heads, queries, size], &[_, groups, keys, _], &[.., value_size]) =
            (&q.shape[..], &k.shape[..], &v.shape[..])
        else {
            return Err(InferError(format!("Q, K and V must have rank 4, but are {q}, {k}, {v}")));
        };
        expect_shape(k, "K", &[batch, groups, keys, size])?;
        expect_shape(v, "V", &[batch, groups, keys, value_size])?;
        if groups == 0 || !heads.is_multiple_of(groups) {
            return Err(InferError(format!("{heads} query heads cannot share {groups} key heads")));
        }
        let earlier = match (inputs.get(4), inputs.get(5)) {
            (None, None) => 0,
            (Some(key), Some(value)) => {
                let earlier = key.shape.get(2).copied().unwrap_or(0);
                Inputs(&[Some(k), Some(key)]).same_dtype()?;
                Inputs(&[Some(v), Some(value)]).same_dtype()?;
                expect_shape(key, "past_key", &[batch, groups, earlier, size])?;
                expect_shape(value, "past_value", &[batch, groups, earlier, value_size])?;
                earlier
            }
            _ => return Err(InferError::new("past_key and past_value must be given together")),
        };
        let total = earlier
            .checked_add(keys)
            .ok_or_else(|| InferError::new("there are more keys than a process can address"))?;
        if let Some(lengths) = inputs.get(6) {
            expect_dtype(lengths, lengths.dtype == DType::I64, "numbers of keys of i64")?;
            expect_shape(lengths, "nonpad_kv_seqlen", &[batch])?;
            if earlier > 0 {
                return Err(InferError::new(
                    "nonpad_kv_seqlen and past_key must not be given together",
                ));
            }
        }
        let scores = [batch, heads, queries, total];
        if let Some(mask) = inputs.get(3) {
            expect_dtype(
                mask,
                mask.dtype == DType::Bool || mask.dtype.is_float(),
                "a mask of booleans or floats",
            )?;
            check_mask(mask, &scores)?;
        }
        let mut types = vec![TensorType::new(q.dtype, [batch, heads, queries, value_size])];
        if self.present {
            types.push(TensorType::new(k.dtype, [batch, groups, total, size]));
            types.push(TensorType::new(v.dtype, [batch, groups, total, value_size]));
        }
        if self.scores.is_some() {
            if !self.present {
                return Err(InferError::new("scores come after present keys and values"));
            }
            types.push(TensorType::new(q.dtype, scores));
        }
        Ok(types)
    }
}

fn expect_shape(ty: &TensorType, name: &str, shape: &[usize]) -> Result<(), InferError> {
    if ty.shape == shape {
        return Ok(());
    }
    Err(InferError(format!("{name} must have the shape {shape:?}, but is {ty}")))
}

/// A mask broadcasts to the scores, except that its last dimension may be any that is not longer.
fn check_mask(mask: &TensorType, scores: &[usize; 4]) -> Result<(), InferError> {
    let wrong = || InferError(format!("the mask {mask} does not fit scores of {scores:?}"));
    let (last, leading) = mask.shape.split_last().ok_or_else(wrong)?;
    let fits = *last <= scores[3] && broadcast(leading, &scores[..3])? == scores[..3];
    if fits { Ok(()) } else { Err(wrong()) }
}

/// Rotary position embedding (Su et al., 2021): pairs of elements turned by an angle that depends on the position.
///
/// Inputs: X `[B, H, S, D]`; cosines and sines, `[P, R/2]` with positions i64 `[B, S]`, or `[B, S, R/2]` without.
/// Output: like X. Only the first R elements of D are turned.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub struct RotaryEmbedding {
    /// Whether pairs are neighbours instead of an element of the first half and one of the second.
    pub interleaved: bool,
    /// R, the number of elements that are turned.
    pub size: usize,
}

impl Operator for RotaryEmbedding {
    fn name(&self) -> &'static str {
        "RotaryEmbedding"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(4)?;
        let x = inputs.required(0, "X")?;
        let cosines = inputs.required(1, "cos_cache")?;
        let sines = inputs.required(2, "sin_cache")?;
        Inputs(&inputs.0[..3]).same_dtype()?;
        expect_dtype(x, x.dtype.is_float(), "floats")?;
        let [batch, _, steps, size] = x.shape[..] else {
            return Err(InferError(format!("X must be [B, H, S, D], but is {x}")));
        };
        if self.size > size || !self.size.is_multiple_of(2) {
            return Err(InferError(format!("{} of {size} elements cannot be turned", self.size)));
        }
        let half = self.size / 2;
        let expected: Shape = match inputs.get(3) {
            Some(positions) => {
                expect_dtype(positions, positions.dtype == DType::I64, "positions of i64")?;
                expect_shape(positions, "position_ids", &[batch, steps])?;
                vec![cosines.shape.first().copied().unwrap_or(0), half]
            }
            None => vec![batch, steps, half],
        };
        expect_shape(cosines, "cos_cache", &expected)?;
        expect_shape(sines, "sin_cache", &expected)?;
        Ok(vec![x.clone()])
    }
}

/// Attention without softmax, as a recurrence over a state (Katharopoulos et al., 2020; gated: Yang et al., 2023;
/// delta rule: Schlag et al., 2021).
///
/// Inputs: queries `[B, T, H·D]`, keys `[B, T, G·D]`, values `[B, T, G·E]` with H a multiple of G; optionally the
/// state before `[B, G, D, E]`, the logarithm of the decay `[B, T, G·D]` or `[B, T, G]`, and the update rate
/// `[B, T, G]` or `[B, T, 1]`. Outputs: `[B, T, H·E]` and the state after.
///
/// With each step the state S is multiplied by e^decay if a decay is given; then S += k ⊗ v or, if a rate β is
/// given, S += β k ⊗ (v − Sᵀ k); the output is scale · Sᵀ q.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct LinearAttention {
    /// H, the heads of the queries.
    pub heads: usize,
    /// G, the heads of keys and values.
    pub groups: usize,
    /// The factor of the output, as a rule 1/√D.
    pub scale: f32,
}

impl Operator for LinearAttention {
    fn name(&self) -> &'static str {
        "LinearAttention"
    }

    fn infer(&self, inputs: Inputs<'_>) -> Result<Vec<TensorType>, InferError> {
        inputs.at_most(6)?;
        let q = inputs.required(0, "query")?;
        let k = inputs.required(1, "key")?;
        let v = inputs.required(2, "value")?;
        Inputs(&[Some(q), Some(k), Some(v), inputs.get(4), inputs.get(5)]).same_dtype()?;
        expect_dtype(q, q.dtype.is_float(), "floats")?;
        let (&[batch, steps, _], &[_, _, k_width], &[_, _, v_width]) =
            (&q.shape[..], &k.shape[..], &v.shape[..])
        else {
            return Err(InferError(format!("its inputs must have rank 3, but are {q}, {k}, {v}")));
        };
        let (heads, groups) = (self.heads, self.groups);
        if groups == 0 || heads == 0 || !heads.is_multiple_of(groups) {
            return Err(InferError(format!("{heads} query heads cannot share {groups} key heads")));
        }
        let (size, value_size) = (k_width / groups, v_width / groups);
        let too_large = || InferError::new("there are more elements than a process can address");
        let width = |count: usize, size: usize| count.checked_mul(size).ok_or_else(too_large);
        expect_shape(q, "query", &[batch, steps, width(heads, size)?])?;
        expect_shape(k, "key", &[batch, steps, width(groups, size)?])?;
        expect_shape(v, "value", &[batch, steps, width(groups, value_size)?])?;
        let state = [batch, groups, size, value_size];
        if let Some(past) = inputs.get(3) {
            expect_dtype(past, past.dtype.is_float(), "a state of floats")?;
            expect_shape(past, "past_state", &state)?;
        }
        if let Some(decay) = inputs.get(4)
            && decay.shape != [batch, steps, groups]
        {
            expect_shape(decay, "decay", &[batch, steps, k_width])?;
        }
        if let Some(beta) = inputs.get(5)
            && beta.shape != [batch, steps, groups]
        {
            expect_shape(beta, "beta", &[batch, steps, 1])?;
        }
        let state_dtype = inputs.get(3).map_or(q.dtype, |past| past.dtype);
        Ok(vec![
            TensorType::new(q.dtype, [batch, steps, width(heads, value_size)?]),
            TensorType::new(state_dtype, state),
        ])
    }
}
