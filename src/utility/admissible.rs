//! Is a utility increasing and concave on (0, 1]?

use super::{Concavity, Expression, Origin, Utility, UtilityError};

/// Checks at about 900 points of (0, 1], geometrically spaced towards 0 and evenly spaced beyond, that `U` is defined, increasing
/// and concave, and that it leaves 0 as its [`origin`](Utility::origin) says.
///
/// A violation has to stand out of rounding error: `U'` is compared with `|U''| x`, and `U''` with `U'/x`. What happens between
/// the points is not seen: this is no proof.
///
/// # Errors
/// [`UtilityError::Undefined`], [`UtilityError::NotIncreasing`] or [`UtilityError::NotConcave`], with the first interval
/// on which it fails, its ends found by bisection; [`UtilityError::Origin`].
pub fn check_admissible(utility: &dyn Utility) -> Result<(), UtilityError> {
    check(utility, None)?;
    check_origin(utility)
}

/// What is known of the curvature of an expression before it is sampled.
pub(super) fn check_expression(expression: &Expression) -> Result<(), UtilityError> {
    check(expression, expression.convex_at())?;
    check_origin(expression)
}

fn check(utility: &dyn Utility, convex_at: Option<f64>) -> Result<(), UtilityError> {
    if let Some(refusal) = utility.refusal() {
        return Err(refusal);
    }
    let mut points = sample_points();
    let name = || utility.to_string();
    for &x in &points {
        let jet = utility.jet(x);
        // A steep pole may overflow on its way to 0, each derivative with its own sign.
        let overflows = x < 1e-3 && jet.value < f64::INFINITY && jet.slope > 0.0 && jet.curvature < 0.0;
        let finite = jet.value.is_finite() && jet.slope.is_finite() && jet.curvature.is_finite();
        if !finite && !overflows {
            return Err(UtilityError::Undefined { utility: name(), at: short(x) });
        }
    }
    if let Some((from, to)) = decreasing_interval(utility)
        && !turns_down_late(utility)
    {
        let worst = extreme(from, to, |x| utility.slope(x), f64::min);
        return Err(UtilityError::NotIncreasing { utility: name(), from: short(from), to: short(to), worst });
    }
    let convex = |x: f64| {
        let curvature = utility.curvature(x);
        curvature > 1e-10 * utility.slope(x).abs() / x && !is_noise(curvature, |x| utility.curvature(x), x)
    };
    if utility.concavity() == Concavity::Sampled {
        points.extend(convex_at);
        points.sort_by(f64::total_cmp);
        let found = first_failure(&points, convex).or_else(|| {
            // Too little to stand out at the samples, but certain.
            convex_at.map(|at| first_failure(&[0.5 * at, at, 1.0], |x| utility.curvature(x) > 0.0).unwrap_or((at, at)))
        });
        if let Some((from, to)) = found {
            let worst = extreme(from, to, |x| utility.curvature(x), f64::max);
            return Err(UtilityError::NotConcave { utility: name(), from: short(from), to: short(to), worst });
        }
    }
    if points.iter().all(|&x| utility.slope(x) <= 0.0) {
        return Err(UtilityError::NotIncreasing {
            utility: name(),
            from: "0".into(),
            to: "1".into(),
            worst: "0".into(),
        });
    }
    Ok(())
}

/// Distances at which a slope is held against what `origin` says of it.
const PROBES: [f64; 8] = [1e-3, 1e-6, 1e-9, 1e-15, 1e-30, 1e-60, 1e-100, 1e-150];

/// How far the slope may be from its leading term at the probe where it comes closest.
const FOLLOWS: f64 = 0.05;

/// Whether `U'` behaves near 0 as the utility says. Certificates at ties, and the weight of limit laws, rest on it.
fn check_origin(utility: &dyn Utility) -> Result<(), UtilityError> {
    let origin = utility.origin();
    let probes = PROBES.map(|x| (x, utility.slope(x)));
    let leading = |x: f64| match origin {
        Origin::FiniteSlope(slope) => slope,
        Origin::Power { gamma, scale } => gamma * scale * x.powf(gamma - 1.0),
        Origin::Log { scale } => scale / x,
        Origin::Pole { sigma, scale } => sigma * scale * x.powf(-sigma - 1.0),
        Origin::SlowSlope => f64::INFINITY,
    };
    let comes_close = |(x, slope): &(f64, f64)| (slope / leading(*x) - 1.0).abs() <= FOLLOWS;
    let follows = match origin {
        // Concave: no slope exceeds that at 0.
        Origin::FiniteSlope(at_zero) => {
            let exceeds = |(x, slope): &(f64, f64)| *slope > at_zero * (1.0 + 1e-9) + 2.0 * utility.errors(*x).slope;
            at_zero.is_finite() && probes.iter().any(comes_close) && !probes.iter().any(exceeds)
        }
        Origin::SlowSlope => probes[4].1 > probes[0].1,
        _ => probes.iter().any(comes_close),
    };
    if follows {
        return Ok(());
    }
    let (x, slope) = probes[2];
    Err(UtilityError::Origin { utility: utility.to_string(), origin, at: short(x), slope: short(slope) })
}

/// The first interval of (0, 1] on which `U` decreases; `None` for an increasing utility.
pub fn decreasing_interval(utility: &dyn Utility) -> Option<(f64, f64)> {
    first_failure(&sample_points(), |x| {
        let slope = utility.slope(x);
        slope < -1e-10 * (utility.curvature(x) * x).abs() && !is_noise(slope, |x| utility.slope(x), x)
    })
}

/// Whether the value of `f` at a small `x` is rounding error, as that of `(1 - exp(-x))/x` is near 0: it jumps between
/// arguments so close that no honest function would tell them apart.
fn is_noise(value: f64, f: impl Fn(f64) -> f64, x: f64) -> bool {
    x < 1e-3 && (1..=16).any(|k| (f(x * (1.0 + 1e-4 * f64::from(k))) - value).abs() > 0.1 * value.abs())
}

/// A concave utility that turns down before `x = 1` is let through where `U'(0+)` is infinite and `x = 1` still beats a tie,
/// as for `x^0.3 - 0.2 x^2`: neighbours then push the outer responses to the ends, and neither certificate needs `U` to
/// increase. Whether the maximiser does reach the ends, the solve shows.
fn turns_down_late(utility: &dyn Utility) -> bool {
    utility.slope_at_zero() == f64::INFINITY && utility.value(1.0) > utility.value(1e-12)
}

/// 1e-12 to 1: 25 points a decade, and 600 evenly spaced.
fn sample_points() -> Vec<f64> {
    let geometric = (0..300).map(|i| 10f64.powf(-12.0 + f64::from(i) / 25.0));
    let even = (1..=600).map(|i| f64::from(i) / 600.0);
    let mut points: Vec<f64> = geometric.chain(even).collect();
    points.sort_by(f64::total_cmp);
    points
}

/// The first run of failing points, its ends refined between neighbours; it reaches to 0 where the first point fails.
fn first_failure(points: &[f64], fails: impl Fn(f64) -> bool) -> Option<(f64, f64)> {
    let first = points.iter().position(|&x| fails(x))?;
    let last = first + points[first..].iter().take_while(|&&x| fails(x)).count() - 1;
    let from = match first {
        0 => 0.0,
        _ => boundary(points[first - 1], points[first], &fails),
    };
    let to = match points.get(last + 1) {
        None => 1.0,
        Some(&next) => boundary(next, points[last], &fails),
    };
    Some((from, to))
}

fn boundary(mut holds: f64, mut failing: f64, fails: &impl Fn(f64) -> bool) -> f64 {
    for _ in 0..50 {
        let middle = 0.5 * (holds + failing);
        if fails(middle) { failing = middle } else { holds = middle }
    }
    failing
}

fn extreme(from: f64, to: f64, f: impl Fn(f64) -> f64, pick: fn(f64, f64) -> f64) -> String {
    let values = (1..=200).map(|i| f(from + (to - from) * f64::from(i) / 200.0));
    short(values.reduce(pick).unwrap_or(f64::NAN))
}

/// Four significant digits, without trailing zeros.
fn short(x: f64) -> String {
    let rounded = super::round_significant(x, 4);
    if x == 0.0 || (1e-3..1e6).contains(&x.abs()) { rounded.to_string() } else { format!("{rounded:e}") }
}

#[cfg(test)]
mod tests {
    use super::super::{UtilityError, parse};

    fn refusal(text: &str) -> UtilityError {
        parse(text).expect_err(text)
    }

    #[test]
    fn the_failing_interval_is_named() {
        match refusal("x-x^2") {
            UtilityError::NotIncreasing { from, to, .. } => {
                assert_eq!((from.as_str(), to.as_str()), ("0.5", "1"));
            }
            other => panic!("{other}"),
        }
        match refusal("sin(6*x)/6+x") {
            UtilityError::NotConcave { from, to, .. } => {
                assert_eq!(from, "0.5236"); // pi/6
                assert_eq!(to, "1");
            }
            other => panic!("{other}"),
        }
        match refusal("x^2") {
            UtilityError::NotConcave { from, to, worst, .. } => {
                assert_eq!((from.as_str(), to.as_str(), worst.as_str()), ("0", "1", "2"));
            }
            other => panic!("{other}"),
        }
    }

    #[test]
    fn poles_and_constants_are_refused() {
        assert!(matches!(refusal("log(x-0.5)"), UtilityError::Undefined { .. }));
        assert!(matches!(refusal("x-x"), UtilityError::NotIncreasing { .. }));
        assert!(matches!(refusal("-x"), UtilityError::NotIncreasing { .. }));
        assert!(matches!(refusal("exp(x)"), UtilityError::NotConcave { .. }));
    }

    #[test]
    fn a_late_turn_is_let_through_only_with_an_infinite_slope_at_zero() {
        let turning = parse("x^0.3-0.2x^2").expect("turns down late");
        let (from, to) = super::decreasing_interval(turning.as_ref()).expect("turns down");
        // 0.3 x^-0.7 = 0.4 x.
        approx::assert_relative_eq!(from, 0.75f64.powf(1.0 / 1.7), max_relative = 1e-9);
        assert_eq!(to, 1.0);
        for text in ["x-0.6x^2", "sin(4x)", "sqrt(x)-x"] {
            assert!(matches!(refusal(text), UtilityError::NotIncreasing { .. }), "{text}");
        }
    }

    #[test]
    fn the_edge_of_the_domain_is_accepted() {
        for text in [
            "x-0.5x^2",
            "sin(pi*x/2)",
            "tanh(100x)",
            "x-x*log(x)",
            "log(exp(x))",
            "log(1-exp(-x))",
            "-(1-exp(-x))/x",
            "-x/(exp(x)-1)",
            "-x^-30",
            "log(1+x)-log(1)",
        ] {
            parse(text).unwrap_or_else(|e| panic!("{text}: {e}"));
        }
    }
}
