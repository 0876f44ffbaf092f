//! The limit law on any interval, with a field: where the ends of the support are themselves unknown.
//!
//! The empirical distribution of the maximiser of problem (7) on a support `I` converges to the maximiser over the laws on `I` of
//!
//! ```text
//! E(P) = int int U_q(|x - y|) dP(x) dP(y) + 2 int V(x) dP(x).
//! ```
//!
//! The law lives on an interval [A, B] on which `Phi + V` is constant, `Phi(x) = int U_q(|x-y|) dP(y)`. Each end is free, or at a
//! wall of `I` that holds something back: an atom where the slope of `U` at 0+ is finite, an infinite density where it is not.
//! The ends are found by clamping the law to intervals until nothing presses on a free end. A field that pushes against a wall harder
//! than `U_q'(0+)` leaves nothing but an atom there.
//!
//! | `U` near 0 | density at a free end | at a wall | method |
//! |---|---|---|---|
//! | finite slope | jumps to 0 | an atom, and a jump | Fredholm equation of the second kind, with the atoms among its unknowns |
//! | a multiple of `x^gamma`, `log x`, `-x^-sigma`, `sigma < 1` | `d^((1+s)/2)` at distance `d`, `s = -gamma, 0, sigma` | `d^((s-1)/2)` | weighted Gegenbauer expansion |

mod certificate;
mod construct;
mod ends;
mod error;
mod expansion;
mod first_kind;
mod kernel;
mod law;
mod of_problem;
mod second_kind;

use std::sync::Arc;

use rand::Rng;
use rand::distr::{Distribution, Open01};

pub use error::FreeLawError;

use super::Atom;
use crate::problem::{Field, Support};
use crate::utility::{Concavity, OnLine, Origin, SharedUtility};
use construct::{about_zero, nearly_linear_up_to, placed, point_of_collapse};
use ends::{first_interval, refuse_runaways, settle};
use first_kind::Leading;
use kernel::{Kernel, slope_at_zero};
use law::OnInterval;

/// The limit law of problem (7): a probability law on an interval whose ends are part of the answer, as a function object.
///
/// Cloning is cheap, and evaluating costs about a microsecond.
///
/// ```
/// use reward_collapse::limit::FreeLaw;
/// use reward_collapse::problem::Support;
/// use reward_collapse::utility::{OnLine, parse};
/// // What every Bradley-Terry reward model with 10% label smoothing converges to, whatever the prompt.
/// let loss = OnLine::new(parse("logsigmoid(x)")?, 0.1)?;
/// let law = FreeLaw::smoothed(&loss, Support::LINE, None)?;
/// assert!((law.ends()[1] - 3.059754545805).abs() < 1e-11);
/// assert!((law.variance() - 2.54229833).abs() < 1e-8);
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone)]
pub struct FreeLaw {
    law: Arc<dyn OnInterval>,
    ends: [f64; 2],
    walls: [bool; 2],
    atoms: Vec<Atom>,
    /// Points and masses with the integrals of smooth functions.
    rule: Arc<[(f64, f64)]>,
    energy: f64,
    gap: f64,
    concavity: Concavity,
}

impl FreeLaw {
    /// The law of `U_q` on `support` with a field, if there is one.
    ///
    /// Without a field the law is determined up to a shift: the one returned has the mean nearest to 0 that fits on the support.
    ///
    /// # Errors
    /// [`FreeLawError::RunsAway`] where no law is best, as without field, smoothing and bounds; [`FreeLawError::NotConcave`] where `U_q`
    /// is convex at distances within the law; [`FreeLawError::NotOneInterval`] and [`FreeLawError::NotConverged`] where the method fails.
    pub fn smoothed(utility: &OnLine, support: Support, field: Option<&Field>) -> Result<Self, FreeLawError> {
        let name = utility.to_string();
        refuse_runaways(&name, support, field, |x| utility.jet(x).slope)?;
        if let Some(at) = field.and_then(|field| point_of_collapse(slope_at_zero(utility), support, field)) {
            return Ok(Self::point_mass(utility, field, at));
        }
        if let Some(law) = Self::at_the_walls(utility, support, field) {
            return Ok(law);
        }
        if let Some(law) = Self::of_target(utility, support, field)? {
            return Ok(law);
        }
        // Without a field only the length counts: it is found about 0.
        let room = if field.is_some() { support } else { about_zero(support) };
        let start = first_interval(room, field, nearly_linear_up_to(utility));
        let (ends, solved) = settle(&name, room, field, start, |ends| {
            second_kind::clamp(&Kernel::new(utility, ends[1] - ends[0])?, field, ends)
        })?;
        let (ends, solved) = if field.is_some() {
            (ends, solved)
        } else {
            let ends = placed(support, ends);
            let kernel = Kernel::new(utility, ends[1] - ends[0])?;
            (ends, second_kind::clamp(&kernel, field, ends)?.law)
        };
        Self::from_second_kind(utility, support, field, ends, solved)
    }

    /// The law of `U` without smoothing on `support` with a field, if there is one; here the slope of `U` at 0+ may be infinite.
    ///
    /// # Errors
    /// As for [`FreeLaw::smoothed`], and [`FreeLawError::NoMethod`] for an infinite slope with anything but a multiple of `log x`,
    /// `x^gamma` or `-x^-sigma`, `sigma < 1`, up to a constant.
    ///
    /// ```
    /// use reward_collapse::limit::FreeLaw;
    /// use reward_collapse::problem::{Field, Support};
    /// use reward_collapse::utility::parse;
    /// let field = Field::parse("-0.3x", Support::UNIT)?;
    /// let law = FreeLaw::of(&parse("logsigmoid(4x)")?, Support::UNIT, Some(&field))?;
    /// assert!(law.atoms()[0].mass > law.atoms()[1].mass); // the field pulls down
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of(utility: &SharedUtility, support: Support, field: Option<&Field>) -> Result<Self, FreeLawError> {
        if let Some(refusal) = utility.refusal() {
            return Err(refusal.into());
        }
        match utility.origin() {
            Origin::FiniteSlope(_) => Self::smoothed(&OnLine::new(utility.clone(), 0.0)?, support, field),
            _ => match Leading::of(utility) {
                Some(leading) => Self::singular(utility.as_ref(), leading, support, field),
                None => Err(FreeLawError::NoMethod { utility: utility.to_string() }),
            },
        }
    }
}

impl FreeLaw {
    /// `A` and `B`: the least interval that carries the law.
    pub fn ends(&self) -> [f64; 2] {
        self.ends
    }

    /// Whether each end is at a wall of the support that holds the law back; otherwise it is free. A point mass counts as held twice.
    pub fn walls(&self) -> [bool; 2] {
        self.walls
    }

    /// The atoms, of which there is at most one at each end that is a wall.
    pub fn atoms(&self) -> &[Atom] {
        &self.atoms
    }

    /// The density of the absolutely continuous part at `x`; zero outside [`FreeLaw::ends`].
    pub fn density(&self, x: f64) -> f64 {
        if (self.ends[0]..=self.ends[1]).contains(&x) { self.law.density(x) } else { 0.0 }
    }

    /// The distribution function `F(x) = P((-inf, x])`, atoms included and right continuous.
    pub fn cdf(&self, x: f64) -> f64 {
        if x < self.ends[0] {
            0.0
        } else if x >= self.ends[1] {
            1.0
        } else {
            self.law.cdf(x).clamp(0.0, 1.0)
        }
    }

    /// `G(x) = int_{-inf}^x F(t) dt`.
    pub fn cdf_integral(&self, x: f64) -> f64 {
        let [lower, upper] = self.ends;
        if x <= lower { 0.0 } else { self.law.cdf_integral(x.min(upper)) + (x - upper).max(0.0) }
    }

    /// The quantile `inf {x : F(x) >= u}`, and the lower end for `u = 0`; NaN outside `0 <= u <= 1`.
    pub fn quantile(&self, u: f64) -> f64 {
        let [lower, upper] = self.ends;
        let at_top = self.atoms.last().filter(|atom| atom.at == upper).map_or(0.0, |atom| atom.mass);
        if !(0.0..=1.0).contains(&u) {
            f64::NAN
        } else if u == 0.0 {
            lower
        } else if u >= 1.0 - at_top {
            upper
        } else {
            self.law.quantile(u).clamp(lower, upper)
        }
    }

    /// The mass by the law's rule, which is 1 but for rounding and for what was left at a free end.
    fn mass(&self) -> f64 {
        self.integral(|_| 1.0)
    }

    /// The mean `int x dP`.
    pub fn mean(&self) -> f64 {
        self.integral(|x| x)
    }

    /// The variance `int (x - mean)^2 dP`.
    pub fn variance(&self) -> f64 {
        self.central_moment(2)
    }

    /// `int (x - mean)^k dP`.
    pub fn central_moment(&self, k: u32) -> f64 {
        let mean = self.mean();
        self.integral(|x| (x - mean).powi(k as i32))
    }

    /// `int f dP`, by a rule that is exact to rounding for a function that is smooth on the scale of the density.
    pub fn integral(&self, f: impl Fn(f64) -> f64) -> f64 {
        self.rule.iter().map(|&(x, mass)| mass * f(x)).sum()
    }

    /// `E(P)`, the mean utility of a pair and twice the mean field.
    pub fn energy(&self) -> f64 {
        self.energy
    }

    /// A bound on `E(P') - E(P)` for every law `P'` on the interval of [`FreeLaw::ends`]: `2 (max (Phi + V) - int (Phi + V) dP)`, with an
    /// estimate of rounding.
    ///
    /// `E` is concave among laws on this interval even where `U_q` decreases: the density is positive and no less than `K` applied to it,
    /// which leaves `K` a spectral radius of at most 1.
    ///
    /// The maximum is over a fine grid. Beyond a free end `Phi + V` falls, since `U` and `V` are concave and its slope at the end is 0.
    /// That a law on a longer interval gains nothing rests on this and on the concavity of `E` in the quantiles.
    pub fn gap(&self) -> f64 {
        self.gap
    }

    /// How it is known that the utility is concave up to the length of the support, and the field on it.
    pub fn concavity(&self) -> Concavity {
        self.concavity
    }
}

impl Distribution<f64> for FreeLaw {
    /// Samples by inversion.
    fn sample<R: Rng + ?Sized>(&self, rng: &mut R) -> f64 {
        self.quantile(rng.sample(Open01))
    }
}
