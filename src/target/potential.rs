//! The field that makes a law the limit law.

use std::fmt;
use std::str::FromStr;

use super::quadrature::split_at;
use super::table::Table;
use super::{Target, TargetError};
use crate::problem::Support;
use crate::utility::{Concavity, Errors, Jet, SharedUtility, parse};

/// Edges that a table begins with, at most.
const MOST_EDGES: usize = 400;

/// The largest density that a curvature tells of.
const STEEPEST: f64 = 1e12;

/// A bound on the errors of distribution functions and of their integrals, relative to 1 and to the length of the law.
const OF_SPECIAL_FUNCTIONS: f64 = 1e-12;

/// `V(x) = -c int U(|x-y|) dQ(y)` for a target `Q` and a base utility `U` with a finite slope `s` at 0+; `c` is 1, or `N/(N-1)`.
///
/// With `h(t) = U(t) - s t`, whose slope at 0 is 0,
///
/// ```text
/// V(x) = -c [s E|x-Y| + E h(|x-Y|)],    E|x-Y| = 2 int_{-inf}^x F(t) dt - x + E Y.
/// ```
///
/// The first part comes from the formulas of the law. The second is smoother than the density by three derivatives; it is integrated once and kept
/// as polynomials on panels. For `U = x` it is absent, and `V` is concave for any law.
///
/// ```
/// use reward_collapse::target::Potential;
/// let field: Potential = "potential(uniform; x)".parse()?; // -E|x-Y| = -(x^2 - x + 1/2)
/// assert!((field.jet(0.25).value + 0.3125).abs() < 1e-15);
/// assert!((field.jet(0.25).slope - 0.5).abs() < 1e-15);
/// # Ok::<(), reward_collapse::target::TargetError>(())
/// ```
#[derive(Debug, Clone)]
pub struct Potential {
    target: Target,
    base: SharedUtility,
    responses: Option<usize>,
    factor: f64,
    slope: f64,
    /// `E h`; none where `h` is constant.
    table: Option<Table>,
    constant: f64,
    /// Points and masses of the law, for points outside of it.
    rule: Vec<(f64, f64)>,
    /// The ends of the law, and whether the upper one has an atom.
    ends: [f64; 2],
}

impl Potential {
    /// For `target` under `base`. With a number of responses `N` the factor `c` is `N/(N-1)`: the optimum of `N` responses is then the best
    /// approximation of the target by `N` equal atoms, in the distance `sqrt(E(Q) ...)` that `U` defines between laws. Otherwise 1.
    ///
    /// # Errors
    /// [`TargetError::NoPotential`] for a base utility with an infinite slope at 0, under which atoms have an infinite potential;
    /// [`TargetError::Utility`] for one outside the theory.
    pub fn new(target: Target, base: SharedUtility, responses: Option<usize>) -> Result<Self, TargetError> {
        if let Some(refusal) = base.refusal() {
            return Err(refusal.into());
        }
        let slope = base.slope_at_zero();
        if !slope.is_finite() {
            let reason = match target.atoms().is_empty() {
                false => {
                    "the law has atoms, and the potential of an atom is infinite where the slope of the utility at 0 is"
                }
                true => {
                    "the slope of the utility at 0 is infinite; take one with a finite slope, such as x or log(x+0.1)"
                }
            };
            return Err(TargetError::NoPotential { target: target.to_string(), base: base.to_string(), reason });
        }
        let factor = responses.filter(|n| *n > 1).map_or(1.0, |n| n as f64 / (n as f64 - 1.0));
        let constant = base.value(0.0);
        let ends = target.ends();
        let mut potential =
            Self { target, base, responses, factor, slope, table: None, constant, rule: Vec::new(), ends };
        if !potential.base.is_linear() {
            split_at(&potential.target, ends[0], &mut |at| potential.rule.push((at.y, at.mass)));
            if ends[0] < ends[1] {
                let first = potential.outside(ends[0]).value;
                let h_slope = |x: f64| {
                    let mut sum = 0.0;
                    split_at(&potential.target, x, &mut |at| {
                        let sign = if at.y < x { 1.0 } else { -1.0 };
                        if at.distance > 0.0 {
                            sum += sign * at.mass * (potential.base.slope(at.distance) - slope);
                        }
                    });
                    sum
                };
                let table = Table::new(&first_edges(&potential.target), first, 4e-15 * slope, h_slope);
                potential.table = Some(table);
            }
        }
        Ok(potential)
    }

    /// The target.
    pub fn target(&self) -> &Target {
        &self.target
    }

    /// The base utility.
    pub fn base(&self) -> &SharedUtility {
        &self.base
    }

    /// The factor `c`.
    pub fn factor(&self) -> f64 {
        self.factor
    }

    /// `E h(|x-Y|)` and its derivatives, for `x` outside of the law or at its ends.
    fn outside(&self, x: f64) -> Jet {
        let mut sum = Jet { value: 0.0, slope: 0.0, curvature: 0.0 };
        let sign = if x > self.ends[0] { 1.0 } else { -1.0 };
        for &(y, mass) in &self.rule {
            let distance = (x - y).abs();
            let jet = self.base.jet(distance);
            sum.value += mass * (jet.value - self.slope * distance);
            sum.slope += mass * sign * (jet.slope - self.slope);
            sum.curvature += mass * jet.curvature;
        }
        sum
    }

    /// `V` and its derivatives outside of the law, where its two parts would cancel.
    fn far(&self, x: f64) -> Jet {
        let sign = if x > self.ends[0] { 1.0 } else { -1.0 };
        let mut sum = Jet { value: 0.0, slope: 0.0, curvature: 0.0 };
        for &(y, mass) in &self.rule {
            let jet = self.base.jet((x - y).abs());
            sum.value -= self.factor * mass * jet.value;
            sum.slope -= self.factor * mass * sign * jet.slope;
            sum.curvature -= self.factor * mass * jet.curvature;
        }
        sum
    }

    /// `V`, `V'` and `V''`. At an atom the slope is that to the right of it; at the upper end of the law that to the left.
    pub fn jet(&self, x: f64) -> Jet {
        let [lower, upper] = self.ends;
        if !(lower..=upper).contains(&x) && !self.rule.is_empty() {
            return self.far(x);
        }
        let smooth = match &self.table {
            Some(table) if (lower..=upper).contains(&x) => table.jet(x),
            None if self.rule.is_empty() => Jet { value: self.constant, slope: 0.0, curvature: 0.0 },
            _ => self.outside(x),
        };
        let mean_distance = 2.0 * self.target.cdf_integral(x) - x + self.target.mean();
        let below = if x == upper { self.target.cdf_below(x) } else { self.target.cdf(x) };
        let (s, c) = (self.slope, self.factor);
        Jet {
            value: -c * (s * mean_distance + smooth.value),
            slope: -c * (s * (2.0 * below - 1.0) + smooth.slope),
            // Where the density is infinite, a number that a matrix can hold.
            curvature: -c * (2.0 * s * self.target.density(x).min(STEEPEST) + smooth.curvature),
        }
    }

    /// Bounds on the errors of value and slope, rounding included. The errors of distribution functions are taken to be 1e-12 at most, which
    /// is not proved.
    pub fn errors(&self, x: f64) -> Errors {
        let (value, slope) = match &self.table {
            Some(table) => table.rounding(x.clamp(self.ends[0], self.ends[1])),
            None => (4.0 * f64::EPSILON * self.constant.abs(), 0.0),
        };
        let (s, c) = (self.slope, self.factor);
        if !(self.ends[0]..=self.ends[1]).contains(&x) && !self.rule.is_empty() {
            // Sums of about a thousand terms of one sign, and the terms' own errors.
            let jet = self.far(x);
            let rounding = (16.0 + self.rule.len() as f64) * f64::EPSILON;
            return Errors {
                value: rounding * jet.value.abs() + c * self.base.errors(x.abs()).value,
                slope: rounding * jet.slope.abs(),
            };
        }
        let reach = (self.ends[1] - self.ends[0]) + x.abs() + self.ends[0].abs();
        Errors { value: c * (value + s * reach * OF_SPECIAL_FUNCTIONS), slope: c * (slope + s * OF_SPECIAL_FUNCTIONS) }
    }

    /// A number that `V''` is not above between two points; infinite where none is known.
    pub(crate) fn largest_curvature(&self, from: f64, to: f64) -> f64 {
        let smooth = match &self.table {
            Some(table) => {
                let [lower, upper] = table.ends();
                if from < lower || to > upper { f64::NEG_INFINITY } else { table.least_curvature(from, to) }
            }
            None if self.rule.is_empty() => 0.0,
            None => f64::NEG_INFINITY,
        };
        -self.factor * (2.0 * self.slope * self.target.least_density(from, to) + smooth)
    }

    /// How it is known that `V` is concave on `support`; an interval on which it is not, as an error.
    pub(crate) fn concavity(&self, support: Support) -> Result<Concavity, (f64, f64)> {
        if self.rule.is_empty() {
            // A distribution function does not fall.
            return Ok(Concavity::Proved);
        }
        let [lower, upper] = self.ends;
        let (from, to) =
            (support.lower().max(lower - (upper - lower) - 1.0), support.upper().min(upper + (upper - lower) + 1.0));
        let margin = 1e-12 * self.slope;
        let convex = |x: f64| self.jet(x).curvature > margin;
        let points: Vec<f64> = (1..400).map(|k| from + (to - from) * f64::from(k) / 400.0).collect();
        if let Some(first) = points.iter().position(|&x| convex(x)) {
            let count = points[first..].iter().take_while(|&&x| convex(x)).count();
            let left = if first == 0 { from } else { points[first] };
            let right = if first + count == points.len() { to } else { points[first + count - 1] };
            return Err((left, right));
        }
        if from < lower || to > upper {
            return Ok(Concavity::Sampled);
        }
        let mut waiting = vec![(from, to)];
        for _ in 0..20_000 {
            let Some((from, to)) = waiting.pop() else { return Ok(Concavity::Proved) };
            if self.largest_curvature(from, to) > 0.0 {
                let middle = 0.5 * (from + to);
                if convex(middle) {
                    return Err((from, to));
                }
                if middle <= from || middle >= to {
                    break;
                }
                waiting.extend([(from, middle), (middle, to)]);
            }
        }
        Ok(Concavity::Sampled)
    }

    /// Points between which `V` is smooth and easily resolved.
    pub(crate) fn edges(&self) -> Vec<f64> {
        self.table.as_ref().map_or_else(|| first_edges(&self.target), |table| table.edges().to_vec())
    }
}

fn first_edges(target: &Target) -> Vec<f64> {
    let all = target.splits();
    let step = all.len().div_ceil(MOST_EDGES).max(1);
    let last = all[all.len() - 1];
    let mut edges: Vec<f64> = all.into_iter().step_by(step).collect();
    if edges[edges.len() - 1] < last {
        edges.push(last);
    }
    edges
}

impl PartialEq for Potential {
    fn eq(&self, other: &Self) -> bool {
        self.to_string() == other.to_string()
    }
}

/// The text that reads back as the same field: `potential(LAW; U)`, or `potential(LAW; U; N)`.
impl fmt::Display for Potential {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "potential({}; {}", self.target, self.base)?;
        if let Some(n) = self.responses {
            write!(f, "; {n}")?;
        }
        write!(f, ")")
    }
}

impl FromStr for Potential {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        let syntax =
            |reason: &str| TargetError::Syntax { text: text.chars().take(120).collect(), reason: reason.into() };
        let inside = text.trim().strip_prefix("potential(").and_then(|rest| rest.strip_suffix(')'));
        let inside = inside.ok_or_else(|| syntax("a potential is written potential(LAW; U)"))?;
        let (law, rest) =
            inside.split_once(';').ok_or_else(|| syntax("a potential has a law and, after a semicolon, a utility"))?;
        // A spline has a semicolon of its own; a number of responses comes last.
        let counted = rest.rsplit_once(';').and_then(|(base, n)| Some((base, n.trim().parse::<usize>().ok()?)));
        let (base, responses) = counted.map_or((rest, None), |(base, n)| (base, Some(n)));
        Self::new(law.parse()?, parse(base.trim())?, responses)
    }
}
