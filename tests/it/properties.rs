//! Statements that hold for every utility and every n, at random ones.

use std::sync::Arc;

use proptest::prelude::*;
use reward_collapse::problem::{FoldedRewards, Positions};
use reward_collapse::solution::{Certificate, solve};
use reward_collapse::utility::{
    Exponential, InversePower, Log, LogSigmoid, Power, Quadratic, SharedUtility, SmoothedInverse, SmoothedLog, Utility,
};

fn shared<U: Utility + 'static, E: std::fmt::Debug>(utility: Result<U, E>) -> SharedUtility {
    Arc::new(utility.expect("a parameter in its domain"))
}

/// A random utility of the table, its parameter drawn over the orders of magnitude of its range.
fn any_utility() -> impl Strategy<Value = SharedUtility> {
    let log10 = |from: f64, to: f64| (from..to).prop_map(|e: f64| 10f64.powf(e));
    prop_oneof![
        Just(Arc::new(Log) as SharedUtility),
        (0.02..0.98f64).prop_map(|gamma| shared(Power::new(gamma))),
        (0.02..8.0f64).prop_map(|sigma| shared(InversePower::new(sigma))),
        log10(-4.0, 1.0).prop_map(|eps| shared(SmoothedLog::new(eps))),
        log10(-4.0, 1.0).prop_map(|eps| shared(SmoothedInverse::new(eps))),
        log10(-2.0, 3.0).prop_map(|k| shared(LogSigmoid::new(k))),
        log10(-2.0, 3.0).prop_map(|k| shared(Exponential::new(k))),
        (0.01..=1.0f64).prop_map(|b| shared(Quadratic::new(b))),
    ]
}

fn objective(utility: &SharedUtility, r: &[f64]) -> f64 {
    let n = r.len();
    (0..n).flat_map(|i| (i + 1..n).map(move |j| r[j] - r[i])).map(|t| utility.value(t)).sum()
}

proptest! {
    #![proptest_config(ProptestConfig { cases: 200, failure_persistence: None, ..ProptestConfig::default() })]

    #[test]
    fn solutions_are_symmetric_ordered_and_certified(utility in any_utility(), n in 2..120usize) {
        let solution = solve(&utility, n).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let r = &solution.rewards;
        prop_assert_eq!((r[0], r[n - 1]), (0.0, 1.0));
        prop_assert!(r.windows(2).all(|pair| pair[0] <= pair[1]));
        prop_assert!((0..n).all(|i| (r[i] + r[n - 1 - i] - 1.0).abs() < 1e-15));
        prop_assert!(solution.relative_gap < 1e-12, "relative gap {}", solution.relative_gap);
        // Ties only at the ends; a distance below rounding at the upper end is a tie in doubles.
        let inside = r.iter().filter(|x| **x > 0.0 && **x < 0.5).collect::<Vec<_>>();
        prop_assert!(inside.windows(2).all(|pair| pair[0] < pair[1]));
    }

    /// No feasible rewards do better than the certificate allows, whatever it is the certificate of.
    #[test]
    fn the_certificate_bounds_the_gain_of_any_feasible_rewards(
        utility in any_utility(),
        lower in prop::collection::vec(0.001..0.499f64, 1..12),
        odd in any::<bool>(),
        feasible in prop::collection::vec(0.0..1.0f64, 26),
    ) {
        let mut lower = lower;
        lower[0] = 0.0;
        lower.sort_by(f64::total_cmp);
        lower.dedup();
        let n = 2 * lower.len() + usize::from(odd);
        let x = Positions::new(n, lower).unwrap();
        let certificate = Certificate::of(&FoldedRewards::new(utility.clone()), &x);
        let mut other = feasible[..n].to_vec();
        other.sort_by(f64::total_cmp);
        (other[0], other[n - 1]) = (0.0, 1.0);
        let best = solve(&utility, n).map_err(|error| TestCaseError::fail(error.to_string()))?;
        let here = objective(&utility, &x.rewards());
        let rounding = 1e-12 * (here.abs() + certificate.virial);
        prop_assert!(objective(&utility, &other) - here <= certificate.gap + rounding);
        prop_assert!(best.objective - here <= certificate.gap + rounding);
    }

    #[test]
    fn derivatives_are_differences(utility in any_utility(), x in 0.05..0.95f64) {
        let h = 1e-5 * x;
        let jet = utility.jet(x);
        // Beyond this the exponentials underflow.
        prop_assume!(jet.slope > 1e-250);
        let slope = (utility.value(x + h) - utility.value(x - h)) / (2.0 * h);
        let curvature = (utility.slope(x + h) - utility.slope(x - h)) / (2.0 * h);
        // Truncation is of the order (h U''/U')^2 for the exponentials and (h/x)^2 for the powers; rounding is 1e-16 U/h.
        let truncation = 1e-8 + (utility.curvature(x) / utility.slope(x) * h).powi(2);
        prop_assert!((jet.slope - slope).abs() <= truncation * jet.slope + 1e-10 * jet.value.abs() / x);
        prop_assert!((jet.curvature - curvature).abs() <= truncation * jet.curvature.abs() + 1e-10 * jet.slope / x);
        prop_assert_eq!(jet.value, utility.value(x));
        prop_assert_eq!(jet.slope, utility.slope(x));
        prop_assert_eq!(jet.curvature, utility.curvature(x));
    }

    /// The extension to misordered pairs is concave, increasing, and continues value and slope.
    #[test]
    fn the_extension_is_concave(utility in any_utility(), a in -1.0..1.0f64, b in -1.0..1.0f64) {
        let middle = utility.extended(0.5 * (a + b)).value;
        let ends = 0.5 * (utility.extended(a).value + utility.extended(b).value);
        prop_assert!(middle >= ends - 1e-12 * (1.0 + ends.abs()) || ends.is_nan());
        prop_assert!(utility.extended(a.max(b)).value >= utility.extended(a.min(b)).value);
        if utility.slope_at_zero().is_finite() {
            let (left, right) = (utility.extended(-1e-13), utility.jet(0.0));
            prop_assert!((left.value - right.value).abs() <= 1e-12 * (1.0 + right.slope));
            prop_assert!((left.slope - right.slope).abs() <= 1e-9 * right.slope);
        }
    }

    #[test]
    fn expressions_never_panic(text in "[x0-9+*/^().\\- a-z]{0,40}") {
        let _ = reward_collapse::utility::parse(&text);
    }
}
