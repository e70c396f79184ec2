//! Export and import are inverse to each other, for attention.

use tachy_graph::DType;
use tachy_graph::op::attention::*;

use super::round_trip::{check, check_optional};

const F: DType = DType::F32;
const Q: (DType, &[usize]) = (F, &[2, 6, 4, 8]);
const K: (DType, &[usize]) = (F, &[2, 3, 5, 8]);
const V: (DType, &[usize]) = (F, &[2, 3, 5, 7]);

#[test]
fn softmax_attention() {
    let plain = Attention {
        scale: 0.25,
        softcap: 0.0,
        causal: false,
        left_window: None,
        right_window: None,
        present: false,
        scores: None,
    };
    check(plain, &[Q, K, V]);
    check(Attention { softcap: 2.5, causal: true, ..plain }, &[Q, K, V]);
    check(Attention { left_window: Some(3), ..plain }, &[Q, K, V]);
    check(Attention { right_window: Some(0), left_window: Some(1), ..plain }, &[Q, K, V]);
    check(plain, &[Q, K, V, (DType::Bool, &[4, 5])]);
    let present = Attention { present: true, ..plain };
    use AttentionScores::*;
    for scores in [None, Some(Products), Some(Capped), Some(Masked), Some(Shares)] {
        let (mask, past_k, past_v) =
            ((F, &[4, 7][..]), (F, &[2, 3, 2, 8][..]), (F, &[2, 3, 2, 7][..]));
        check(Attention { scores, ..present }, &[Q, K, V, mask, past_k, past_v]);
    }
    let lengths = Some((DType::I64, &[2][..]));
    check_optional(plain, &[Some(Q), Some(K), Some(V), None, None, None, lengths]);
}

#[test]
fn rotary_embedding() {
    for interleaved in [false, true] {
        let op = RotaryEmbedding { interleaved, size: 4 };
        check(op, &[Q, (F, &[2, 4, 2]), (F, &[2, 4, 2])]);
        check(op, &[Q, (F, &[50, 2]), (F, &[50, 2]), (DType::I64, &[2, 4])]);
    }
}

#[test]
fn linear_attention() {
    let op = LinearAttention { heads: 4, groups: 2, scale: 0.5 };
    let sequences: [(DType, &[usize]); 3] = [(F, &[2, 5, 12]), (F, &[2, 5, 6]), (F, &[2, 5, 8])];
    let state: (DType, &[usize]) = (F, &[2, 2, 3, 4]);
    let (decay, rate): (Option<(DType, &[usize])>, _) =
        (Some((F, &[2, 5, 6])), Some((F, &[2, 5, 1][..])));
    let [q, k, v] = sequences.map(Some);
    check(op, &sequences);
    check_optional(op, &[q, k, v, Some(state), decay]);
    check_optional(op, &[q, k, v, None, None, rate]);
    check_optional(op, &[q, k, v, Some(state), decay, rate]);
}
