//! The folded problem with sums over pairs in `O(n log n)`.
//!
//! The positions are sorted, on a line, and the kernel `U(t)`, `U'(t)` or `U''(t)` is only evaluated, never expanded: a
//! kernel-independent fast multipole method in one dimension. A balanced tree over ranks splits all pairs into blocks of
//! two groups. Where the kernel is a polynomial on the distances of a block, to the accuracy asked for, the groups meet
//! at Chebyshev points; where it is one in the position of one side alone, that side does; elsewhere response by response. How far a kernel may be interpolated is measured, once, as a
//! function of the distance ([`resolution`]), so that a pole at 0, a smoothed pole, or a utility that is smooth up to and
//! including 0 each get the blocks that suit them, and coinciding responses cost no more than others.

mod buffers;
mod chebyshev;
mod chunks;
mod cover;
mod cuts;
mod equilibrium;
mod interpolation;
mod laplacian;
mod pair_weights;
mod places;
mod plan;
mod precision;
mod rank_levels;
mod resolution;
mod tree;
mod virial;

use std::sync::Arc;

use argmin::core::{CostFunction, Error, Gradient, Hessian};
use ndarray::Array1;

pub use equilibrium::{EquilibriumHessian, FastEquilibrium};
pub use laplacian::Laplacian;
pub use rank_levels::RankLevels;

use super::summation::Accurate;
use super::{Forces, Positions, UNDERFLOW};
use crate::utility::{Derivative, Origin, Utility};
use cover::Kind;
use cuts::CutForces;
use plan::Plan;
use precision::Precision;
use resolution::Resolution;
use virial::virial_at_least;

/// Relative accuracy of the sums, unless another is asked for.
pub const ACCURACY: f64 = 1e-12;

/// Problem (1) folded onto its lower half, as [`super::FoldedRewards`], with sums in `O(n log n)`.
///
/// Every weight `U'(t)` or `U''(t)` enters the sums with a relative error of at most the stated accuracy. Results do not
/// depend on the number of threads. Its Hessian is an operator, [`Laplacian`].
///
/// ```
/// use argmin::core::Gradient;
/// use reward_collapse::problem::{FastRewards, FoldedRewards, Positions};
/// use reward_collapse::utility::parse;
/// let (n, utility) = (3000, parse("log(x)")?);
/// let equally_spaced = Positions::new(n, (0..n / 2).map(|i| i as f64 / (n - 1) as f64).collect())?;
/// let fast = FastRewards::new(&utility).gradient(&equally_spaced)?;
/// let direct = FoldedRewards::new(&utility).gradient(&equally_spaced)?;
/// assert!((fast[1] / direct[1] - 1.0).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct FastRewards<U> {
    utility: U,
    precision: Precision,
    /// A lower one, for Hessians.
    coarse: Option<Precision>,
}

impl<U: Utility + Clone> FastRewards<U> {
    /// The problem for one utility, to [`ACCURACY`]; the number of responses is that of the positions that it is evaluated at.
    pub fn new(utility: U) -> Self {
        Self::with_accuracy(utility, ACCURACY)
    }

    /// The problem with sums to a relative accuracy, from 1e-2 down to 1e-13.
    pub fn with_accuracy(utility: U, accuracy: f64) -> Self {
        Self { utility, precision: Precision::new(accuracy), coarse: None }
    }

    /// The same with Hessians to a lower accuracy, which cost less. Newton's method still converges, by this factor a step at
    /// worst.
    pub fn with_hessian_accuracy(self, accuracy: f64) -> Self {
        let coarse = (accuracy > self.precision.accuracy).then(|| Precision::new(accuracy));
        Self { coarse, ..self }
    }

    /// The utility.
    pub fn utility(&self) -> &U {
        &self.utility
    }

    /// The table for distances as small, and forces as weak, as those of `x`.
    fn resolution(&self, precision: &Precision, x: &Positions) -> Arc<Resolution> {
        let m = x.lower_half().len();
        let gap = |i: usize| if i + 1 < m { x.near(i, i + 1) } else { x.far(i, i) };
        let smallest = (0..m).map(gap).filter(|gap| *gap > 0.0).fold(1.0, f64::min);
        // A share of the virial, spread over all pairs, is nothing beside the force across a cut.
        let floor = 0.1 * virial_at_least(&self.utility, x) / (x.n() as f64).powi(2);
        // Where `U'(0+)` is infinite, nearest neighbours may have nearly all of the virial; but what underflows beside them is
        // nothing.
        let floor = match self.utility.origin() {
            Origin::FiniteSlope(_) => floor,
            _ => floor.min(resolution::floor(&self.utility)).max(1e-120 * floor),
        };
        let floor = floor.max(f64::MIN_POSITIVE);
        precision.resolution(&self.utility, smallest..=1.0, 1.0, floor, resolution::floor(&self.utility))
    }

    /// The forces across cuts are asked for or not.
    fn cut_forces(&self, plan: &Plan<Positions>, cuts: bool) -> CutForces {
        let charges = plan.ascend(&vec![1.0; plan.x.n() / 2]);
        let slope = |t: &mut [f64]| self.utility.map(Derivative::Slope, t);
        let exchanged = plan.exchange(&slope, &charges);
        let own_cuts = if cuts { plan.own_cuts(&slope) } else { Vec::new() };
        CutForces::new(plan, &charges, &exchanged, &self.middle(&plan.x, Derivative::Slope), &own_cuts)
    }

    /// A derivative of `U` at the distances to the middle response; zeros where there is none.
    fn middle(&self, x: &Positions, derivative: Derivative) -> Vec<f64> {
        let m = x.n() / 2;
        if !x.has_middle() {
            return vec![0.0; m];
        }
        let mut values: Vec<f64> = (0..m).map(|i| x.to_middle(i)).collect();
        self.utility.map(derivative, &mut values);
        values
    }

    /// `S` and a sum of `|U|`.
    fn objective(&self, plan: &Plan<Positions>) -> (f64, f64) {
        let charges = plan.ascend(&vec![1.0; plan.x.n() / 2]);
        let sum = |kernel: &(dyn Fn(&mut [f64]) + Sync), middle: Vec<f64>| {
            let exchanged = plan.exchange(kernel, &charges);
            let mut sum = Accurate::default();
            for (block, total) in plan.blocks.iter().zip(plan.totals(&exchanged, &charges)) {
                // The mirror images of a group with itself are all pairs once; all others stand for two.
                sum.add(if block.kind == Kind::Mirror && block.a == block.b { total } else { 2.0 * total });
            }
            middle.into_iter().for_each(|u| sum.add(2.0 * u));
            sum.value()
        };
        let middle = self.middle(&plan.x, Derivative::Value);
        let of_both_signs = self.utility.value(1.0) > 0.0 && (self.utility.value(f64::MIN_POSITIVE) < 0.0);
        let objective = sum(&|t| self.utility.map(Derivative::Value, t), middle.clone());
        let magnitude = if of_both_signs {
            // Only a scale: interpolation need not resolve the kink.
            let sizes = |t: &mut [f64]| {
                self.utility.map(Derivative::Value, t);
                t.iter_mut().for_each(|u| *u = u.abs());
            };
            sum(&sizes, middle.into_iter().map(f64::abs).collect())
        } else {
            objective.abs()
        };
        (objective, magnitude)
    }

    /// Cut forces, virial and objective of the symmetric rewards `x`, as [`super::FoldedRewards::forces`].
    ///
    /// With `g_k` the distance between neighbours, `T = sum_k F_k g_k` over all cuts. Every `F_k` is a sum of positive
    /// terms, formed without subtracting: interpolation and rounding enter as relative errors of `F_k`, whose bound is part
    /// of the result.
    pub fn forces(&self, x: &Positions) -> Forces {
        let m = x.n() / 2;
        let resolution = self.resolution(&self.precision, x);
        let plan = Plan::new(x, &self.precision.chebyshev, &resolution);
        let chebyshev = &self.precision.chebyshev;
        let forces = self.cut_forces(&plan, true);
        let largest_cut = forces.cuts.iter().copied().fold(0.0, f64::max);
        // `largest_cut - T`: the distances between neighbours add up to 1.
        let mut deficit = Accurate::default();
        let mut add = |cut: f64, gap: f64| deficit.add((largest_cut - cut) * gap);
        if m > 0 {
            // Two cuts each, but for that in the middle of an even number.
            add(0.0, 2.0 * x.lower_half()[0]);
            (1..m).for_each(|k| add(forces.cuts[k], 2.0 * x.near(k - 1, k)));
            add(forces.cuts[m], x.far(m - 1, m - 1));
        }
        let (objective, magnitude) = self.objective(&plan);
        let slack = !self.utility.is_strictly_concave() && self.slack(x);
        let virial = largest_cut - deficit.value();
        // No cut separates more pairs than the one in the middle.
        let (depth, squares) = (plan.tree.depth(), (x.n() as f64).powi(2));
        let rounding = 2.0 * resolution.error_of_slopes(chebyshev, depth, largest_cut, 0.25 * squares);
        let objective_rounding = resolution.error_of_values(chebyshev, depth, virial, magnitude, 0.5 * squares);
        Forces { largest_cut, virial, rounding, objective, objective_rounding, magnitude, slack }
    }

    /// Whether some response inside (0, 1) meets no curvature of `U` at all. Where `U'` underflows, `U''` says nothing.
    fn slack(&self, x: &Positions) -> bool {
        let m = x.n() / 2;
        let curvatures = self.laplacian(&Precision::new(1e-2), x).diagonal().to_vec();
        let speaks = |i: usize| self.utility.slope(x.distance(i, i + 1)) > UNDERFLOW;
        (0..m).any(|i| x.lower_half()[i] > 0.0 && curvatures[i] == 0.0 && speaks(i))
            || x.has_middle()
                && m > 0
                && speaks(m - 1)
                && self.middle(x, Derivative::Curvature).iter().all(|c| *c == 0.0)
    }

    fn plan(&self, x: &Positions) -> Plan<Positions> {
        Plan::new(x, &self.precision.chebyshev, &self.resolution(&self.precision, x))
    }

    fn laplacian(&self, precision: &Precision, x: &Positions) -> Laplacian<U> {
        Laplacian::new(&self.utility, x, &precision.chebyshev, &self.resolution(precision, x))
    }
}

impl<U: Utility + Clone> CostFunction for FastRewards<U> {
    type Param = Positions;
    type Output = f64;

    /// `-S(x)`.
    fn cost(&self, x: &Positions) -> Result<f64, Error> {
        Ok(-self.objective(&self.plan(x)).0)
    }
}

impl<U: Utility + Clone> Gradient for FastRewards<U> {
    type Param = Positions;
    type Gradient = Array1<f64>;

    /// `-dS/dx_i`; at ties, the one-sided derivative that separates them in rank order.
    fn gradient(&self, x: &Positions) -> Result<Array1<f64>, Error> {
        let forces = self.cut_forces(&self.plan(x), false);
        let sides = forces.above.iter().zip(&forces.below).zip(&forces.mirror);
        Ok(sides.map(|((above, below), mirror)| 2.0 * ((above - below) + mirror)).collect())
    }
}

impl<U: Utility + Clone> Hessian for FastRewards<U> {
    type Param = Positions;
    type Hessian = Laplacian<U>;

    /// The Hessian of `-S(x)`.
    fn hessian(&self, x: &Positions) -> Result<Laplacian<U>, Error> {
        Ok(self.laplacian(self.coarse.as_ref().unwrap_or(&self.precision), x))
    }
}
