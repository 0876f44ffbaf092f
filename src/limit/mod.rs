//! The limit law `P*`: where the optimal rewards go as `n -> infinity`.
//!
//! The empirical distribution of the maximiser converges to the unique maximiser over probability measures on [0, 1] of
//!
//! ```text
//! E(P) = int int U(|x - y|) dP(x) dP(y).
//! ```
//!
//! `P*` is characterised by its potential `Phi(x) = int U(|x-y|) dP*(y)` being constant on [0, 1]. How `U` leaves 0
//! ([`Origin`]) decides what it looks like and how it is found:
//!
//! | `U` near 0 | `P*` | method |
//! |---|---|---|
//! | finite slope | atoms at 0 and 1, a density between | Fredholm equation of the second kind, piecewise Gauss-Legendre |
//! | `x^gamma`, `log x`, `-x^-sigma` with `sigma < 1` | `(x(1-x))^((s-1)/2)` times a smooth function, `s = -gamma, 0, sigma` | weighted Gegenbauer expansion |
//! | `-x^-sigma` with `sigma >= 1` | uniform, whatever the rest of `U` | theorem |
//!
//! Closed forms are used where theorems give them. For any `P`, `E(P*) - E(P) <= 2 (max Phi - E(P))`: every law carries this
//! bound as its [`LimitLaw::gap`].
//!
//! [`FreeLaw`] is the law on any interval, with a field, where the ends of the support are part of the answer.

mod atoms_and_uniform;
mod error;
mod expansion;
mod fredholm;
mod free_boundary;
mod gegenbauer;
mod grading;
mod law;
pub(crate) mod legendre;
mod lower_half;
mod moments;
mod piecewise;
mod potential;
mod regular;
mod singular;
mod symmetric_beta;

use std::sync::Arc;

use rand::Rng;
use rand::distr::{Distribution, Open01};

pub use error::LimitError;
pub use free_boundary::{FreeLaw, FreeLawError};
pub use law::Law;

use crate::utility::{AffineParts, ClosedForm, Concavity, Origin, Utility, check_admissible};
use atoms_and_uniform::AtomsAndUniform;
use lower_half::LowerHalf;
use potential::Certificate;
use singular::LeadingTerm;
use symmetric_beta::SymmetricBeta;

/// A point that carries mass.
#[derive(Debug, Clone, Copy, PartialEq)]
#[cfg_attr(feature = "serde", derive(serde::Serialize, serde::Deserialize))]
pub struct Atom {
    /// Where.
    pub at: f64,
    /// Its probability.
    pub mass: f64,
}

/// The limit law of a utility: a probability law on [0, 1], symmetric about 1/2, as a function object.
///
/// Evaluating it costs about a microsecond or less; nothing is integrated at call time. Cloning is cheap.
///
/// ```
/// use reward_collapse::{limit::LimitLaw, utility::parse};
/// let law = LimitLaw::of(&parse("logsigmoid(4x)")?)?;
/// assert!((law.atoms()[0].mass - 0.2040171582345).abs() < 1e-12);
/// assert!((law.density(0.5) - 0.6288161010678).abs() < 1e-12);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct LimitLaw {
    lower: Arc<dyn LowerHalf>,
    atoms: Vec<Atom>,
    closed_form: Option<ClosedForm>,
    mean_utility: f64,
    gap: f64,
    concavity: Concavity,
}

impl LimitLaw {
    /// The limit law of `utility`: its closed form where a theorem gives one, and [`LimitLaw::numerical`] otherwise.
    ///
    /// # Errors
    /// As for [`LimitLaw::numerical`].
    pub fn of<U: Utility + ?Sized>(utility: &U) -> Result<Self, LimitError> {
        let utility: &dyn Utility = &utility;
        refuse(utility)?;
        Self::up_to_a_factor(utility, &|base| match base.closed_form() {
            // What a utility of one's own says of its law is no theorem.
            Some(closed_form) if base.concavity() == Concavity::Proved => Ok(Self::from_closed_form(base, closed_form)),
            _ => Self::discretised(base),
        })
    }

    /// The law that `find` finds; a factor and a constant, which change no law, are set aside first.
    fn up_to_a_factor(
        utility: &dyn Utility,
        find: &dyn Fn(&dyn Utility) -> Result<Self, LimitError>,
    ) -> Result<Self, LimitError> {
        let Some(AffineParts { base, scale, shift }) = utility.affine() else { return find(utility) };
        let law = Self::up_to_a_factor(base, find)?;
        let scaled = scale * law.mean_utility;
        let mean_utility = scaled + shift;
        let rounding = 2.0 * f64::EPSILON * (scaled.abs() + shift.abs() + mean_utility.abs());
        let gap = scale * law.gap + if scale == 1.0 && shift == 0.0 { 0.0 } else { rounding };
        // A mean utility of -inf, and then no gap, is a matter of the utility and not of its factor.
        if law.mean_utility.is_finite() && !(mean_utility.is_finite() && gap.is_finite()) {
            return Err(LimitError::Overflow { utility: utility.to_string() });
        }
        Ok(Self { mean_utility, gap, ..law })
    }

    /// The limit law of `utility` by discretisation, even where a closed form is known.
    ///
    /// Only a pole with `sigma >= 1` has no numerical route: its law is uniform whatever the rest of `U`.
    ///
    /// # Errors
    /// [`LimitError::Refused`] for a utility outside the theory, [`LimitError::SlowSlope`] for one like `x - x log x`, and
    /// [`LimitError::NotConverged`] if the potential of the result is not flat, [`LimitError::Signed`] if it is negative somewhere.
    pub fn numerical<U: Utility + ?Sized>(utility: &U) -> Result<Self, LimitError> {
        let utility: &dyn Utility = &utility;
        refuse(utility)?;
        Self::up_to_a_factor(utility, &Self::discretised)
    }

    fn discretised(utility: &dyn Utility) -> Result<Self, LimitError> {
        let origin = utility.origin();
        if let Some(leading) = LeadingTerm::of(origin) {
            let solution = singular::solve(utility, leading)?;
            return Self::checked(utility, Arc::new(solution.law), 0.0, solution.certificate);
        }
        match origin {
            Origin::FiniteSlope(slope) => {
                let solution = fredholm::solve(utility, slope)?;
                Self::checked(utility, Arc::new(solution.law), solution.atom, solution.certificate)
            }
            Origin::Pole { .. } => Ok(Self::from_closed_form(utility, ClosedForm::Uniform)),
            _ => Err(LimitError::SlowSlope { utility: utility.to_string() }),
        }
    }

    fn from_closed_form(utility: &dyn Utility, closed_form: ClosedForm) -> Self {
        let (lower, atom): (Arc<dyn LowerHalf>, f64) = match closed_form {
            ClosedForm::Beta { shape } => (Arc::new(SymmetricBeta::new(shape)), 0.0),
            ClosedForm::Uniform => (Arc::new(AtomsAndUniform { atom: 0.0 }), 0.0),
            ClosedForm::AtomsAndUniform { atom } => (Arc::new(AtomsAndUniform { atom }), atom),
        };
        let certificate = match utility.origin() {
            Origin::FiniteSlope(slope) => potential::certify_uniform(utility, slope, atom),
            origin => LeadingTerm::of(origin).map_or(Certificate::DIVERGENT, |leading| {
                // A closed form is a leading term and a constant.
                let mean_utility = leading.mean_utility() + utility.regular_part(1.0);
                Certificate::new(mean_utility, mean_utility, utility.value(1.0).abs())
            }),
        };
        Self::new(utility, lower, atom, certificate, Some(closed_form))
    }

    /// Refuses a law whose potential is not flat to [`LOOSEST`] of its size, and a signed measure: a constant potential on
    /// [0, 1] is optimal only among measures that are positive there. A utility that turns down before `x = 1` may have an
    /// optimum that does not reach the ends.
    fn checked(
        utility: &dyn Utility,
        lower: Arc<dyn LowerHalf>,
        atom: f64,
        certificate: Certificate,
    ) -> Result<Self, LimitError> {
        let unit = (certificate.mean_utility - utility.value(1.0)).abs();
        let decreases = utility.slope(1.0) < 0.0;
        let points = (0..=DENSITY_POINTS).map(|i| 0.5 * (i as f64 / DENSITY_POINTS as f64).powi(2));
        let densities = points.map(|x| (lower.density(x), x));
        let (density, at) = densities.fold((0.0, 0.0), |least, found| if found.0 < least.0 { found } else { least });
        // An atom of negative mass is an infinitely negative density.
        let (density, at) = if atom < 0.0 { (f64::NEG_INFINITY, 0.0) } else { (density, at) };
        if density < -1e-9 {
            let utility = utility.to_string();
            return Err(if decreases {
                LimitError::NotPositive { utility }
            } else {
                LimitError::Signed { utility, density, at }
            });
        }
        if certificate.gap <= LOOSEST * unit {
            Ok(Self::new(utility, lower, atom, certificate, None))
        } else {
            Err(LimitError::NotConverged { utility: utility.to_string(), residual: 0.5 * certificate.gap })
        }
    }

    fn new(
        utility: &dyn Utility,
        lower: Arc<dyn LowerHalf>,
        atom: f64,
        certificate: Certificate,
        closed_form: Option<ClosedForm>,
    ) -> Self {
        let atoms = if atom > 0.0 { [0.0, 1.0].map(|at| Atom { at, mass: atom }).to_vec() } else { Vec::new() };
        let Certificate { mean_utility, gap } = certificate;
        Self { lower, atoms, closed_form, mean_utility, gap, concavity: utility.concavity() }
    }

    /// The closed form, if the law is one; `None` for a law found numerically.
    pub fn closed_form(&self) -> Option<ClosedForm> {
        self.closed_form
    }

    /// The atoms: none, or one of equal mass at each end.
    pub fn atoms(&self) -> &[Atom] {
        &self.atoms
    }

    /// The density of the absolutely continuous part at `x`; zero outside [0, 1], and infinite at an end where it diverges.
    pub fn density(&self, x: f64) -> f64 {
        if (0.0..=1.0).contains(&x) { self.lower.density(x.min(1.0 - x)) } else { 0.0 }
    }

    /// The distribution function `F(x) = P([0, x])`, atoms included and right continuous.
    pub fn cdf(&self, x: f64) -> f64 {
        if x < 0.0 {
            0.0
        } else if x >= 1.0 {
            1.0
        } else if x <= 0.5 {
            self.lower.cdf(x)
        } else {
            1.0 - self.lower.cdf(1.0 - x)
        }
    }

    /// `G(x) = int_0^x F(t) dt`, from a formula.
    pub fn cdf_integral(&self, x: f64) -> f64 {
        if x <= 0.0 {
            0.0
        } else if x <= 0.5 {
            self.lower.cdf_integral(x)
        } else if x < 1.0 {
            (x - 0.5) + self.lower.cdf_integral(1.0 - x)
        } else {
            x - 0.5
        }
    }

    /// The quantile `inf {x : F(x) >= u}` for `0 <= u <= 1`; NaN for other `u`.
    ///
    /// Relative accuracy is kept down to the smallest quantiles (`Beta(0.01, 0.01)` has its 0.1% point near 1e-270).
    pub fn quantile(&self, u: f64) -> f64 {
        if !(0.0..=1.0).contains(&u) {
            f64::NAN
        } else if u == 0.0 {
            0.0
        } else if u <= 0.5 {
            self.lower.quantile(u)
        } else if u < 1.0 {
            1.0 - self.lower.quantile(1.0 - u)
        } else {
            1.0
        }
    }

    /// How it is known that the utility is concave, on which the law and its bound rest.
    pub fn concavity(&self) -> Concavity {
        self.concavity
    }

    /// The mean, 1/2 by symmetry.
    pub fn mean(&self) -> f64 {
        0.5
    }

    /// The variance `int (x - 1/2)^2 dP`.
    pub fn variance(&self) -> f64 {
        self.central_moment(2)
    }

    /// `int (x - 1/2)^k dP`; 0 for odd `k` by symmetry.
    ///
    /// ```
    /// use reward_collapse::{limit::LimitLaw, utility::Log};
    /// assert!((LimitLaw::of(&Log)?.variance() - 0.125).abs() < 1e-15); // arcsine
    /// # Ok::<(), reward_collapse::limit::LimitError>(())
    /// ```
    pub fn central_moment(&self, k: u32) -> f64 {
        moments::central(self.lower.as_ref(), k)
    }

    /// `E(P*)`, the mean utility of a pair in the limit; `-inf` for a pole with `sigma >= 1`.
    pub fn mean_utility(&self) -> f64 {
        self.mean_utility
    }

    /// A bound on `E(P*) - E(P)` for this computed `P`: `2 (max Phi - E(P))` over a fine grid, with an estimate of rounding.
    /// Rounding alone for a `Beta` closed form, whose potential is constant by theorem; NaN where `E` is `-inf`.
    pub fn gap(&self) -> f64 {
        self.gap
    }
}

/// Points at which a computed density is examined for its sign, denser towards the end.
const DENSITY_POINTS: usize = 100;

/// Largest `gap` over `|E - U(1)|` of a law that is handed out.
const LOOSEST: f64 = 1e-2;

fn refuse(utility: &dyn Utility) -> Result<(), LimitError> {
    if let Some(refusal) = utility.refusal() {
        return Err(refusal.into());
    }
    if utility.concavity() == Concavity::Sampled {
        check_admissible(utility)?;
    }
    Ok(())
}

impl Distribution<f64> for LimitLaw {
    /// Samples by inversion.
    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        self.quantile(rng.sample(Open01))
    }
}
