//! Problem (7) with sums over pairs in `O(n log n)`.

use std::sync::Arc;

use argmin::core::{CostFunction, Error, Gradient, Hessian};
use ndarray::Array1;

use super::ACCURACY;
use super::cuts::CutForces;
use super::pair_weights::PairWeights;
use super::places::Places;
use super::plan::Plan;
use super::precision::Precision;
use super::rank_levels::{RankLevels, Terrain};
use super::resolution::Resolution;
use crate::problem::equilibrium::{Bounded, OfPairs};
use crate::problem::summation::Accurate;
use crate::problem::{Ascending, Balance, Equilibrium, Support};
use crate::utility::{Derivative, Origin};

/// Responses between whose pairs the ordinary size of a force is read off.
const SAMPLED: usize = 48;

/// Forces of pairs that are smaller than the ordinary ones by this factor count by their absolute errors.
const NEGLIGIBLE: f64 = 0.01;

/// Room for the errors of a computed sum of sizes.
const OF_SIZES: f64 = 1.0 + 1e-6;

/// Problem (7), as [`Equilibrium`], with sums in `O(n log n)` at ascending rewards.
///
/// Every `U_q'` and `U_q''` enters the sums with an error of at most the stated accuracy, relative to itself or to a hundredth of
/// what is ordinary for a pair, whichever is larger. Results do not depend on the number of threads. Its Hessian is an operator,
/// [`EquilibriumHessian`].
///
/// ```
/// use reward_collapse::problem::{Equilibrium, FastEquilibrium, Field, Support};
/// use reward_collapse::utility::parse;
/// let gas = Equilibrium::new(parse("log(x)")?, 0.0, Support::LINE)?.with_field(Field::parse("-x^2/2", Support::LINE)?);
/// let spaced: Vec<f64> = (0..2000).map(|i| 1e-3 * i as f64 - 1.0).collect();
/// let (direct, fast) = (gas.balance(&spaced), FastEquilibrium::new(&gas).balance(&spaced.into()));
/// assert!((fast.gradient[9] - direct.gradient[9]).abs() <= fast.errors[9] + direct.errors[9]);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct FastEquilibrium<'p> {
    problem: &'p Equilibrium,
    precision: Precision,
    /// A lower one, for Hessians.
    coarse: Option<Precision>,
}

impl<'p> FastEquilibrium<'p> {
    /// The problem, to [`ACCURACY`].
    pub fn new(problem: &'p Equilibrium) -> Self {
        Self { problem, precision: Precision::new(ACCURACY), coarse: None }
    }

    /// The same with Hessians to a lower accuracy, which cost less.
    pub fn with_hessian_accuracy(self, accuracy: f64) -> Self {
        let coarse = (accuracy > self.precision.accuracy).then(|| Precision::new(accuracy));
        Self { coarse, ..self }
    }

    /// The problem.
    pub fn problem(&self) -> &'p Equilibrium {
        self.problem
    }

    fn resolution(&self, precision: &Precision, x: &Ascending) -> Arc<Resolution> {
        let n = x.count();
        let gaps = (1..n).map(|i| x.near(i - 1, i)).filter(|gap| *gap > 0.0);
        let width = x.near(0, n - 1);
        // Where all are at one place no distance but 0 is met.
        let largest = if width > 0.0 { width } else { 1.0 };
        let support = self.problem.support();
        let floor = (NEGLIGIBLE * self.ordinary_force(x)).max(f64::MIN_POSITIVE);
        let farthest = (support.upper() - support.lower()).max(largest);
        let smallest = gaps.fold(largest, f64::min);
        precision.resolution(self.problem.kernel(), smallest..=largest, farthest, floor, floor)
    }

    /// The mean size of `U_q'` for pairs of some responses, evenly chosen. Where the slope at 0 is finite neighbours count for what
    /// they are among all pairs, since they may have all of the force; where it is infinite they would hide all others.
    fn ordinary_force(&self, x: &Ascending) -> f64 {
        let n = x.count();
        let chosen: Vec<usize> = (0..SAMPLED.min(n)).map(|k| k * (n - 1) / (SAMPLED.min(n) - 1).max(1)).collect();
        let pairs = chosen.iter().flat_map(|&i| chosen.iter().filter(move |j| **j > i).map(move |&j| x.near(i, j)));
        let is_finite = matches!(self.problem.kernel().start(), Origin::FiniteSlope(_));
        let mean = |mut distances: Vec<f64>| {
            distances.retain(|distance| *distance > 0.0 || is_finite);
            let count = distances.len().max(1) as f64;
            self.problem.kernel().at_all(Derivative::Slope, &mut distances);
            distances.iter().map(|slope| slope.abs()).sum::<f64>() / count
        };
        let far = mean(pairs.collect());
        let near = mean((1..n).map(|i| x.near(i - 1, i)).collect()) / n as f64;
        if is_finite { far + near } else { far.max(1e-120 * near) }
    }

    fn plan(&self, x: &Ascending) -> Plan<Ascending> {
        let resolution = self.resolution(&self.precision, x);
        Plan::new(x, &self.precision.chebyshev, &resolution)
    }

    /// The forces across cuts are asked for or not.
    fn forces(&self, plan: &Plan<Ascending>, cuts: bool) -> CutForces {
        let n = plan.x.count();
        let charges = plan.ascend(&vec![1.0; n]);
        let slope = |t: &mut [f64]| self.problem.kernel().at_all(Derivative::Slope, t);
        let exchanged = plan.exchange(&slope, &charges);
        let own_cuts = if cuts { plan.own_cuts(&slope) } else { Vec::new() };
        CutForces::new(plan, &charges, &exchanged, &vec![0.0; n], &own_cuts)
    }

    /// The sum of `U_q` over all pairs.
    fn sum_of_values(&self, plan: &Plan<Ascending>) -> f64 {
        let charges = plan.ascend(&vec![1.0; plan.x.count()]);
        let exchanged = plan.exchange(&|t| self.problem.kernel().at_all(Derivative::Value, t), &charges);
        let mut sum = Accurate::default();
        plan.totals(&exchanged, &charges).into_iter().for_each(|total| sum.add(total));
        sum.value()
    }

    /// `S` and its gradient at ascending rewards, with bounds on the errors of rounding and interpolation, as
    /// [`Equilibrium::balance`].
    ///
    /// The bounds on errors of interpolation are proved where `U'` is completely monotone, and measured elsewhere.
    pub fn balance(&self, x: &Ascending) -> Balance {
        let n = x.len();
        let (kernel, chebyshev) = (self.problem.kernel(), &self.precision.chebyshev);
        let resolution = self.resolution(&self.precision, x);
        let plan = Plan::new(x, chebyshev, &resolution);
        let (depth, others) = (plan.tree.depth(), (n - 1) as f64);
        let pairs = 0.5 * n as f64 * others;
        let CutForces { above, below, cuts, .. } = self.forces(&plan, true);
        // `U_q'` falls with the distance: no pair is pulled together by more.
        let width = x.near(0, n - 1);
        let pull = (kernel.errors_at(width).slope - kernel.at(width).slope).max(0.0);
        let error = |size: f64, pairs: f64| {
            resolution.error_of_slopes(chebyshev, depth, OF_SIZES * (size.max(0.0) + 2.0 * pull * pairs), pairs)
        };
        let force = |(above, below): (&f64, &f64)| Bounded::new(below - above, error(above + below, others));
        let forces = above.iter().zip(&below).map(force).collect();
        let across = |k: usize| (k * (n - k)) as f64;
        let (mut virial, mut size_of_virial) = (0.0, 0.0);
        let of_cut = |(k, cut): (usize, &f64)| {
            if k > 0 {
                let gap = x.near(k - 1, k);
                virial += gap * cut;
                size_of_virial += gap * (cut.max(0.0) + 2.0 * pull * across(k));
            }
            Bounded::new(*cut, error(*cut, across(k)))
        };
        let cuts = cuts[..n].iter().enumerate().map(of_cut).collect();
        let sum = self.sum_of_values(&plan);
        // `U_q` lies below its tangent at the largest distance.
        let farthest = kernel.at(width);
        let nearest = if n > 1 { (1..n).map(|i| x.near(i - 1, i)).fold(width, f64::min) } else { 0.0 };
        let highest = farthest.value + pull * width;
        let is_positive = farthest.value >= 0.0 && nearest > 0.0 && kernel.at(nearest).value >= 0.0;
        let sizes = if is_positive { sum } else { 2.0 * pairs * highest.max(0.0) - sum };
        let objective_error =
            resolution.error_of_values(chebyshev, depth, OF_SIZES * size_of_virial, OF_SIZES * sizes.abs(), pairs);
        let of_pairs = OfPairs {
            forces,
            cuts,
            objective: Bounded::new(sum, objective_error),
            // Not above the sum of the larger ones.
            magnitude: sum.abs().max(virial.abs()),
            additions: 1,
        };
        self.problem.with_own_terms(x.rounded(), x.remainders(), of_pairs)
    }
}

/// Refuses rewards that the sums cannot be formed at.
fn check(rewards: &Ascending) -> Result<(), Error> {
    if rewards.is_in_order() && !rewards.is_empty() { Ok(()) } else { Err(Error::msg("rewards do not ascend")) }
}

impl CostFunction for FastEquilibrium<'_> {
    type Param = Ascending;
    type Output = f64;

    /// `-S(r)`.
    fn cost(&self, rewards: &Ascending) -> Result<f64, Error> {
        check(rewards)?;
        Ok(-self.balance(rewards).objective)
    }
}

impl Gradient for FastEquilibrium<'_> {
    type Param = Ascending;
    type Gradient = Array1<f64>;

    fn gradient(&self, rewards: &Ascending) -> Result<Array1<f64>, Error> {
        check(rewards)?;
        let CutForces { above, below, .. } = self.forces(&self.plan(rewards), false);
        let own = self.problem.own_forces(rewards.rounded(), rewards.remainders());
        Ok(above.iter().zip(&below).zip(own).map(|((above, below), own)| (above - below) - own).collect())
    }
}

impl Hessian for FastEquilibrium<'_> {
    type Param = Ascending;
    type Hessian = EquilibriumHessian;

    fn hessian(&self, rewards: &Ascending) -> Result<EquilibriumHessian, Error> {
        check(rewards)?;
        let precision = self.coarse.as_ref().unwrap_or(&self.precision);
        let resolution = self.resolution(precision, rewards);
        let pairs = PairWeights::new(self.problem.kernel(), rewards, &precision.chebyshev, &resolution);
        let (own, everywhere) = self.problem.own_stiffness(rewards.rounded());
        Ok(EquilibriumHessian { problem: self.problem.clone(), pairs, own, everywhere })
    }
}

/// The Hessian of `-S` of problem (7) at given rewards:
///
/// ```text
/// (H v)_i = sum_j w_ij (v_i - v_j) + d_i v_i + e sum_j v_j,
/// ```
///
/// with weights `-U_q''` of the distances, `d_i` from field and centring, and `e` from centring. A product takes `O(n)`.
#[derive(Debug)]
pub struct EquilibriumHessian {
    problem: Equilibrium,
    pairs: PairWeights<Ascending>,
    /// `d`.
    own: Vec<f64>,
    /// `e`.
    everywhere: f64,
}

impl EquilibriumHessian {
    /// `H v`.
    pub fn apply(&self, v: &[f64]) -> Vec<f64> {
        let mut product = self.pairs.apply(v);
        let common = self.everywhere * v.iter().sum::<f64>();
        for ((product, v), own) in product.iter_mut().zip(v).zip(&self.own) {
            *product += own * v + common;
        }
        product
    }

    /// The diagonal of `H`.
    pub fn diagonal(&self) -> Vec<f64> {
        self.pairs.row_sums().iter().zip(&self.own).map(|(sum, own)| sum + own + self.everywhere).collect()
    }

    /// As [`super::Laplacian::work`].
    pub fn work(&self) -> f64 {
        self.pairs.work()
    }

    /// The same with a stiffness against a shift of all, the mean of the diagonal over `n` in all entries.
    pub fn anchored(self) -> Self {
        let n = self.own.len() as f64;
        let anchor = self.diagonal().iter().sum::<f64>() / (n * n);
        Self { everywhere: self.everywhere + anchor, ..self }
    }

    /// For each response, the size of the force that a move by the distance from its nearest neighbour would take, as
    /// [`super::Laplacian::forces`].
    pub fn forces(&self) -> Vec<f64> {
        let x = self.pairs.places();
        let n = x.count();
        let mut forces = self.diagonal();
        let farthest = x.near(0, n - 1);
        let mut above = if farthest > 0.0 { farthest } else { 1.0 };
        let mut distances = vec![above; n];
        for i in (1..n).rev() {
            let gap = x.near(i - 1, i);
            above = if gap > 0.0 { gap } else { above };
            distances[i - 1] = above;
        }
        let mut below = f64::INFINITY;
        for i in 0..n {
            let gap = if i > 0 { x.near(i - 1, i) } else { 0.0 };
            below = if gap > 0.0 { gap } else { below };
            forces[i] *= distances[i].min(below);
        }
        forces
    }

    /// A symmetric positive definite approximation of the inverse on the responses that are free.
    pub fn preconditioner(&self, free: std::ops::Range<usize>) -> RankLevels {
        let x = self.pairs.places();
        let repels = self.problem.is_repelling();
        let terrain = Terrain {
            diagonal: &self.diagonal(),
            own: &self.own,
            copies: 1.0,
            scale: if repels { from_ends(x, self.problem.support()) } else { vec![1.0; x.count()] },
            constant: [repels || free.start == 0, repels || free.end == x.count()],
            free,
        };
        RankLevels::new(self.problem.kernel(), x, terrain)
    }
}

/// The distance from a finite end of the support; of two the product over their distance, which is the lesser one or a little less.
/// At an end it is that of the next response.
fn from_ends(rewards: &Ascending, support: Support) -> Vec<f64> {
    let (lower, upper) = (support.lower(), support.upper());
    let distance = |i: usize| match (lower.is_finite(), upper.is_finite()) {
        (true, true) => rewards.above(i, lower) * (-rewards.above(i, upper) / (upper - lower)),
        (true, false) => rewards.above(i, lower),
        (false, true) => -rewards.above(i, upper),
        (false, false) => 1.0,
    };
    let n = rewards.len();
    let mut distances: Vec<f64> = (0..n).map(distance).collect();
    if n > 1 {
        distances[0] = if distances[0] > 0.0 { distances[0] } else { distances[1] };
        distances[n - 1] = if distances[n - 1] > 0.0 { distances[n - 1] } else { distances[n - 2] };
    }
    distances
}
