//! The closed forms that theorems give.

use std::fmt;

#[cfg(feature = "serde")]
use serde::{Deserialize, Serialize};

/// The limit law `P*` in closed form (theorems of Song, Cai, Lee and Su, and two that follow from equation (6)).
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum ClosedForm {
    /// `Beta(shape, shape)`: `x^gamma` has `shape = (1 - gamma)/2`, `log x` has `1/2`, `-x^-sigma` has `(1 + sigma)/2`.
    Beta {
        /// Both parameters.
        shape: f64,
    },
    /// `Uniform(0, 1)`: `-x^-sigma` with `sigma >= 1`.
    Uniform,
    /// An atom of mass `atom` at 0 and another at 1, and a uniform density `1 - 2 atom` between.
    AtomsAndUniform {
        /// The mass at each end.
        atom: f64,
    },
}

impl fmt::Display for ClosedForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match *self {
            ClosedForm::Beta { shape } => {
                // Shapes such as (1 - 0.8)/2 carry a last rounding error that says nothing to a reader.
                let shape = super::round_significant(shape, 12);
                write!(f, "Beta({shape}, {shape})")
            }
            ClosedForm::Uniform => write!(f, "Uniform(0, 1)"),
            ClosedForm::AtomsAndUniform { atom: 0.5 } => write!(f, "(delta_0 + delta_1)/2"),
            ClosedForm::AtomsAndUniform { atom } => {
                let density = super::round_significant(1.0 - 2.0 * atom, 12);
                let atom = super::round_significant(atom, 12);
                write!(f, "{atom} (delta_0 + delta_1) + {density} Uniform(0, 1)")
            }
        }
    }
}

/// The maximiser of the finite problem in closed form.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[cfg_attr(feature = "serde", derive(Serialize, Deserialize))]
pub enum FiniteClosedForm {
    /// The Gauss-Lobatto-Legendre nodes on [0, 1] (`log x`; Stieltjes).
    #[cfg_attr(feature = "serde", serde(rename = "Gauss-Lobatto-Legendre nodes"))]
    GaussLobatto,
    /// Half of the responses at 0, half at 1, and the middle one free for odd `n` (`x`).
    #[cfg_attr(feature = "serde", serde(rename = "half at 0, half at 1"))]
    HalfAndHalf,
}

impl fmt::Display for FiniteClosedForm {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(match self {
            FiniteClosedForm::GaussLobatto => "Gauss-Lobatto-Legendre nodes",
            FiniteClosedForm::HalfAndHalf => "half at 0, half at 1",
        })
    }
}
