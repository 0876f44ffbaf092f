//! The finite problem against closed forms, published numbers and differences.

use crate::support::{gauss_lobatto, table_utilities};
use approx::assert_abs_diff_eq;
use argmin::core::{CostFunction, Gradient, Hessian};
use ndarray::Array1;
use reward_collapse::problem::{FoldedRewards, FreeRewards, Positions};
use reward_collapse::solution::{SolveError, solve};
use reward_collapse::utility::{SharedUtility, SmoothedSquare, parse};

fn utility(text: &str) -> SharedUtility {
    parse(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

fn rewards(text: &str, n: usize) -> Vec<f64> {
    solve(&utility(text), n).unwrap_or_else(|error| panic!("{text}, n = {n}: {error}")).rewards
}

#[test]
fn eight_responses_have_the_known_rewards() {
    // Computed by independent code, to four digits.
    for (text, lower) in [
        ("x", [0.0, 0.0, 0.0, 0.0]),
        ("log(x)", [0.0, 0.0641, 0.2041, 0.3954]),
        ("-1/x", [0.0, 0.1208, 0.2666, 0.4213]),
        ("log(x+0.1)", [0.0, 0.0, 0.1463, 0.3728]),
        ("-1/(x+0.1)", [0.0, 0.0891, 0.2413, 0.4120]),
        ("logsigmoid(4x)", [0.0, 0.0, 0.1952, 0.4000]),
        ("logsigmoid(x)", [0.0, 0.0, 0.0, 0.2357]),
    ] {
        let rewards = rewards(text, 8);
        for i in 0..4 {
            assert_abs_diff_eq!(rewards[i], lower[i], epsilon = 5.001e-5);
            assert_abs_diff_eq!(rewards[7 - i], 1.0 - lower[i], epsilon = 5.001e-5);
        }
    }
}

#[test]
fn the_log_rewards_are_gauss_lobatto_nodes() {
    for n in [2, 3, 4, 5, 6, 8, 9, 17, 64, 101, 500, 1001, 2000] {
        let nodes = gauss_lobatto(n);
        for (ours, node) in rewards("log(x)", n).iter().zip(&nodes) {
            assert_abs_diff_eq!(*ours, *node, epsilon = 2e-14);
        }
    }
}

#[test]
fn a_linear_utility_polarises_and_leaves_the_middle_free() {
    for n in [2, 3, 8, 9, 1000, 4001] {
        let solution = solve(&utility("x"), n).expect("the exact answer");
        assert_eq!(solution.unique, n % 2 == 0);
        assert_eq!(solution.rewards.iter().filter(|r| **r == 0.0).count(), n / 2);
        assert_eq!(solution.rewards.iter().filter(|r| **r == 1.0).count(), n / 2);
        let cut = (n / 2 * n.div_ceil(2)) as f64;
        assert_abs_diff_eq!(solution.objective, cut, epsilon = 1e-9 * cut);
        assert!(solution.gap <= 1e-14);
    }
}

#[test]
fn a_utility_that_is_linear_in_pieces_may_leave_the_middle_free() {
    // Slope 3 up to 0.503, then 1: three responses may put the middle one anywhere in [0.497, 0.503].
    let bent = solve(&utility("2x-sqrt((x-0.503)^2)"), 3).expect("concave");
    assert!(!bent.unique);
    assert!(solve(&utility("2x-sqrt((x-0.5)^2+0.01)"), 3).expect("strictly concave").unique);
}

/// Saturated at most distances: `tanh` is a sigmoid with another scale, however steep.
#[test]
fn a_steep_tanh_is_a_sigmoid() {
    for (steep, n) in [(10, 40), (300, 40), (3000, 40), (3000, 300)] {
        let tanh =
            solve(&utility(&format!("tanh({steep}x)")), n).unwrap_or_else(|error| panic!("{steep}, {n}: {error}"));
        let sigmoid = solve(&utility(&format!("sigmoid({}x)", 2 * steep)), n).expect("the same rewards");
        for (a, b) in tanh.rewards.iter().zip(&sigmoid.rewards) {
            assert!((a - b).abs() < 1e-9, "{steep}, {n}: {a} {b}");
        }
    }
}

#[test]
fn few_responses() {
    for text in ["x", "log(x)", "-1/x", "log(x+0.1)", "logsigmoid(1000x)", "x^0.98"] {
        let one = solve(&utility(text), 1).expect("any reward will do");
        assert_eq!(one.rewards, [0.5]);
        assert!(!one.unique && one.gap == 0.0 && one.objective == 0.0);
        assert_eq!(rewards(text, 2), [0.0, 1.0]);
        assert_eq!(rewards(text, 3), [0.0, 0.5, 1.0]);
    }
    assert!(matches!(solve(&utility("x"), 0), Err(SolveError::NoResponses)));
}

/// The extremes of every parameter range that the solver promises, and both parities.
#[test]
fn every_utility_of_the_table_converges() {
    for text in table_utilities() {
        let utility = utility(&text);
        for n in (2..=12).chain([31, 64, 129, 300]) {
            let solution = solve(&utility, n).unwrap_or_else(|error| panic!("{text}, n = {n}: {error}"));
            assert!(solution.relative_gap < 1e-12, "{text}, n = {n}: {:e}", solution.relative_gap);
            let rewards = &solution.rewards;
            assert_eq!((rewards[0], rewards[n - 1]), (0.0, 1.0), "{text}, n = {n}");
            assert!(rewards.windows(2).all(|pair| pair[0] <= pair[1]), "{text}, n = {n}");
            for i in 0..n {
                assert_abs_diff_eq!(rewards[i] + rewards[n - 1 - i], 1.0, epsilon = 1e-15);
            }
        }
    }
}

#[test]
fn a_quadratic_utility_has_the_rewards_of_its_linear_equations() {
    // Free responses of U = x - b x^2/2 satisfy 2i - n - 1 = b (n r_i - n/2): an arithmetic progression, cut off at 0 and 1.
    for (b, n) in [(1.0, 8), (0.5, 9), (0.1, 40), (0.01, 1000)] {
        let text = format!("x-{}x^2", b / 2.0);
        for (i, reward) in rewards(&text, n).iter().enumerate() {
            let free = 0.5 + (2 * i + 1) as f64 / (b * n as f64) - 1.0 / b;
            assert_abs_diff_eq!(*reward, free.clamp(0.0, 1.0), epsilon = 1e-13);
        }
    }
}

#[test]
fn factors_and_constants_change_no_reward() {
    for (text, other) in
        [("log(x)", "7log(3x)-2"), ("-1/(x+0.1)", "5-0.1/(x+0.1)"), ("logsigmoid(4x)", "-log(1+exp(-4x))")]
    {
        for (a, b) in rewards(text, 33).iter().zip(rewards(other, 33)) {
            assert_abs_diff_eq!(*a, b, epsilon = 1e-14);
        }
    }
}

/// A recognised utility is solved as it was typed, not as its nearest neighbour with fewer digits.
#[test]
fn the_objective_is_that_of_the_utility_as_typed() {
    for text in ["log2(x)", "log10(x+1)", "tan(0.5)*x-0.1x^2", "log(x+0.1000000000009)", "cbrt(x)", "3.7-exp(-2.3x)/7"]
    {
        let utility = utility(text);
        let typed = reward_collapse::utility::Expression::parse(text).expect("an expression");
        let solution = solve(&utility, 9).expect("a well-behaved utility");
        let r = &solution.rewards;
        let pairs = (0..9).flat_map(|i| (i + 1..9).map(move |j| r[j] - r[i]));
        let direct: f64 = pairs.map(|t| reward_collapse::utility::Utility::value(&typed, t)).sum();
        approx::assert_relative_eq!(solution.objective, direct, max_relative = 2e-14);
    }
}

/// Averaging over all subsets of n of n + 1 responses: the best mean utility can only fall as n grows.
#[test]
fn the_best_mean_utility_falls_with_n() {
    for text in ["log(x)", "-1/x", "x^0.5", "log(x+0.1)", "logsigmoid(4x)", "1-exp(-3x)", "log(x)+x"] {
        let utility = utility(text);
        let means: Vec<f64> =
            (2..40).map(|n| solve(&utility, n).expect("a well-behaved utility").mean_utility).collect();
        assert!(means.windows(2).all(|pair| pair[1] <= pair[0] + 1e-13 * pair[0].abs()), "{text}: {means:?}");
    }
}

#[test]
fn a_late_turn_of_the_utility_is_solved_too() {
    let utility = utility("x^0.3-0.2x^2");
    // Two responses prefer the distance at which U is largest.
    let two = solve(&utility, 2).expect("concave");
    assert_abs_diff_eq!(two.rewards[1] - two.rewards[0], 0.75f64.powf(1.0 / 1.7), epsilon = 1e-9);
    assert!(!two.unique);
    let eight = solve(&utility, 8).expect("concave");
    assert_eq!((eight.rewards[0], eight.rewards[7], eight.unique), (0.0, 1.0, true));
}

#[test]
fn refusals() {
    let convex: SharedUtility = std::sync::Arc::new(SmoothedSquare::new(0.1).expect("eps >= 0"));
    assert!(matches!(solve(&convex, 8), Err(SolveError::Utility(_))));
    assert!(matches!(solve(&utility("log(x)"), 100_000_000), Err(SolveError::TooLarge { .. })));
}

#[test]
fn an_iteration_limit_that_is_too_small_is_reported_with_what_was_reached() {
    use reward_collapse::solution::{SolveOptions, solve_with};
    let options = SolveOptions { max_iterations: Some(0), ..SolveOptions::default() };
    match solve_with(&utility("-1/x"), 40, &options) {
        Err(SolveError::NotConverged(reached)) => {
            assert_eq!(reached.rewards.len(), 40);
            assert!(reached.gap > 1e-9);
        }
        other => panic!("{other:?}"),
    }
}

/// The free problem with gaps `softmax(y)`: unconstrained, so that any quasi-Newton method can solve it.
struct SoftmaxGaps(FreeRewards<SharedUtility>);

impl SoftmaxGaps {
    fn gaps(y: &Array1<f64>) -> Array1<f64> {
        let weights = y.mapv(f64::exp);
        let total = weights.sum();
        weights / total
    }

    fn rewards(y: &Array1<f64>) -> Array1<f64> {
        let mut r = vec![0.0];
        Self::gaps(y).iter().for_each(|gap| r.push(r[r.len() - 1] + gap));
        Array1::from(r)
    }
}

impl CostFunction for SoftmaxGaps {
    type Param = Array1<f64>;
    type Output = f64;

    fn cost(&self, y: &Self::Param) -> Result<f64, argmin::core::Error> {
        self.0.cost(&Self::rewards(y))
    }
}

impl Gradient for SoftmaxGaps {
    type Param = Array1<f64>;
    type Gradient = Array1<f64>;

    fn gradient(&self, y: &Self::Param) -> Result<Array1<f64>, argmin::core::Error> {
        let gaps = Self::gaps(y);
        // A gap moves every reward above it.
        let mut by_gap = self.0.gradient(&Self::rewards(y))?.slice_move(ndarray::s![1..]);
        for i in (0..gaps.len() - 1).rev() {
            by_gap[i] += by_gap[i + 1];
        }
        let mean = by_gap.dot(&gaps);
        Ok((by_gap - mean) * gaps)
    }
}

#[test]
fn another_optimiser_finds_the_same_rewards() {
    use argmin::core::Executor;
    use argmin::solver::linesearch::MoreThuenteLineSearch;
    use argmin::solver::quasinewton::LBFGS;
    for text in ["log(x)", "-1/x", "x^0.4", "-x^-2", "log(x)+x"] {
        for n in [7, 8] {
            let problem = SoftmaxGaps(FreeRewards::new(utility(text)));
            let solver = LBFGS::new(MoreThuenteLineSearch::new(), 7).with_tolerance_grad(1e-9).expect("a tolerance");
            let start = Array1::zeros(n - 1);
            let executor = Executor::new(problem, solver).configure(|state| state.param(start).max_iters(500));
            let found = executor.run().expect("it runs").state.best_param.expect("a best point");
            for (a, b) in SoftmaxGaps::rewards(&found).iter().zip(rewards(text, n)) {
                assert_abs_diff_eq!(*a, b, epsilon = 1e-6);
            }
        }
    }
}

#[test]
fn gradient_and_hessian_are_differences_of_the_cost() {
    let n = 7;
    let r = Array1::from(vec![0.0, 0.11, 0.23, 0.5, 0.71, 0.86, 1.0]);
    for text in ["log(x)", "-1/x", "x^0.3", "log(x+0.1)", "logsigmoid(4x)", "1-exp(-3x)", "x-0.3x^2", "log(x)+sqrt(x)"]
    {
        let problem = FreeRewards::new(utility(text));
        let gradient = problem.gradient(&r).expect("finite");
        let hessian = problem.hessian(&r).expect("finite");
        let h = 1e-5;
        let moved = |i: usize, h: f64| {
            let mut moved = r.clone();
            moved[i] += h;
            moved
        };
        for i in 0..n {
            let cost = |h: f64| problem.cost(&moved(i, h)).expect("finite");
            approx::assert_relative_eq!(
                gradient[i],
                (cost(h) - cost(-h)) / (2.0 * h),
                max_relative = 1e-5,
                epsilon = 1e-6
            );
            let slopes = |h: f64| problem.gradient(&moved(i, h)).expect("finite");
            let differences = (slopes(h) - slopes(-h)) / (2.0 * h);
            for j in 0..n {
                approx::assert_relative_eq!(hessian[(j, i)], differences[j], max_relative = 1e-5, epsilon = 1e-6);
            }
        }
    }
}

#[test]
fn the_folded_problem_is_the_free_one_on_symmetric_rewards() {
    for n in [6, 7] {
        let lower = vec![0.0, 0.12, 0.31];
        let m = lower.len();
        let x = Positions::new(n, lower).unwrap();
        let r = Array1::from(x.rewards());
        for text in ["-1/x", "log(x+0.1)", "x^0.4"] {
            let free = FreeRewards::new(utility(text));
            let folded = FoldedRewards::new(utility(text));
            let same = |a: f64, b: f64| approx::assert_relative_eq!(a, b, max_relative = 1e-12);
            same(folded.cost(&x).expect("finite"), free.cost(&r).expect("finite"));
            same(-folded.forces(&x).objective, free.cost(&r).expect("finite"));
            let (gradient, hessian) = (free.gradient(&r).expect("finite"), free.hessian(&r).expect("finite"));
            let (half_gradient, half_hessian) =
                (folded.gradient(&x).expect("finite"), folded.hessian(&x).expect("finite"));
            for i in 0..m {
                same(half_gradient[i], gradient[i] - gradient[n - 1 - i]);
                for j in 0..=i {
                    let image = |a: usize| n - 1 - a;
                    let chain = hessian[(i, j)] - hessian[(image(i), j)] - hessian[(i, image(j))]
                        + hessian[(image(i), image(j))];
                    same(half_hessian[(i, j)], chain);
                }
            }
        }
    }
}

/// Results do not depend on the number of threads: sums are cut into chunks, not into threads.
#[test]
fn one_thread_gives_the_same_bits() {
    let solve_on = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().expect("a pool");
        pool.install(|| rewards("-1/x", 700))
    };
    assert_eq!(solve_on(1), solve_on(3));
}

#[test]
fn forces_that_underflow_leave_rewards_at_equal_distances() {
    // Neighbours alone push, and all equally; what is beyond them is exp(-k/(n-1)) of that.
    for (text, n) in [
        ("logsigmoid(1e6x)", 8),
        ("logsigmoid(1e6x)", 40),
        ("logsigmoid(1e6x)", 300),
        ("logsigmoid(1e5x)", 1500),
        ("1-exp(-6000x)", 8),
        ("1-exp(-3000x)", 3),
        ("1-exp(-1e4x)", 50),
        ("sigmoid(5000x)", 8),
        ("-exp(-1e5x)/x", 20),
        ("-exp(-1e5x)/x", 2000),
    ] {
        let solution = solve(&utility(text), n).unwrap_or_else(|error| panic!("{text}, n = {n}: {error}"));
        for (i, reward) in solution.rewards.iter().enumerate() {
            assert_abs_diff_eq!(*reward, i as f64 / (n - 1) as f64, epsilon = 1e-15);
        }
        assert!(solution.unique && solution.gap > 0.0 && solution.relative_gap < 1e-11, "{text}, n = {n}");
        assert!(solution.iterations <= 10, "{text}, n = {n}: {} iterations", solution.iterations);
    }
}

#[test]
fn no_rewards_beat_the_objective_by_more_than_the_gap() {
    // The best objectives to 30 digits, by Newton's method with 60, as a double and what it leaves.
    for (text, n, best, rest) in [
        ("1e8*log(x)-99999999*log(x)", 3, -1.3862943611198906, -4.638e-17),
        ("log(x)+1e6", 7, 20999980.346238036, 1.499e-09),
        ("x^0.001", 4, 5.995978486704957, 4.219e-16),
        ("1e8*log(1+1e-8x)", 4, 3.99999998, 9.547e-17),
        ("-(1-exp(-x))/x", 5, -7.676236957613163, -5.499e-17),
        ("-(x+0.01)^-3", 6, -615.4926804889201, -1.314e-14),
        ("-x^-8", 6, -1959419.1955956575, 9.304e-11),
        ("logsigmoid(300x)", 6, -4.3782553813482603e-26, 1.363e-42),
        ("-1/(x+0.0003)+x", 6, -36.016919320296296, -1.161e-15),
        ("sqrt(x+1e-12)-1e5", 6, -1499989.632818593, -3.317e-11),
        ("log(x)+1e6*x-999999*x", 6, -5.443657336308564, -2.322e-16),
        ("sigmoid(30x)+1e5", 6, 1500014.987612271, 3.206e-11),
    ] {
        let solution = solve(&utility(text), n).unwrap_or_else(|error| panic!("{text}, n = {n}: {error}"));
        let pairs = (n * (n - 1) / 2) as f64;
        let missing: f64 = (best - solution.objective) + rest;
        assert!(missing.abs() <= solution.gap * pairs, "{text}, n = {n}: {missing:e}, gap {:e}", solution.gap);
        assert!(solution.relative_gap <= 1e-9, "{text}, n = {n}: {:e}", solution.relative_gap);
    }
}
