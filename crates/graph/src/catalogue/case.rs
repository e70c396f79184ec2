//! One case of the catalogue, and its name.

use std::fmt;
use std::num::NonZeroUsize;
use std::str::FromStr;

use thiserror::Error;

use super::operator::CatalogueOperator;
use crate::cost::Cost;
use crate::dtype::DType;
use crate::graph::{Graph, GraphError};

/// How an operator's input lies in memory.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Default)]
pub enum Layout {
    /// As the operator wants it.
    #[default]
    Contiguous,
    /// With its dimensions in another order: the input reaches the operator through a transposition, which an engine
    /// may carry out, or save by reading with strides.
    Strided,
}

impl Layout {
    /// Both.
    pub const ALL: [Self; 2] = [Self::Contiguous, Self::Strided];

    /// The name.
    pub const fn name(self) -> &'static str {
        match self {
            Self::Contiguous => "contiguous",
            Self::Strided => "strided",
        }
    }
}

impl fmt::Display for Layout {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(self.name())
    }
}

impl FromStr for Layout {
    type Err = CaseError;

    fn from_str(text: &str) -> Result<Self, CaseError> {
        let found = Self::ALL.into_iter().find(|layout| layout.name() == text);
        found.ok_or_else(|| CaseError::UnknownLayout { name: text.to_owned() })
    }
}

/// One operator at one size, of one element type, in one layout.
///
/// Its name is `OPERATOR:SIZE`, then `:DTYPE` and `:LAYOUT` where they are not the usual ones:
///
/// ```
/// use tachy_graph::catalogue::{Layout, OperatorCase};
///
/// let case: OperatorCase = "matmul:1024".parse()?;
/// assert_eq!(case.to_string(), "matmul:1024:f32");
/// assert_eq!(case.cost()?.flops, 2.0 * 1024f64.powi(3));
/// let strided = OperatorCase { layout: Layout::Strided, ..case };
/// assert_eq!(strided.to_string(), "matmul:1024:f32:strided");
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord)]
pub struct OperatorCase {
    /// What is computed.
    pub operator: CatalogueOperator,
    /// The element type: see [`CatalogueOperator::dtypes`].
    pub dtype: DType,
    /// How the input lies in memory.
    pub layout: Layout,
    /// The size: see [`CatalogueOperator::description`].
    pub size: NonZeroUsize,
}

/// A name that stands for no case.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum CaseError {
    /// The catalogue has no such operator.
    #[error(
        "there is no operator `{name}` in the catalogue; the operators are {}.",
        CatalogueOperator::names()
    )]
    UnknownOperator {
        /// The name asked for.
        name: String,
    },
    /// No such layout.
    #[error("`{name}` is no layout; the layouts are contiguous and strided.")]
    UnknownLayout {
        /// The name asked for.
        name: String,
    },
    /// The operator is not there for this element type.
    #[error("{operator} is not there for {dtype}; its element types are {}.", list(operator.dtypes()))]
    Dtype {
        /// The operator.
        operator: CatalogueOperator,
        /// The element type asked for.
        dtype: String,
    },
    /// The name has another form.
    #[error(
        "`{name}` is no case of the catalogue: a case has the form OPERATOR:SIZE, OPERATOR:SIZE:DTYPE or \
         OPERATOR:SIZE:DTYPE:LAYOUT, such as matmul:1024:f16:strided."
    )]
    Form {
        /// The name asked for.
        name: String,
    },
}

fn list(dtypes: &[DType]) -> String {
    dtypes.iter().map(DType::to_string).collect::<Vec<_>>().join(", ")
}

impl OperatorCase {
    /// The graph, with random weights from a seed where the operator has weights.
    ///
    /// # Errors
    /// If the size makes a tensor too large.
    pub fn graph(&self, seed: u64) -> Result<Graph, GraphError> {
        super::build::build(self, seed)
    }

    /// The work of the operator itself: a transposition before it does not count, so that both layouts have the same
    /// cost.
    ///
    /// # Errors
    /// If the size makes a tensor too large.
    pub fn cost(&self) -> Result<Cost, GraphError> {
        let graph = Self { layout: Layout::Contiguous, ..*self }.graph(0)?;
        Ok(graph.nodes().iter().map(|node| graph.cost(node)).sum())
    }
}

impl fmt::Display for OperatorCase {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}:{}:{}", self.operator, self.size, self.dtype)?;
        match self.layout {
            Layout::Contiguous => Ok(()),
            Layout::Strided => write!(f, ":{}", self.layout),
        }
    }
}

impl FromStr for OperatorCase {
    type Err = CaseError;

    fn from_str(text: &str) -> Result<Self, CaseError> {
        let form = || CaseError::Form { name: text.to_owned() };
        let mut parts = text.split(':');
        let operator: CatalogueOperator = parts.next().unwrap_or_default().parse()?;
        let size = parts.next().and_then(|size| size.parse().ok()).ok_or_else(form)?;
        let dtype = parts.next().map_or(Ok(operator.dtypes()[0]), |name| {
            let known = operator.dtypes().iter().find(|dtype| dtype.to_string() == name);
            known.copied().ok_or_else(|| CaseError::Dtype { operator, dtype: name.to_owned() })
        })?;
        let layout = parts.next().map_or(Ok(Layout::default()), str::parse)?;
        match parts.next() {
            None => Ok(Self { operator, dtype, layout, size }),
            Some(_) => Err(form()),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_case_has_a_name_that_is_read_back_and_a_graph() {
        for operator in CatalogueOperator::ALL {
            let size = NonZeroUsize::new(operator.sizes()[0]).unwrap();
            for &dtype in operator.dtypes() {
                let costs = Layout::ALL.map(|layout| {
                    let case = OperatorCase { operator, dtype, layout, size };
                    assert_eq!(case.to_string().parse(), Ok(case));
                    let graph = case.graph(0).unwrap();
                    let own = graph.nodes().len() - usize::from(layout == Layout::Strided);
                    assert_eq!(own, 1, "{case} is one operator");
                    assert!(case.cost().unwrap().flops > 0.0, "{case}");
                    case.cost().unwrap()
                });
                assert_eq!(costs[0], costs[1]);
            }
        }
    }

    #[test]
    fn what_is_no_case_is_told_with_what_is() {
        let message = |name: &str| name.parse::<OperatorCase>().unwrap_err().to_string();
        assert!(message("matmull:64").contains("matmul, add"), "{}", message("matmull:64"));
        assert_eq!(message("fft:256:f16"), "fft is not there for f16; its element types are f32.");
        assert!(message("matmul").contains("OPERATOR:SIZE:DTYPE:LAYOUT"));
        assert!(message("matmul:0").contains("OPERATOR:SIZE"));
        assert!(message("add:8:f32:strided:x").contains("OPERATOR:SIZE"));
        assert!(message("add:8:f32:sideways").contains("contiguous and strided"));
    }
}
