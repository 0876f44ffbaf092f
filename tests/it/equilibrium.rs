//! Problem (7): rewards on any interval, with fields, smoothed labels and centring.

use rand::rngs::StdRng;
use rand::{Rng, SeedableRng};
use reward_collapse::problem::{Equilibrium, Field, Support};
use reward_collapse::solution::{Basis, EquilibriumSolution, SolveError, Unique, solve_equilibrium};
use reward_collapse::utility::{Concavity, parse};

use crate::support::assert_none_nearby_beats;

fn problem(utility: &str, support: Support, field: Option<&str>) -> Equilibrium {
    let problem = Equilibrium::new(parse(utility).unwrap(), 0.0, support).unwrap();
    match field {
        Some(text) => problem.with_field(Field::parse(text, support).unwrap()),
        None => problem,
    }
}

fn solved(problem: &Equilibrium, n: usize) -> EquilibriumSolution {
    let solution = solve_equilibrium(problem, n, None).unwrap_or_else(|error| panic!("{problem}, n = {n}: {error}"));
    // Rounding adds up over responses.
    let allowed = 1e-11 * (n as f64 / 1000.0).max(1.0);
    assert!(solution.gap <= allowed * solution.mean_utility.abs().max(1.0), "{problem}, n = {n}: {}", solution.gap);
    assert_eq!(solution.concavity, Concavity::Proved, "{problem}");
    solution
}

fn smoothed(q: f64) -> Equilibrium {
    Equilibrium::new(parse("logsigmoid(x)").unwrap(), q, Support::LINE).unwrap()
}

fn centred(c: f64) -> Equilibrium {
    smoothed(0.0).with_centering(c).unwrap()
}

/// Rewards of mean 0 whose upper half is given.
fn assert_symmetric(rewards: &[f64], upper: &[f64], tolerance: f64) {
    let n = rewards.len();
    for (k, wanted) in upper.iter().enumerate() {
        let (high, low) = (rewards[n - upper.len() + k], rewards[upper.len() - 1 - k]);
        assert!((high - wanted).abs() < tolerance && (low + wanted).abs() < tolerance, "{rewards:?} {upper:?}");
    }
}

/// The table of finite answers in the theory's section on the losses that people train.
#[test]
fn raw_logits_with_smoothing_and_centring() {
    let smoothing: [(f64, [f64; 2], [f64; 4]); 3] = [
        (0.05, [0.871871, 2.838845], [0.461506, 1.411778, 2.461641, 3.792811]),
        (0.1, [0.595250, 1.941424], [0.304678, 0.930922, 1.617569, 2.457787]),
        (0.2, [0.352778, 1.119662], [0.177321, 0.538871, 0.923256, 1.354588]),
    ];
    for (q, four, eight) in smoothing {
        let (a, b) = (solved(&smoothed(q), 4), solved(&smoothed(q), 8));
        assert_symmetric(&a.rewards, &four, 1e-6);
        assert_symmetric(&b.rewards, &eight, 1e-6);
        assert_eq!((a.unique, a.basis), (Unique::UpToShift, Basis::Gaps));
        assert!(b.rewards.iter().sum::<f64>().abs() < 1e-14);
    }
    let centring: [(f64, [f64; 2], [f64; 4]); 2] = [
        (0.01, [0.963813, 3.103533], [0.434237, 1.324624, 2.294145, 3.474382]),
        (0.1, [0.412801, 1.292643], [0.171082, 0.517031, 0.874765, 1.253596]),
    ];
    for (c, four, eight) in centring {
        let (a, b) = (solved(&centred(c), 4), solved(&centred(c), 8));
        assert_symmetric(&a.rewards, &four, 1e-6);
        assert_symmetric(&b.rewards, &eight, 1e-6);
        assert_eq!((a.unique, a.basis), (Unique::Yes, Basis::StrongConcavity));
    }
}

/// Zeros of orthogonal polynomials from their three-term recurrence, `p_{k+1} = (x - a_k) p_k - b_k p_{k-1}`, by bisection on
/// Sturm counts: independent of any solver here.
fn zeros(n: usize, a: impl Fn(usize) -> f64, b: impl Fn(usize) -> f64, range: (f64, f64)) -> Vec<f64> {
    zeros_at(n, a, b, range, &(0..n).collect::<Vec<usize>>())
}

/// Those of the given ranks, from 0.
pub fn zeros_at(
    n: usize,
    a: impl Fn(usize) -> f64,
    b: impl Fn(usize) -> f64,
    range: (f64, f64),
    ranks: &[usize],
) -> Vec<f64> {
    let below = |x: f64| {
        // Signs of the pivots of the Jacobi matrix less x.
        let mut pivot = 1.0;
        (0..n)
            .filter(|&k| {
                let off = if k == 0 { 0.0 } else { b(k) };
                pivot = a(k) - x - off / pivot;
                if pivot == 0.0 {
                    pivot = 1e-300;
                }
                pivot < 0.0
            })
            .count()
    };
    let zero = |i: &usize| {
        let (mut low, mut high) = range;
        for _ in 0..200 {
            let middle = 0.5 * (low + high);
            if below(middle) > *i { high = middle } else { low = middle }
        }
        0.5 * (low + high)
    };
    ranks.iter().map(zero).collect()
}

/// The recurrence for the Jacobi polynomial on [0, 1] with the weight x^beta (1-x)^alpha: its zeros are stationary for
/// sum_{i<j} log + (n-1) b log, so that (beta + 1)/2 = b1 (n - 1) and (alpha + 1)/2 = b2 (n - 1).
pub fn jacobi_recurrence(n: usize, b1: f64, b2: f64) -> (impl Fn(usize) -> f64, impl Fn(usize) -> f64) {
    let m = n as f64;
    let (beta, alpha) = (2.0 * b1 * (m - 1.0) - 1.0, 2.0 * b2 * (m - 1.0) - 1.0);
    let sum = alpha + beta;
    let a = move |k: usize| {
        let k = k as f64;
        let mean = if k == 0.0 {
            (beta - alpha) / (sum + 2.0)
        } else {
            (beta * beta - alpha * alpha) / ((2.0 * k + sum) * (2.0 * k + sum + 2.0))
        };
        0.5 * (1.0 + mean)
    };
    let b = move |k: usize| {
        let k = k as f64;
        let twice = 2.0 * k + sum;
        if k == 1.0 {
            (1.0 + alpha) * (1.0 + beta) / ((sum + 2.0).powi(2) * (sum + 3.0))
        } else {
            k * (k + alpha) * (k + beta) * (k + sum) / (twice * twice * (twice + 1.0) * (twice - 1.0))
        }
    };
    (a, b)
}

fn assert_close(found: &[f64], wanted: &[f64], tolerance: f64, what: &str) {
    assert_eq!(found.len(), wanted.len());
    for (i, (f, w)) in found.iter().zip(wanted).enumerate() {
        assert!((f - w).abs() < tolerance * w.abs().max(1.0), "{what}, {i}: {f} {w}");
    }
}

#[test]
fn log_gases_are_zeros_of_orthogonal_polynomials() {
    compare_with_zeros(&[2, 3, 8, 50, 400, 1000]);
}

/// The zeros by bisection take a minute: `cargo test --release --test it two_thousand -- --ignored`.
#[test]
#[ignore = "takes a minute"]
fn log_gases_of_two_thousand_are_zeros_of_orthogonal_polynomials() {
    compare_with_zeros(&[2000]);
}

fn compare_with_zeros(sizes: &[usize]) {
    let half_line = Support::new(0.0, f64::INFINITY).unwrap();
    for &n in sizes {
        let m = n as f64;
        // Hermite: p_{k+1} = x p_k - k/2 p_{k-1}.
        let hermite = solved(&problem("log(x)", Support::LINE, Some("-x^2/2")), n);
        let wanted: Vec<f64> = zeros(n, |_| 0.0, |k| 0.5 * k as f64, (-3.0 * m, 3.0 * m));
        let wanted: Vec<f64> = wanted.iter().map(|x| x / (m - 1.0).sqrt()).collect();
        assert_close(&hermite.rewards, &wanted, 1e-11, "Hermite");
        assert_eq!(hermite.basis, Basis::StrongConcavity);
        // Laguerre L_{n-1}^(1): a_k = 2k + 2, b_k = k (k + 1); and 0.
        let laguerre = solved(&problem("log(x)", half_line, Some("-x/2")), n);
        let mut wanted = zeros(n - 1, |k| 2.0 * k as f64 + 2.0, |k| (k * (k + 1)) as f64, (0.0, 8.0 * m));
        wanted.insert(0, 0.0);
        let wanted: Vec<f64> = wanted.iter().map(|x| x / (m - 1.0)).collect();
        assert_close(&laguerre.rewards, &wanted, 1e-10, "Laguerre");
        assert_eq!((laguerre.basis, laguerre.rewards[0]), (Basis::MeanDistance, 0.0));
        let jacobi = solved(&problem("log(x)", Support::UNIT, Some("0.7*log(x)+0.4*log(1-x)")), n);
        let (a, b) = jacobi_recurrence(n, 0.7, 0.4);
        assert_close(&jacobi.rewards, &zeros(n, a, b, (0.0, 1.0)), 1e-11, "Jacobi");
    }
}

/// `log x - x^2/2` pair by pair is, at mean 0, `log x` with the field that makes up for the square: `sum_{i<j} (r_i - r_j)^2 = n sum r^2`.
#[test]
fn a_quadratic_part_of_the_utility_is_a_field() {
    for n in [3, 8, 33] {
        let pairs = solved_up_to_shift("log(x)-x^2/2", n);
        let field = format!("-{}*x^2", 0.5 * n as f64 / (n as f64 - 1.0));
        let field = solved(&problem("log(x)", Support::LINE, Some(&field)), n);
        assert_close(&pairs.rewards, &field.rewards, 1e-10, "quadratic part");
    }
}

fn solved_up_to_shift(utility: &str, n: usize) -> EquilibriumSolution {
    let solution = solve_equilibrium(&problem(utility, Support::LINE, None), n, None).unwrap();
    assert_eq!(solution.unique, Unique::UpToShift);
    assert!(solution.gap < 1e-11, "{}", solution.gap);
    solution
}

/// On [0, 1] with nothing else it is problem (1).
#[test]
fn the_unit_interval_is_problem_1() {
    for utility in ["log(x)", "-1/x", "logsigmoid(4x)", "log(x+0.1)", "-1/(x+0.1)", "x^0.5"] {
        for n in [2, 5, 8, 40] {
            let (general, folded) = (
                solved(&problem(utility, Support::UNIT, None), n),
                reward_collapse::solution::solve(&parse(utility).unwrap(), n).unwrap(),
            );
            assert_close(&general.rewards, &folded.rewards, 1e-9, utility);
            assert!(
                (general.objective - folded.objective).abs()
                    <= 1e-12 * folded.objective.abs().max(1.0) + general.gap + folded.gap
            );
        }
    }
    // Another interval is the same one scaled, for a power.
    let wide = solved(&problem("log(x)", Support::new(-2.0, 6.0).unwrap(), None), 9);
    let unit = reward_collapse::solution::solve(&parse("log(x)").unwrap(), 9).unwrap();
    assert_close(&wide.rewards, &unit.rewards.iter().map(|r| 8.0 * r - 2.0).collect::<Vec<_>>(), 1e-11, "scaled");
}

#[test]
fn what_has_no_maximiser_says_why() {
    let refused = |problem: &Equilibrium, n: usize| match solve_equilibrium(problem, n, None) {
        Err(SolveError::NoMaximiser { reason, .. }) => reason,
        other => panic!("{problem}: {other:?}"),
    };
    assert!(refused(&centred(0.1), 2).contains("two responses"));
    assert!(refused(&smoothed(0.0), 5).contains("nothing keeps them together"));
    assert!(refused(&problem("log(x)", Support::LINE, None), 5).contains("nothing keeps them together"));
    assert!(refused(&problem("x", Support::LINE, Some("-x/2")), 3).contains("best response"));
    assert!(
        refused(&problem("x", Support::new(0.0, f64::INFINITY).unwrap(), Some("-0.4x")), 3).contains("best response")
    );
    assert!(matches!(solve_equilibrium(&smoothed(0.1), 1, None), Err(SolveError::TooFew { n: 1 })));
    // One that is held, just.
    solved(&problem("x", Support::new(0.0, f64::INFINITY).unwrap(), Some("-1.1x")), 3);
    let both = smoothed(0.1).with_centering(0.1).unwrap();
    assert_eq!(solve_equilibrium(&both, 2, None).map(|s| s.unique).unwrap_or(Unique::No), Unique::Yes);
}

/// No feasible point does better than the certificate allows.
#[test]
fn the_certificate_holds_against_random_rewards() {
    let mut random = StdRng::seed_from_u64(7);
    let half_line = Support::new(0.0, f64::INFINITY).unwrap();
    let problems = [
        smoothed(0.1),
        centred(0.1),
        problem("log(x)", Support::LINE, Some("-x^2/2")),
        problem("log(x)", half_line, Some("-x/2")),
        problem("log(x+0.1)", Support::UNIT, Some("0.3x-x^2")),
        problem("logsigmoid(2x)", half_line, Some("-x^2-0.3x")),
        problem("-1/x", Support::LINE, Some("-x^4")),
    ];
    for problem in problems {
        let n = 6;
        let solution = solved(&problem, n);
        let (lower, upper) = (problem.support().lower(), problem.support().upper());
        for size in [1e-6, 1e-3, 0.1, 1.0] {
            for _ in 0..200 {
                let mut other: Vec<f64> = solution
                    .rewards
                    .iter()
                    .map(|r| (r + size * (random.random::<f64>() - 0.5)).clamp(lower, upper))
                    .collect();
                other.sort_by(f64::total_cmp);
                if problem.is_repelling() && other.windows(2).any(|pair| pair[0] == pair[1]) {
                    continue;
                }
                let balance = problem.balance(&other);
                let pairs = 15.0;
                assert!(
                    (balance.objective - balance.objective_error - solution.objective) / pairs <= solution.gap,
                    "{problem}"
                );
            }
        }
    }
}

#[test]
fn the_gradient_is_that_of_finite_differences() {
    let half_line = Support::new(0.0, f64::INFINITY).unwrap();
    let problems = [
        smoothed(0.2).with_centering(0.3).unwrap().with_field(Field::parse("-x^2/2+0.1x", Support::LINE).unwrap()),
        problem("log(x)", half_line, Some("-x/2")),
    ];
    for problem in problems {
        let rewards = [0.2, 0.5, 0.9, 1.7];
        let (balance, hessian) = (problem.balance(&rewards), problem.stiffness(&rewards));
        for i in 0..rewards.len() {
            let at = |h: f64| {
                let mut moved = rewards;
                moved[i] += h;
                problem.balance(&moved)
            };
            let h = 1e-5;
            let (above, below) = (at(h), at(-h));
            let slope = (above.objective - below.objective) / (2.0 * h);
            assert!((slope - balance.gradient[i]).abs() < 1e-8, "{slope} {}", balance.gradient[i]);
            for j in 0..rewards.len() {
                let stiffness = -(above.gradient[j] - below.gradient[j]) / (2.0 * h);
                assert!((stiffness - hessian[(i, j)]).abs() < 1e-7 * stiffness.abs().max(1.0), "{i} {j}");
            }
        }
    }
}

/// Random concave fields on random supports, with finite and infinite slopes: solved, certified, and not beaten.
#[test]
fn random_concave_fields() {
    let mut random = StdRng::seed_from_u64(20);
    let utilities = ["log(x)", "-x^-0.5", "x^0.4", "logsigmoid(3x)", "log(x+0.2)", "1-exp(-2x)", "-1/(x+0.1)"];
    for round in 0..60 {
        let mut coefficient = |low: f64, high: f64| low + (high - low) * random.random::<f64>();
        let (a, b, c) = (coefficient(0.05, 3.0), coefficient(0.0, 2.0), coefficient(-2.0, 2.0));
        let text = format!("-{a}*x^2-{b}*x^4+({c})*x");
        let (support, text) = match round % 4 {
            0 => (Support::LINE, text),
            1 => (Support::new(coefficient(-1.0, 0.0), f64::INFINITY).unwrap(), text),
            2 => (Support::new(coefficient(-2.0, 0.0), coefficient(0.5, 3.0)).unwrap(), text),
            // Kept off both ends.
            _ => (Support::UNIT, format!("{text}+{a}*log(x)+{b}*log(1-x)")),
        };
        let n = 2 + round % 11;
        let problem = problem(utilities[round % utilities.len()], support, Some(&text));
        let solution = solved(&problem, n);
        assert_eq!(solution.unique, Unique::Yes, "{problem}");
        let sizes: Vec<f64> = (0..50).map(|_| 10f64.powf(-6.0 * random.random::<f64>())).collect();
        assert_none_nearby_beats(&problem, &solution, sizes, &mut random);
    }
}

#[test]
fn the_program_solves_and_refuses() {
    let run = |arguments: &[&str]| {
        let output =
            std::process::Command::new(env!("CARGO_BIN_EXE_reward-collapse")).args(arguments).output().unwrap();
        let text = |bytes: Vec<u8>| String::from_utf8(bytes).unwrap();
        (output.status.code().unwrap(), text(output.stdout), text(output.stderr))
    };
    let loss = ["--utility", "logsigmoid(x)", "--support=-inf,inf", "--smoothing", "0.1", "--format", "json"];
    let json = |arguments: &[&str]| -> serde_json::Value {
        let (status, output, error) = run(arguments);
        assert_eq!(status, 0, "{error}");
        serde_json::from_str(&output).unwrap()
    };
    let solved = json(&[&["solve", "--n", "8"], &loss[..]].concat());
    assert_eq!((solved["unique"].as_str(), solved["basis"].as_str()), (Some("up to a shift"), Some("gaps")));
    assert_eq!((solved["support"].as_str(), solved["smoothing"].as_f64()), (Some("-inf,inf"), Some(0.1)));
    assert!((solved["rewards"][7].as_f64().unwrap() - 2.457787).abs() < 1e-6 && solved["field"].is_null());
    for (method, n) in [("dense", "60"), ("fast", "60")] {
        let solved = json(&[&["solve", "--n", n, "--method", method], &loss[..]].concat());
        assert_eq!(solved["method"].as_str(), Some(method));
    }
    let law = json(&[&["limit"], &loss[..]].concat());
    assert!((law["ends"][1].as_f64().unwrap() - 3.059754545805).abs() < 1e-11);
    assert!((law["variance"].as_f64().unwrap() - 2.54229833).abs() < 1e-8);
    for (arguments, words) in [
        (&["--n", "8", "--support", "1,0"][..], "is no interval"),
        (&["--n", "8", "--field", "x^2"], "is not concave"),
        (&["--n", "8", "--field", "lgo(x)"], "unknown name"),
        (&["--n", "8", "--smoothing", "0.5"], "0 <= q < 1/2"),
        (&["--n", "8", "--centering", "-1"], "c >= 0"),
        (&["--n", "1", "--smoothing", "0.1"], "at least two responses"),
        (&["--n", "2", "--support=-inf,inf", "--centering", "0.1"], "two responses"),
    ] {
        let (status, output, error) = run(&[&["solve", "--utility", "logsigmoid(x)"], arguments].concat());
        assert!(status == 2 && output.is_empty() && error.contains(words), "{arguments:?}: {status} {error}");
        assert_eq!(error.lines().count(), 1, "{error}");
    }
}
