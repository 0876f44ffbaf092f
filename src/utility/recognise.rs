//! Which known family is an expression, however it is written?
//!
//! Two utilities have the same optimal rewards when one is a positive multiple of the other plus a constant, and then they
//! share `-U''/U'`. Each family has a signature in it: `-x U''/U'` is constant for powers and the logarithm, `-U''/U'` for
//! exponentials, `-U'/U'' - x` for `log(x + eps)`, and so on. A candidate read off at one point has to agree in value,
//! slope and curvature at all others.

use std::sync::Arc;

use super::{
    Affine, Exponential, InversePower, Linear, Log, LogSigmoid, Power, Quadratic, SharedUtility, SmoothedInverse,
    SmoothedLog, Utility,
};

const POINTS: [f64; 9] = [1e-6, 1e-3, 0.02, 0.07, 0.15, 0.3, 0.5, 0.8, 1.0];

/// Relative agreement that makes an expression a member of a family.
const TOLERANCE: f64 = 1e-13;

/// `x` rounded to so many significant decimal digits.
pub(super) fn round_significant(x: f64, digits: usize) -> f64 {
    format!("{x:.*e}", digits - 1).parse().unwrap_or(x)
}

/// A parameter as a person would have typed it, where it is one up to the rounding of reading it off.
fn typed(parameter: f64) -> f64 {
    let rounded = round_significant(parameter, 14);
    if (rounded - parameter).abs() <= 16.0 * f64::EPSILON * parameter.abs() { rounded } else { parameter }
}

/// The family that `utility` belongs to, scaled and shifted as it is; `None` for a utility of no family.
pub(super) fn family(utility: &dyn Utility) -> Option<SharedUtility> {
    candidates(utility).into_iter().find_map(|candidate| matches(utility, candidate))
}

fn candidates(utility: &dyn Utility) -> Vec<SharedUtility> {
    let x = POINTS[0];
    let at_small = utility.jet(x);
    let at_half = utility.jet(0.5);
    if at_half.curvature == 0.0 {
        return vec![Arc::new(Linear)];
    }
    let mut candidates: Vec<SharedUtility> = Vec::new();
    let mut offer = |candidate: Option<SharedUtility>| candidates.extend(candidate);
    fn shared<U: Utility + 'static>(u: Result<U, super::UtilityError>) -> Option<SharedUtility> {
        u.ok().map(|u| Arc::new(u) as SharedUtility)
    }

    let elasticity = typed(-x * at_small.curvature / at_small.slope);
    if (elasticity - 1.0).abs() < TOLERANCE {
        offer(Some(Arc::new(Log)));
    } else if elasticity < 1.0 {
        offer(shared(Power::new(typed(1.0 - elasticity))));
    } else {
        offer(shared(InversePower::new(typed(elasticity - 1.0))));
    }

    let aversion = -at_small.curvature / at_small.slope;
    offer(shared(Exponential::new(typed(aversion))));
    offer(shared(SmoothedLog::new(typed(1.0 / aversion - x))));
    offer(shared(SmoothedInverse::new(typed(2.0 / aversion - x))));
    // -U''/U' = k sigmoid(k x): a fixed point that contracts by k x/2.
    let mut k = 2.0 * aversion;
    for _ in 0..60 {
        k = aversion * (1.0 + (-k * x).exp());
    }
    offer(shared(LogSigmoid::new(typed(k))));
    let slope_at_zero = at_half.slope - 0.5 * at_half.curvature;
    offer(shared(Quadratic::new(typed(-at_half.curvature / slope_at_zero))));
    candidates
}

/// `candidate`, scaled and shifted to `utility`, if they agree at every point where the slope has not underflowed.
fn matches(utility: &dyn Utility, candidate: SharedUtility) -> Option<SharedUtility> {
    let reference = POINTS[3];
    let scale = typed(utility.slope(reference) / candidate.slope(reference));
    let shift = utility.value(reference) - scale * candidate.value(reference);
    let magnitude = POINTS.iter().map(|&x| utility.value(x).abs()).fold(shift.abs(), f64::max);
    let shift = if shift.abs() <= TOLERANCE * magnitude { 0.0 } else { typed(shift) };
    let close = |a: f64, b: f64, unit: f64| (a - b).abs() <= TOLERANCE * unit;
    let agree = POINTS.iter().all(|&x| {
        let (ours, theirs) = (utility.jet(x), candidate.jet(x));
        ours.slope.abs() < 1e-200
            || close(ours.slope, scale * theirs.slope, ours.slope.abs())
                && close(ours.curvature, scale * theirs.curvature, ours.curvature.abs() + 1e-6 * ours.slope)
                && close(ours.value, scale * theirs.value + shift, magnitude)
    });
    if !(agree && scale > 0.0 && scale.is_finite()) {
        return None;
    }
    // A parameter with all its digits, as of `cbrt(x)`, is better shown as it was typed.
    let is_short = candidate.to_string().len() <= utility.to_string().len().max(16);
    if scale == 1.0 && shift == 0.0 && is_short {
        return Some(candidate);
    }
    let affine = Affine::new(candidate, scale, shift, utility.to_string()).ok()?;
    Some(Arc::new(affine))
}

#[cfg(test)]
mod tests {
    use super::super::parse;

    #[test]
    fn families_are_recognised_however_they_are_written() {
        for (typed, family) in [
            ("x", "x"),
            ("x^0.8", "x^0.8"),
            ("x^0.02", "x^0.02"),
            ("x^0.98", "x^0.98"),
            ("sqrt(x)", "x^0.5"),
            ("ln(x)", "log(x)"),
            ("log( x )", "log(x)"),
            ("-1/x", "-1/x"),
            ("-x^-1", "-1/x"),
            ("-1/x^2", "-x^-2"),
            ("-x^-0.5", "-x^-0.5"),
            ("-x^(-8)", "-x^-8"),
            ("logsigmoid(x)", "logsigmoid(x)"),
            ("logsigmoid(4x)", "logsigmoid(4x)"),
            ("logsigmoid(0.01x)", "logsigmoid(0.01x)"),
            ("logsigmoid(1000x)", "logsigmoid(1000x)"),
            ("-log(1+exp(-4x))", "logsigmoid(4x)"),
            ("log(x+0.1)", "log(x+0.1)"),
            ("log(0.0001+x)", "log(x+0.0001)"),
            ("log(x+10)", "log(x+10)"),
            ("-1/(x+0.1)", "-1/(x+0.1)"),
            ("-1/(x+1e-4)", "-1/(x+0.0001)"),
            ("1-exp(-4x)", "1-exp(-4x)"),
            ("1-exp(-1000x)", "1-exp(-1000x)"),
            ("x-0.25x^2", "x-0.25x^2"),
            ("x-x^2/2", "x-0.5x^2"),
        ] {
            let utility = parse(typed).unwrap_or_else(|e| panic!("{typed}: {e}"));
            assert!(format!("{utility:?}").find("Expression").is_none(), "{typed}: {utility:?}");
            assert_eq!(utility.to_string(), family, "{typed}");
        }
    }

    #[test]
    fn multiples_and_shifts_keep_the_closed_form() {
        for (typed, law) in [
            ("3log(x)-1", "Beta(0.5, 0.5)"),
            ("log(2x)", "Beta(0.5, 0.5)"),
            ("-exp(-4x)", "0.166666666667 (delta_0 + delta_1) + 0.666666666667 Uniform(0, 1)"),
            ("2x+1", "(delta_0 + delta_1)/2"),
            ("-5/x^3", "Uniform(0, 1)"),
        ] {
            let utility = parse(typed).unwrap_or_else(|e| panic!("{typed}: {e}"));
            assert_eq!(utility.closed_form().map(|c| c.to_string()).as_deref(), Some(law), "{typed}");
        }
    }

    #[test]
    fn neighbours_of_a_family_are_not_taken_for_it() {
        for typed in ["log(x)+1e-6x", "x^0.5+x", "x-0.2x^2-0.001x^3", "logsigmoid(4x)+0.001x", "tanh(x)"] {
            let utility = parse(typed).unwrap_or_else(|e| panic!("{typed}: {e}"));
            assert!(format!("{utility:?}").starts_with("Expression"), "{typed}");
            assert_eq!(utility.closed_form(), None);
        }
    }
}
