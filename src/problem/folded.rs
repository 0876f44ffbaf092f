//! Problem (1) folded onto its lower half.

use argmin::core::{CostFunction, Error, Gradient, Hessian};
use ndarray::{Array1, Array2, Axis};
use rayon::prelude::*;

use super::summation::{Accurate, Sum, sum_rows};
use super::weights::weight;
use super::{Positions, UNDERFLOW};
use crate::utility::Utility;

/// Rows of the Hessian that one task fills.
const HESSIAN_ROWS: usize = 32;

/// Problem (1) over the `m = floor(n/2)` lower rewards `x_i`, the upper ones being `1 - x_i`:
///
/// ```text
/// S(x) = 2 sum_{i<j} [U(x_j - x_i) + U(1 - x_i - x_j)] + sum_i U(1 - 2 x_i) + [n odd] 2 sum_i U(1/2 - x_i)
/// ```
///
/// The cost is `-S`, with the gradient and Hessian of that in the `m` coordinates. Every evaluation is `O(n^2)` and runs on
/// all cores; no result depends on how many there are.
#[derive(Debug, Clone)]
pub struct FoldedRewards<U> {
    utility: U,
}

/// Sums over the pairs that the certificate and the objective need, with rounding errors carried along.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Forces {
    /// `max_k F_k`, the largest force `F_k = sum_{i<k<=j} U'(r_j - r_i)` across a cut of the ranking.
    pub largest_cut: f64,
    /// The virial `T = sum_{i<j} U'(r_j - r_i) (r_j - r_i)`.
    pub virial: f64,
    /// A bound on the rounding error of `largest_cut - virial`.
    pub rounding: f64,
    /// `S`.
    pub objective: f64,
    /// A bound on the rounding error of `objective`.
    pub objective_rounding: f64,
    /// `sum |U|` over all pairs: a scale for the gap.
    pub magnitude: f64,
    /// Whether some response inside (0, 1) meets no curvature of `U` at all, so that it may move at no cost.
    pub slack: bool,
}

impl<U: Utility> FoldedRewards<U> {
    /// The problem for one utility, which may be borrowed, boxed or shared; the number of responses is that of the positions that
    /// it is evaluated at.
    pub fn new(utility: U) -> Self {
        Self { utility }
    }

    /// The utility.
    pub fn utility(&self) -> &U {
        &self.utility
    }

    /// Calls `pair(which, distance, multiplicity)` for the pairs of response `i` with those below it: how often the pair and
    /// its mirror image together stand in `S`.
    fn row(&self, x: &Positions, i: usize, mut pair: impl FnMut(Pair, f64, f64)) {
        for j in 0..i {
            pair(Pair::Near(j), x.near(j, i), 2.0);
            pair(Pair::Far(j), x.far(j, i), 2.0);
        }
        pair(Pair::Image, x.far(i, i), 1.0);
        if x.has_middle() {
            pair(Pair::Middle, x.to_middle(i), 2.0);
        }
    }

    /// Cut forces, virial and objective of the symmetric rewards `x`.
    ///
    /// `F_k` is the prefix sum of `-dS/dr`. Summed in plain doubles it would inherit the rounding of every `dS/dr_i` before
    /// it; with the errors carried along, what remains is the error of the single `U'(t)`, and as every term of `F_k` and
    /// of `T` is positive that is a small *relative* error, bounded here to first order.
    pub fn forces(&self, x: &Positions) -> Forces {
        let m = x.n() / 2;
        let unit = f64::EPSILON / 2.0;
        // Slots: dS/dr_i, its error, sum |U''|; then that of the middle, the virial and its error, sum U, sum |U| and the error
        // of the former.
        let sums = sum_rows(m, 3 * m + 6, |i, sums: &mut [Accurate]| {
            self.row(x, i, |pair, t, times| {
                let jet = self.utility.jet(t);
                let slope = jet.slope;
                // The slope's own rounding, and that of its argument (two units) through the curvature.
                let curvature = jet.curvature.abs();
                let bend = if t > 0.0 { t * curvature } else { 0.0 };
                let errors = self.utility.errors(t);
                let error = errors.slope + 4.0 * unit * bend + UNDERFLOW;
                // Where U' underflows, a curvature of 0 says nothing.
                let evidence = if slope > UNDERFLOW { curvature } else { UNDERFLOW };
                let mut push = |at: usize, sign: f64| {
                    sums[at].add(sign * slope);
                    sums[m + at].add(sign * error);
                    sums[2 * m + at].add(evidence);
                };
                match pair {
                    Pair::Near(j) => {
                        push(i, 1.0);
                        push(j, -1.0);
                    }
                    Pair::Far(j) => {
                        push(i, -1.0);
                        push(j, -1.0);
                    }
                    Pair::Image | Pair::Middle => push(i, -1.0),
                }
                sums[3 * m].add(if matches!(pair, Pair::Middle) { evidence } else { 0.0 });
                sums[3 * m + 1].add(times * slope * t);
                let push = if t > 0.0 { slope.abs() * t } else { 0.0 };
                sums[3 * m + 2].add(times * (error * t + 3.0 * unit * push));
                sums[3 * m + 3].add(times * jet.value);
                sums[3 * m + 4].add(times * jet.value.abs());
                sums[3 * m + 5].add(times * (errors.value + 2.0 * unit * push + UNDERFLOW));
            });
        });
        // F after position i is -sum_{l <= i} dS/dr_l: the lower half has every cut, up to the mirror image.
        let largest_prefix = |range: std::ops::Range<usize>| {
            let mut prefix = Accurate::default();
            sums[range].iter().fold(0.0, |largest: f64, s| {
                prefix.merge(*s);
                largest.max(-prefix.value())
            })
        };
        // Where an error has no bound, neither has a sum of them.
        let bound = |error: f64| if error.is_nan() { f64::INFINITY } else { error };
        let error = bound(largest_prefix(m..2 * m) + sums[3 * m + 2].value());
        let free = |sum: &Accurate| sum.value() == 0.0;
        let inside = x.lower_half().iter().zip(&sums[2 * m..3 * m]).filter(|(x, _)| **x > 0.0);
        let slack = !self.utility.is_strictly_concave()
            && (inside.map(|(_, sum)| sum).any(free) || x.has_middle() && m > 0 && free(&sums[3 * m]));
        let objective = sums[3 * m + 3].value();
        Forces {
            largest_cut: largest_prefix(0..m),
            virial: sums[3 * m + 1].value(),
            rounding: error,
            objective,
            // The last sum is rounded, and so is its mean over the pairs.
            objective_rounding: bound(sums[3 * m + 5].value() + 4.0 * unit * objective.abs()),
            magnitude: sums[3 * m + 4].value(),
            slack,
        }
    }
}

/// The partner of a response in a pair.
enum Pair {
    /// A lower response of the same half.
    Near(usize),
    /// The mirror image of a lower response.
    Far(usize),
    /// Its own mirror image.
    Image,
    /// The middle response.
    Middle,
}

impl<U: Utility> CostFunction for FoldedRewards<U> {
    type Param = Positions;
    type Output = f64;

    /// `-S(x)`.
    fn cost(&self, x: &Positions) -> Result<f64, Error> {
        let sums = sum_rows(x.n() / 2, 1, |i, sums: &mut [f64]| {
            self.row(x, i, |_, t, times| sums[0] += times * self.utility.value(t));
        });
        Ok(-sums[0])
    }
}

impl<U: Utility> Gradient for FoldedRewards<U> {
    type Param = Positions;
    type Gradient = Array1<f64>;

    /// `-dS/dx_i`; at ties, the one-sided derivative that separates them in rank order.
    fn gradient(&self, x: &Positions) -> Result<Array1<f64>, Error> {
        let m = x.n() / 2;
        let sums = sum_rows(m, m, |i, sums: &mut [f64]| {
            let mut own = 0.0;
            for (j, sum) in sums[..i].iter_mut().enumerate() {
                let near = self.utility.slope(x.near(j, i));
                let far = self.utility.slope(x.far(j, i));
                own += far - near;
                *sum += near + far;
            }
            own += self.utility.slope(x.far(i, i));
            if x.has_middle() {
                own += self.utility.slope(x.to_middle(i));
            }
            sums[i] += own;
        });
        Ok(sums.into_iter().map(|force| 2.0 * force).collect())
    }
}

impl<U: Utility> Hessian for FoldedRewards<U> {
    type Param = Positions;
    type Hessian = Array2<f64>;

    /// The Hessian of `-S(x)`; only the lower triangle is filled.
    fn hessian(&self, x: &Positions) -> Result<Array2<f64>, Error> {
        let m = x.n() / 2;
        let weight = |t: f64| weight(&self.utility, t);
        let mut hessian = Array2::zeros((m, m));
        let fill = |(block, mut rows): (usize, ndarray::ArrayViewMut2<'_, f64>)| {
            let mut diagonal = vec![0.0; m];
            for (offset, mut row) in rows.axis_iter_mut(Axis(0)).enumerate() {
                let i = block * HESSIAN_ROWS + offset;
                let mut own = 0.0;
                for (j, diagonal_j) in diagonal[..i].iter_mut().enumerate() {
                    let (near, far) = (weight(x.near(j, i)), weight(x.far(j, i)));
                    row[j] = 2.0 * (far - near);
                    let both = 2.0 * (near + far);
                    own += both;
                    *diagonal_j += both;
                }
                own += 4.0 * weight(x.far(i, i));
                if x.has_middle() {
                    own += 2.0 * weight(x.to_middle(i));
                }
                diagonal[i] += own;
            }
            diagonal
        };
        let blocks = hessian.axis_chunks_iter_mut(Axis(0), HESSIAN_ROWS);
        let diagonals: Vec<Vec<f64>> = if m > HESSIAN_ROWS {
            blocks.into_par_iter().enumerate().map(fill).collect()
        } else {
            blocks.into_iter().enumerate().map(fill).collect()
        };
        for diagonal in diagonals {
            hessian.diag_mut().iter_mut().zip(diagonal).for_each(|(h, d)| *h += d);
        }
        Ok(hessian)
    }
}
