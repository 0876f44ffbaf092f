//! Utilities whose slope at 0+ is finite and whose curvature there is not: `U'' ~ t^(p-2)`.

use approx::assert_relative_eq;
use reward_collapse::solution::solve;
use reward_collapse::utility::parse;

#[test]
fn an_infinite_curvature_at_ties_leaves_rewards_of_all_sizes() {
    // Newton's method in 250 digits, on the powers 0.01 and 0.1 of the distances, by independent code.
    for (text, n, inside) in [
        ("x-0.3x^1.01", 20, &[1.97365440572731e-98, 1.51736477248839e-13][..]),
        ("x-0.3x^1.1", 12, &[0.0053936040774254]),
        ("x-0.3x^1.1", 20, &[1.54857063826447e-7, 0.0692057794992813]),
        ("x-0.3x^1.1", 41, &[5.86143913471344e-7, 0.00180687580763457, 0.0764227579546825]),
    ] {
        let rewards =
            solve(&parse(text).unwrap(), n).unwrap_or_else(|error| panic!("{text}, n = {n}: {error}")).rewards;
        let tied = n / 2 - inside.len();
        assert!(rewards[..tied].iter().all(|r| *r == 0.0), "{text}, n = {n}: {rewards:?}");
        for (ours, exact) in rewards[tied..].iter().zip(inside) {
            assert_relative_eq!(*ours, *exact, max_relative = 1e-9);
        }
    }
}

#[test]
fn an_infinite_curvature_at_ties_costs_no_more_steps_than_a_finite_one() {
    for (text, n) in [
        ("x-0.3x^1.01", 300),
        ("x-0.3x^1.01", 3000),
        ("x-0.3x^1.1", 5000),
        ("x-0.2x^1.5", 2000),
        ("1.4x-x^1.3", 2000),
        ("2x-x^1.9", 2000),
        ("x-0.1x^1.2-0.1x^1.7", 1001),
        ("x+0.1x^2*log(x)-0.2x^2", 2000),
        ("x+0.1x^2*log(x)-0.2x^2", 8),
        ("x-0.3(x+1e-9)^1.01", 300),
    ] {
        let solution = solve(&parse(text).unwrap(), n).unwrap_or_else(|error| panic!("{text}, n = {n}: {error}"));
        assert!(solution.iterations <= 60, "{text}, n = {n}: {} iterations", solution.iterations);
    }
}
