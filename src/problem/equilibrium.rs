//! Problem (7) for a full ranking: any interval, a field, smoothed labels, centring.

use std::fmt;

use argmin::core::{CostFunction, Error, Gradient, Hessian};
use ndarray::{Array1, Array2};
use rayon::prelude::*;
use thiserror::Error as ThisError;

use super::summation::{Accurate, Sum, sum_rows};
use super::{Field, Support};
use crate::utility::{Concavity, Curve, Errors, Jet, OnLine, SharedUtility, UtilityError};

/// What a pair is worth, as a function of the difference of its rewards.
#[derive(Debug, Clone)]
enum PairUtility {
    /// `U'(0+)` is infinite: no pair is in the wrong order, and none is tied.
    Ordered(SharedUtility),
    /// Finite for every difference.
    OnLine(OnLine),
}

impl PairUtility {
    fn jet(&self, difference: f64) -> Jet {
        match self {
            Self::Ordered(utility) => utility.jet(difference),
            Self::OnLine(utility) => utility.jet(difference),
        }
    }

    fn errors(&self, difference: f64) -> Errors {
        match self {
            Self::Ordered(utility) => utility.errors(difference),
            Self::OnLine(utility) => utility.errors(difference),
        }
    }
}

/// Problem (7) for `n` ranked responses, multiplied by the number of pairs: maximise
///
/// `S(r) = sum_{i<j} [U_q(r_j - r_i) - c (r_i + r_j)^2] + (n-1) sum_i V(r_i)` over `r_1 <= .. <= r_n` in an interval,
///
/// with a utility `U` smoothed by `q`, a field `V` and a centring coefficient `c`. As an `argmin` problem it is `-S` of the `n` rewards, with
/// its gradient and Hessian, in `O(n^2)`. For an interval `[0, 1]` and nothing else it is problem (1).
///
/// ```
/// use reward_collapse::problem::{Equilibrium, Field, Support};
/// use reward_collapse::utility::parse;
/// let gas = Equilibrium::new(parse("log(x)")?, 0.0, Support::LINE)?.with_field(Field::parse("-x^2/2", Support::LINE)?);
/// // The zeros of the Hermite polynomial H_3, over sqrt(2), balance all forces.
/// let x = 1.5f64.sqrt() / 2f64.sqrt();
/// let balance = gas.balance(&[-x, 0.0, x]);
/// assert!(balance.gradient.iter().all(|force| force.abs() < 1e-14));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct Equilibrium {
    utility: SharedUtility,
    pairs: PairUtility,
    smoothing: f64,
    support: Support,
    field: Option<Field>,
    centering: f64,
    concavity: Concavity,
}

/// Why there is no such problem.
#[derive(Debug, Clone, PartialEq, ThisError)]
#[non_exhaustive]
pub enum EquilibriumError {
    /// The utility, its smoothing, or the centring.
    #[error(transparent)]
    Utility(#[from] UtilityError),
    /// The utility is concave on (0, 1], but not as far as the support reaches.
    #[error(
        "the utility `{utility}` is not concave at x = {at}, a difference of rewards that the support {support} allows"
    )]
    NotConcave {
        /// The utility.
        utility: String,
        /// A difference at which it is convex.
        at: f64,
        /// The support.
        support: String,
    },
}

/// `S` at some rewards, with bounds on rounding.
#[derive(Debug, Clone, PartialEq)]
pub struct Balance {
    /// `S(r)`.
    pub objective: f64,
    /// A bound on its rounding error.
    pub objective_error: f64,
    /// The sum of the sizes of its terms: of a pair at distance `t`, the larger of `|U|` and `|U'| t`.
    pub magnitude: f64,
    /// `dS/dr_i`: the force on each reward.
    pub gradient: Vec<f64>,
    /// A bound on the rounding error of each.
    pub errors: Vec<f64>,
}

/// A sum with its own rounding error, and the errors of its terms.
#[derive(Debug, Clone, Copy, Default)]
struct Bounded {
    sum: Accurate,
    error: f64,
}

impl Bounded {
    fn add(&mut self, term: f64, error: f64) {
        self.sum.add(term);
        self.error += error;
    }

    /// The value, and a bound on its error for `terms` terms, each with an error of a unit in its last place at least.
    fn finish(self, terms: usize) -> (f64, f64) {
        let value = self.sum.value();
        let of_summation = 1.0 + 16.0 * terms as f64 * f64::EPSILON;
        (value, self.error * of_summation + f64::EPSILON * value.abs())
    }
}

impl Sum for Bounded {
    fn merge(&mut self, other: Self) {
        self.sum.merge(other.sum);
        self.error += other.error;
    }
}

impl Equilibrium {
    /// With a utility whose labels are smoothed by `q`, and rewards in `support`; no field, no centring.
    ///
    /// Where `U'(0+)` is infinite, `q` must be 0.
    ///
    /// # Errors
    /// [`EquilibriumError::NotConcave`] for a utility that is convex at a difference between 0 and the width of the support;
    /// [`EquilibriumError::Utility`] for a smoothing that is not in `[0, 1/2)`, or that meets a pair in the wrong order at `-inf`.
    pub fn new(utility: SharedUtility, smoothing: f64, support: Support) -> Result<Self, EquilibriumError> {
        if let Some(refusal) = utility.refusal() {
            return Err(refusal.into());
        }
        let pairs = if smoothing == 0.0 && !utility.slope_at_zero().is_finite() {
            PairUtility::Ordered(utility.clone())
        } else {
            PairUtility::OnLine(OnLine::new(utility.clone(), smoothing)?)
        };
        let concavity = concavity_up_to(&utility, support)?;
        Ok(Self { utility, pairs, smoothing, support, field: None, centering: 0.0, concavity })
    }

    /// The same with a field, which was made for the same support.
    #[must_use]
    pub fn with_field(self, field: Field) -> Self {
        Self { field: Some(field), ..self }
    }

    /// The same with a centring coefficient.
    ///
    /// # Errors
    /// [`UtilityError::Parameter`] unless `c` is finite and not negative.
    pub fn with_centering(self, centering: f64) -> Result<Self, EquilibriumError> {
        if centering.is_finite() && centering >= 0.0 {
            return Ok(Self { centering, ..self });
        }
        let parameter = UtilityError::Parameter { family: "centring", name: "c", value: centering, domain: "c >= 0" };
        Err(parameter.into())
    }

    /// The utility, without smoothing.
    pub fn utility(&self) -> &SharedUtility {
        &self.utility
    }

    /// The smoothing `q`.
    pub fn smoothing(&self) -> f64 {
        self.smoothing
    }

    /// The support.
    pub fn support(&self) -> Support {
        self.support
    }

    /// The field.
    pub fn field(&self) -> Option<&Field> {
        self.field.as_ref()
    }

    /// The centring coefficient `c`.
    pub fn centering(&self) -> f64 {
        self.centering
    }

    /// How it is known that the utility, as far as the support reaches, and the field are concave.
    pub fn concavity(&self) -> Concavity {
        let field = self.field.as_ref().map_or(Concavity::Proved, Field::concavity);
        if self.concavity == Concavity::Proved && field == Concavity::Proved {
            Concavity::Proved
        } else {
            Concavity::Sampled
        }
    }

    /// Whether rewards may not tie, since `U'(0+)` is infinite.
    pub fn is_repelling(&self) -> bool {
        matches!(self.pairs, PairUtility::Ordered(_))
    }

    /// `U_q` and its derivatives at a difference of rewards.
    pub fn pair(&self, difference: f64) -> Jet {
        self.pairs.jet(difference)
    }

    /// Bounds on the rounding errors of [`Equilibrium::pair`].
    pub(crate) fn pair_errors(&self, difference: f64) -> Errors {
        self.pairs.errors(difference)
    }

    /// Whether nothing but differences of rewards counts, so that all may be shifted together where the support lets them.
    pub fn is_free_to_shift(&self) -> bool {
        self.field.is_none() && self.centering == 0.0
    }

    /// `S` and its gradient at `rewards`, with bounds on the rounding errors of both. `O(n^2)`.
    pub fn balance(&self, rewards: &[f64]) -> Balance {
        let n = rewards.len();
        // After the forces: the objective, and the sizes of its terms.
        let mut sums: Vec<Bounded> = sum_rows(n, n + 2, |i, sums: &mut [Bounded]| {
            for j in i + 1..n {
                let difference = rewards[j] - rewards[i];
                let (jet, errors) = (self.pairs.jet(difference), self.pairs.errors(difference));
                // The difference itself is rounded.
                let moved = f64::EPSILON * difference.abs();
                let of_slope = errors.slope + moved * jet.curvature.abs() + f64::EPSILON * jet.slope.abs();
                let of_value = errors.value + moved * jet.slope.abs() + f64::EPSILON * jet.value.abs();
                sums[j].add(jet.slope, of_slope);
                sums[i].add(-jet.slope, of_slope);
                sums[n].add(jet.value, of_value);
                sums[n + 1].add(jet.value.abs().max(jet.slope.abs() * difference.abs()), 0.0);
            }
        });
        self.add_field(rewards, &mut sums);
        self.add_centering(rewards, &mut sums);
        let terms = 3 * n + 3;
        let (objective, objective_error) = sums[n].finish(terms * n.max(1));
        let magnitude = sums[n + 1].sum.value();
        let (gradient, errors) = sums[..n].iter().map(|sum| sum.finish(terms)).unzip();
        Balance { objective, objective_error, magnitude, gradient, errors }
    }

    fn add_field(&self, rewards: &[f64], sums: &mut [Bounded]) {
        let Some(field) = &self.field else { return };
        let n = rewards.len();
        let weight = n as f64 - 1.0;
        for (i, &reward) in rewards.iter().enumerate() {
            let (jet, errors) = (field.jet(reward), field.errors(reward));
            let rounded = |term: f64, error: f64| weight * (error + f64::EPSILON * term.abs());
            sums[i].add(weight * jet.slope, rounded(jet.slope, errors.slope));
            sums[n].add(weight * jet.value, rounded(jet.value, errors.value));
            sums[n + 1].add(weight * jet.value.abs(), 0.0);
        }
    }

    fn add_centering(&self, rewards: &[f64], sums: &mut [Bounded]) {
        if self.centering == 0.0 {
            return;
        }
        let n = rewards.len();
        let mut total = Accurate::default();
        let mut sizes = 0.0;
        rewards.iter().for_each(|&reward| {
            total.add(reward);
            sizes += reward.abs();
        });
        let (total, others) = (total.value(), n as f64 - 2.0);
        let mut squares = Accurate::default();
        for (i, &reward) in rewards.iter().enumerate() {
            let size = 2.0 * self.centering * (others * reward.abs() + sizes);
            sums[i].add(-2.0 * self.centering * (others * reward + total), 8.0 * f64::EPSILON * size);
            squares.add(reward * reward);
        }
        // sum_{i<j} (r_i + r_j)^2 = (n - 2) sum_i r_i^2 + (sum_i r_i)^2.
        let paid = self.centering * (others * squares.value() + total * total);
        let size = self.centering * (others * squares.value() + sizes * sizes);
        sums[n].add(-paid, 8.0 * f64::EPSILON * size);
        sums[n + 1].add(paid.abs(), 0.0);
    }

    /// The Hessian of `-S`, `n` by `n`.
    pub fn stiffness(&self, rewards: &[f64]) -> Array2<f64> {
        let n = rewards.len();
        let mut entries = vec![0.0; n * n];
        entries.par_chunks_mut(n.max(1)).enumerate().for_each(|(i, row)| {
            let mut diagonal = 0.0;
            for j in 0..n {
                if j != i {
                    let difference = if j > i { rewards[j] - rewards[i] } else { rewards[i] - rewards[j] };
                    let weight = -self.pairs.jet(difference).curvature;
                    row[j] = 2.0 * self.centering - weight;
                    diagonal += weight;
                }
            }
            let field = self.field.as_ref().map_or(0.0, |field| field.jet(rewards[i]).curvature);
            row[i] = diagonal - (n as f64 - 1.0) * field + 2.0 * self.centering * (n as f64 - 1.0);
        });
        Array2::from_shape_fn((n, n), |(i, j)| entries[i * n + j])
    }
}

/// How it is known that `utility` is concave for all differences that `support` allows.
fn concavity_up_to(utility: &SharedUtility, support: Support) -> Result<Concavity, EquilibriumError> {
    let width = support.upper() - support.lower();
    if width <= 1.0 {
        return Ok(utility.concavity());
    }
    let not_concave =
        |at: f64| EquilibriumError::NotConcave { utility: utility.to_string(), at, support: support.to_string() };
    // What is proved is the expression; a hand-written utility need not be what it is called.
    let proved = match Curve::parse(&utility.to_string()) {
        Ok(curve) if utility.concavity() == Concavity::Proved => match curve.concavity(0.0, width) {
            Ok(concavity) => concavity,
            Err((at, _)) => return Err(not_concave(at)),
        },
        _ => Concavity::Sampled,
    };
    if proved == Concavity::Sampled {
        // Beyond this a concave utility has nothing left to show.
        let reach = width.min(1e6);
        let points = (1..=600).map(|k| reach.powf(f64::from(k) / 600.0));
        let convex = |x: f64| utility.curvature(x) > 1e-10 * utility.slope(x).abs() / x;
        if let Some(at) = points.into_iter().find(|&x| convex(x)) {
            return Err(not_concave(at));
        }
    }
    Ok(proved)
}

impl fmt::Display for Equilibrium {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{} on {}", self.utility, self.support)?;
        if self.smoothing != 0.0 {
            write!(f, ", smoothing {}", self.smoothing)?;
        }
        if let Some(field) = &self.field {
            write!(f, ", field {field}")?;
        }
        if self.centering != 0.0 {
            write!(f, ", centring {}", self.centering)?;
        }
        Ok(())
    }
}

impl CostFunction for Equilibrium {
    type Param = Array1<f64>;
    type Output = f64;

    /// `-S(r)`; infinite where a pair that may not is in the wrong order.
    fn cost(&self, rewards: &Array1<f64>) -> Result<f64, Error> {
        let rewards = rewards.to_vec();
        if self.is_repelling() && rewards.windows(2).any(|pair| pair[1] <= pair[0]) {
            return Ok(f64::INFINITY);
        }
        Ok(-self.balance(&rewards).objective)
    }
}

impl Gradient for Equilibrium {
    type Param = Array1<f64>;
    type Gradient = Array1<f64>;

    fn gradient(&self, rewards: &Array1<f64>) -> Result<Array1<f64>, Error> {
        Ok(self.balance(&rewards.to_vec()).gradient.into_iter().map(|force| -force).collect())
    }
}

impl Hessian for Equilibrium {
    type Param = Array1<f64>;
    type Hessian = Array2<f64>;

    fn hessian(&self, rewards: &Array1<f64>) -> Result<Array2<f64>, Error> {
        Ok(self.stiffness(&rewards.to_vec()))
    }
}
