//! Problem (7) for a full ranking: any interval, a field, smoothed labels, centring.

mod balance;

use std::fmt;

use argmin::core::{CostFunction, Error, Gradient, Hessian};
use ndarray::{Array1, Array2};
use rayon::prelude::*;
use thiserror::Error as ThisError;

use super::kernel::PairKernel;
use super::{Field, Support};
use crate::utility::{Concavity, Curve, Derivative, Errors, Jet, OnLine, Origin, SharedUtility, Utility, UtilityError};

pub use balance::Balance;
pub(super) use balance::{Bounded, OfPairs};

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

impl PairKernel for PairUtility {
    fn at_all(&self, derivative: Derivative, distances: &mut [f64]) {
        match self {
            Self::Ordered(utility) => utility.map(derivative, distances),
            Self::OnLine(utility) => utility.map(derivative, distances),
        }
    }

    fn at(&self, distance: f64) -> Jet {
        self.jet(distance)
    }

    fn errors_at(&self, distance: f64) -> Errors {
        self.errors(distance)
    }

    fn start(&self) -> Origin {
        match self {
            Self::Ordered(utility) => utility.origin(),
            Self::OnLine(utility) => Origin::FiniteSlope(utility.jet(0.0).slope),
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
        self.concavity.and(self.field.as_ref().map_or(Concavity::Proved, Field::concavity))
    }

    /// How it is known that the utility is concave as far as the support reaches.
    pub fn utility_concavity(&self) -> Concavity {
        self.concavity
    }

    /// Whether rewards may not tie, since `U'(0+)` is infinite.
    pub fn is_repelling(&self) -> bool {
        matches!(self.pairs, PairUtility::Ordered(_))
    }

    /// `U_q` and its derivatives at a difference of rewards.
    pub fn pair(&self, difference: f64) -> Jet {
        self.pairs.jet(difference)
    }

    /// `U_q` for sums over pairs in order.
    pub(super) fn kernel(&self) -> &dyn PairKernel {
        &self.pairs
    }

    /// What the field and the centring add to the Hessian of `-S`: a diagonal, and one number in all entries.
    pub(super) fn own_stiffness(&self, rewards: &[f64]) -> (Vec<f64>, f64) {
        let n = rewards.len() as f64;
        let bend = |reward: f64| self.field.as_ref().map_or(0.0, |field| field.jet(reward).curvature);
        let centred = 2.0 * self.centering * (n - 2.0);
        (rewards.iter().map(|&reward| centred - (n - 1.0) * bend(reward)).collect(), 2.0 * self.centering)
    }

    /// Bounds on the rounding errors of [`Equilibrium::pair`].
    pub(crate) fn pair_errors(&self, difference: f64) -> Errors {
        self.pairs.errors(difference)
    }

    /// Whether nothing but differences of rewards counts, so that all may be shifted together where the support lets them.
    pub fn is_free_to_shift(&self) -> bool {
        self.field.is_none() && self.centering == 0.0
    }

    /// The Hessian of `-S`, `n` by `n`.
    pub fn stiffness(&self, rewards: &[f64]) -> Array2<f64> {
        let n = rewards.len();
        let (own, everywhere) = self.own_stiffness(rewards);
        let mut entries = vec![0.0; n * n];
        entries.par_chunks_mut(n.max(1)).enumerate().for_each(|(i, row)| {
            let mut diagonal = 0.0;
            for j in 0..n {
                if j != i {
                    let difference = if j > i { rewards[j] - rewards[i] } else { rewards[i] - rewards[j] };
                    let weight = -self.pairs.jet(difference).curvature;
                    row[j] = everywhere - weight;
                    diagonal += weight;
                }
            }
            row[i] = diagonal + own[i] + everywhere;
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
