//! Limit laws with free ends, against tables, classical laws and finite problems.

use reward_collapse::limit::{FreeLaw, FreeLawError};
use reward_collapse::problem::{Field, Support};
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
    println!(
        "{:?} {:.14} {:.14} {:.14} gap {:.1e}",
        law.ends(),
        law.density(0.0),
        law.density(law.ends()[1]),
        law.variance(),
        law.gap()
    );
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
