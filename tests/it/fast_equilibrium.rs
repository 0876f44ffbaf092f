//! Problem (7) with sums in O(n log n).

use argmin::core::{CostFunction, Gradient, Hessian};
use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use reward_collapse::limit::FreeLaw;
use reward_collapse::problem::{ACCURACY, Ascending, Equilibrium, FastEquilibrium, Field, Support};
use reward_collapse::solution::{
    Basis, EquilibriumSolution, LARGEST_RELATIVE_GAP, Method, SolveOptions, Unique, solve_equilibrium,
    solve_equilibrium_with,
};
use reward_collapse::utility::parse;

use crate::equilibrium::{jacobi_recurrence, zeros_at};
use crate::support::{assert_none_nearby_beats, conjugate_gradients};

fn half_line() -> Support {
    Support::new(0.0, f64::INFINITY).unwrap()
}

fn problem(utility: &str, support: Support, field: Option<&str>, smoothing: f64, centering: f64) -> Equilibrium {
    let problem = Equilibrium::new(parse(utility).unwrap(), smoothing, support).unwrap();
    let problem = problem.with_centering(centering).unwrap();
    match field {
        Some(text) => problem.with_field(Field::parse(text, support).unwrap_or_else(|error| panic!("{text}: {error}"))),
        None => problem,
    }
}

/// What people solve, and walls, poles and utilities that fall.
fn cases() -> Vec<Equilibrium> {
    let line = Support::LINE;
    vec![
        problem("log(x)", line, Some("-x^2/2"), 0.0, 0.0),
        problem("log(x)", half_line(), Some("-x/2"), 0.0, 0.0),
        problem("log(x)", Support::UNIT, Some("0.7*log(x)+0.4*log(1-x)"), 0.0, 0.0),
        problem("logsigmoid(x)", line, None, 0.1, 0.0),
        problem("logsigmoid(x)", line, None, 0.0, 0.1),
        problem("logsigmoid(x)", line, Some("-0.1x^2"), 0.0, 0.0),
        problem("x^0.5", Support::UNIT, Some("0.3x-0.2x^2"), 0.0, 0.0),
        problem("-1/x", line, Some("-x^4"), 0.0, 0.0),
        problem("log(x+0.1)", Support::UNIT, Some("0.3x-x^2"), 0.0, 0.0),
        problem("log(x)-x^2/2", line, None, 0.0, 0.0),
        problem("log(x+0.2)", line, Some("-x^2+0.1x"), 0.2, 0.3),
        problem("logsigmoid(2x)", half_line(), Some("-x^2-0.3x"), 0.0, 0.0),
    ]
}

/// Ascending rewards inside the support, some of them tied at an end or in clusters where they may.
fn random_rewards(problem: &Equilibrium, n: usize, random: &mut StdRng) -> Vec<f64> {
    let support = problem.support();
    let (low, high) = (support.lower().max(-2.0), support.upper().min(3.0));
    let power = 1.0 + 3.0 * random.random::<f64>();
    let mut rewards: Vec<f64> =
        (0..n).map(|_| low + (high - low) * (0.001 + 0.998 * random.random::<f64>().powf(power))).collect();
    if !problem.is_repelling() {
        for reward in rewards.iter_mut().take(n / 5) {
            *reward = low;
        }
        let one = rewards[n / 2];
        for (k, reward) in rewards.iter_mut().skip(n / 2).take(n / 10).enumerate() {
            *reward = one + 1e-9 * (k % 3) as f64;
        }
    }
    rewards.sort_by(f64::total_cmp);
    rewards
}

/// Gradient, forces across cuts, objective and Hessian against direct sums.
fn compare(problem: &Equilibrium, rewards: Vec<f64>) {
    let n = rewards.len();
    let direct = problem.balance(&rewards);
    let stiffness = problem.stiffness(&rewards);
    let fast = FastEquilibrium::new(problem);
    let positions = Ascending::from(rewards.clone());
    let balance = fast.balance(&positions);
    let gradient = fast.gradient(&positions).unwrap();
    let pairs = n as f64 * (n as f64 - 1.0) / 2.0;
    let ordinary = direct.magnitude / pairs;
    for i in 0..n {
        // The sizes of the forces on one response.
        let size: f64 =
            rewards.iter().map(|r| problem.pair((r - rewards[i]).abs()).slope.abs()).filter(|s| s.is_finite()).sum();
        let size = size + ordinary * n as f64 + direct.gradient[i].abs();
        let off = (balance.gradient[i] - direct.gradient[i]).abs();
        assert!(
            off <= balance.errors[i] + direct.errors[i],
            "{problem}, n = {n}: a force is off by more than its bound"
        );
        assert!(off <= ACCURACY * size, "{problem}, n = {n}: a force is off by {:e}", off / size);
        assert!((gradient[i] + balance.gradient[i]).abs() <= ACCURACY * size, "{problem}");
        let off = (balance.cuts[i] - direct.cuts[i]).abs();
        assert!(off <= balance.cut_errors[i] + direct.cut_errors[i], "{problem}, n = {n}: a cut is off by {off:e}");
    }
    let off = (balance.objective - direct.objective).abs();
    assert!(off <= balance.objective_error + direct.objective_error, "{problem}, n = {n}: the objective, {off:e}");
    assert!(off <= ACCURACY * direct.magnitude, "{problem}, n = {n}: the objective, {off:e}");
    assert!((fast.cost(&positions).unwrap() + direct.objective).abs() <= ACCURACY * direct.magnitude);
    assert!(balance.magnitude <= (1.0 + 1e-9) * direct.magnitude, "{problem}");
    if problem.smoothing() != 0.0 && rewards.windows(2).any(|pair| pair[0] == pair[1]) {
        // At a tie U_q'' jumps where U goes on along its tangent, and either value will do.
        return;
    }
    let hessian = fast.hessian(&positions).unwrap();
    let v: Vec<f64> = (0..n).map(|i| (0.7 * i as f64).sin()).collect();
    let product = hessian.apply(&v);
    for i in 0..n {
        let row: f64 = (0..n).map(|j| stiffness[(i, j)] * v[j]).sum();
        let size: f64 = (0..n).map(|j| stiffness[(i, j)].abs()).sum();
        // Weights that are small beside ordinary forces are as accurate as those are.
        let size = size + ordinary * n as f64;
        assert!((product[i] - row).abs() <= 2.0 * ACCURACY * size, "{problem}, n = {n}: {} {row}", product[i]);
        assert!((hessian.diagonal()[i] - stiffness[(i, i)]).abs() <= 2.0 * ACCURACY * size, "{problem}, n = {n}");
    }
}

#[test]
fn sums_agree_with_direct_ones() {
    let mut random = StdRng::seed_from_u64(3);
    for problem in cases() {
        for n in [2, 3, 50, 700] {
            compare(&problem, random_rewards(&problem, n, &mut random));
        }
    }
}

#[test]
fn sums_agree_under_random_concave_fields() {
    let mut random = StdRng::seed_from_u64(11);
    let utilities = ["log(x)", "-x^-0.5", "x^0.4", "logsigmoid(3x)", "log(x+0.2)", "1-exp(-2x)", "-1/(x+0.1)"];
    for round in 0..35 {
        let mut coefficient = |low: f64, high: f64| low + (high - low) * random.random::<f64>();
        let (a, b, c) = (coefficient(0.05, 3.0), coefficient(0.0, 2.0), coefficient(-2.0, 2.0));
        let text = format!("-{a}*x^2-{b}*x^4+({c})*x");
        let (support, text) = match round % 4 {
            0 => (Support::LINE, text),
            1 => (Support::new(coefficient(-1.0, 0.0), f64::INFINITY).unwrap(), text),
            2 => (Support::new(coefficient(-2.0, 0.0), coefficient(0.5, 3.0)).unwrap(), text),
            _ => (Support::UNIT, format!("{text}+{a}*log(x)+{b}*log(1-x)")),
        };
        let utility = utilities[round % utilities.len()];
        let finite = parse(utility).unwrap().slope_at_zero().is_finite();
        let smoothing = if finite && round % 3 == 0 { 0.2 } else { 0.0 };
        let problem = problem(utility, support, Some(&text), smoothing, if round % 5 == 0 { 0.1 } else { 0.0 });
        // Fields that are infinite at an end keep rewards away from it, also where they may tie.
        let mut rewards = random_rewards(&problem, 300, &mut random);
        if round % 4 == 3 {
            rewards.iter_mut().for_each(|r| *r = r.clamp(0.01, 0.99));
            rewards.dedup();
        }
        compare(&problem, rewards);
    }
}

fn by(method: Method, problem: &Equilibrium, n: usize) -> EquilibriumSolution {
    let options = SolveOptions { method: Some(method), ..SolveOptions::default() };
    solve_equilibrium_with(problem, n, &options).unwrap_or_else(|error| panic!("{method}, {problem}, n = {n}: {error}"))
}

#[test]
fn both_methods_find_the_same() {
    for problem in cases() {
        for n in [41, 90, 501] {
            let [dense, fast] = [Method::Dense, Method::Fast].map(|method| by(method, &problem, n));
            assert_eq!((dense.method, fast.method), (Method::Dense, Method::Fast));
            assert_eq!((dense.unique, dense.concavity), (fast.unique, fast.concavity), "{problem}");
            let difference = (dense.mean_utility - fast.mean_utility).abs();
            assert!(difference <= dense.gap + fast.gap, "{problem}, n = {n}: {difference:e}");
            assert!(fast.gap <= 1e-10 * fast.mean_utility.abs().max(1.0), "{problem}, n = {n}: {:e}", fast.gap);
            for (i, (d, f)) in dense.rewards.iter().zip(&fast.rewards).enumerate() {
                assert!((d - f).abs() <= 1e-9 * d.abs().max(1.0), "{problem}, n = {n}, i = {i}: {d} and {f}");
            }
        }
    }
}

/// Random rewards, those nearby above all, never do better than the bound allows.
#[test]
fn the_gap_is_true() {
    let mut random = StdRng::seed_from_u64(5);
    for problem in cases() {
        let n = 120;
        let solution = by(Method::Fast, &problem, n);
        assert_none_nearby_beats(&problem, &solution, (0..60).map(|round| 10f64.powi(-(round % 8))), &mut random);
    }
}

/// Rewards that are moved from the best ones: the bound is at least what they lose.
#[test]
fn bounds_are_no_smaller_than_what_is_lost() {
    for problem in cases() {
        let n = 200;
        let best = by(Method::Dense, &problem, n);
        let options = SolveOptions { method: Some(Method::Fast), max_iterations: Some(1), ..SolveOptions::default() };
        let unfinished = match solve_equilibrium_with(&problem, n, &options) {
            Err(reward_collapse::solution::SolveError::Uncertified(solution)) => *solution,
            Ok(solution) => solution,
            Err(error) => panic!("{problem}: {error}"),
        };
        let lost = best.mean_utility - unfinished.mean_utility;
        assert!(unfinished.gap >= lost - best.gap, "{problem}: {lost:e} lost, the bound is {:e}", unfinished.gap);
    }
}

#[test]
fn log_gases_of_twenty_thousand_are_zeros_of_orthogonal_polynomials() {
    let n = 20_000;
    let m = n as f64;
    let chosen = [0, 1, 2, 17, 500, 6000, 9999, 10_000, 15_000, 19_900, 19_997, 19_998];
    let close = |found: f64, wanted: f64, what: &str, i: usize| {
        assert!((found - wanted).abs() < 1e-11 * wanted.abs().max(1.0), "{what}, {i}: {found} {wanted}");
    };
    let hermite = solve_equilibrium(&problem("log(x)", Support::LINE, Some("-x^2/2"), 0.0, 0.0), n, None).unwrap();
    assert_eq!((hermite.method, hermite.basis), (Method::Fast, Basis::StrongConcavity));
    assert!(hermite.gap < 1e-11, "{:e}", hermite.gap);
    let wanted = zeros_at(n, |_| 0.0, |k| 0.5 * k as f64, (-3.0 * m, 3.0 * m), &chosen);
    for (&i, wanted) in chosen.iter().zip(wanted) {
        close(hermite.rewards[i], wanted / (m - 1.0).sqrt(), "Hermite", i);
    }
    // Laguerre L_{n-1}^(1), after the 0.
    let laguerre = solve_equilibrium(&problem("log(x)", half_line(), Some("-x/2"), 0.0, 0.0), n, None).unwrap();
    assert_eq!(laguerre.rewards[0], 0.0);
    let wanted = zeros_at(n - 1, |k| 2.0 * k as f64 + 2.0, |k| (k * (k + 1)) as f64, (0.0, 8.0 * m), &chosen);
    for (&i, wanted) in chosen.iter().zip(wanted) {
        close(laguerre.rewards[i + 1], wanted / (m - 1.0), "Laguerre", i);
    }
    let field = "0.7*log(x)+0.4*log(1-x)";
    let jacobi = solve_equilibrium(&problem("log(x)", Support::UNIT, Some(field), 0.0, 0.0), n, None).unwrap();
    let (a, b) = jacobi_recurrence(n, 0.7, 0.4);
    let wanted = zeros_at(n, a, b, (0.0, 1.0), &chosen);
    for (&i, wanted) in chosen.iter().zip(wanted) {
        close(jacobi.rewards[i], wanted, "Jacobi", i);
    }
}

/// The mean distance to the quantiles of the limit law at the middles of ranks falls like 1/n^2, and like 1/n where the centring of `n`
/// responses is `(n-2)/(n-1)` of that of many.
#[test]
fn smoothed_and_centred_rewards_tend_to_their_law() {
    for (smoothing, centering, unique, expected) in [(0.1, 0.0, Unique::UpToShift, 2.0), (0.0, 0.1, Unique::Yes, 1.0)] {
        let problem = problem("logsigmoid(x)", Support::LINE, None, smoothing, centering);
        let law = FreeLaw::of_problem(&problem).unwrap();
        let distance = |n: usize| {
            let solution = solve_equilibrium(&problem, n, None).unwrap();
            assert_eq!(solution.unique, unique);
            assert!(solution.gap < 1e-10, "{:e}", solution.gap);
            let middle = |i: usize| law.quantile((i as f64 + 0.5) / n as f64);
            solution.rewards.iter().enumerate().map(|(i, r)| (r - middle(i)).abs()).sum::<f64>() / n as f64
        };
        let [few, many] = [1000, 20_000].map(distance);
        let order = (few / many).ln() / 20f64.ln();
        assert!((order - expected).abs() < 0.1, "{problem}: {few:e} {many:e}");
    }
}

/// Iterations of conjugate gradients at the best rewards, for a right side that moves every response by a share of its gap.
fn iterations(problem: &Equilibrium, n: usize) -> usize {
    let solution = by(Method::Fast, problem, n);
    let (rewards, support) = (solution.rewards, problem.support());
    let first = rewards.iter().take_while(|r| **r <= support.lower()).count();
    let last = n - rewards.iter().rev().take_while(|r| **r >= support.upper()).count();
    let hessian = FastEquilibrium::new(problem).hessian(&rewards.clone().into()).unwrap();
    let hessian = if problem.is_free_to_shift() { hessian.anchored() } else { hessian };
    let preconditioner = hessian.preconditioner(first..last);
    let moves: Vec<f64> =
        (0..n).map(|i| if (first..last).contains(&i) { (17.0 * i as f64).sin() } else { 0.0 }).collect();
    let apply = |v: &[f64]| {
        let mut image = hessian.apply(v);
        image[..first].fill(0.0);
        image[last..].fill(0.0);
        image
    };
    conjugate_gradients(apply, |r| preconditioner.apply(r), &moves)
}

#[test]
fn the_preconditioner_keeps_the_iterations_bounded() {
    // The last but one is in doubles here, which are too coarse near its upper end for many more.
    for problem in cases().into_iter().filter(|problem| problem.utility().to_string() != "x^0.5") {
        let [few, many] = [1000, 32_000].map(|n| iterations(&problem, n));
        println!("{problem}: {few}, {many}");
        assert!(many <= few + 6 && many <= 40, "{problem}: {few} iterations for n = 1000, {many} for n = 32000");
    }
}

#[test]
fn sums_have_the_same_bits_on_any_number_of_threads() {
    let problem = problem("log(x)", half_line(), Some("-x/2"), 0.0, 0.0);
    let rewards: Vec<f64> = (0..3000).map(|i| (i as f64 / 1500.0).powi(2)).collect();
    let on_threads = |threads: usize| {
        let pool = rayon::ThreadPoolBuilder::new().num_threads(threads).build().unwrap();
        pool.install(|| {
            let fast = FastEquilibrium::new(&problem);
            let positions = Ascending::from(rewards.clone());
            let v: Vec<f64> = (0..3000).map(|i| (i as f64).cos()).collect();
            let hessian = fast.hessian(&positions).unwrap();
            (fast.balance(&positions), hessian.apply(&v), hessian.preconditioner(1..3000).apply(&v))
        })
    };
    let one = on_threads(1);
    for threads in [2, 5] {
        assert!(on_threads(threads) == one, "{threads} threads");
    }
}

#[test]
fn the_method_follows_the_number_of_responses() {
    let problem = problem("log(x+0.1)", Support::UNIT, Some("0.3x-x^2"), 0.0, 0.0);
    for (n, method) in [(40, Method::Dense), (300, Method::Dense), (301, Method::Fast)] {
        assert_eq!(solve_equilibrium(&problem, n, None).unwrap().method, method);
    }
    assert_eq!(by(Method::Fast, &problem, 100).method, Method::Fast);
    // So few have one group only.
    let options = SolveOptions { method: Some(Method::Fast), ..SolveOptions::default() };
    assert_eq!(solve_equilibrium_with(&problem, 40, &options).unwrap().method, Method::Dense);
}

/// Responses closer to each other than doubles are near the upper end, where they need two.
#[test]
fn rewards_crowd_at_walls() {
    let problem = problem("x^0.5", Support::UNIT, Some("0.3x-0.2x^2"), 0.0, 0.0);
    let solution = solve_equilibrium(&problem, 20_000, None).unwrap();
    assert!(solution.gap < 1e-11, "{:e}", solution.gap);
    assert_eq!((solution.rewards[0], solution.rewards[19_999]), (0.0, 1.0));
}

/// A million take some minutes on two cores: `cargo test --release --test it a_million_hermite -- --ignored`.
#[test]
#[ignore = "takes minutes"]
fn a_million_hermite_zeros() {
    let n = 1_000_000;
    let hermite = solve_equilibrium(&problem("log(x)", Support::LINE, Some("-x^2/2"), 0.0, 0.0), n, None).unwrap();
    assert!(hermite.gap < LARGEST_RELATIVE_GAP);
    let m = n as f64;
    let chosen = [0, 10, 250_000, 600_000, 999_999];
    let wanted = zeros_at(n, |_| 0.0, |k| 0.5 * k as f64, (-3.0 * m, 3.0 * m), &chosen);
    for (&i, wanted) in chosen.iter().zip(wanted) {
        let wanted = wanted / (m - 1.0).sqrt();
        assert!((hermite.rewards[i] - wanted).abs() < 1e-10, "{i}: {} {wanted}", hermite.rewards[i]);
    }
}

/// Without curvature: half of the rewards at each end, or all where the field holds them.
#[test]
fn linear_utilities_need_no_curvature() {
    let support = Support::new(-2.0, 3.0).unwrap();
    for (problem, ends) in [
        (problem("x", support, None, 0.0, 0.0), [-2.0, 3.0]),
        (problem("x", Support::UNIT, None, 0.2, 0.0), [0.0, 1.0]),
        (problem("x", half_line(), Some("-x^2-x"), 0.0, 0.0), [0.0, 0.0]),
    ] {
        for n in [90, 301, 2001] {
            for method in [Method::Dense, Method::Fast].into_iter().filter(|method| *method == Method::Fast || n < 400)
            {
                let solution = by(method, &problem, n);
                let at_ends =
                    |(i, r): (usize, &f64)| 2 * i + 1 == n || (r - ends[usize::from(2 * i >= n)]).abs() < 1e-12;
                assert!(solution.rewards.iter().enumerate().all(at_ends), "{problem}, n = {n}, {method}");
                let most = if method == Method::Dense { 1e-13 } else { 1e-10 };
                assert!(solution.gap < most, "{problem}, n = {n}, {method}: {:e}", solution.gap);
            }
        }
    }
}
