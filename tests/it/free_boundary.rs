//! Limit laws with free ends, against tables, classical laws and finite problems.

use reward_collapse::limit::{FreeLaw, FreeLawError};
use reward_collapse::problem::{Equilibrium, Field, Support};
use reward_collapse::solution::solve_equilibrium;
use reward_collapse::utility::{OnLine, SharedUtility, parse};

fn utility(text: &str) -> SharedUtility {
    parse(text).unwrap_or_else(|e| panic!("{text}: {e}"))
}

fn on_line(text: &str, smoothing: f64) -> OnLine {
    OnLine::new(utility(text), smoothing).unwrap()
}

fn field(text: &str, support: Support) -> Field {
    Field::parse(text, support).unwrap_or_else(|e| panic!("{text}: {e}"))
}

#[track_caller]
fn close(found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() <= tolerance, "found {found:.15}, expected {expected:.15}");
}

/// Ends, density in the middle and at an end, variance.
#[track_caller]
fn like_the_table(law: &FreeLaw, [end, middle, edge, variance]: [f64; 4]) {
    close(law.ends()[1], end, 1e-12);
    close(law.ends()[0], -end, 1e-12);
    close(law.density(0.0), middle, 1e-11);
    close(law.density(law.ends()[1]), edge, 1e-10);
    close(law.variance(), variance, 1e-8);
    close(law.mean(), 0.0, 1e-12);
    assert!(law.atoms().is_empty() && law.walls() == [false, false]);
    assert!(law.gap() < 1e-12, "{:e}", law.gap());
}

#[test]
fn published_values_with_label_smoothing() {
    for (smoothing, row) in [
        (0.05, [5.013719973464, 0.13266692114, 0.0426236051, 6.27614966]),
        (0.1, [3.059754545805, 0.20348405331, 0.0941183055, 2.54229833]),
        (0.2, [1.606341465257, 0.35182749571, 0.2389153182, 0.77471499]),
    ] {
        like_the_table(&FreeLaw::smoothed(&on_line("logsigmoid(x)", smoothing), Support::LINE, None).unwrap(), row);
    }
}

#[test]
fn published_values_with_centring() {
    for (text, row) in [
        ("-0.01x^2", [3.849831587448, 0.15856059989, 0.0778619577, 4.09441877]),
        ("-0.1x^2", [1.234973705114, 0.42333726624, 0.3710071596, 0.49051408]),
    ] {
        let field = field(text, Support::LINE);
        like_the_table(&FreeLaw::of(&utility("logsigmoid(x)"), Support::LINE, Some(&field)).unwrap(), row);
    }
}

#[test]
fn rewards_that_run_away_have_no_law() {
    let plain = utility("logsigmoid(x)");
    let error = FreeLaw::of(&plain, Support::LINE, None).unwrap_err();
    assert!(matches!(error, FreeLawError::RunsAway { direction: "apart", .. }), "{error}");
}

/// The mean distance of finite rewards from the quantiles of a law.
fn distance(law: &FreeLaw, rewards: &[f64]) -> f64 {
    let n = rewards.len() as f64;
    let centred = |i: usize| (i as f64 + 0.5) / n;
    rewards.iter().enumerate().map(|(i, r)| (r - law.quantile(centred(i))).abs()).sum::<f64>() / n
}

/// The rewards that maximise problem (7) for a ranking of `n`, by a plain damped Newton method with an active set at the walls.
fn finite(u: &dyn Fn(f64) -> [f64; 3], support: Support, field: Option<&Field>, start: &[f64]) -> Vec<f64> {
    let n = start.len();
    let pairs = (n * (n - 1) / 2) as f64;
    let v = |x: f64| field.map_or([0.0; 3], |f| [f.jet(x).value, f.jet(x).slope, f.jet(x).curvature]);
    let objective = |r: &[f64]| {
        let pair = |i: usize| (i + 1..n).map(|j| u(r[j] - r[i])[0]).sum::<f64>() / pairs;
        (0..n).map(|i| pair(i) + 2.0 / n as f64 * v(r[i])[0]).sum::<f64>()
    };
    let mut r = start.to_vec();
    let mut before = objective(&r);
    for _ in 0..200 {
        let mut gradient: Vec<f64> = r.iter().map(|&x| 2.0 / n as f64 * v(x)[1]).collect();
        let mut hessian = vec![vec![0.0; n]; n];
        for i in 0..n {
            hessian[i][i] -= 2.0 / n as f64 * v(r[i])[2];
            for j in i + 1..n {
                let [_, slope, curvature] = u(r[j] - r[i]);
                gradient[j] += slope / pairs;
                gradient[i] -= slope / pairs;
                let c = -curvature / pairs;
                hessian[i][i] += c;
                hessian[j][j] += c;
                hessian[i][j] -= c;
                hessian[j][i] -= c;
            }
        }
        // Bertsekas: what is near a wall and pushed towards it moves by itself, so that the others' step is one upwards.
        let near = 1e-2;
        let held = |i: usize| {
            r[i] <= support.lower() + near && gradient[i] < 0.0 || r[i] >= support.upper() - near && gradient[i] > 0.0
        };
        let free: Vec<usize> = (0..n).filter(|&i| !held(i)).collect();
        // Without field and walls nothing fixes the mean: a term that does not act on the gradient does.
        let pin = if field.is_none() { 1.0 / (n * n) as f64 } else { 0.0 };
        let matrix: Vec<Vec<f64>> = free.iter().map(|&i| free.iter().map(|&j| hessian[i][j] + pin).collect()).collect();
        let solved = cholesky(matrix, free.iter().map(|&i| gradient[i]).collect());
        let mut steps = vec![None; n];
        free.iter().zip(&solved).for_each(|(&i, d)| steps[i] = Some(*d));
        let mut length = 1.0;
        let mut largest = 0.0f64;
        while length > 1e-12 {
            let mut next = r.clone();
            for i in 0..n {
                let step = steps[i].unwrap_or(gradient[i] / hessian[i][i]);
                next[i] = (r[i] + length * step).clamp(support.lower(), support.upper());
            }
            let value = objective(&next);
            if value.is_finite() && value >= before - 1e-13 {
                largest = r.iter().zip(&next).fold(0.0, |m, (a, b)| m.max((a - b).abs()));
                (r, before) = (next, value);
                break;
            }
            length *= 0.5;
        }
        if largest < 1e-10 {
            return r;
        }
    }
    panic!("the finite problem did not settle")
}

/// `A z = b` for a positive definite `A`.
fn cholesky(mut a: Vec<Vec<f64>>, mut z: Vec<f64>) -> Vec<f64> {
    let n = z.len();
    for j in 0..n {
        for i in j..n {
            let sum: f64 = (0..j).map(|k| a[i][k] * a[j][k]).sum();
            a[i][j] = if i == j { (a[i][i] - sum).sqrt() } else { (a[i][j] - sum) / a[j][j] };
        }
    }
    for i in 0..n {
        z[i] = (z[i] - (0..i).map(|k| a[i][k] * z[k]).sum::<f64>()) / a[i][i];
    }
    for i in (0..n).rev() {
        z[i] = (z[i] - (i + 1..n).map(|k| a[k][i] * z[k]).sum::<f64>()) / a[i][i];
    }
    z
}

fn even(from: f64, to: f64, n: usize) -> Vec<f64> {
    (0..n).map(|i| from + (to - from) * (i as f64 + 0.5) / n as f64).collect()
}

#[test]
fn finite_rewards_approach_the_laws_with_and_without_walls() {
    let half_line = Support::new(0.0, f64::INFINITY).unwrap();
    let from_minus_one = Support::new(-1.0, f64::INFINITY).unwrap();
    let wide = Support::new(-5.0, 5.0).unwrap();
    for (text, smoothing, support, field_text, walls) in [
        ("logsigmoid(x)", 0.1, Support::LINE, None, [false, false]),
        ("logsigmoid(x)", 0.1, Support::UNIT, None, [true, true]),
        ("logsigmoid(4x)", 0.0, Support::UNIT, Some("-0.3x"), [true, true]),
        ("logsigmoid(4x)", 0.0, Support::UNIT, Some("-1.5x"), [true, false]),
        ("logsigmoid(x)", 0.0, half_line, Some("-0.3x"), [true, false]),
        ("logsigmoid(x)", 0.0, from_minus_one, Some("-0.1x^2"), [true, false]),
        ("logsigmoid(x)", 0.1, wide, Some("-0.1(x-1)^2-0.02x^4"), [false, false]),
        ("log(x+0.1)", 0.0, half_line, Some("log(x)-x"), [false, false]),
    ] {
        let loss = on_line(text, smoothing);
        let field = field_text.map(|text| field(text, support));
        let law = FreeLaw::smoothed(&loss, support, field.as_ref()).unwrap_or_else(|e| panic!("{text}: {e}"));
        assert_eq!(law.walls(), walls, "{text} {field_text:?} {:?}", law.atoms());
        assert!(law.gap() < 1e-11, "{text} {:e}", law.gap());
        let u = |x: f64| {
            let jet = loss.jet(x);
            [jet.value, jet.slope, jet.curvature]
        };
        let [a, b] = law.ends();
        let found = [200, 400].map(|n| distance(&law, &finite(&u, support, field.as_ref(), &even(a, b, n))));
        // Newton's method on the finite problem stops near 1e-7.
        assert!(found[1] < (b - a) / 400.0 && (found[1] < 0.6 * found[0] || found[1] < 1e-6), "{text} {found:?}");
    }
}

#[test]
fn laws_on_the_unit_interval_without_a_field_are_those_of_the_closed_problem() {
    use reward_collapse::limit::LimitLaw;
    for text in ["logsigmoid(x)", "logsigmoid(4x)", "log(x+0.1)", "1-exp(-3x)", "log(x)", "x^0.5", "-x^-0.4"] {
        let utility = utility(text);
        let (free, known) = (FreeLaw::of(&utility, Support::UNIT, None).unwrap(), LimitLaw::of(&*utility).unwrap());
        assert_eq!(free.ends(), [0.0, 1.0]);
        close(free.energy(), known.mean_utility(), 1e-12);
        close(free.variance(), known.variance(), 1e-12);
        for (a, b) in free.atoms().iter().zip(known.atoms()) {
            close(a.mass, b.mass, 1e-12);
        }
        assert_eq!(free.atoms().len(), known.atoms().len());
        for x in [0.01, 0.2, 0.5, 0.93] {
            close(free.density(x), known.density(x), 1e-11);
            close(free.cdf(x), known.cdf(x), 1e-12);
            close(free.cdf_integral(x), known.cdf_integral(x), 1e-12);
            close(free.quantile(x), known.quantile(x), 1e-12);
        }
    }
}

#[test]
fn classical_laws_of_the_logarithm() {
    let log = utility("log(x)");
    let half_line = Support::new(0.0, f64::INFINITY).unwrap();
    let pi = std::f64::consts::PI;
    let semicircle = |x: f64| (2.0 - x * x).sqrt() / pi;
    let law = FreeLaw::of(&log, Support::LINE, Some(&field("-x^2/2", Support::LINE))).unwrap();
    close(law.ends()[1], 2f64.sqrt(), 1e-13);
    for x in [-1.413, -1.0, -0.3, 0.0, 0.9, 1.41] {
        close(law.density(x), semicircle(x), 1e-12);
    }
    close(law.variance(), 0.5, 1e-14);
    close(law.central_moment(4), 0.5, 1e-13);
    // int int log|x-y| = -1/4 - log(2)/2 on the semicircle of radius sqrt(2), and the field adds -1/2.
    close(law.energy(), -0.75 - 0.5 * 2f64.ln(), 1e-13);
    let law = FreeLaw::of(&log, half_line, Some(&field("-x/2", half_line))).unwrap();
    close(law.ends()[1], 4.0, 1e-12);
    assert_eq!((law.ends()[0], law.walls()), (0.0, [true, false]));
    for x in [1e-9, 0.01, 1.0, 3.9, 3.9999] {
        close(law.density(x) * x.sqrt(), (4.0 - x).sqrt() / (2.0 * pi), 1e-12);
    }
    close(law.mean(), 1.0, 1e-13);
    close(law.variance(), 1.0, 1e-13);
    for (text, quadratic, quartic) in [("-x^4", 0.0, 1.0), ("-x^2/2-x^4/4", 0.5, 0.25)] {
        let law = FreeLaw::of(&log, Support::LINE, Some(&field(text, Support::LINE))).unwrap();
        // V' = -(2 a x + 4 g x^3): rho = sqrt(b^2 - x^2) (2a + 4g (x^2 + b^2/2)) / pi, mass a b^2 + 3/2 g b^4 = 1.
        let (a, g): (f64, f64) = (quadratic, quartic);
        let square = if a == 0.0 { (2.0 / (3.0 * g)).sqrt() } else { (-a + (a * a + 6.0 * g).sqrt()) / (3.0 * g) };
        let b = square.sqrt();
        close(law.ends()[1], b, 1e-13);
        close(law.ends()[0], -b, 1e-13);
        for x in [-0.7, -0.1, 0.0, 0.5, 0.8] {
            close(law.density(x), (square - x * x).sqrt() * (2.0 * a + 4.0 * g * (x * x + 0.5 * square)) / pi, 1e-12);
        }
    }
}

#[test]
fn wachters_law_between_two_logarithmic_walls() {
    let (b1, b2) = (0.3f64, 0.2f64);
    let law =
        FreeLaw::of(&utility("log(x)"), Support::UNIT, Some(&field("0.3*log(x)+0.2*log(1-x)", Support::UNIT))).unwrap();
    // The resolvent is -V' + k sqrt((z-a)(z-b)) / (z(z-1)): no pole at 0 and at 1, and 1/z at infinity.
    let k = 1.0 + b1 + b2;
    let (product, sum) = ((b1 / k).powi(2), 1.0 + (b1 * b1 - b2 * b2) / (k * k));
    let root = (0.25 * sum * sum - product).sqrt();
    let (a, b) = (0.5 * sum - root, 0.5 * sum + root);
    assert!((law.ends()[0] - a).abs() < 1e-12, "{:e} {:e} {:e}", law.ends()[0] - a, law.ends()[1] - b, law.gap());
    close(law.ends()[1], b, 1e-12);
    assert_eq!(law.walls(), [false, false]);
    for x in [0.1, 0.3, 0.5, 0.9] {
        close(law.density(x), k * ((x - a) * (b - x)).sqrt() / (std::f64::consts::PI * x * (1.0 - x)), 1e-10);
    }
}

#[test]
fn powers_in_a_quadratic_field() {
    for (text, s) in [("x^0.5", -0.5), ("x^0.9", -0.9), ("-x^-0.3", 0.3), ("-2x^-0.8+3", 0.8)] {
        let law = FreeLaw::of(&utility(text), Support::LINE, Some(&field("-x^2/2", Support::LINE))).unwrap();
        let end = law.ends()[1];
        close(law.ends()[0], -end, 1e-11);
        // The density is a multiple of (R^2 - x^2)^((1+s)/2).
        close(law.variance(), end * end / (4.0 + s), 1e-11);
        let ratio = law.density(0.6 * end) / law.density(0.0);
        close(ratio, 0.64f64.powf(0.5 * (1.0 + s)), 1e-11);
        // A change of scale gains nothing: -s E(U) = 2 variance.
        let shift = if s == 0.8 { 3.0 } else { 0.0 };
        close(-s * (law.energy() + law.variance() - shift), 2.0 * law.variance(), 1e-10);
        for u in [1e-6, 0.01, 0.3, 0.8] {
            close(law.cdf(law.quantile(u)), u, 1e-13);
        }
    }
}

#[test]
fn a_field_that_is_stronger_than_the_utility_leaves_one_atom() {
    let law = FreeLaw::of(&utility("logsigmoid(4x)"), Support::UNIT, Some(&field("-4x", Support::UNIT))).unwrap();
    assert_eq!((law.ends(), law.atoms().len(), law.quantile(0.5), law.cdf(0.0)), ([0.0, 0.0], 1, 0.0, 1.0));
    close(law.energy(), -(2f64.ln()), 1e-15);
    close(law.cdf_integral(0.25), 0.25, 1e-15);
    // Just below that strength there is a law with a short support.
    let nearly = FreeLaw::of(&utility("logsigmoid(4x)"), Support::UNIT, Some(&field("-1.99x", Support::UNIT))).unwrap();
    assert!(nearly.walls() == [true, false] && nearly.ends()[1] < 0.02 && nearly.atoms()[0].mass > 0.9);
}

#[test]
fn problems_without_a_law_are_refused_with_the_reason() {
    let half_line = Support::new(0.0, f64::INFINITY).unwrap();
    for (text, support, field_text, direction) in [
        ("log(x)", Support::LINE, None, "apart"),
        ("logsigmoid(x)", Support::LINE, Some("-0.1x"), "down"),
        ("x", half_line, Some("-0.5x"), "up"),
        ("logsigmoid(x)", half_line, Some("0*x"), "up"),
    ] {
        let field = field_text.map(|text| field(text, support));
        match FreeLaw::of(&utility(text), support, field.as_ref()) {
            Err(FreeLawError::RunsAway { direction: found, .. }) => assert_eq!(found, direction, "{text}"),
            other => panic!("{text}: {other:?}"),
        }
    }
    for text in ["-1/x", "x-x*log(x)/4", "log(x)+x"] {
        let field = field("-x^2", Support::UNIT);
        let found = FreeLaw::of(&utility(text), Support::UNIT, Some(&field));
        assert!(matches!(found, Err(FreeLawError::NoMethod { .. })), "{text}: {found:?}");
    }
}

#[test]
fn samples_and_moments_agree() {
    use rand::SeedableRng;
    use rand::distr::Distribution;
    let support = Support::new(-1.0, f64::INFINITY).unwrap();
    let law = FreeLaw::of(&utility("logsigmoid(x)"), support, Some(&field("-0.1x^2", support))).unwrap();
    let mut rng = rand::rngs::StdRng::seed_from_u64(7);
    let count = 200_000;
    let samples: Vec<f64> = (0..count).map(|_| law.sample(&mut rng)).collect();
    let mean = samples.iter().sum::<f64>() / f64::from(count);
    close(mean, law.mean(), 6.0 * (law.variance() / f64::from(count)).sqrt());
    // By parts: B - int F = mean.
    let [_, upper] = law.ends();
    close(upper - law.cdf_integral(upper), law.mean(), 1e-12);
    let tied = samples.iter().filter(|x| **x == -1.0).count() as f64 / f64::from(count);
    close(tied, law.atoms()[0].mass, 6e-3);
}

/// The distance of finite rewards from a law with free ends: exact for the law's own quantiles, and falling like 1/n.
#[test]
fn finite_rewards_come_close_to_laws_with_free_ends() {
    use reward_collapse::compare::{CompareError, wasserstein1};
    use reward_collapse::problem::Equilibrium;
    use reward_collapse::solution::solve_equilibrium;
    let loss = OnLine::new(parse("logsigmoid(x)").unwrap(), 0.1).unwrap();
    let law = FreeLaw::smoothed(&loss, Support::LINE, None).unwrap();
    let problem = Equilibrium::new(parse("logsigmoid(x)").unwrap(), 0.1, Support::LINE).unwrap();
    let distance = |n| wasserstein1(&solve_equilibrium(&problem, n, None).unwrap().rewards, &law).unwrap();
    let (few, many) = (distance(50), distance(200));
    assert!(few < 0.1 && (few / many - 4.0).abs() < 0.4, "{few} {many}");
    // One reward far beyond the ends: the distance is its distance from the mean.
    assert!((wasserstein1(&[10.0], &law).unwrap() - 10.0).abs() < 1e-12);
    assert!(matches!(wasserstein1(&[f64::NAN], &law), Err(CompareError::NotFinite { .. })));
}

/// A linear utility on a bounded support: all rewards are at the walls, as many at the upper one as the field says.
#[test]
fn a_linear_utility_puts_all_rewards_at_the_walls() {
    for (text, smoothing, support, slope, upper) in [
        ("x", 0.0, (-1.0, 1.0), 0.0, 0.5),
        ("x", 0.0, (0.0, 2.0), 0.0, 0.5),
        ("2x", 0.1, (0.0, 1.0), 0.0, 0.5),
        ("x", 0.0, (-1.0, 1.0), 0.3, 0.65),
        ("3x", 0.2, (1.0, 4.0), -0.9, 0.25),
        ("x", 0.0, (-1.0, 1.0), 1.0, 1.0),
    ] {
        let (lower, higher) = support;
        let support = Support::new(lower, higher).unwrap();
        let mut problem = Equilibrium::new(utility(text), smoothing, support).unwrap();
        if slope != 0.0 {
            problem = problem.with_field(Field::parse(&format!("{slope}x"), support).unwrap());
        }
        let law = FreeLaw::of_problem(&problem).unwrap();
        assert!((law.cdf(higher - 1e-9) - (1.0 - upper)).abs() < 1e-14, "{problem}");
        assert!((law.mean() - (upper * higher + (1.0 - upper) * lower)).abs() < 1e-14, "{problem}");
        let below = if upper == 1.0 { higher } else { lower };
        assert_eq!((law.quantile(0.2 * (1.0 - upper) + 1e-9), law.quantile(0.99)), (below, higher), "{problem}");
        // E(P) is the limit of the objective of n responses, to which pairs of the same response add 1/n.
        let n = 1000;
        let solution = solve_equilibrium(&problem, n, None).unwrap();
        let distance = (solution.mean_utility - law.energy()).abs();
        assert!(distance < 8.0 / n as f64 && law.gap() < 1e-13, "{problem}: {distance}");
    }
}
