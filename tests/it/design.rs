//! Laws that are asked for, their potentials, and the losses that give them.

use std::fs;
use std::sync::Arc;

use assert_cmd::Command;
use proptest::prelude::*;
use reward_collapse::compare::wasserstein1;
use reward_collapse::design::{Achieved, Design, DesignError, DesignFile, DesignOptions, between_laws};
use reward_collapse::limit::{FreeLaw, LimitLaw};
use reward_collapse::problem::{Equilibrium, Field, FieldError, Support};
use reward_collapse::solution::{Scope, SolveError, solve, solve_equilibrium, solve_from_several_starts};
use reward_collapse::target::{Potential, Target, TargetError};
use reward_collapse::utility::{Concavity, SharedUtility, Spline, SplineUtility, parse};

fn options(n: usize, exact: bool) -> DesignOptions {
    DesignOptions { support: None, n, exact }
}

fn by_field(law: &str, base: &str, n: usize) -> Design {
    Design::by_field(law.parse().unwrap(), parse(base).unwrap(), options(n, false))
        .unwrap_or_else(|e| panic!("{law}: {e}"))
}

fn assert_close(found: &[f64], expected: &[f64], tolerance: f64) {
    assert_eq!(found.len(), expected.len());
    for (found, expected) in found.iter().zip(expected) {
        assert!((found - expected).abs() <= tolerance, "{found} {expected}");
    }
}

/// Numbers that another implementation found, by SciPy's SLSQP from six starts.
#[test]
fn rewards_of_three_targets_are_those_known() {
    for (law, expected) in [
        ("beta(2,5)", [0.0531, 0.1256, 0.1832, 0.2391, 0.2984, 0.3671, 0.4571, 0.6193]),
        ("uniform", [0.0398, 0.1685, 0.3004, 0.4334, 0.5666, 0.6996, 0.8315, 0.9602]),
        ("0.24*atoms(0:1)+0.56*atoms(1:1)+0.2*uniform", [0.0, 0.0, 0.3064, 0.8225, 1.0, 1.0, 1.0, 1.0]),
    ] {
        assert_close(&by_field(law, "log(x+0.1)", 8).rewards, &expected, 6e-5);
    }
}

#[test]
fn the_limit_law_is_the_target_and_the_rewards_come_near() {
    for law in ["uniform", "beta(2,5)", "0.24*atoms(0:1)+0.56*atoms(1:1)+0.2*uniform", "0.3*beta(2,8)+0.7*beta(6,3)"] {
        let design = by_field(law, "log(x+0.1)", 32);
        assert!(design.residual < 1e-12, "{law}: {}", design.residual);
        assert!(matches!(design.achieved, Achieved::Law(_)), "{law}");
        assert!(design.w1_limit < 1e-7, "{law}: {}", design.w1_limit);
        let finer = by_field(law, "log(x+0.1)", 128);
        // It falls like 1/n.
        assert!(design.w1 < 0.02 && finer.w1 < 0.35 * design.w1, "{law}: {} {}", design.w1, finer.w1);
    }
}

/// Under `U = x` the problem falls apart into one for each response: `F(r_i) = (i-1)/(n-1)`, and `(i-1/2)/n` for the exact field.
#[test]
fn a_linear_base_gives_quantiles() {
    let target: Target = "0.5*beta(2,5)+0.5*beta(4,2)".parse().unwrap();
    let design = |exact| Design::by_field(target.clone(), parse("x").unwrap(), options(9, exact)).unwrap();
    let quantiles =
        |f: &dyn Fn(f64) -> f64| -> Vec<f64> { (1..=9).map(|i| target.quantile(f(f64::from(i)))).collect() };
    let (plain, exact) = (design(false), design(true));
    assert_eq!((plain.concavity, plain.bound), (Concavity::Proved, Scope::Rewards));
    // At the ends the density is 0 and the objective flat.
    assert_close(&plain.rewards[1..8], &quantiles(&|i| (i - 1.0) / 8.0)[1..8], 1e-9);
    assert_close(&exact.rewards, &quantiles(&|i| (i - 0.5) / 9.0), 1e-9);
    assert!(exact.quantile_distance < 1e-9 && exact.w1 < plain.w1);
}

/// `V` and `V'` against sums over a fine grid, and `V''` against differences.
#[test]
fn potentials_are_integrals() {
    for (law, base) in
        [("beta(2,5)", "log(x+0.1)"), ("beta(3,1.5)", "logsigmoid(4x)"), ("normal(0.5,0.1)", "1-exp(-2x)")]
    {
        let (target, utility) = (law.parse::<Target>().unwrap(), parse(base).unwrap());
        let potential = Potential::new(target.clone(), utility.clone(), None).unwrap();
        let [from, to] = [target.ends()[0].max(-1.0), target.ends()[1].min(2.0)];
        let steps = 200_000;
        let step = (to - from) / f64::from(steps);
        for x in [0.013, 0.2, 0.37, 0.81] {
            let sum: f64 = (0..steps)
                .map(|k| from + (f64::from(k) + 0.5) * step)
                .map(|y| step * target.density(y) * utility.value((x - y).abs()))
                .sum();
            let jet = potential.jet(x);
            assert!((jet.value + sum).abs() < 2e-8 * sum.abs().max(1.0), "{law} {base} {x}: {} {sum}", jet.value);
            let h = 1e-4;
            let (before, after) = (potential.jet(x - h), potential.jet(x + h));
            assert!(
                (jet.slope - (after.value - before.value) / (2.0 * h)).abs() < 1e-5 * jet.slope.abs().max(1.0),
                "{law} {x}"
            );
            assert!(
                (jet.curvature - (after.slope - before.slope) / (2.0 * h)).abs() < 1e-4 * jet.curvature.abs().max(10.0),
                "{law} {x}"
            );
        }
        let text = potential.to_string();
        assert_eq!(text.parse::<Potential>().unwrap().jet(0.3), potential.jet(0.3), "{text}");
    }
}

/// Closed forms: `E|x-Y|` of a uniform law, of atoms, and of a normal law.
#[test]
fn potentials_of_a_linear_base_have_closed_forms() {
    let v = |text: &str, x: f64| text.parse::<Potential>().unwrap().jet(x);
    let jet = v("potential(atoms(0:0.3,1:0.7); x)", 0.25);
    assert!((jet.value + 0.3 * 0.25 + 0.7 * 0.75).abs() < 1e-15 && (jet.slope - 0.4).abs() < 1e-15);
    assert!((v("potential(normal(0,1); x)", 0.0).value + (2.0 / std::f64::consts::PI).sqrt()).abs() < 1e-12);
    assert!((v("potential(uniform; 2x+3)", 1.0).value + 4.0).abs() < 1e-14);
    // The law whose quantiles lie on straight lines between 0, 1/4, 1/4 and 1.
    let jet = v("potential(empirical(0,0.25,0.25,1); x)", 0.0);
    assert!((jet.value + (0.125 + 0.25 + 0.625) / 3.0).abs() < 1e-15, "{}", jet.value);
}

#[test]
fn no_law_and_no_rewards_gain_more_than_the_bound() {
    let problem = Equilibrium::new(parse("log(x+0.1)").unwrap(), 0.0, Support::UNIT).unwrap();
    let field = "potential(0.3*beta(2,20)+0.7*beta(20,2); log(x+0.1))";
    assert!(matches!(Field::parse(field, Support::UNIT), Err(FieldError::NotConcave { .. })));
    let problem = problem.with_field(Field::parse_any(field, Support::UNIT).unwrap());
    let solution = solve_equilibrium(&problem, 6, None).unwrap();
    assert_eq!((solution.bound, solution.concavity), (Scope::Laws, Concavity::Refuted));
    assert!(solution.gap > 0.0 && solution.gap < 1.0, "{}", solution.gap);
    // The bound is over laws, and falls with n.
    let finer = solve_equilibrium(&problem, 24, None).unwrap();
    assert!(finer.gap < 0.5 * solution.gap, "{} {}", finer.gap, solution.gap);
    let mut runner = proptest::test_runner::TestRunner::deterministic();
    let any = proptest::collection::vec(0.0..=1.0f64, 6);
    runner
        .run(&any, |mut rewards| {
            rewards.sort_by(f64::total_cmp);
            let other = problem.balance(&rewards).objective / 15.0;
            // The best of the starts is not beaten by chance, and never by more than the bound.
            prop_assert!(other - solution.mean_utility <= solution.gap.min(1e-9));
            Ok(())
        })
        .unwrap();
}

#[test]
fn several_starts_find_what_newton_finds_for_a_concave_field() {
    let problem = Equilibrium::new(parse("log(x+0.1)").unwrap(), 0.0, Support::UNIT).unwrap();
    let problem = problem.with_field(Field::parse("-0.7x^2+0.2x", Support::UNIT).unwrap());
    let (one, several) =
        (solve_equilibrium(&problem, 7, None).unwrap(), solve_from_several_starts(&problem, 7, 3).unwrap());
    assert_close(&several.rewards, &one.rewards, 1e-9);
    assert!(several.gap >= 0.0 && several.bound == Scope::Laws && one.bound == Scope::Rewards);
}

#[test]
fn a_local_bound_is_called_local() {
    // Two wells on the line: no bound over laws is known there.
    let problem = Equilibrium::new(parse("logsigmoid(x)").unwrap(), 0.0, Support::LINE).unwrap();
    let problem = problem.with_field(Field::parse_any("-0.1x^4+0.5x^2", Support::LINE).unwrap());
    let solution = solve_equilibrium(&problem, 5, None).unwrap();
    assert_eq!(solution.bound, Scope::Local);
    assert!(solution.gap.is_nan());
    let balance = problem.balance(&solution.rewards);
    assert!(balance.gradient.iter().all(|force| force.abs() < 1e-9), "{:?}", balance.gradient);
    // A field that lets go.
    let open = Equilibrium::new(parse("logsigmoid(x)").unwrap(), 0.0, Support::LINE).unwrap();
    let open = open.with_field(Field::parse_any("exp(-x^2)", Support::LINE).unwrap());
    assert!(matches!(solve_equilibrium(&open, 5, None), Err(SolveError::NoMaximiser { .. })));
}

#[test]
fn samples_make_a_field() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("field.csv");
    let rows: Vec<String> =
        (0..=60).map(|k| f64::from(k) / 10.0 - 3.0).map(|x| format!("{x},{}", -0.3 * x.cosh())).collect();
    fs::write(&path, format!("x,V\n{}\n", rows.join("\n"))).unwrap();
    let field = Field::read(&path, Support::LINE).unwrap();
    assert_eq!(field.concavity(), Concavity::Proved);
    let problem =
        |field: Field| Equilibrium::new(parse("logsigmoid(x)").unwrap(), 0.0, Support::LINE).unwrap().with_field(field);
    let exact = problem(Field::parse("-0.15exp(x)-0.15exp(-x)", Support::LINE).unwrap());
    let (sampled, exact) =
        (solve_equilibrium(&problem(field.clone()), 8, None).unwrap(), solve_equilibrium(&exact, 8, None).unwrap());
    assert_close(&sampled.rewards, &exact.rewards, 1e-4);
    assert!(sampled.gap < 1e-9, "{}", sampled.gap);
    // The text of the field reads back as the same function.
    assert_eq!(Field::parse(&field.to_string(), Support::LINE).unwrap().jet(0.77), field.jet(0.77));

    fs::write(&path, "0,0\n1,1\n2,1.5\n3,2.5\n4,2.5\n").unwrap();
    match Field::read(&path, Support::LINE) {
        Err(FieldError::Samples { from, to, .. }) => assert_eq!((from, to), (1.0, 3.0)),
        other => panic!("{other:?}"),
    }
    assert_eq!(Field::read_any(&path, Support::LINE).unwrap().concavity(), Concavity::Refuted);
    for (text, line) in [("0,0\n1,one\n", 2), ("x,V\n0,0\n1,1\n1,0\n", 4), ("0,0\n1\n", 2)] {
        fs::write(&path, text).unwrap();
        match Field::read(&path, Support::LINE) {
            Err(FieldError::Row { line: found, .. }) => assert_eq!(found, line, "{text}"),
            other => panic!("{text}: {other:?}"),
        }
    }
}

#[test]
fn a_spline_is_a_utility() {
    // x - x^2/4.
    let (spline, known) = (parse("spline(0, 1; 0:-0.5, 1:-0.5)").unwrap(), parse("x-0.25x^2").unwrap());
    assert_close(&solve(&spline, 9).unwrap().rewards, &solve(&known, 9).unwrap().rewards, 1e-12);
    let law = LimitLaw::of(&spline).unwrap();
    assert!((law.atoms()[0].mass - 0.375).abs() < 1e-9 && (law.density(0.3) - 0.25).abs() < 1e-8);
    let points: Vec<(f64, f64)> = (0..=20).map(|k| f64::from(k) / 20.0).map(|x| (x, (x + 0.3).ln())).collect();
    let utility: SharedUtility = Arc::new(SplineUtility::new(Spline::through(&points).unwrap()).unwrap());
    assert_eq!(utility.concavity(), Concavity::Proved);
    let exact = solve(&parse("log(x+0.3)").unwrap(), 8).unwrap();
    assert_close(&solve(&utility, 8).unwrap().rewards, &exact.rewards, 2e-3);
    for text in
        ["spline(0, 1; 0:-2, 1:-2)", "spline(0, 1; 0:1, 1:0)", "spline(0, 1; 0.5:-1, 1:0)", "spline(0, 1; 0:-1)"]
    {
        assert!(parse(text).is_err(), "{text}");
    }
}

#[cfg(feature = "quadratic")]
#[test]
fn a_utility_alone_gives_symmetric_laws() {
    // What x - x^2/4 gives.
    let target: Target = "0.75*atoms(0:0.5,1:0.5)+0.25*uniform".parse().unwrap();
    let design = Design::by_utility(target, 16).unwrap();
    assert!(design.residual < 1e-4 && design.w1_limit < 1e-3, "{} {}", design.residual, design.w1_limit);
    // What it really gives is nearer than what another utility gives, where none fits.
    let bump: Target = "beta(0.8,0.8)".parse().unwrap();
    let design = Design::by_utility(bump.clone(), 16).unwrap();
    let other = LimitLaw::of(&*parse("log(x+0.1)").unwrap()).unwrap();
    assert!(design.w1_limit < between_laws(&other, &bump), "{}", design.w1_limit);
    assert_eq!(design.concavity, Concavity::Proved);
    let text = design.utility.to_string();
    assert_eq!(parse(&text).unwrap().jet(0.123), design.utility.jet(0.123));
    assert!(matches!(Design::by_utility("beta(2,5)".parse().unwrap(), 8), Err(DesignError::Asymmetric { .. })));
}

#[test]
fn what_is_no_law_is_refused() {
    for text in [
        "atoms(0:0.5,1:0.6)",
        "atoms(0:-0.5,1:1.5)",
        "beta(0,1)",
        "beta(-1,2)",
        "normal(0,0)",
        "uniform(1,0)",
        "0.5*uniform",
        "0.5*uniform+0.6*beta(2,5)",
        "-1*uniform+2*beta(1,1)",
        "empirical(inf)",
    ] {
        assert!(matches!(text.parse::<Target>(), Err(TargetError::NotALaw { .. })), "{text}");
    }
    for text in ["", "beta", "beta(2)", "beta(2,5", "gauss(0,1)", "atoms(0)", "x*uniform", "beta(a,b)"] {
        assert!(matches!(text.parse::<Target>(), Err(TargetError::Syntax { .. })), "{text}");
    }
    let log = || parse("log(x)").unwrap();
    for law in ["atoms(0:0.3,1:0.7)", "uniform"] {
        let refused = Potential::new(law.parse().unwrap(), log(), None);
        assert!(matches!(refused, Err(TargetError::NoPotential { .. })), "{law}");
    }
    let design = |law: &str, support| {
        Design::by_field(law.parse().unwrap(), parse("x").unwrap(), DesignOptions { support, n: 4, exact: false })
    };
    assert!(matches!(design("normal(0,1)", Some(Support::UNIT)), Err(DesignError::Outside { .. })));
    assert!(matches!(design("atoms(0:0.5,0.5:0.5)", None), Err(DesignError::InnerAtom { .. })));
}

/// Distribution functions of mixtures, against each other and against samples.
#[test]
fn laws_are_consistent() {
    for text in
        ["beta(0.3,2)", "0.5*uniform(0.2,0.6)+0.5*atoms(0:0.5,1:0.5)", "normal(1,2)", "empirical(0.1,0.7,0.7,0.2,0.9)"]
    {
        let law: Target = text.parse().unwrap();
        assert_eq!(law.to_string().parse::<Target>().unwrap(), law);
        let n = 4000;
        let quantiles: Vec<f64> = (0..n).map(|i| law.quantile((f64::from(i) + 0.5) / f64::from(n))).collect();
        let mean = quantiles.iter().sum::<f64>() / f64::from(n);
        let variance = quantiles.iter().map(|x| (x - mean).powi(2)).sum::<f64>() / f64::from(n);
        assert!(
            (mean - law.mean()).abs() < 1e-3 && (variance / law.variance() - 1.0).abs() < 0.01,
            "{text}: {mean} {variance}"
        );
        assert!(wasserstein1(&quantiles, &law).unwrap() < 2e-3, "{text}");
        for u in [0.03, 0.4, 0.77] {
            let x = law.quantile(u);
            assert!(law.cdf(x) >= u - 1e-12 && law.cdf_below(x) <= u + 1e-12, "{text} {u}");
        }
    }
}

#[test]
fn a_normal_law_on_the_line() {
    let design = by_field("normal(0,1)", "logsigmoid(x)", 16);
    assert_eq!(design.support, Support::LINE);
    assert!(design.w1_limit < 1e-6, "{}", design.w1_limit);
    assert!(design.w1 < 0.2, "{}", design.w1);
    let symmetric: Vec<f64> = design.rewards.iter().rev().map(|r| -r).collect();
    assert_close(&design.rewards, &symmetric, 1e-6);
    let problem = design.to_file().problem().unwrap();
    assert!(FreeLaw::of_problem(&problem).is_ok());
}

fn program() -> Command {
    Command::cargo_bin("reward-collapse").unwrap()
}

#[test]
fn the_program_takes_its_own_designs() {
    let folder = tempfile::tempdir().unwrap();
    let file = folder.path().join("beta.json");
    program().args(["design", "--target", "beta(2,5)", "--out"]).arg(&file).assert().success();
    let json: serde_json::Value = serde_json::from_str(&fs::read_to_string(&file).unwrap()).unwrap();
    for key in ["target", "method", "base", "field", "achieved", "rewards", "w1", "gap"] {
        assert!(!json[key].is_null(), "{key}");
    }
    assert_eq!(DesignFile::read(&file).unwrap().base.as_deref(), Some("log(x+0.1)"));
    let run = |arguments: &[&str]| -> serde_json::Value {
        let output = program().args(arguments).args(["--format", "json", "--design"]).arg(&file).output().unwrap();
        assert!(output.status.success(), "{}", String::from_utf8_lossy(&output.stderr));
        serde_json::from_slice(&output.stdout).unwrap()
    };
    let solved = run(&["solve", "--n", "8"]);
    assert_eq!(solved["rewards"], json["rewards"]);
    assert_eq!(solved["bound"], "over all laws");
    assert!((run(&["limit"])["mean"].as_f64().unwrap() - 2.0 / 7.0).abs() < 1e-8);
    let simulated = run(&["simulate", "--n", "8", "--prompts", "4", "--steps", "3000"]);
    let last = simulated["rows"].as_array().unwrap().last().unwrap();
    assert!(last["distance"].as_f64().unwrap() < 1e-3, "{last}");
    assert!(last["w1_limit"].as_f64().unwrap() < 0.03);
}

#[test]
fn bad_designs_are_bad_input() {
    let folder = tempfile::tempdir().unwrap();
    let path = folder.path().join("rewards.csv");
    fs::write(&path, "reward\n0.5\nhalf\n").unwrap();
    let law = format!("empirical({})", path.display());
    let design = folder.path().join("design.json");
    fs::write(&design, "{\"target\": 1}").unwrap();
    let design = design.to_str().unwrap();
    for (arguments, message) in [
        (vec!["design", "--target", "beta(2"], "closing parenthesis"),
        (vec!["design", "--target", &law], "line 3"),
        (vec!["design", "--target", "atoms(0:0.3,1:0.7)", "--base", "log(x)"], "infinite"),
        (vec!["design", "--target", "beta(2,5)", "--method", "utility"], "mirror image"),
        (vec!["solve", "--n", "4", "--design", design], "no design"),
        (vec!["solve", "--n", "4", "--utility", "x", "--field", "potential(beta(2,5))"], "semicolon"),
        (vec!["solve", "--n", "4", "--utility", "log(x+0.1)", "--field", "x^2"], "--allow-nonconcave"),
    ] {
        let output = program().args(&arguments).output().unwrap();
        let error = String::from_utf8_lossy(&output.stderr).into_owned();
        assert_eq!(output.status.code(), Some(2), "{arguments:?}: {error}");
        assert!(error.contains(message) && error.lines().count() == 1, "{arguments:?}: {error}");
    }
}
