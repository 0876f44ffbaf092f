//! Distances, histograms and rates against cases that can be worked out by hand.

use crate::support::gauss_lobatto;
use std::ops::ControlFlow;

use reward_collapse::compare::{
    CompareError, Histogram, Measure, PredictedRate, convergence, drift, fit_rate, kolmogorov, predicted_rate,
    wasserstein1,
};
use reward_collapse::limit::LimitLaw;
use reward_collapse::solution::solve;
use reward_collapse::utility::parse;

fn law(text: &str) -> LimitLaw {
    LimitLaw::of(&*parse(text).unwrap()).unwrap()
}

const KINDS: [&str; 7] = ["log(x)", "x^0.8", "-1/x", "x", "1-exp(-4x)", "log(x+0.1)", "x^0.3-0.1x^2"];

#[track_caller]
fn close(found: f64, expected: f64, tolerance: f64) {
    assert!((found - expected).abs() <= tolerance, "found {found:e}, expected {expected:e}");
}

#[test]
fn fekete_points_approach_the_arcsine_law_like_one_over_n() {
    let arcsine = law("log(x)");
    let sizes = [256, 512, 1024];
    let distances = sizes.map(|n| wasserstein1(&gauss_lobatto(n), &arcsine).unwrap());
    // The same integral in the angle, by elementary functions: |(k+1)/n - theta/pi| sin(theta)/2.
    close(distances[0], 1.0234023881035e-3, 1e-14);
    close(distances[2], 2.5573899423835e-4, 1e-14);
    let rate = fit_rate(&sizes, &distances).unwrap();
    close(rate.exponent, -1.0, 2e-3);
    assert_eq!(rate.points, 3);
}

/// The numerical laws are the limits of the finite maximisers: W1 halves as n doubles, down to 2000 responses.
#[test]
fn finite_maximisers_approach_the_numerical_laws() {
    for text in ["log(x)+x", "x^0.3-0.2x^2", "log(x)+x^0.5", "log(x+0.001)", "x-0.4x^1.5", "tanh(3x)"] {
        let utility = parse(text).unwrap();
        let law = LimitLaw::of(&*utility).unwrap();
        assert_eq!(law.closed_form(), None, "{text}");
        let distance = |n: usize| wasserstein1(&solve(&utility, n).unwrap().rewards, &law).unwrap();
        let (coarse, fine) = (distance(500), distance(2000));
        assert!(fine < 0.5 / 2000.0 && (coarse / fine / 4.0 - 1.0).abs() < 0.05, "{text}: {coarse:e} {fine:e}");
    }
}

#[test]
fn distances_to_a_point_mass_are_moments() {
    for text in KINDS {
        let law = law(text);
        // W1(delta_c, P) = E|Y - c|, which is E Y = 1/2 at both ends.
        close(wasserstein1(&[0.0], &law).unwrap(), 0.5, 1e-14);
        close(wasserstein1(&[1.0, 1.0], &law).unwrap(), 0.5, 1e-14);
    }
    // E|Y - 1/2|
    close(wasserstein1(&[0.5], &law("log(x)")).unwrap(), 1.0 / std::f64::consts::PI, 1e-14);
    close(wasserstein1(&[0.5], &law("x")).unwrap(), 0.5, 1e-15);
    close(wasserstein1(&[0.5], &law("1-exp(-4x)")).unwrap(), (1.0 / 6.0) + (2.0 / 3.0) / 4.0, 1e-15);
    // An asymmetric sample: E|Y - c| = c^2 - c + 1/2 for the uniform law.
    close(wasserstein1(&[0.3], &law("-1/x")).unwrap(), 0.09 - 0.3 + 0.5, 1e-15);
}

#[test]
fn midpoints_are_at_distance_one_over_four_n_from_the_uniform_law() {
    let uniform = law("-1/x");
    for n in [1usize, 7, 1000] {
        let midpoints: Vec<f64> = (0..n).map(|i| (i as f64 + 0.5) / n as f64).collect();
        close(wasserstein1(&midpoints, &uniform).unwrap(), 0.25 / n as f64, 1e-14);
        close(kolmogorov(&midpoints, &uniform).unwrap(), 0.5 / n as f64, 1e-15);
    }
}

#[test]
fn half_and_half_is_the_linear_law() {
    let linear = law("x");
    assert_eq!(wasserstein1(&[0.0, 0.0, 1.0, 1.0], &linear).unwrap(), 0.0);
    assert_eq!(kolmogorov(&[0.0, 0.0, 1.0, 1.0], &linear).unwrap(), 0.0);
    close(wasserstein1(&[0.0, 0.5, 1.0], &linear).unwrap(), 1.0 / 6.0, 1e-15);
    close(kolmogorov(&[0.0, 0.5, 1.0], &linear).unwrap(), 1.0 / 6.0, 1e-15);
    assert_eq!(kolmogorov(&[0.0], &linear).unwrap(), 0.5);
    assert_eq!(kolmogorov(&[0.5], &linear).unwrap(), 0.5);
}

#[test]
fn wasserstein_agrees_with_a_riemann_sum() {
    let samples: [&[f64]; 4] =
        [&[0.1, 0.2, 0.21, 0.9], &[0.0, 0.0, 0.4, 1.0], &[0.7, 0.7, 0.7], &[0.0, 0.05, 0.5, 0.95, 1.0]];
    const CELLS: usize = 200_000;
    for text in KINDS {
        let law = law(text);
        for sample in samples {
            let n = sample.len() as f64;
            let difference = |i: usize| {
                let x = (i as f64 + 0.5) / CELLS as f64;
                (sample.partition_point(|&r| r <= x) as f64 / n - law.cdf(x)).abs()
            };
            let sum: f64 = (0..CELLS).map(difference).sum();
            close(wasserstein1(sample, &law).unwrap(), sum / CELLS as f64, 2.0 / CELLS as f64);
        }
    }
}

#[test]
fn exact_quantiles_are_at_kolmogorov_distance_half_a_step() {
    for text in ["log(x)", "x^0.8", "x^0.98", "-x^-0.5", "x^0.3-0.1x^2"] {
        let law = law(text);
        const N: usize = 200;
        let sample: Vec<f64> = (0..N).map(|i| law.quantile((i as f64 + 0.5) / N as f64)).collect();
        let distance = kolmogorov(&sample, &law).unwrap();
        // Most quantiles of x^0.98 round to 0 or 1, which cannot be told from others of their kind.
        let expected = 0.5 / N as f64;
        assert!(distance <= expected + 1e-12, "{text}: {distance}");
        assert!(text == "x^0.98" || distance >= expected - 1e-12, "{text}: {distance}");
    }
}

#[test]
fn missing_atoms_are_seen() {
    let law = law("1-exp(-4x)");
    let inside: Vec<f64> = (1..=100).map(|i| f64::from(i) / 101.0).collect();
    let distance = kolmogorov(&inside, &law).unwrap();
    // F just before the first reward.
    close(distance, 1.0 / 6.0 + 2.0 / 3.0 / 101.0, 1e-15);
}

#[test]
fn histograms_keep_atoms_apart() {
    let rewards = [0.0, 0.0, 0.05, 0.3, 0.7, 0.95, 1.0, 1.0];
    let with_atoms = Histogram::new(&rewards, &law("log(x+0.1)"), 4).unwrap();
    assert_eq!(with_atoms.atoms().iter().map(|a| a.mass).collect::<Vec<_>>(), [0.25, 0.25]);
    assert_eq!(with_atoms.bins().iter().map(|b| b.count).collect::<Vec<_>>(), [1, 1, 1, 1]);
    assert_eq!(with_atoms.bins()[0].height, 0.5);
    let without = Histogram::new(&rewards, &law("log(x)"), 4).unwrap();
    assert!(without.atoms().is_empty());
    assert_eq!(without.bins().iter().map(|b| b.count).collect::<Vec<_>>(), [3, 1, 1, 3]);
    for histogram in [with_atoms, without] {
        let area: f64 = histogram.bins().iter().map(|b| b.height * (b.to - b.from)).sum();
        close(area + histogram.atoms().iter().map(|a| a.mass).sum::<f64>(), 1.0, 1e-15);
    }
}

#[test]
fn bad_samples_are_named() {
    let law = law("log(x)");
    assert_eq!(wasserstein1(&[], &law), Err(CompareError::Empty));
    assert_eq!(kolmogorov(&[0.2, 0.1], &law), Err(CompareError::Unsorted { index: 1 }));
    assert_eq!(wasserstein1(&[0.2, 1.5], &law), Err(CompareError::OutOfRange { index: 1, value: 1.5 }));
    assert!(matches!(kolmogorov(&[f64::NAN], &law), Err(CompareError::OutOfRange { index: 0, .. })));
    assert_eq!(Histogram::new(&[0.5], &law, 0), Err(CompareError::NoBins));
}

#[test]
fn rates_by_family() {
    for (text, expected) in [
        ("log(x)", "c n^-1"),
        ("x^0.3", "c n^-1"),
        ("log(x+0.1)", "c n^-1"),
        ("-x^-0.3", "c n^-0.7"),
        ("-1/x", "c / log n"),
        ("-x^-1.5", "c n^-0.5"),
        ("-x^-2", "c log(n) / n"),
        ("-x^-3", "c n^-1"),
        ("x-x*log(x)", "unknown"),
    ] {
        assert_eq!(predicted_rate(&*parse(text).unwrap()).to_string(), expected, "{text}");
    }
    close(PredictedRate::InverseLog.shape(100.0), 1.0 / 100f64.ln(), 1e-15);
}

#[test]
fn rates_of_other_measures() {
    for (text, ks, energy) in [
        ("log(x)", "c n^-1", "c log(n) / n"),
        ("x^0.3", "c n^-1", "c n^-1"),
        ("log(x+0.1)", "c n^-1", "c n^-1"),
        ("-x^-0.3", "c n^-0.7", "c n^-0.7"),
        ("-1/x", "c / log n", "c / log n"),
        ("-x^-1.2", "c n^-0.2", "c n^-0.2"),
        ("-x^-1.5", "c n^-0.5", "c log(n) / sqrt(n)"),
        ("-x^-1.75", "c n^-0.75", "c n^-0.25"),
        ("-x^-2", "c log(n) / n", "c"),
        ("-x^-3", "c n^-1", "c n^1"),
        ("x-x*log(x)", "unknown", "unknown"),
    ] {
        let utility = parse(text).unwrap();
        assert_eq!(Measure::Kolmogorov.predicted(&*utility).to_string(), ks, "{text}");
        assert_eq!(Measure::Energy.predicted(&*utility).to_string(), energy, "{text}");
    }
    let (sharp, smooth) = (parse("log(x)").unwrap(), parse("log(x+0.1)").unwrap());
    assert!(!Measure::Ends.applies_to(&*sharp) && Measure::Ends.applies_to(&*smooth));
    assert_eq!(Measure::Ends.predicted(&*smooth).to_string(), "at most 1 / (2n)");
    close(PredictedRate::LogOverSqrt.shape(100.0), 0.1 * 100f64.ln(), 1e-15);
}

#[test]
fn energy_differences_of_few_responses() {
    let rows = |text: &str, sizes: &[usize]| {
        convergence(&parse(text).unwrap(), sizes, &mut |_| ControlFlow::Continue(())).unwrap().rows
    };
    // Rewards 0 and 1, and E(P*) = -2 log 2; then log(1/2) for two pairs of three.
    let log = rows("log(x)", &[2, 3]);
    close(log[0].energy_difference, 2.0 * 2f64.ln(), 1e-15);
    close(log[1].energy_difference, (2.0 - 2.0 / 3.0) * 2f64.ln(), 1e-15);
    // Half at each end: n^2/4 of n(n-1)/2 pairs have utility 1, and half of them in the limit.
    for row in rows("x", &[2, 10, 100]) {
        close(row.energy_difference, 0.5 / (row.n as f64 - 1.0), 1e-15);
        assert_eq!((row.end_share, row.atom), (0.5, 0.5));
    }
    // Under a pole: less equally spaced rewards, which two and three responses have. Four are at 0, a, 1-a and 1, and gain
    // over thirds.
    let inverse = rows("-1/x", &[1, 2, 3, 4]);
    assert!(inverse[0].energy_difference.is_nan());
    close(inverse[1].energy_difference, 0.0, 1e-15);
    close(inverse[2].energy_difference, 0.0, 1e-15);
    let objective = |a: f64| -(2.0 / a + 2.0 / (1.0 - a) + 1.0 / (1.0 - 2.0 * a) + 1.0);
    let best = (1..5000).map(|i| objective(f64::from(i) * 1e-4)).fold(f64::NEG_INFINITY, f64::max);
    close(inverse[3].energy_difference, (best - objective(1.0 / 3.0)) / 6.0, 1e-7);
    assert_eq!((inverse[3].end_share, inverse[3].atom), (0.25, 0.0));
}

/// The constants that the chapter on comparison derives.
#[test]
fn derived_constants() {
    let row = |text: &str, n: usize| {
        convergence(&parse(text).unwrap(), &[n], &mut |_| ControlFlow::Continue(())).unwrap().rows[0]
    };
    let n = 1000.0;
    for (text, value_at_zero) in [("logsigmoid(4x)", -(2f64.ln())), ("log(x+0.1)", 0.1f64.ln()), ("1-exp(-4x)", 0.0)] {
        let row = row(text, 1000);
        close(n * row.w1, 0.25, 2e-4);
        close(n * row.ks, 0.5, 2e-3);
        // This one is a theorem with both bounds.
        let slope = parse(text).unwrap().slope_at_zero();
        let missing = (row.limit_mean_utility - value_at_zero) / (n - 1.0) - row.energy_difference;
        assert!((-1e-13..=slope / (n * (n - 1.0))).contains(&missing), "{text}: {missing:e}");
        assert!((row.end_share - row.atom).abs() <= 0.502 / n, "{text}: {row:?}");
    }
    let power = row("x^0.5", 1000);
    close(n * power.w1, 0.25, 2e-4);
    close(n * power.ks, 1.0, 1e-9);
    let log = row("log(x)", 1000);
    close(n * log.ks, 1.0, 1e-9);
    close(n * log.energy_difference, (2.0 * n).ln(), 1e-2);
    // (log n) / sqrt(n) and a multiple of 1/sqrt(n), which two sizes tell apart.
    let pole = |n: f64| n.sqrt() * row("-x^-1.5", n as usize).energy_difference;
    const ZETA: f64 = 2.612375348685488;
    close((pole(2000.0) - pole(1000.0)) / 2f64.ln(), 32.0 / (15.0 * ZETA), 0.05);
}

#[test]
fn a_steady_ratio_has_no_drift() {
    let sizes = [10, 32, 100, 316, 1000];
    let inverse_log = sizes.map(|n| 0.05 / (n as f64).ln());
    close(drift(&sizes, &inverse_log, PredictedRate::InverseLog).unwrap(), 1.0, 1e-14);
    // A power in place of a logarithm falls by log(100)/log(1000) a decade too fast or too slow.
    let ratio = drift(&sizes, &inverse_log, PredictedRate::Power { exponent: 0.0 }).unwrap();
    close(ratio, 2.0 / 3.0, 1e-14);
    let doubled = [125, 250, 500, 1000];
    assert!(drift(&doubled, &[4.0, 3.0, 2.0, 1.0], PredictedRate::InverseLog).is_some());
    assert_eq!(drift(&doubled[1..], &[3.0, 2.0, 1.0], PredictedRate::InverseLog), None);
    assert_eq!(drift(&sizes, &inverse_log, PredictedRate::Unknown), None);
    assert_eq!(drift(&[], &[], PredictedRate::InverseLog), None);
}

#[test]
fn rates_are_fitted_to_the_largest_sizes() {
    let sizes: Vec<usize> = (3..=12).map(|i| 1 << i).collect();
    let distances: Vec<f64> = sizes.iter().map(|&n| 0.3 * (n as f64).powf(-0.5)).collect();
    let mut disturbed = distances.clone();
    disturbed[0] = 10.0;
    disturbed[1] = 0.0;
    let rate = fit_rate(&sizes, &disturbed).unwrap();
    close(rate.exponent, -0.5, 1e-12);
    close(rate.constant, 0.3, 1e-12);
    assert_eq!(fit_rate(&[10], &[0.1]), None);
    assert_eq!(fit_rate(&[10, 10], &[0.1, 0.2]), None);
    assert_eq!(fit_rate(&[], &[]), None);
}
