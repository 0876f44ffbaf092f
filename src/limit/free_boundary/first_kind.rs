//! Infinite slope: the law clamped to an interval, from the polynomials that diagonalise the leading term of the utility.
//!
//! On `x = (A+B)/2 + t (B-A)/2` the law is `w(t) sum_m c_m q_m(t) dt`, with `w` and `q_m` as in [`super::super::singular`], here of both
//! parities. A utility that is its leading term and a constant has `lambda_m c_m q_m` as its potential; with `v_m = int V w q_m` the
//! potential with the field is constant where `c_m = -v_m / lambda_m` for `m >= 1`, and the mass fixes `c_0`. The pressure on an end is
//! the value of the sum there.

use super::FreeLawError;
use super::ends::Clamped;
use crate::limit::gegenbauer::Gegenbauer;
use crate::limit::symmetric_beta::SymmetricBeta;
use crate::problem::Field;
use crate::utility::{AffineParts, ClosedForm, Concavity, Origin, Utility};

/// Modes: doubled from the first until the field is resolved.
const FEWEST_MODES: usize = 16;
const MOST_MODES: usize = 1024;

/// Last coefficients of the field, relative to all that varies, at which it counts as resolved.
const RESOLVED: f64 = 1e-15;

/// `U = factor |x|^-s + constant`, or `factor log x + constant` for `s = 0`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Leading {
    pub(super) s: f64,
    factor: f64,
    constant: f64,
}

impl Leading {
    /// `None` unless the utility is a leading term and a constant by algebra, with a pole of order below 1 if any.
    pub(super) fn of(utility: &dyn Utility) -> Option<Self> {
        if let Some(AffineParts { base, scale, shift }) = utility.affine() {
            let base = Self::of(base)?;
            return Some(Self { factor: scale * base.factor, constant: scale * base.constant + shift, ..base });
        }
        // What a utility of one's own says of its law is no theorem.
        let is_pure =
            utility.concavity() == Concavity::Proved && matches!(utility.closed_form(), Some(ClosedForm::Beta { .. }));
        let (s, factor) = match utility.origin() {
            Origin::Log { scale } => (0.0, scale),
            Origin::Power { gamma, scale } => (-gamma, scale),
            Origin::Pole { sigma, scale } if sigma < 1.0 => (sigma, -scale),
            _ => return None,
        };
        is_pure.then(|| Self { s, factor, constant: utility.regular_part(1.0) })
    }

    /// `int U(half |t-u|) w q_m = lambda_m q_m`, but for the constant; `mass = int w`.
    fn eigenvalues(&self, half: f64, mass: f64, count: usize) -> Vec<f64> {
        use std::f64::consts::{FRAC_PI_2, LN_2, PI};
        if self.s == 0.0 {
            let first = self.factor * (half.ln() * mass - PI * LN_2);
            return (0..count).map(|m| if m == 0 { first } else { -PI * self.factor / m as f64 }).collect();
        }
        let mut eigenvalue = self.factor * half.powf(-self.s) * PI / (FRAC_PI_2 * self.s).cos();
        let steps = (0..count).map(|m| {
            let now = eigenvalue;
            eigenvalue *= (self.s + m as f64) / (m as f64 + 1.0);
            now
        });
        steps.collect()
    }
}

/// Gauss rules and polynomials for one number of modes.
struct Rule {
    modes: usize,
    family: Gegenbauer,
    /// `t_i`, ascending, the weight, and `q_m(t_i)`.
    nodes: Vec<(f64, f64, Vec<f64>)>,
    /// Rounding errors of a sum over them, relative to its terms.
    error: f64,
}

impl Rule {
    /// Twice as many nodes as modes.
    fn new(s: f64, mass: f64, modes: usize) -> Self {
        let family = Gegenbauer::new(0.5 * s, mass, 2 * modes);
        let nodes = if s == 0.0 {
            chebyshev_nodes(modes)
        } else {
            let upper = family.gauss_rule(modes);
            let lower = upper.iter().map(|&(t, weight)| (-t, weight));
            let all = lower.chain(upper.iter().rev().copied()).map(|(t, weight)| {
                let mut values = vec![0.0; modes];
                family.all(t, &mut values);
                (t, weight, values)
            });
            all.collect()
        };
        // The weight at the outermost of N nodes has an error of about N^2 roundings, and a share of 1/N.
        let error = f64::EPSILON * if s == 0.0 { 4.0 } else { 4.0 + 2.0 * modes as f64 };
        Self { modes, family, nodes, error }
    }
}

/// The nodes of a [`Rule`] for `s = 0`, from their angles: near the ends a rounding error of `t` is one like `m^2` in `q_m(t)`.
fn chebyshev_nodes(modes: usize) -> Vec<(f64, f64, Vec<f64>)> {
    use std::f64::consts::{FRAC_1_SQRT_2, FRAC_2_PI, PI};
    let count = 2 * modes;
    let weight = PI / count as f64;
    let polynomial = |m: usize, theta: f64| {
        let first = if m == 0 { FRAC_1_SQRT_2 } else { 1.0 };
        first * FRAC_2_PI.sqrt() * (m as f64 * theta).cos()
    };
    let node = |k: usize| {
        let theta = weight * (k as f64 + 0.5);
        (theta.cos(), weight, (0..modes).map(|m| polynomial(m, theta)).collect())
    };
    (0..count).rev().map(node).collect()
}

/// The rules for one weight, made as they are needed: doubling modes.
pub(super) struct Rules {
    s: f64,
    mass: f64,
    made: [std::sync::OnceLock<Rule>; 7],
}

impl Rules {
    pub(super) fn new(s: f64) -> Self {
        let mass = SymmetricBeta::new(0.5 * (1.0 + s)).weight_mass();
        Self { s, mass, made: Default::default() }
    }

    /// With [`FEWEST_MODES`] times two to the `level`.
    fn at(&self, level: usize) -> &Rule {
        self.made[level].get_or_init(|| Rule::new(self.s, self.mass, FEWEST_MODES << level))
    }
}

/// The clamped law, by its coefficients.
pub(super) struct Solved {
    pub(super) coefficients: Vec<f64>,
    /// Those of the potential.
    potential: Vec<f64>,
    level: usize,
    half: f64,
    middle: f64,
    constant: f64,
}

/// The law clamped to `ends`.
pub(super) fn clamp(
    leading: Leading,
    rules: &Rules,
    field: Option<&Field>,
    ends: [f64; 2],
) -> Result<Clamped<Solved>, FreeLawError> {
    let (half, middle) = (0.5 * (ends[1] - ends[0]), 0.5 * (ends[0] + ends[1]));
    let mut level = 0;
    loop {
        let rule = rules.at(level);
        let mut of_field = vec![0.0; rule.modes];
        let mut largest_field = 0.0f64;
        if let Some(field) = field {
            // Less a constant, which moves nothing.
            let constant = field.jet(middle).value;
            for (t, weight, values) in &rule.nodes {
                let v = field.jet(middle + half * t).value - constant;
                largest_field = largest_field.max(v.abs());
                of_field.iter_mut().zip(values).for_each(|(sum, q)| *sum += weight * v * q);
            }
        }
        let eigenvalues = leading.eigenvalues(half, rules.mass, rule.modes);
        let first = 1.0 / rules.mass.sqrt();
        let higher = of_field.iter().zip(&eigenvalues).skip(1).map(|(v, eigenvalue)| -v / eigenvalue);
        let mut coefficients: Vec<f64> = std::iter::once(first).chain(higher).collect();
        let largest = coefficients.iter().fold(0.0, |m: f64, c| m.max(c.abs()));
        let tail = coefficients[rule.modes * 3 / 4..].iter().fold(0.0, |m: f64, c| m.max(c.abs()));
        // The field's rounding errors, divided by eigenvalues like 1/m, are no reason for more modes.
        let rounding = rule.error * largest_field * rules.mass.sqrt() / eigenvalues[rule.modes - 1].abs();
        let is_resolved = tail <= (RESOLVED * largest).max(rounding);
        if is_resolved || 2 * rule.modes > MOST_MODES {
            if is_resolved {
                // What lies below rounding only adds to it at the ends.
                let last = coefficients.iter().rposition(|c| c.abs() > rounding.max(1e-17 * largest)).unwrap_or(0);
                coefficients[last + 1..].fill(0.0);
            }
            let potential = coefficients.iter().zip(&eigenvalues).map(|(c, eigenvalue)| c * eigenvalue).collect();
            let solved = Solved { coefficients, potential, level, half, middle, constant: leading.constant };
            let outwards = solved.outwards(rules);
            return Ok(Clamped { law: solved, outwards });
        }
        level += 1;
    }
}

impl Solved {
    /// Newton's moves of the ends. Where the sum is `g + k d` at distance `d` from an end, in halves of the length, an end that moves
    /// outwards by `e` gives up `k e (1+s)/2` of `g`.
    fn outwards(&self, rules: &Rules) -> [f64; 2] {
        let s = rules.s;
        let modes = self.coefficients.len();
        let mass = rules.mass * (1.0 + s) / (2.0 + s);
        let derivative = Gegenbauer::new(0.5 * s + 1.0, mass, 2 * modes);
        let family = &rules.at(self.level).family;
        [-1.0, 1.0].map(|end| {
            let (mut values, mut slopes) = (vec![0.0; modes], vec![0.0; modes]);
            family.all(end, &mut values);
            derivative.all(end, &mut slopes);
            let pressure: f64 = self.coefficients.iter().zip(&values).map(|(c, q)| c * q).sum();
            let slope = self.coefficients.iter().enumerate().skip(1).map(|(m, c)| {
                let m = m as f64;
                c * (m * (m + s)).sqrt() * slopes[m as usize - 1]
            });
            let rise = -end * slope.sum::<f64>();
            let move_by = 2.0 * pressure / ((1.0 + s) * rise);
            match (pressure > 0.0, rise > 0.0) {
                (_, true) => self.half * move_by,
                // The density falls from the end inwards: the end is far from free.
                (true, false) => f64::INFINITY,
                (false, false) => f64::NAN,
            }
        })
    }

    /// Points and masses with the integral of any smooth function.
    pub(super) fn rule(&self, rules: &Rules) -> Vec<(f64, f64)> {
        let nodes = rules.at(self.level).nodes.iter();
        let points = nodes.map(|(t, weight, values)| {
            let sum: f64 = self.coefficients.iter().zip(values).map(|(c, q)| c * q).sum();
            (self.middle + self.half * t, weight * sum)
        });
        points.collect()
    }

    /// `Phi` at the points of the rule, and between them up to both ends.
    pub(super) fn potential(&self, rules: &Rules) -> (Vec<f64>, Vec<(f64, f64)>) {
        let rule = rules.at(self.level);
        let sum = |values: &[f64]| self.constant + self.potential.iter().zip(values).map(|(c, q)| c * q).sum::<f64>();
        let at_nodes = rule.nodes.iter().map(|(_, _, values)| sum(values)).collect();
        let count = rule.nodes.len();
        let between = (0..=count).map(|k| {
            let t = -(std::f64::consts::PI * k as f64 / count as f64).cos();
            let mut values = vec![0.0; rule.modes];
            rule.family.all(t, &mut values);
            (self.middle + self.half * t, sum(&values))
        });
        (at_nodes, between.collect())
    }

    /// The positions in (-1, 1) at which the sign of the density is looked at.
    pub(super) fn places<'a>(&self, rules: &'a Rules) -> impl Iterator<Item = f64> + use<'a> {
        rules.at(self.level).nodes.iter().map(|(t, _, _)| *t)
    }

    /// `x` at a position in [-1, 1].
    pub(super) fn at(&self, t: f64) -> f64 {
        self.middle + self.half * t
    }

    /// What the potential of a law on this interval may vary by.
    pub(super) fn unit(&self) -> f64 {
        self.potential.first().map_or(0.0, |c| c.abs()).max(self.potential.get(1).map_or(0.0, |c| c.abs()))
    }
}
