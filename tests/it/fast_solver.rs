//! The fast method finds what the dense one finds.

use crate::support::table_utilities;
use reward_collapse::solution::{Interpolation, Method, Solution, SolveOptions, solve, solve_with};
use reward_collapse::utility::{SharedUtility, parse};

fn by(method: Method, utility: &SharedUtility, n: usize) -> Solution {
    let options = SolveOptions { method: Some(method), ..SolveOptions::default() };
    solve_with(utility, n, &options).unwrap_or_else(|error| panic!("{method}: {error}"))
}

#[test]
fn both_methods_agree_on_every_family_and_on_expressions() {
    let expressions = ["log(x)+x", "x^0.3-0.2x^2", "x-x*log(x)", "tanh(3x)", "x-0.4x^1.5", "-x^-0.5+log(x)"];
    for text in table_utilities().iter().map(String::as_str).chain(expressions) {
        let utility = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        for n in [90, 101, 500] {
            let [dense, fast] = [Method::Dense, Method::Fast].map(|method| by(method, &utility, n));
            let scale = dense.gap / dense.relative_gap;
            let difference = (dense.mean_utility - fast.mean_utility).abs();
            assert!(difference <= dense.gap + fast.gap + 1e-14 * scale, "{text}, n = {n}: {difference:e}");
            assert!(fast.relative_gap <= 1e-10, "{text}, n = {n}: {:e}", fast.relative_gap);
            // A utility that is nearly linear leaves the rewards in the middle nearly free.
            for (i, (d, f)) in dense.rewards.iter().zip(&fast.rewards).enumerate() {
                assert!((d - f).abs() <= 1e-8, "{text}, n = {n}, i = {i}: {d} and {f}");
            }
        }
    }
}

#[test]
fn few_responses_and_the_linear_utility_need_no_method() {
    for text in ["log(x)", "x", "log(x+0.1)"] {
        for n in [1, 2, 3, 100] {
            let utility = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            let [dense, fast] = [Method::Dense, Method::Fast].map(|method| by(method, &utility, n));
            let difference = dense.rewards.iter().zip(&fast.rewards).map(|(d, f)| (d - f).abs()).fold(0.0, f64::max);
            assert!(difference < 1e-12, "{text}, n = {n}: {difference:e}");
        }
    }
}

#[test]
fn the_method_follows_the_number_of_responses() {
    let utility = parse("log(x+0.1)").expect("a utility of the table");
    for (n, method) in [(8, Method::Dense), (1000, Method::Dense), (1001, Method::Fast)] {
        assert_eq!(solve(&utility, n).expect("solvable").method, method);
    }
}

#[test]
fn neighbours_that_interact_weakly_are_solved_in_a_few_steps() {
    // k/(n-1) = 10: pairs beyond neighbours push exp(-10) times as much.
    let (n, k) = (100_000, 1e6);
    let solution = solve(&parse("logsigmoid(1e6x)").expect("a family"), n).expect("solvable");
    assert!(solution.iterations <= 20 && solution.unique);
    // Inside, all distances are equal; the first is shorter by that push over k, since one of its pairs is missing.
    let gaps: Vec<f64> = solution.rewards.windows(2).map(|pair| pair[1] - pair[0]).collect();
    let inside = gaps[n / 2];
    assert!((gaps[10] - inside).abs() < 1e-15);
    assert!(((inside - gaps[0]) * k / (-inside * k).exp() - 1.0).abs() < 0.01);
}

#[test]
fn nearly_linear_utilities_take_few_steps_at_every_n() {
    for (text, sizes) in [
        ("x^0.98+x", [1001, 1500, 2000, 4000, 6000, 8000]),
        ("x^0.999+x", [1001, 1500, 2000, 3000, 4001, 16000]),
        ("x^0.99+0.1x", [1001, 1500, 2000, 3000, 4001, 6000]),
        ("x^0.9+log(x+1)", [1001, 1500, 2000, 3000, 4001, 6000]),
    ] {
        for n in sizes {
            let utility = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            let solution = solve(&utility, n).unwrap_or_else(|error| panic!("{text}, n = {n}: {error}"));
            assert!(solution.relative_gap <= 2e-11, "{text}, n = {n}: {:e}", solution.relative_gap);
            assert!(solution.iterations <= 60, "{text}, n = {n}: {} iterations", solution.iterations);
        }
    }
}

/// A measured error is a bound for completely monotone slopes only, and the solution says which it is.
#[test]
fn a_solution_says_how_the_errors_of_interpolation_are_known() {
    use Interpolation::{Bounded, Measured, None};
    for (text, expected) in [
        ("log(x)", Bounded),
        ("3*log(x+0.1)-1", Bounded),
        ("-1/x", Bounded),
        ("x^0.5", Bounded),
        ("1-exp(-4x)", Bounded),
        ("logsigmoid(4x)", Measured),
        ("x-0.25x^2", Measured),
        ("log(x)+x", Measured),
        ("x", None),
    ] {
        let utility = parse(text).unwrap();
        assert_eq!(by(Method::Fast, &utility, 200).interpolation, expected, "{text}");
        assert_eq!(by(Method::Dense, &utility, 200).interpolation, None, "{text}");
    }
}

/// The divided differences of `U'` of every order have the signs of its derivatives.
#[test]
fn slopes_that_are_said_to_be_completely_monotone_are() {
    for text in table_utilities() {
        let utility = parse(&text).unwrap();
        if !utility.slope_is_completely_monotone() || utility.is_linear() {
            continue;
        }
        for start in [0.01, 0.3, 2.0] {
            let points: Vec<f64> = (0..7).map(|k| start * (1.0 + 0.5 * f64::from(k))).collect();
            let mut differences: Vec<f64> = points.iter().map(|&x| utility.slope(x)).collect();
            for order in 0..points.len() {
                let sign = if order % 2 == 0 { 1.0 } else { -1.0 };
                // What the rounding of U' leaves of a difference of that order.
                let rounding = 4.0 * f64::EPSILON * utility.slope(start) * (4.0 / start).powi(order as i32);
                let have_signs = differences.iter().all(|d| sign * d >= -rounding);
                assert!(have_signs, "{text} at {start}, order {order}: {differences:?}");
                let next = differences.windows(2).zip(points.windows(order + 2));
                differences = next.map(|(d, x)| (d[1] - d[0]) / (x[order + 1] - x[0])).collect();
            }
        }
    }
}
