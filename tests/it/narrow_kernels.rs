//! Limit laws of utilities that reach their largest value, to all digits, at a small distance.

use reward_collapse::limit::LimitLaw;
use reward_collapse::utility::parse;

/// `a / p(1/2)` and `E` against the law of one end by itself: with `m = int_0^inf (U(inf) - U(t)) dt`, the Wiener-Hopf
/// factorisation gives `a = sqrt(m / U'(0+)) p(1/2)`, and the potential far from the ends is `U(inf) - 2 m p(1/2)`.
#[test]
fn the_ends_do_not_see_each_other() {
    let pi = std::f64::consts::PI;
    for k in [1e3, 1.3e3, 1e4, 1e5, 1e6, 1e8] {
        for (text, slope, greatest, moment) in [
            (format!("logsigmoid({k}x)"), 0.5, 0.0, pi * pi / 12.0),
            (format!("tanh({k}x)"), 1.0, 1.0, 2.0f64.ln()),
            (format!("-exp(-{k}x)-exp(-{}x)", 2.0 * k), 3.0, 0.0, 1.5),
        ] {
            let law = LimitLaw::of(&parse(&text).unwrap()).unwrap_or_else(|error| panic!("{text}: {error}"));
            let (atom, density) = (k * law.atoms()[0].mass, law.density(0.5));
            let expected = (moment / slope).sqrt() * density;
            assert!((atom / expected - 1.0).abs() < 1e-11, "{text}: {atom} {expected}");
            let mean = greatest - 2.0 * moment * density / k;
            assert!((law.mean_utility() - mean).abs() <= 2.0 * law.gap(), "{text}: {} {mean}", law.mean_utility());
            // The narrower kernels have a flat interior imposed.
            assert!(k == 1e3 || law.gap() <= 1e-14, "{text}: {:e}", law.gap());
            // What is left for the layers, about 2.3 and 2.8 of their widths.
            assert!(k * (1.0 - density) < 3.0 && density < 1.0, "{text}: {density}");
            assert!((law.cdf(0.5) - 0.5).abs() < 1e-13, "{text}");
        }
    }
}
