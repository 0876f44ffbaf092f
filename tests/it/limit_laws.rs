//! Limit laws against theorems, independent formulas and independent quadrature.

use rand::SeedableRng;
use rand::distr::Distribution;
use rand::rngs::StdRng;
use reward_collapse::limit::{LimitError, LimitLaw};
use reward_collapse::utility::{SharedUtility, SmoothedSquare, parse};
use statrs::function::beta::ln_beta;

fn utility(text: &str) -> SharedUtility {
    parse(text).unwrap_or_else(|e| panic!("{text}: {e}"))
}

fn of(text: &str) -> LimitLaw {
    LimitLaw::of(&*utility(text)).unwrap_or_else(|e| panic!("{text}: {e}"))
}

fn numerical(text: &str) -> LimitLaw {
    LimitLaw::numerical(&*utility(text)).unwrap_or_else(|e| panic!("{text}: {e}"))
}

fn atom(law: &LimitLaw) -> f64 {
    law.atoms().first().map_or(0.0, |atom| atom.mass)
}

#[track_caller]
fn close(found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() <= tolerance, "found {found:e}, expected {expected:e}");
}

/// `int_a^b f` by the double-exponential rule, which integrable singularities at the ends do not disturb. `f` is given the
/// distances of the point from both ends.
fn integrate(a: f64, b: f64, f: impl Fn(f64, f64) -> f64) -> f64 {
    const STEP: f64 = 1.0 / 32.0;
    let length = b - a;
    let term = |i: i32| {
        let z = f64::from(i) * STEP;
        // x = length / (1 + exp(-pi sinh z)), and the same seen from the other end.
        let e = std::f64::consts::PI * z.sinh();
        let (left, right) = (length / (1.0 + (-e).exp()), length / (1.0 + e.exp()));
        let weight = left * right / length * std::f64::consts::PI * z.cosh() * STEP;
        if weight > 0.0 && left > 0.0 && right > 0.0 { weight * f(left, right) } else { 0.0 }
    };
    (-200..=200).map(term).sum()
}

/// `Phi(x)` by that rule, with nothing from the library but the density.
fn potential(text: &str, law: &LimitLaw, x: f64) -> f64 {
    let u = utility(text);
    let atoms: f64 = law.atoms().iter().map(|atom| atom.mass * u.value((x - atom.at).abs())).sum();
    // Cut where densities with layers of width 0.1 or more are smooth in between.
    let cuts = [0.0, 0.01, 0.03, 0.1, 0.2, 0.35, 0.5, 0.65, 0.8, 0.9, 0.97, 0.99, 1.0, x];
    let mut cuts = cuts.to_vec();
    cuts.sort_by(f64::total_cmp);
    cuts.dedup();
    let smooth = cuts.windows(2).map(|cut| {
        let (a, b) = (cut[0], cut[1]);
        integrate(a, b, |left, right| {
            // Distances from the target and from the nearer end, without cancellation.
            let distance = if b <= x { (x - b) + right } else { (a - x) + left };
            let edge = if b <= 0.5 { a + left } else { (1.0 - b) + right };
            let value = u.value(distance);
            // An expression such as 1 - exp(-x) rounds to 0 at the smallest distances.
            (if value.is_finite() { value } else { u.value(1e-15) }) * law.density(edge)
        })
    });
    atoms + smooth.sum::<f64>()
}

#[test]
fn published_values_of_the_utilities_without_closed_form() {
    for (text, mass, middle, mean_utility) in [
        ("logsigmoid(x)", 0.3833937881813, 0.2373324404037, -0.4986517371950),
        ("logsigmoid(4x)", 0.2040171582345, 0.6288161010678, -0.2616607658604),
        ("log(x+0.1)", 0.1839878103439, 0.4939994440355, -0.8537052774282),
        ("-1/(x+0.1)", 0.0894288525506, 0.7128940254287, -3.0737994082836),
    ] {
        let law = of(text);
        assert_eq!(law.closed_form(), None);
        close(atom(&law), mass, 1e-12);
        close(law.density(0.5), middle, 1e-12);
        close(law.mean_utility(), mean_utility, 1e-12);
        assert!(law.gap() < 1e-13, "{text}: {}", law.gap());
    }
}

/// Boundary layers of width eps, against a collocation at Chebyshev nodes on graded panels by independent code, which does
/// without the row sums and so keeps fewer digits for the steepest.
#[test]
fn small_smoothing_keeps_its_digits() {
    for (text, a, density, mean_utility, tolerance) in [
        ("log(x+0.01)", 0.067738057929958, 0.59955216498205, -1.2739817737418, 1e-12),
        ("-1/(x+0.01)", 0.01609899075982, 0.86609109092744, -7.1245441788138, 5e-12),
        ("log(x+0.001)", 0.02218942176073, 0.62922842058898, -1.3672007483178, 2e-12),
        ("-1/(x+0.001)", 0.0022019938777313, 0.92737211630436, -11.712368220382, 1e-9),
    ] {
        let law = of(text);
        close(atom(&law), a, tolerance);
        close(law.density(0.5), density, tolerance);
        close(law.mean_utility(), mean_utility, tolerance);
        assert!(law.gap() < 1e-10, "{text}: {:e}", law.gap());
    }
}

#[test]
fn numerical_laws_reproduce_the_closed_forms_with_atoms() {
    for text in ["x", "1-exp(-x)", "1-exp(-4x)", "1-exp(-100x)", "x-0.25x^2", "x-0.5x^2", "3-2exp(-4x)"] {
        let (exact, found) = (of(text), numerical(text));
        assert!(exact.closed_form().is_some() && found.closed_form().is_none());
        close(atom(&found), atom(&exact), 1e-13);
        close(found.mean_utility(), exact.mean_utility(), 1e-13);
        for x in [0.0, 0.003, 0.1, 0.4, 0.5, 0.77, 1.0] {
            close(found.density(x), exact.density(x), 1e-12);
            close(found.cdf(x), exact.cdf(x), 1e-12);
            close(found.cdf_integral(x), exact.cdf_integral(x), 1e-12);
        }
    }
}

#[test]
fn numerical_laws_reproduce_the_beta_laws() {
    for text in
        ["log(x)", "x^0.02", "x^0.3", "x^0.8", "x^0.98", "-x^-0.1", "-x^-0.5", "-x^-0.9", "3log(x)-1", "2x^0.5+1"]
    {
        let (exact, found) = (of(text), numerical(text));
        close(found.mean_utility(), exact.mean_utility(), 1e-13 * exact.mean_utility().abs());
        for x in [1e-9, 0.003, 0.1, 0.4, 0.5, 0.77] {
            close(found.density(x) / exact.density(x), 1.0, 1e-12);
            close(found.cdf(x), exact.cdf(x), 1e-12);
            close(found.cdf_integral(x), exact.cdf_integral(x), 1e-12);
        }
    }
}

#[test]
fn mean_utilities_agree_with_the_potential_at_the_end() {
    // E(P*) = Phi(0) = E U(Y), an elementary moment of the law.
    close(of("log(x)").mean_utility(), -2.0 * 2f64.ln(), 1e-15);
    close(of("3log(x)-1").mean_utility(), -6.0 * 2f64.ln() - 1.0, 1e-14);
    close(of("x").mean_utility(), 0.5, 1e-15);
    for k in [1.0, 4.0, 1000.0] {
        close(of(&format!("1-exp(-{k}x)")).mean_utility(), k / (k + 2.0), 1e-14);
    }
    for b in [0.1, 0.5, 1.0] {
        let a = 0.5 - b / 4.0;
        let expected = a * (1.0 - 0.5 * b) + 0.5 * b * (0.5 - b / 6.0);
        close(of(&format!("x-{}x^2", b / 2.0)).mean_utility(), expected, 1e-15);
    }
    // E Y^-s = B(a-s, a) / B(a, a).
    for s in [-0.98f64, -0.8, -0.5, -0.2, 0.1, 0.5, 0.9] {
        let a = 0.5 * (1.0 + s);
        let moment = (ln_beta(a - s, a) - ln_beta(a, a)).exp();
        let (text, expected) = if s < 0.0 { (format!("x^{}", -s), moment) } else { (format!("-x^-{s}"), -moment) };
        close(of(&text).mean_utility(), expected, 1e-12 * moment);
        close(of(&format!("5*({text})+2")).mean_utility(), 5.0 * expected + 2.0, 1e-11 * moment);
    }
    for text in ["-1/x", "-x^-2", "-1/x+x"] {
        let law = of(text);
        assert_eq!(law.mean_utility(), f64::NEG_INFINITY);
        assert!(law.gap().is_nan());
        assert_eq!(law.closed_form().unwrap().to_string(), "Uniform(0, 1)");
    }
}

#[test]
fn potentials_are_constant_on_the_support() {
    for (text, tolerance) in [
        ("logsigmoid(4x)", 1e-13),
        ("log(x+0.1)", 1e-13),
        ("-1/(x+0.1)", 1e-12),
        ("tanh(x)", 1e-13),
        ("1-exp(-4x)", 1e-13),
        ("log(x)", 1e-12),
        ("x^0.8", 1e-12),
        ("-x^-0.5", 1e-12),
        ("x^0.3-0.1x^2", 1e-12),
        // A kink of the regular part at x = y leaves algebraic convergence; the gap says how much.
        ("log(x)+x", 4e-8),
        ("log(x)+x^0.5", 6e-6),
        ("-x^-0.5+x", 4e-9),
        ("log(1-exp(-x))", 2e-8),
    ] {
        let law = of(text);
        for x in [0.0, 1e-4, 0.02, 0.11, 0.3, 0.5, 0.83] {
            close(potential(text, &law, x), law.mean_utility(), tolerance);
        }
        assert!(law.gap() <= 2.0 * tolerance, "{text}: {}", law.gap());
    }
}

#[test]
fn steep_and_flat_utilities() {
    // As k -> 0 log sigmoid(k x) becomes linear; as k -> infinity it is so short-ranged that the law becomes uniform.
    close(atom(&of("logsigmoid(0.01x)")), 0.5 - 0.01 / 8.0, 1e-5);
    let short = of("logsigmoid(1000x)");
    assert!(atom(&short) < 2e-3 && (short.cdf(0.3) - 0.3).abs() < 2e-3);
    // As eps -> 0 the laws of log(x + eps) approach the arcsine law, from below in E.
    let mut previous = f64::INFINITY;
    for (eps, digits) in [("0.1", 0.6), ("0.01", 0.12), ("0.001", 0.02), ("0.0001", 0.003)] {
        let law = of(&format!("log(x+{eps})"));
        let excess = law.mean_utility() + 2.0 * 2f64.ln();
        assert!(excess > 0.0 && excess < digits && excess < previous, "{eps}: {excess}");
        assert!(law.gap() < 1e-12, "{eps}: {}", law.gap());
        previous = excess;
    }
    assert!(of("-1/(x+0.0001)").gap() < 1e-9);
}

/// One law of each representation.
const KINDS: [&str; 9] =
    ["log(x)", "x^0.8", "x^0.98", "-x^-0.5", "-1/x", "1-exp(-4x)", "log(x+0.01)", "logsigmoid(1000x)", "x^0.3-0.1x^2"];

#[test]
fn the_cdf_is_the_integral_of_the_density_and_has_total_mass_one() {
    for text in KINDS {
        let law = of(text);
        let cuts = [0.0, 1e-4, 1e-3, 3e-3, 0.01, 0.03, 0.1, 0.2, 0.35, 0.5];
        // Much of the mass of x^0.98 lies below the least number above 0.
        let first = usize::from(text == "x^0.98");
        let (mut mass, mut integral) = (law.cdf(cuts[first]), law.cdf_integral(cuts[first]));
        for cut in cuts[first..].windows(2) {
            mass += integrate(cut[0], cut[1], |left, _| law.density(cut[0] + left));
            integral += integrate(cut[0], cut[1], |left, _| law.cdf(cut[0] + left));
            // Steep densities cost the reference some digits.
            close(law.cdf(cut[1]), mass, 2e-11);
            close(law.cdf_integral(cut[1]), integral, 1e-12);
        }
        close(law.cdf(0.5), 0.5, 1e-13);
        close(2.0 * mass, 1.0, 4e-11);
        assert_eq!((law.cdf(-1.0), law.cdf(1.0), law.cdf(2.0)), (0.0, 1.0, 1.0));
        close(law.cdf_integral(1.0), 0.5, 1e-15);
        assert_eq!(law.cdf(0.0), atom(&law));
        assert_eq!((law.density(-0.1), law.density(1.1)), (0.0, 0.0));
        for x in [0.1, 0.3] {
            close(law.cdf(x) + law.cdf(1.0 - x), 1.0, 1e-15);
            close(law.density(x), law.density(1.0 - x), 1e-13 * law.density(x));
        }
    }
}

#[test]
fn quantiles_invert_the_cdf() {
    for text in KINDS {
        let law = of(text);
        for x in [1e-9, 1e-5, 0.003, 0.1, 0.25, 0.4999] {
            // Where F is steep or flat, rounding in F moves the quantile by eps F/p.
            let slack = 8.0 * f64::EPSILON * law.cdf(x) / law.density(x);
            close(law.quantile(law.cdf(x)), x, slack + 1e-13 * x + if atom(&law) > 0.0 { 1e-17 } else { 0.0 });
        }
        for u in [0.6, 0.9, 0.999] {
            let x = law.quantile(u);
            close(x, 1.0 - law.quantile(1.0 - u), 1e-12);
            // Within the atom the quantile is 1, and next to 1 its own rounding moves F by eps p.
            let expected = if u > 1.0 - atom(&law) { 1.0 } else { u };
            close(
                law.cdf(x),
                expected,
                1e-13 + if x < 1.0 { f64::EPSILON * law.density(x) } else { law.cdf(f64::EPSILON) - atom(&law) },
            );
        }
        assert_eq!((law.quantile(0.0), law.quantile(1.0)), (0.0, 1.0));
        close(law.quantile(0.5), 0.5, 1e-13);
        assert!(law.quantile(-0.1).is_nan() && law.quantile(1.1).is_nan() && law.quantile(f64::NAN).is_nan());
    }
    let law = of("log(x+0.1)");
    assert_eq!((law.quantile(0.1), law.quantile(0.9)), (0.0, 1.0));
    let steep = of("x^0.98");
    assert!(steep.quantile(1e-3) > 0.0 && steep.quantile(1e-3) < 1e-250);
}

#[test]
fn samples_follow_the_law() {
    let mut rng = StdRng::seed_from_u64(20250101);
    const N: usize = 20_000;
    // Dvoretzky-Kiefer-Wolfowitz: exceeded with probability 1e-6.
    let bound = ((2.0f64 / 1e-6).ln() / (2.0 * N as f64)).sqrt();
    for text in KINDS {
        let law = of(text);
        let mut sample: Vec<f64> = (&law).sample_iter(&mut rng).take(N).collect();
        sample.sort_by(f64::total_cmp);
        let distance = reward_collapse::compare::kolmogorov(&sample, &law).unwrap();
        assert!(distance < bound, "{text}: {distance}");
    }
}

#[test]
fn utilities_outside_the_theory_are_refused_with_a_reason() {
    let slow = LimitLaw::of(&*utility("x-x*log(x)")).unwrap_err();
    assert!(matches!(slow, LimitError::SlowSlope { .. }));
    assert!(slow.to_string().contains("x-x*log(x)"), "{slow}");
    // A constant potential would need negative mass: these turn down so early that the ends are not reached.
    for text in ["x^0.3-0.9x^2", "log(x)-5x^2", "x^0.5-0.99x"] {
        assert!(matches!(LimitLaw::of(&*utility(text)), Err(LimitError::NotPositive { .. })), "{text}");
    }
    let square = SmoothedSquare::new(0.1).unwrap();
    assert!(matches!(LimitLaw::of(&square), Err(LimitError::Refused(_))));
    assert!(matches!(LimitLaw::numerical(&square), Err(LimitError::Refused(_))));
}

#[test]
fn an_unbounded_curvature_at_zero_keeps_its_atom() {
    // The same equation on panels down to 2^-49 and 2^-33 agrees to this many digits.
    let law = of("x-0.4x^1.5");
    close(atom(&law), 0.334963857022, 2e-12);
    assert!(law.gap() < 1e-14);
}

#[test]
fn laws_can_be_shared_between_threads() {
    fn shared<T: Clone + Send + Sync>(_: &T) {}
    shared(&of("log(x)"));
}

#[test]
fn factors_and_constants_change_no_law() {
    let law = |text: &str| LimitLaw::of(&utility(text)).unwrap_or_else(|error| panic!("{text}: {error}"));
    for (base, scale, shift) in
        [("log(x)+x", 1e300, 0.0), ("log(x+0.1)", 1e-250, 0.0), ("x", 1.0, 1e307), ("log(x)", 3.0, -1.0)]
    {
        let (one, other) = (law(base), law(&format!("{scale}*({base})+{shift}")));
        for x in [0.0, 0.1, 0.3, 0.5] {
            assert!((one.cdf(x) - other.cdf(x)).abs() < 1e-13, "{base} at {x}");
        }
        let mean = scale * one.mean_utility() + shift;
        assert!((other.mean_utility() - mean).abs() <= 1e-13 * mean.abs().max(shift.abs()), "{base}");
        assert!(other.gap().is_finite() && other.gap() >= scale * one.gap(), "{base}");
    }
    let beyond = parse("x*1e308+1e308").unwrap();
    assert!(matches!(LimitLaw::of(&beyond), Ok(_) | Err(LimitError::Overflow { .. })));
}

#[test]
fn a_density_with_a_sign_is_said_to_be_one() {
    // The potential is flat to 2e-6, far below what is allowed: the fault is in the density.
    let error = LimitLaw::of(&utility("x+1e-6*x^0.5")).unwrap_err();
    assert!(matches!(error, LimitError::Signed { density, .. } if density < 0.0), "{error}");
    assert!(error.to_string().contains("negative"), "{error}");
}
