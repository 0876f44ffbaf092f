//! What is typed is what is computed: the library's evaluator against one that shares nothing with it.

use std::collections::BTreeMap;
use std::fmt::Write;
use std::time::Instant;

use rand::rngs::StdRng;
use rand::seq::IndexedRandom;
use rand::{Rng, SeedableRng};
use rayon::prelude::*;
use reward_collapse::solution::solve;
use reward_collapse::utility::{Concavity, Expression, Utility, parse};

use crate::support::random_expressions::Typist;
use crate::support::reference::{Jet, Precision, Tree, dd};

/// How many times the reference's own error bound the library may be off.
///
/// Doubles that round after every operation reach 1 (see the test below), and sixteen leaves room for a weaker library of
/// functions. A misread expression reaches a million and more.
const ALLOWED: f64 = 16.0;

const EXPRESSIONS: u64 = 100_000;

/// One in so many of the expressions that are 0/0 at 0 is tried: the library fits a series there, and may need ten thousand
/// times as long for one as for another expression.
const ONE_IN: u64 = 200;

/// Whether some part is 0/0, or 0 times infinity, or 0 throughout: there its limit at 0 is not what it gives at 0.
fn hides_a_limit(tree: &Tree) -> bool {
    let near_zero = |part: &Tree| part.at(1e-100).at[0].abs();
    let (small, large) = (1e-6, 1e6);
    match tree {
        Tree::X | Tree::Number(_) => false,
        Tree::Minus(inner) | Tree::Call(_, inner) => hides_a_limit(inner),
        Tree::Binary(operator, left, right) => {
            let (a, b) = (near_zero(left), near_zero(right));
            let here = match operator {
                '/' => a < small && b < small,
                '*' => a < small && b > large || a > large && b < small,
                '+' | '-' => [0.3, 0.7].iter().all(|&x| tree.at(x).at[0].abs() == 0.0),
                _ => false,
            };
            here || hides_a_limit(left) || hides_a_limit(right)
        }
    }
}

/// A point of (0, 1], each order of magnitude as likely as the next.
fn any_point(rng: &mut StdRng) -> f64 {
    10f64.powf(rng.random_range(-6.0..=0.0))
}

/// What is so much smaller than the next lower derivative, divided by `x`, plays no part.
const NEGLIGIBLE: f64 = 1e-20;

/// The largest error among value, slope and curvature in units of the reference's bound; `None` where it cannot tell.
fn error_ratio(came: [f64; 3], right: &Jet, x: f64) -> Option<f64> {
    if !right.is_finite() {
        return None;
    }
    let ratios = (0..3).filter(|&k| right.error[k].is_finite()).map(|k| {
        let error = (came[k] - right.at[k].hi - right.at[k].lo).abs();
        let lower = if k == 0 { 0.0 } else { right.at[k - 1].abs() / x };
        let unit = right.error[k] + NEGLIGIBLE * lower;
        // An exact result has no bound to divide by.
        if error == 0.0 {
            0.0
        } else if error.is_nan() {
            f64::INFINITY
        } else {
            error / unit
        }
    });
    ratios.reduce(f64::max)
}

fn jet_of(utility: &dyn Utility, x: f64) -> [f64; 3] {
    [utility.value(x), utility.slope(x), utility.curvature(x)]
}

/// What happened to one random expression at one point.
struct Outcome {
    kind: &'static str,
    ratio: f64,
    example: String,
}

fn judge(came: [f64; 3], right: &Jet, text: &str, x: f64) -> Option<Outcome> {
    let ratio = error_ratio(came, right, x)?;
    let kind = match ratio {
        r if r <= ALLOWED => "right",
        _ if came.iter().any(|c| !c.is_finite()) => "not finite",
        _ if (came[0] - right.at[0].hi).abs() > 1e-6 * right.at[0].abs() + 1e4 * right.error[0] => "misread",
        _ => "inaccurate",
    };
    let example = format!("{text}   at {x:e}: {came:?}, not {:?}", right.at.map(|d| d.hi));
    Some(Outcome { kind, ratio, example })
}

/// Counts by kind, and a few examples of everything that is not right.
fn report(outcomes: &[Outcome]) -> (String, bool) {
    let mut kinds: BTreeMap<&str, Vec<&Outcome>> = BTreeMap::new();
    for outcome in outcomes {
        kinds.entry(outcome.kind).or_default().push(outcome);
    }
    let mut text = String::new();
    for (kind, members) in &kinds {
        let worst = members.iter().map(|o| o.ratio).fold(0.0, f64::max);
        let _ = writeln!(text, "{kind}: {} of {}, worst ratio {worst:.3e}", members.len(), outcomes.len());
        if *kind != "right" {
            let mut shortest = members.clone();
            shortest.sort_by_key(|o| o.example.len());
            shortest.iter().take(12).for_each(|o| _ = writeln!(text, "    {:.1e}  {}", o.ratio, o.example));
        }
    }
    (text, kinds.keys().all(|kind| *kind == "right"))
}

/// Runs `evaluate` on random expressions; it gets the seed, the text, its tree and two points.
fn survey(evaluate: impl Fn(u64, &str, &Tree, [f64; 2]) -> Vec<Outcome> + Sync) -> Vec<Outcome> {
    (0..EXPRESSIONS)
        .into_par_iter()
        .flat_map_iter(|seed| {
            let mut rng = StdRng::seed_from_u64(seed);
            let typed = Typist::new(&mut rng).expression();
            let read = Tree::read(&typed.text).unwrap_or_else(|error| panic!("{}: {error}", typed.text));
            assert_eq!(read, typed.tree, "the reference misreads {}", typed.text);
            evaluate(seed, &typed.text, &typed.tree, [any_point(&mut rng), any_point(&mut rng)])
        })
        .collect()
}

#[test]
fn random_expressions_are_evaluated_as_typed() {
    let outcomes = survey(|seed, text, tree, points| {
        if seed % ONE_IN > 0 && hides_a_limit(tree) {
            return Vec::new();
        }
        let jets = points.map(|x| (x, tree.at(x)));
        if jets.iter().all(|(_, right)| !right.is_finite()) {
            // It may be refused, but must not panic.
            _ = Expression::parse(text);
            return Vec::new();
        }
        match Expression::parse(text) {
            Err(error) => vec![Outcome { kind: "refused", ratio: f64::INFINITY, example: format!("{text}: {error}") }],
            Ok(expression) => {
                jets.iter().filter_map(|(x, right)| judge(jet_of(&expression, *x), right, text, *x)).collect()
            }
        }
    });
    let (text, all_right) = report(&outcomes);
    println!("{text}");
    assert!(outcomes.len() as u64 > EXPRESSIONS, "only {} comparisons", outcomes.len());
    assert!(all_right, "{text}");
}

/// The bound is one that doubles can keep: rounding every intermediate result stays below it.
#[test]
fn honest_rounding_keeps_the_bound() {
    let outcomes = survey(|_, text, tree, points| {
        let judged = points.iter().filter_map(|&x| {
            let rounded = tree.evaluate(x, Precision::Doubles).at.map(|d| d.hi);
            judge(rounded, &tree.at(x), text, x)
        });
        judged.collect()
    });
    let (text, all_right) = report(&outcomes);
    println!("{text}");
    assert!(all_right, "{text}");
    assert!(outcomes.iter().all(|o| o.ratio < 2.0), "{text}");
}

/// The sum over the pairs of `n` evenly spaced rewards, which for `n <= 3` are the optimal ones.
fn even_objective(n: u32, value: impl Fn(f64) -> f64) -> f64 {
    let span = f64::from(n - 1);
    (1..n).map(|apart| f64::from(n - apart) * value(f64::from(apart) / span)).sum()
}

/// Expressions that were once evaluated wrongly, or nearly.
const ONCE_WRONG: [&str; 29] = [
    "log(x+0.1+0.2*log1p(x))",
    "sqrt(x+0.2*(x/(x+1))+0.1*x)",
    "log(x+0.1+0.2*x/(x+1))",
    "sqrt(1 - exp(-0.595*x) + 1.98e-06*(x/(x + 0.0248)) +0.285log1p(0.0167x))",
    "atan(log(x) + 0.000143(-1/(x +0.0534))+ 1.78e-10exp(-((x -0.8901)/0.0015)^2))",
    "log(0.1+x+0.2*log1p(x))",
    "(x+0.1+0.2*log1p(x))^0.5",
    "x+0.1+0.2*log1p(x)+log(x)",
    "log(x+0.1+0.5*x)",
    "log(x+1+1)",
    "sqrt(x+x^0.5+2)",
    "atan(2*x^0.5*2)",
    "tanh(x+log(x+0.1)+3)",
    "x-1e-9x^2",
    "x-1e-7x^2",
    "1e8*log(1+1e-8x)",
    "x^0.001",
    "log(x)+1e6",
    "x+0.1*exp(-((x-0.835833333)/1.1e-4)^2)",
    "tanh(10x)",
    "log(1-exp(-x))",
    "log(-expm1(-x))",
    "-(x+0.01)^-3",
    "-1/(x+0.0003)+x",
    "-(1-exp(-x))/x",
    "-x/(exp(x)-1)",
    "1e-250*(log(x)+x)",
    "1e8*log(x)-99999999*log(x)",
    "tanh(x)/log1p(x)",
];

#[test]
fn expressions_once_evaluated_wrongly_are_evaluated_as_typed() {
    let points = [1e-6, 1e-4, 0.01, 0.1, 0.25, 1.0 / 3.0, 0.5, 0.75, 0.835833333, 0.8901, 1.0];
    let outcomes: Vec<Outcome> = ONCE_WRONG
        .iter()
        .flat_map(|text| {
            let tree = Tree::read(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            let expression = Expression::parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            let judged = points.map(|x| judge(jet_of(&expression, x), &tree.at(x), text, x));
            judged.into_iter().flatten()
        })
        .collect();
    let (text, all_right) = report(&outcomes);
    assert!(outcomes.len() >= 10 * ONCE_WRONG.len(), "only {} comparisons", outcomes.len());
    assert!(all_right, "{text}");
}

/// A series that stands in near 0 may be used only where it is as good as the expression: here the singularity at 4e-4 is as near
/// as the point itself.
#[test]
fn a_series_near_zero_is_as_good_as_the_expression() {
    let (text, x) = ("log(12.(4e-4-x)^1.3-(x/x)+1)", 2.4077464116187893e-4);
    let right = Tree::read(text).expect("legal text").at(x);
    let expression = Expression::parse(text).expect("legal text");
    let outcome = judge(jet_of(&expression, x), &right, text, x).expect("a finite value");
    assert_eq!(outcome.kind, "right", "{}", outcome.example);
}

/// What the library says that rounding may have done to `U` and `U'`, which enters every gap, against the reference.
#[test]
fn the_errors_that_are_claimed_are_bounds() {
    let worst = (0..EXPRESSIONS / 4)
        .into_par_iter()
        .filter_map(|seed| {
            let mut rng = StdRng::seed_from_u64(seed);
            let typed = Typist::new(&mut rng).expression();
            let x = any_point(&mut rng);
            let right = typed.tree.with_doubles().at(x);
            let known = right.is_finite() && right.error[..2].iter().all(|error| error.is_finite());
            let expression = Expression::parse(&typed.text).ok().filter(|_| known)?;
            let (came, claimed) = (expression.jet(x), expression.errors(x));
            let error = |came: f64, k: usize| ((dd(came) - right.at[k]).abs() - 1e-290).max(0.0);
            let ratio = |error: f64, claimed: f64| if error == 0.0 { 0.0 } else { error / claimed };
            let worst = ratio(error(came.value, 0), claimed.value).max(ratio(error(came.slope, 1), claimed.slope));
            Some((worst, format!("{} at {x:e}: {came:?}, {claimed:?}", typed.text)))
        })
        .max_by(|a, b| a.0.total_cmp(&b.0))
        .expect("some expressions are finite");
    println!("worst ratio of an error to its bound: {:.3}", worst.0);
    assert!(worst.0 <= 1.0, "{} times its bound: {}", worst.0, worst.1);
}

/// The objectives that were found by hand, and the program's: its rewards may be right while its sum is not.
#[test]
fn objectives_once_wrong_are_the_sums_over_the_pairs() {
    for (text, n, right) in [
        ("log(x+0.1+0.2*log1p(x))", 3, -0.554107),
        ("sqrt(x+0.2*(x/(x+1))+0.1*x)", 3, 2.666008),
        ("log(x+0.1+0.2*x/(x+1))", 3, -0.628609),
        ("x-1e-9x^2", 2, 0.999999999),
        ("1e8*log(1+1e-8x)", 2, 0.999999995),
        ("log(x+1+1)", 2, 3f64.ln()),
        ("sqrt(x+x^0.5+2)", 2, 2.0),
        ("atan(2*x^0.5*2)", 2, 4f64.atan()),
    ] {
        let tree = Tree::read(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let reference = even_objective(n, |x| tree.at(x).at[0].hi);
        assert!((reference - right).abs() <= 1e-6 * right.abs(), "the reference for {text}: {reference}, not {right}");
        let utility = parse(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let solution = solve(&utility, n as usize).unwrap_or_else(|error| panic!("{text}: {error}"));
        let bound = ALLOWED * even_objective(n, |x| tree.at(x).error[0]);
        let gap = (solution.objective - reference).abs();
        assert!(gap <= bound, "{text}: objective {}, not {reference}", solution.objective);
    }
    // Where the optimal rewards are not even, the objective belongs to those that were found.
    for text in [ONCE_WRONG[3], ONCE_WRONG[4], "tanh(x+log(x+0.1)+3)"] {
        let tree = Tree::read(text).unwrap_or_else(|error| panic!("{text}: {error}"));
        let Ok(utility) = parse(text) else { continue };
        let solution = solve(&utility, 5).unwrap_or_else(|error| panic!("{text}: {error}"));
        let r = &solution.rewards;
        let pairs = (0..5).flat_map(|i| (i + 1..5).map(move |j| r[j] - r[i]));
        let reference: f64 = pairs.map(|apart| tree.at(apart).at[0].hi).sum();
        let gap = (solution.objective - reference).abs();
        assert!(gap <= 1e-12 * reference.abs(), "{text}: objective {}, not {reference}", solution.objective);
    }
}

/// A sign after a sign is refused or means what it says.
#[test]
fn double_signs_are_not_misread() {
    for (text, means) in [
        ("x^+-2", "x^-2"),
        ("x/+-2", "x/-2"),
        ("1/+-2*x", "1/(-2)*x"),
        ("x-+2", "x-2"),
        ("x+-2", "x-2"),
        ("x-+-2", "x+2"),
        ("x*+2", "x*2"),
        ("x*+-2", "x*(-2)"),
        ("+-x^2", "-x^2"),
        ("-+x^2", "-x^2"),
        ("--x", "x"),
        ("x--2", "x+2"),
        ("x*--2", "x*2"),
        ("2^--x", "2^x"),
        ("x/-x^2*3", "-3/x"),
        ("x*-x^2/-3-x", "x^3/3-x"),
    ] {
        let Ok(expression) = Expression::parse(text) else { continue };
        let right = Tree::read(means).unwrap_or_else(|error| panic!("{means}: {error}")).at(0.37);
        let ratio = error_ratio(jet_of(&expression, 0.37), &right, 0.37).expect("a finite value");
        assert!(ratio <= ALLOWED, "{text} is not read as {means}");
    }
}

/// A member of a family, written in one of the ways in which people write it.
fn any_member(rng: &mut StdRng) -> (&'static str, String) {
    // Few digits, as typed; and sometimes all of them.
    let number = |rng: &mut StdRng, from: f64, to: f64| {
        let number = 10f64.powf(rng.random_range(from.log10()..=to.log10()));
        let digits = *[0, 1, 2, 15].choose(rng).unwrap();
        let number: f64 = format!("{number:.digits$e}").parse().unwrap();
        number.to_string()
    };
    let choose = |rng: &mut StdRng, ways: &[&'static str]| *ways.choose(rng).unwrap();
    let (family, way, k) = match rng.random_range(0..9) {
        0 => ("linear", choose(rng, &["x", "K*x", "x*K", "x/K", "x+K", "(x+K)-x/2", "K-(-x)"]), number(rng, 0.1, 10.0)),
        1 => {
            let gamma = format!("{:.*}", *[1, 2, 6].choose(rng).unwrap(), rng.random_range(0.06..0.94));
            let ways =
                ["x^K", "(2x)^K", "x**K/3", "exp(K*log(x))", "1/x^-K", "x^K*2", "(x^0.5)^(2*K)", "x^(K/2)*x^(K/2)"];
            ("power", choose(rng, &ways), gamma)
        }
        2 => {
            let ways =
                ["log(x)", "ln(K*x)", "log2(x)", "log10(x/K)", "log(x^K)", "-log(1/x)", "log(x)+log(K)", "K*ln(x)"];
            ("log", choose(rng, &ways), number(rng, 0.1, 10.0))
        }
        3 => {
            let ways = ["-x^-K", "-1/x^K", "-(1/x)^K", "-3/(2x)^K", "-exp(-K*log(x))", "1-x^(-K)", "-(x^-K)/K"];
            ("inverse power", choose(rng, &ways), number(rng, 0.05, 6.0))
        }
        4 => {
            let ways = [
                "logsigmoid(K*x)",
                "-log(1+exp(-K*x))",
                "-softplus(-K*x)",
                "log(sigmoid(K*x))",
                "-log1p(exp(-K*x))",
                "K*x-log(1+exp(K*x))",
                "log(1/(1+exp(-K*x)))",
                "K*x/2-log(2cosh(K*x/2))",
            ];
            ("logsigmoid", choose(rng, &ways), number(rng, 0.05, 30.0))
        }
        5 => {
            let ways =
                ["log(x+K)", "log(K+x)", "log1p(x/K)", "ln(2x+K)", "log2(x*K+1)", "-log(1/(x+K))", "log10(x/3+K)"];
            ("smoothed log", choose(rng, &ways), number(rng, 1e-3, 10.0))
        }
        6 => {
            let ways = ["-1/(x+K)", "x/(x+K)", "-2/(3x+K)", "-(x+K)^-1", "1-K/(x+K)", "-1/(1+x/K)"];
            ("smoothed inverse", choose(rng, &ways), number(rng, 1e-3, 10.0))
        }
        7 => {
            let ways = ["1-exp(-K*x)", "-expm1(-K*x)", "-exp(-K*x)", "-e^(-K*x)", "-1/exp(K*x)", "2-3exp(-K*x)"];
            ("exponential", choose(rng, &ways), number(rng, 0.05, 30.0))
        }
        _ => {
            let ways =
                ["x-K*x^2/2", "x*(1-K*x/2)", "-(1-K*x)^2", "-(x-1/K)^2", "x-0.5*K*x*x", "K-(x*K-2)*x-K*x^2/5+K*x^2/5"];
            ("quadratic", choose(rng, &ways), number(rng, 1e-10, 0.99))
        }
    };
    let mut text = way.replace('K', &k);
    if rng.random_bool(0.4) {
        text = format!("{}*({text})", number(rng, 1e-3, 1e3));
    }
    if rng.random_bool(0.4) {
        text = format!("{text}{}{}", choose(rng, &["+", "-"]), number(rng, 1e-3, 1e3));
    }
    (family, text)
}

/// Compares what `parse` makes of `text` with what was typed, in units of the variation of `U`; a refusal is a failure.
fn judge_parsed(text: &str, rng: &mut StdRng) -> Result<(), String> {
    let tree = Tree::read(text).unwrap_or_else(|error| panic!("{text}: {error}"));
    let utility = parse(text).map_err(|error| format!("{text} is refused: {error}"))?;
    let anchor = rng.random_range(0.2..0.8);
    // A utility of finite slope at 0 has a variation over the whole interval, whose rounding counts everywhere.
    let whole =
        if utility.slope_at_zero().is_finite() { (tree.at(1.0).at[0] - tree.at(1e-6).at[0]).abs() } else { 0.0 };
    let base = (utility.value(anchor), tree.at(anchor));
    for _ in 0..6 {
        let x = any_point(rng);
        let right = tree.at(x);
        let variation = (right.at[0] - base.1.at[0]).abs().max((right.at[1] * x).abs());
        let came = [utility.value(x) - base.0, utility.slope(x), utility.curvature(x)];
        // The bound of the anchor counts too, and the rounding of the two values that are subtracted.
        let wanted = [(right.at[0] - base.1.at[0]).hi, right.at[1].hi, right.at[2].hi];
        let rounding = f64::EPSILON * (utility.value(x).abs() + base.0.abs());
        let allowed = [
            1e-12 * variation + 1e-15 * whole + rounding + ALLOWED * (right.error[0] + base.1.error[0]),
            1e-12 * wanted[1].abs() + ALLOWED * right.error[1],
            // A curvature that is small against the slope over the interval is known as well as the slope.
            1e-12 * wanted[2].abs().max(1e-3 * wanted[1].abs()) + ALLOWED * right.error[2],
        ];
        for k in 0..3 {
            let error = (came[k] - wanted[k]).abs();
            if error.is_nan() || error > allowed[k] {
                return Err(format!(
                    "{text} became {utility}: derivative {k} at {x:e} is {}, not {}",
                    came[k], wanted[k]
                ));
            }
        }
    }
    Ok(())
}

fn assert_none(failures: Vec<String>, of: usize) {
    let shown = failures.iter().take(20).map(String::as_str).collect::<Vec<_>>().join("\n");
    assert!(failures.is_empty(), "{} of {of}:\n{shown}", failures.len());
}

#[test]
fn a_recognised_family_is_what_was_typed() {
    const MEMBERS: u64 = 4000;
    let judge = |seed: u64| {
        let mut rng = StdRng::seed_from_u64(seed);
        let (family, text) = any_member(&mut rng);
        judge_parsed(&text, &mut rng).map_err(|error| format!("{family}: {error}")).err()
    };
    assert_none((0..MEMBERS).into_par_iter().filter_map(judge).collect(), MEMBERS as usize);
}

/// A small term of another kind makes another utility, unless it is below all rounding.
#[test]
fn a_neighbour_of_a_family_is_not_taken_for_it() {
    const NEIGHBOURS: u64 = 4000;
    let judge = |seed: u64| {
        let mut rng = StdRng::seed_from_u64(seed);
        let (family, member) = any_member(&mut rng);
        let term = *["log(x)", "sqrt(x)", "x", "x^0.3", "-1/(x+0.2)", "tanh(x)", "log1p(x)", "-exp(-3x)"]
            .choose(&mut rng)
            .unwrap();
        let size = *["1e-3", "1e-6", "1e-9", "1e-12"].choose(&mut rng).unwrap();
        let text = format!("{member}+{size}*{term}");
        judge_parsed(&text, &mut rng).map_err(|error| format!("{family}: {error}")).err()
    };
    assert_none((0..NEIGHBOURS).into_par_iter().filter_map(judge).collect(), NEIGHBOURS as usize);
}

/// A bump that is narrower than the samples of any check is refused or kept, but never left out.
#[test]
fn a_narrow_bump_is_not_forgotten() {
    for (smooth, size, at, width) in [
        ("x", "0.1", "0.835833333", "1.1e-4"),
        ("x**0.34", "0.000416", "0.7232", "2.7e-05"),
        ("x", "0.000327", "0.8642", "4.8e-05"),
        ("log(x)", "0.0001", "0.70721", "0.00003"),
    ] {
        let text = format!("{smooth}+{size}*exp(-((x-{at})/{width})^2)");
        let Ok(utility) = parse(&text) else { continue };
        let x: f64 = at.parse().expect("a number");
        let right = Tree::read(&text).unwrap_or_else(|error| panic!("{text}: {error}")).at(x);
        let came = utility.value(x);
        assert!((came - right.at[0].hi).abs() <= 1e-12, "{text} became {utility}: {came} at {x}");
    }
}

/// Input that nobody means: fragments of the notation and of Unicode in any order.
fn garbage(rng: &mut StdRng) -> String {
    const FRAGMENTS: [&str; 48] = [
        "x",
        "x",
        "x",
        "1",
        "0",
        "0.5",
        "1e-3",
        "1e308",
        "1e999",
        "1e-400",
        ".",
        "..",
        "e",
        "pi",
        "E",
        "+",
        "-",
        "*",
        "/",
        "^",
        "**",
        "(",
        "(",
        ")",
        ")",
        "()",
        "log(",
        "exp(",
        "sqrt(",
        "cbrt(",
        "logsigmoid(",
        "tan(",
        "log",
        "y",
        "_",
        " ",
        "\t",
        "\n",
        "\0",
        "\u{2212}",
        "\u{b7}",
        "\u{d7}",
        "\u{221e}",
        "\u{3c0}",
        "\u{301}",
        "\u{1f600}",
        ",",
        "\u{ff58}",
    ];
    let length = rng.random_range(0..40);
    (0..length).map(|_| *FRAGMENTS.choose(rng).unwrap()).collect()
}

/// Legal text with one character lost, doubled or replaced.
fn mistyped(rng: &mut StdRng) -> String {
    let mut text: Vec<char> = Typist::new(rng).expression().text.chars().collect();
    let at = rng.random_range(0..text.len());
    match rng.random_range(0..3) {
        0 => _ = text.remove(at),
        1 => text.insert(at, text[at]),
        _ => text[at] = *['(', ')', '^', '/', '-', 'x', '9', 'e', '.', '\u{b2}'].choose(rng).unwrap(),
    }
    text.into_iter().collect()
}

#[test]
fn no_input_panics() {
    (0..20_000u64).into_par_iter().for_each(|seed| {
        let mut rng = StdRng::seed_from_u64(seed);
        let text = if seed % 2 == 0 { garbage(&mut rng) } else { mistyped(&mut rng) };
        if let Ok(expression) = Expression::parse(&text) {
            _ = [0.0, f64::MIN_POSITIVE, 0.5, 1.0].map(|x| jet_of(&expression, x));
        }
        if seed % 20 < 2 {
            _ = parse(&text);
        }
    });
}

/// Long and deep inputs end soon, whatever they are answered.
#[test]
fn no_input_takes_long() {
    let mega = 1 << 20;
    let nested = |open: &str, inside: &str, close: &str, times: usize| {
        format!("{}{inside}{}", open.repeat(times), close.repeat(times))
    };
    let inputs = [
        "x".repeat(mega),
        "9".repeat(mega) + "x",
        "0.".to_owned() + &"0".repeat(mega) + "1x",
        "1e".to_owned() + &"9".repeat(mega) + "x",
        "(".repeat(mega),
        ")".repeat(mega),
        "-".repeat(mega) + "x",
        "x^".repeat(mega) + "x",
        "x+".repeat(mega / 2) + "x",
        "x*".repeat(99) + "x",
        "x+".repeat(99) + "x",
        "log(x)*".repeat(12) + "x",
        "\u{1f600}".repeat(mega / 4),
        " ".repeat(mega) + "log(x)",
        nested("(", "x", ")", 10),
        nested("(", "x", ")", 400),
        nested("(", "x", ")", mega / 2),
        nested("log1p(", "x", ")", 10),
        nested("sqrt(", "x", ")", mega / 6),
        nested("(x+", "x", ")^0.9", 10),
        nested("x^(", "x", ")", 9),
        nested("-(", "x", ")", mega / 3),
    ];
    for input in inputs {
        let start = Instant::now();
        _ = parse(&input);
        let seconds = start.elapsed().as_secs_f64();
        let shown: String = input.chars().take(20).collect();
        assert!(seconds < 20.0, "{shown}.. of {} bytes took {seconds} s", input.len());
    }
}

/// Values of the error function and of the normal distribution function from tables of thirty digits.
#[test]
fn the_error_function_and_the_normal_law() {
    let at = |text: &str, x: f64| parse(text).unwrap().value(x);
    approx::assert_relative_eq!(at("erf(x)", 0.5), 0.520_499_877_813_046_5, max_relative = 1e-15);
    approx::assert_relative_eq!(at("erf(3x)", 1.0), 0.999_977_909_503_001_4, max_relative = 1e-15);
    approx::assert_relative_eq!(at("ndtr(x)", 1.0), 0.841_344_746_068_542_9, max_relative = 1e-15);
    approx::assert_relative_eq!(at("log(Phi(x))", 0.25), 0.598_706_325_682_923_7f64.ln(), max_relative = 1e-14);
    assert_eq!(at("normcdf(x)", 0.0), 0.5);
    for text in ["erf(2x)", "log(ndtr(x))", "ndtr(3x)"] {
        let utility = parse(text).unwrap();
        let (x, h) = (0.4, 1e-4);
        let slope = (utility.value(x + h) - utility.value(x - h)) / (2.0 * h);
        let curvature = (utility.slope(x + h) - utility.slope(x - h)) / (2.0 * h);
        approx::assert_relative_eq!(utility.slope(x), slope, max_relative = 1e-7);
        approx::assert_relative_eq!(utility.curvature(x), curvature, max_relative = 1e-7);
        assert_eq!(utility.concavity(), Concavity::Proved, "{text}");
        assert!(solve(&utility, 8).unwrap().gap < 1e-12, "{text}");
    }
}
