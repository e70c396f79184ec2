//! Which passes run, and with what.

use std::fmt;

use super::custom::FusionPattern;
use super::folding::Evaluate;

/// One pass.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
#[non_exhaustive]
pub enum Pass {
    /// Operators that change nothing are left out: identities, reshapes and transpositions to what there was, + 0,
    /// × 1 and the like; neighbouring reshapes and transpositions become one.
    Identities,
    /// What depends on constants alone is computed now.
    ConstantFolding,
    /// What is computed twice is computed once.
    CommonSubexpressions,
    /// Numbers that are dequantised and quantised again by the same parameters are taken as they are.
    Quantization,
    /// GELU, SiLU, hard-swish and their kin are recognised in the formulas that stand for them.
    Activations,
    /// LayerNorm, RMSNorm and GroupNorm are recognised in the formulas that stand for them.
    Normalization,
    /// Attention is recognised in the operators that it is made of.
    Attention,
    /// Batch normalisation by known statistics becomes a factor and a summand for each channel.
    BatchNormalization,
    /// Factors and summands for each channel become one of each, and go into the weights and the bias of the operator
    /// before.
    Affine,
    /// Zeros added around an image become padding of the operator that reads it.
    Padding,
    /// Matrix products, convolutions, recurrent layers and attention of f16 and bf16 compute with f32, between
    /// conversions.
    HalfPrecision,
    /// Element-wise operators after a convolution or a matrix product become its epilogue.
    Epilogues,
    /// Several element-wise operators become one.
    Pointwise,
}

impl Pass {
    /// All of them, in the order in which they run.
    pub const ALL: [Pass; 13] = [
        Pass::Identities,
        Pass::ConstantFolding,
        Pass::CommonSubexpressions,
        Pass::Quantization,
        Pass::Activations,
        Pass::Normalization,
        Pass::Attention,
        Pass::BatchNormalization,
        Pass::Affine,
        Pass::Padding,
        Pass::HalfPrecision,
        Pass::Epilogues,
        Pass::Pointwise,
    ];
}

/// What [`optimize`](super::optimize) may do.
#[derive(Clone)]
#[non_exhaustive]
pub struct PassOptions<'a> {
    /// Passes that do not run: to find the one that is to blame, and for engines that lack an operator.
    pub left_out: Vec<Pass>,
    /// Computes nodes whose inputs are constants. Without it, only what needs no arithmetic is folded.
    pub evaluate: Option<&'a dyn Evaluate>,
    /// The largest constant, in bytes, that folding may make where the constants that it is made of are smaller.
    pub folding_limit: usize,
    /// The caller's own fusion patterns. They come before all other fusion; the first that fits is taken.
    pub patterns: Vec<FusionPattern>,
    /// Whether constants may become NaN. By default that is an error, since it is nearly always an accident.
    pub allow_nan: bool,
}

impl Default for PassOptions<'_> {
    /// All passes, no evaluator, 64 KiB for constants that grow.
    fn default() -> Self {
        Self {
            left_out: Vec::new(),
            evaluate: None,
            folding_limit: 1 << 16,
            patterns: Vec::new(),
            allow_nan: false,
        }
    }
}

impl<'a> PassOptions<'a> {
    /// These options without a pass.
    pub fn without(mut self, pass: Pass) -> Self {
        self.left_out.push(pass);
        self
    }

    /// These options with something that computes nodes.
    pub fn with_evaluate(mut self, evaluate: &'a dyn Evaluate) -> Self {
        self.evaluate = Some(evaluate);
        self
    }

    pub(super) fn runs(&self, pass: Pass) -> bool {
        !self.left_out.contains(&pass)
    }
}

impl fmt::Debug for PassOptions<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PassOptions")
            .field("left_out", &self.left_out)
            .field("evaluate", &self.evaluate.is_some())
            .field("folding_limit", &self.folding_limit)
            .field("patterns", &self.patterns)
            .field("allow_nan", &self.allow_nan)
            .finish()
    }
}
