//! Which known family is an expression, however it is written?
//!
//! Two utilities have the same optimal rewards when one is a positive multiple of the other plus a constant. The algebra of
//! [`Shape`] finds the family; whether its formula computes what was typed is then checked at points.

use std::sync::Arc;

use super::expression::points_of;
use super::family::Member;
use super::shape::Shape;
use super::{Affine, Expression, FAMILIES, SharedUtility, Utility};

/// Points at which the family is compared with what was typed.
const POINTS: usize = 24;

/// Largest ratio of the terms of a scaled and shifted family to their sum: beyond, too many digits cancel.
const CANCELLATION: f64 = 1e3;

/// The family that `expression` belongs to, scaled and shifted as it is; `None` for a utility of no family, and for one that
/// the family's own formula would compute with a loss of digits.
pub(super) fn family(expression: &Expression) -> Option<SharedUtility> {
    let shape = Shape::of(expression.tree())?;
    let Member { base, scale, shift } = FAMILIES.iter().find_map(|family| (family.recognise)(shape))?;
    // A parameter with all its digits, as of `cbrt(x)`, is better shown as it was typed.
    let is_short = base.to_string().len() <= expression.to_string().len().max(16);
    let member: SharedUtility = if scale == 1.0 && shift == 0.0 && is_short {
        base
    } else {
        let text = expression.to_string();
        Arc::new(Affine::new(base, scale, shift, text).ok()?)
    };
    agrees(expression, member.as_ref(), scale, shift).then_some(member)
}

/// Whether `member` has the value, slope and curvature of what was typed at points that depend on the text, and loses few
/// digits.
fn agrees(expression: &Expression, member: &dyn Utility, scale: f64, shift: f64) -> bool {
    let points: Vec<f64> = points_of(&expression.to_string(), POINTS).map(|u| 10f64.powf(-6.0 * u)).collect();
    let largest = points.iter().map(|&x| member.value(x).abs()).fold(0.0, f64::max);
    let terms = points.iter().map(|&x| (member.value(x) - shift).abs()).fold(shift.abs(), f64::max);
    if !largest.is_finite() || terms > CANCELLATION * largest {
        return false;
    }
    let close = |ours: f64, theirs: f64, allowed: f64| (ours - theirs).abs() <= allowed;
    points.iter().all(|&x| {
        let (ours, theirs) = (member.jet(x), expression.jet(x));
        let (own, typed) = (member.errors(x), expression.errors(x));
        // Parameters are typed numbers, rounded once or twice on their way into the family.
        let size = 1e-13 * (ours.value.abs() + shift.abs());
        ours.slope.abs() < 1e-200 * scale
            || close(ours.value, theirs.value, size + 4.0 * (own.value + typed.value))
                && close(ours.slope, theirs.slope, 1e-12 * ours.slope.abs() + 4.0 * (own.slope + typed.slope))
                // A curvature may overflow where the slope does not.
                && (typed.slope > 1e-10 * ours.slope.abs()
                    || !ours.curvature.is_finite()
                    || close(ours.curvature, theirs.curvature, 1e-8 * (ours.curvature.abs() + ours.slope.abs() / x)))
    })
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
