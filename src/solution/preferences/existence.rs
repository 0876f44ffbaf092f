//! Whether best rewards exist, before any time is spent on them.

use super::{FitError, FitOptions};
use crate::problem::{Field, Preferences};
use crate::utility::{Concavity, Curve, Utility};

/// What is left of a slope that tends to 0, relative to that at 0.
const VANISHED: f64 = 1e-9;

/// Numbers from 1 to far away.
fn towards_infinity() -> impl Iterator<Item = f64> {
    (0..=300).map(|k| 10f64.powf(0.5 * f64::from(k)))
}

/// An error unless `F` has a maximiser. On a bounded support it always has.
///
/// `F` is concave. It has a maximum if and only if it falls in every direction of the support, or is constant there. A field that falls at
/// both ends makes it fall. Without one, `w U(t (v_j - v_i))` falls as `t` grows where `v_j < v_i` and stays bounded elsewhere, if `U'` is
/// positive to the left and tends to 0 at infinity: a direction without a fall has `v_j >= v_i` on every arc from loser `i` to winner
/// `j`. In a strongly connected graph it is constant.
pub(super) fn check(preferences: &Preferences, options: &FitOptions) -> Result<(), FitError> {
    let support = options.support;
    if support.is_bounded() {
        return Ok(());
    }
    if let Some(field) = &options.field {
        for (end, sign, towards) in [(support.lower(), -1.0, "-inf"), (support.upper(), 1.0, "inf")] {
            if end.is_infinite() && !falls_towards(field, sign) {
                return Err(FitError::FieldDoesNotBound { field: field.to_string(), towards });
            }
        }
        return Ok(());
    }
    let utility = &options.utility;
    let far: Vec<(f64, f64)> = towards_infinity()
        .map(|x| (utility.jet(x).slope, utility.errors(x).slope))
        .filter(|s| s.0.is_finite())
        .collect();
    let turns = far.iter().any(|(slope, error)| slope + error < 0.0);
    let last = far.last().map_or(0.0, |(slope, _)| *slope);
    if !turns && last > VANISHED * utility.jet(0.0).slope {
        return Err(FitError::SlopeAtInfinity { utility: utility.to_string(), slope: last });
    }
    let groups = preferences.groups();
    if !groups.is_connected() {
        return Err(FitError::Disconnected(Box::new(groups)));
    }
    // A utility that turns down falls in both directions: arcs count both ways.
    if !turns && !groups.is_strongly_connected() {
        return Err(FitError::NotStronglyConnected(Box::new(groups)));
    }
    Ok(())
}

fn falls_towards(field: &Field, sign: f64) -> bool {
    towards_infinity().any(|x| {
        let (outward, error) = (sign * field.jet(sign * x).slope, field.errors(sign * x).slope);
        outward + error < 0.0 || outward == f64::NEG_INFINITY
    })
}

/// How it is known that `F` is concave; an error where the utility is convex at a difference that rewards may have, beyond the 1 that a
/// utility is examined up to by itself.
pub(super) fn concavity(preferences: &Preferences, options: &FitOptions) -> Result<Concavity, FitError> {
    let support = options.support;
    let margin = preferences.comparisons().iter().map(|c| c.margin.abs()).fold(0.0, f64::max);
    let reach = support.upper() - support.lower() + margin;
    let utility = options.utility.utility();
    let of_utility = match Curve::parse(&utility.to_string()) {
        _ if reach <= 1.0 => utility.concavity(),
        Ok(curve) => curve.concavity(0.0, reach).map_err(|(from, to)| FitError::NotConcave {
            utility: utility.to_string(),
            from,
            to,
        })?,
        // Whoever brings a utility of their own vouches for it.
        Err(_) => utility.concavity(),
    };
    let all_proved = [Some(of_utility), options.field.as_ref().map(Field::concavity)]
        .into_iter()
        .flatten()
        .all(|concavity| concavity == Concavity::Proved);
    Ok(if all_proved { Concavity::Proved } else { Concavity::Sampled })
}
