//! Laws from solved equations.

use std::sync::Arc;

use super::certificate::{Certificate, concavity};
use super::ends::{first_interval, nearest_to_zero, refuse_runaways, settle};
use super::expansion::Expansion;
use super::first_kind::{self, Leading, Rules};
use super::kernel::{Kernel, slope_at_zero};
use super::law::{PointMass, TwoPoints};
use super::{FreeLaw, FreeLawError, second_kind};
use crate::limit::Atom;
use crate::limit::piecewise::Piecewise;
use crate::problem::{Field, Support};
use crate::utility::{Concavity, OnLine, Utility};

impl FreeLaw {
    /// The law for an infinite slope.
    pub(super) fn singular(
        utility: &dyn Utility,
        leading: Leading,
        support: Support,
        field: Option<&Field>,
    ) -> Result<Self, FreeLawError> {
        let name = utility.to_string();
        refuse_runaways(&name, support, field, |x| utility.slope(x))?;
        let rules = Rules::new(leading.s);
        let start = first_interval(support, field, 1.0);
        let (ends, solved) =
            settle(&name, support, field, start, |ends| first_kind::clamp(leading, &rules, field, ends))?;
        let is_wall = [ends[0] == support.lower(), ends[1] == support.upper()];
        let law = Expansion::new(ends, leading.s, &solved.coefficients, is_wall.map(|wall| !wall));
        let largest = solved.places(&rules).map(|t| law.charge(t).abs()).fold(0.0, f64::max);
        if let Some(t) = solved.places(&rules).find(|&t| law.charge(t) < -1e-9 * largest) {
            return Err(FreeLawError::NotOneInterval { utility: name, at: solved.at(t) });
        }
        let rule = solved.rule(&rules);
        let (potential, between) = solved.potential(&rules);
        let length = |x: f64| utility.value(x);
        let certificate =
            Certificate::new(&rule, &potential, &between, field, &length, ends).checked(&name, solved.unit())?;
        Ok(Self {
            law: Arc::new(law),
            ends,
            walls: is_wall,
            atoms: Vec::new(),
            rule: rule.into(),
            energy: certificate.energy,
            gap: certificate.gap,
            concavity: concavity(utility, field, ends[1] - ends[0]),
        })
    }

    /// The law clamped to the interval of the target whose potential the field is, where that leaves no negative mass: the equation
    /// decides what the law is, and the target only where it may lie.
    pub(super) fn of_target(
        utility: &OnLine,
        support: Support,
        field: Option<&Field>,
    ) -> Result<Option<Self>, FreeLawError> {
        let Some(target) = field.and_then(Field::potential).map(|potential| potential.target()) else {
            return Ok(None);
        };
        let [lower, upper] = target.ends();
        let ends = [lower.max(support.lower()), upper.min(support.upper())];
        if ends[0] >= ends[1] {
            return Ok(None);
        }
        let solved = second_kind::clamp(&Kernel::new(utility, ends[1] - ends[0])?, field, ends)?.law;
        if solved.atoms.iter().any(|mass| *mass < -1e-9) || solved.negative_at().is_some() {
            return Ok(None);
        }
        let clamped = Self::from_second_kind(utility, support, field, ends, solved);
        // A free end with mass left at it is none.
        Ok(clamped.ok().filter(|law| law.cdf(ends[1]) > 1.0 - 1e-9 && (law.mass() - 1.0).abs() < 1e-9))
    }

    /// Everything at one point.
    pub(super) fn point_mass(utility: &OnLine, field: Option<&Field>, at: f64) -> Self {
        let (u, v) = (utility.jet(0.0).value, field.map_or(0.0, |field| field.jet(at).value));
        Self {
            law: Arc::new(PointMass),
            ends: [at, at],
            walls: [true, true],
            atoms: vec![Atom { at, mass: 1.0 }],
            rule: Arc::new([(at, 1.0)]),
            energy: u + 2.0 * v,
            gap: 4.0 * f64::EPSILON * u.abs().max(v.abs()),
            concavity: concavity(utility.utility().as_ref(), field, 0.0),
        }
    }

    /// The law where nothing is curved: of a linear `U` of slope `k`, without a field or with one of constant slope `v`, on a bounded
    /// support.
    ///
    /// In the quantiles `r` of a law `E = 2 int (k (2u - 1) + v) r(u) du`, up to a constant: each reward is at one of the walls, and the
    /// upper one has the mass `1/2 + v / (2k)`. For other problems there is none.
    pub(super) fn at_the_walls(utility: &OnLine, support: Support, field: Option<&Field>) -> Option<Self> {
        let ends = [support.lower(), support.upper()];
        if !(utility.utility().is_linear() && support.is_bounded()) {
            return None;
        }
        let v = match field {
            None => 0.0,
            // Of a concave function with the same slope at both ends.
            Some(field) => {
                let [lower, upper] = ends.map(|at| field.jet(at).slope);
                (lower == upper && field.concavity() == Concavity::Proved).then_some(lower)?
            }
        };
        let upper = (0.5 + 0.5 * v / slope_at_zero(utility)).clamp(0.0, 1.0);
        let masses = [1.0 - upper, upper];
        let [together, apart] = [0.0, ends[1] - ends[0]].map(|x| utility.jet(x).value);
        let of_field: f64 =
            ends.iter().zip(masses).map(|(&at, mass)| mass * field.map_or(0.0, |f| f.jet(at).value)).sum();
        let both = 2.0 * masses[0] * masses[1];
        Some(Self {
            law: Arc::new(TwoPoints { ends, lower: masses[0] }),
            ends,
            walls: [true, true],
            atoms: ends.into_iter().zip(masses).map(|(at, mass)| Atom { at, mass }).collect(),
            rule: ends.into_iter().zip(masses).collect(),
            energy: both * apart + (1.0 - both) * together + 2.0 * of_field,
            gap: 8.0 * f64::EPSILON * together.abs().max(apart.abs()).max(of_field.abs()),
            concavity: concavity(utility.utility().as_ref(), field, ends[1] - ends[0]),
        })
    }

    /// The law for a finite slope, from its solved equation.
    pub(super) fn from_second_kind(
        utility: &OnLine,
        support: Support,
        field: Option<&Field>,
        ends: [f64; 2],
        solved: second_kind::Solved,
    ) -> Result<Self, FreeLawError> {
        let name = utility.to_string();
        if let Some(at) = solved.negative_at() {
            return Err(FreeLawError::NotOneInterval { utility: name, at });
        }
        let kernel = Kernel::new(utility, ends[1] - ends[0])?;
        let rule = solved.rule();
        let (potential, at_edges) = solved.potential(&kernel);
        let certificate = Certificate::new(&rule, &potential, &at_edges, field, &|x| utility.jet(x).value, ends);
        let unit = slope_at_zero(utility) * (ends[1] - ends[0]);
        let certificate = certificate.checked(&name, unit)?;
        // What is left of the pressure on a free end is rounding.
        let walls = [support.lower(), support.upper()];
        let is_wall = [0, 1].map(|side| ends[side] == walls[side] && solved.atoms[side] > 0.0);
        let atoms: Vec<Atom> = [0, 1]
            .into_iter()
            .filter(|&side| is_wall[side])
            .map(|side| Atom { at: ends[side], mass: solved.atoms[side] })
            .collect();
        let lower = if is_wall[0] { solved.atoms[0] } else { 0.0 };
        let law = Piecewise::new(lower, solved.panels.edges(), solved.panels.coefficients(&solved.density));
        Ok(Self {
            law: Arc::new(law),
            ends,
            walls: is_wall,
            atoms,
            rule: rule.into(),
            energy: certificate.energy,
            gap: certificate.gap,
            concavity: concavity(utility.utility().as_ref(), field, ends[1] - ends[0]),
        })
    }
}

/// The wall at which all rewards tie, if the field pushes against it harder than they push each other.
pub(super) fn point_of_collapse(slope: f64, support: Support, field: &Field) -> Option<f64> {
    let pushed = |at: f64, sign: f64| at.is_finite() && sign * field.jet(at).slope >= slope;
    let (lower, upper) = (support.lower(), support.upper());
    if pushed(lower, -1.0) { Some(lower) } else { pushed(upper, 1.0).then_some(upper) }
}

/// A support of the same length about 0.
pub(super) fn about_zero(support: Support) -> Support {
    let half = 0.5 * (support.upper() - support.lower());
    Support::new(-half, half).unwrap_or(Support::LINE)
}

/// The interval of that length where the mean is nearest to 0 on the support.
pub(super) fn placed(support: Support, ends: [f64; 2]) -> [f64; 2] {
    let length = ends[1] - ends[0];
    if length >= support.upper() - support.lower() {
        return [support.lower(), support.upper()];
    }
    let centre = nearest_to_zero(support, length);
    [(centre - 0.5 * length).max(support.lower()), (centre + 0.5 * length).min(support.upper())]
}

/// A distance up to which `U_q` is within 1% of its tangent at 0+: shorter than any support, unless the field is strong.
pub(super) fn nearly_linear_up_to(utility: &OnLine) -> f64 {
    let slope = slope_at_zero(utility);
    let distances = (-12..6).map(|k| 10f64.powi(k));
    distances.take_while(|&t| utility.jet(t).slope >= 0.99 * slope).last().unwrap_or(1e-12)
}
