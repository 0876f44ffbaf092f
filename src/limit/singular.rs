//! Infinite slope: the weighted expansion of the law.
//!
//! Where `U` leaves 0 like `x^gamma`, `log x` or `-x^-sigma` with `sigma < 1`, set `s = -gamma, 0, sigma`. On `t = 2x - 1` the
//! law is `w(t) sum_m c_m q_m(t) dt` with `w(t) = (1 - t^2)^((s-1)/2)`, and its polynomials diagonalise the leading term:
//!
//! ```text
//! int |t-u|^-s w(u) q_m(u) du = pi (s)_m / (cos(pi s/2) m!) q_m(t),        int log|t-u| w(u) q_m(u) du = -(pi/m) q_m(t)
//! ```
//!
//! (`-pi log 2` for `m = 0`). What is left of `U` enters as a Galerkin matrix. The mass fixes `c_0`, and the components
//! `m = 2, 4, ...` of the potential must vanish.

use ndarray::{Array1, Array2};
use rayon::prelude::*;

use super::LimitError;
use super::expansion::Expansion;
use super::gegenbauer::Gegenbauer;
use super::potential::Certificate;
use super::regular::RegularPart;
use super::symmetric_beta::SymmetricBeta;
use crate::dense;
use crate::utility::{Origin, Utility};

/// Even modes: doubled from the first until the potential is flat, or to the last.
const FEWEST_MODES: usize = 8;
const MOST_MODES: usize = 128;

/// Deviation of the potential, relative to its leading term, at which it counts as flat.
const FLAT: f64 = 1e-12;

/// A solved expansion: the law and its certificate.
pub(super) struct Solution {
    pub(super) law: Expansion,
    pub(super) certificate: Certificate,
}

/// The leading term of `U` at 0, as an operator on the weighted polynomials.
#[derive(Debug, Clone, Copy)]
pub(super) struct LeadingTerm {
    /// `U ~ -x^-s` up to a factor.
    pub(super) s: f64,
    /// The factor of `|t-u|^-s`, or of `log|t-u|`.
    factor: f64,
    /// The constant that remains, from `|x-y| = |t-u|/2` in the logarithm.
    shift: f64,
}

impl LeadingTerm {
    /// `None` for an origin without a Jacobi weight: a finite slope, a slow one, or a pole with `sigma >= 1`.
    pub(super) fn of(origin: Origin) -> Option<Self> {
        match origin {
            Origin::Log { scale } => Some(Self { s: 0.0, factor: scale, shift: -scale * std::f64::consts::LN_2 }),
            Origin::Power { gamma, scale } => Some(Self { s: -gamma, factor: scale * 0.5f64.powf(gamma), shift: 0.0 }),
            Origin::Pole { sigma, scale } if sigma < 1.0 => {
                Some(Self { s: sigma, factor: -scale * 2f64.powf(sigma), shift: 0.0 })
            }
            _ => None,
        }
    }

    /// `int leading(|x-y|) w q_m = eigenvalue q_m` for `m = 0, 2, 4, ...`; `mass = int w`.
    fn eigenvalues(&self, mass: f64, count: usize) -> Vec<f64> {
        use std::f64::consts::{LN_2, PI};
        if self.s == 0.0 {
            let first = -PI * LN_2 * self.factor + self.shift * mass;
            return (0..count).map(|k| if k == 0 { first } else { -PI * self.factor / (2.0 * k as f64) }).collect();
        }
        let mut eigenvalue = self.factor * PI / (0.5 * PI * self.s).cos();
        let mut eigenvalues = Vec::with_capacity(count);
        for k in 0..count {
            eigenvalues.push(eigenvalue);
            let m = 2.0 * k as f64;
            eigenvalue *= (self.s + m) / (m + 1.0) * (self.s + m + 1.0) / (m + 2.0);
        }
        eigenvalues
    }

    /// `E(P)` of the leading term alone under its own law, `Beta((1+s)/2, (1+s)/2)`.
    pub(super) fn mean_utility(&self) -> f64 {
        let mass = SymmetricBeta::new(0.5 * (1.0 + self.s)).weight_mass();
        self.eigenvalues(mass, 1)[0] / mass
    }
}

/// The limit law for this leading term. Costs a dense solve, and a graded quadrature for each mode.
pub(super) fn solve(utility: &dyn Utility, leading: LeadingTerm) -> Result<Solution, LimitError> {
    let mut modes = FEWEST_MODES;
    loop {
        let system = Galerkin::new(utility, leading, modes);
        let coefficients = system.coefficients()?;
        let certificate = system.certificate(&coefficients);
        let unit = leading.factor.abs() + leading.mean_utility().abs();
        if modes >= MOST_MODES || certificate.gap <= FLAT * unit {
            return Ok(Solution { law: Expansion::new(leading.s, &coefficients.to_vec()), certificate });
        }
        modes *= 2;
    }
}

/// The Galerkin system with a fixed number of even modes.
struct Galerkin<'a> {
    utility: &'a dyn Utility,
    regular: RegularPart<'a>,
    eigenvalues: Vec<f64>,
    mass: f64,
    /// Potential's coefficients from the law's.
    matrix: Array2<f64>,
}

impl<'a> Galerkin<'a> {
    fn new(utility: &'a dyn Utility, leading: LeadingTerm, modes: usize) -> Self {
        let mass = SymmetricBeta::new(0.5 * (1.0 + leading.s)).weight_mass();
        let family = Gegenbauer::new(0.5 * leading.s, mass, 2 * modes);
        let rule = family.gauss_rule(modes);
        let eigenvalues = leading.eigenvalues(mass, modes);
        let regular = RegularPart::new(utility, leading.s, family, modes);
        let rows: Vec<(Vec<f64>, Vec<f64>)> = rule
            .par_iter()
            .map(|&(t, weight)| {
                let row = regular.row(t.acos());
                // Both halves of the rule, by symmetry.
                (regular.polynomials(t).iter().map(|q| 2.0 * weight * q).collect(), row)
            })
            .collect();
        let project = Array2::from_shape_fn((modes, modes), |(m, i)| rows[i].0[m]);
        let values = Array2::from_shape_fn((modes, modes), |(i, n)| rows[i].1[n]);
        let mut matrix = project.dot(&values);
        for (m, eigenvalue) in eigenvalues.iter().enumerate() {
            matrix[[m, m]] += eigenvalue;
        }
        Self { utility, regular, eigenvalues, mass, matrix }
    }

    /// `c_0, c_2, ...`: mass 1, and a constant potential.
    fn coefficients(&self) -> Result<Array1<f64>, LimitError> {
        let first = 1.0 / self.mass.sqrt();
        let right = self.matrix.column(0).iter().skip(1).map(|entry| -first * entry).collect();
        let failed = |reason| LimitError::LinearAlgebra { utility: self.utility.to_string(), reason };
        let rest = dense::solve(dense::block(&self.matrix, 1..self.matrix.nrows()), right).map_err(failed)?;
        Ok(std::iter::once(first).chain(rest).collect())
    }

    /// `E(P)` is the constant component of the potential; the potential itself is examined at points between the nodes and
    /// at both ends.
    fn certificate(&self, coefficients: &Array1<f64>) -> Certificate {
        let mean_utility = coefficients[0] * self.matrix.row(0).dot(coefficients);
        let points = coefficients.len();
        let potential: Vec<f64> = (0..=points)
            .into_par_iter()
            .map(|i| {
                let theta = std::f64::consts::FRAC_PI_2 * i as f64 / points as f64;
                let row = self.regular.row(theta);
                let q = self.regular.polynomials(theta.cos());
                (0..points).map(|m| coefficients[m] * (self.eigenvalues[m] * q[m] + row[m])).sum::<f64>()
            })
            .collect();
        let highest = potential.into_iter().fold(f64::NEG_INFINITY, f64::max);
        let shift = self.regular.shift();
        Certificate::new(highest + shift, mean_utility + shift, self.utility.value(1.0).abs())
    }
}
