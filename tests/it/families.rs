//! Every registered family keeps the promises that families make; a family that was forgotten somewhere fails here.

use std::fs;
use std::path::Path;

use reward_collapse::limit::LimitLaw;
use reward_collapse::solution::solve;
use reward_collapse::utility::{Concavity, Expression, FAMILIES, Utility, check_admissible, parse};

const POSITIONS: [f64; 4] = [0.0, 0.3, 0.6, 1.0];

/// Files that implement a utility without being a family.
const NO_FAMILIES: [&str; 2] = ["affine.rs", "smoothed_square.rs"];

#[test]
fn every_file_of_a_family_is_registered() {
    let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("src/utility");
    for entry in fs::read_dir(folder).unwrap() {
        let path = entry.unwrap().path();
        let name = path.file_name().unwrap().to_string_lossy().into_owned();
        let text = if path.is_file() { fs::read_to_string(&path).unwrap() } else { continue };
        for line in text.lines().filter_map(|line| line.strip_prefix("impl Utility for ")) {
            let family = line.trim_end_matches(" {");
            let listed = FAMILIES.iter().any(|known| known.name == family);
            assert!(listed || NO_FAMILIES.contains(&name.as_str()), "{family} of {name} is not in FAMILIES");
        }
    }
}

#[test]
fn every_family_is_documented() {
    let read = |path: &str| fs::read_to_string(Path::new(env!("CARGO_MANIFEST_DIR")).join(path)).unwrap();
    let module = read("src/utility/mod.rs");
    for family in &FAMILIES {
        assert!(
            module.contains(&format!("//! | [`{}`]", family.name)),
            "{} has no row in src/utility/mod.rs",
            family.name
        );
    }
}

#[test]
fn members_are_recognised_by_what_they_display() {
    for family in &FAMILIES {
        for position in POSITIONS {
            let member = (family.member)(position).unwrap_or_else(|error| panic!("{}: {error}", family.name));
            let text = member.to_string();
            let read = parse(&text).unwrap_or_else(|error| panic!("{text}: {error}"));
            assert_eq!(format!("{read:?}"), format!("{member:?}"), "{text}");
            let scaled = parse(&format!("3*({text})+2")).unwrap_or_else(|error| panic!("3*({text})+2: {error}"));
            assert_eq!(scaled.closed_form(), member.closed_form(), "{text}");
            let parts = scaled.affine().unwrap_or_else(|| panic!("3*({text})+2 is not recognised"));
            // Parameters are worked out of what was typed, and may differ in the last place.
            assert!((parts.scale / 3.0 - 1.0).abs() < 1e-9, "{text}: {}", parts.scale);
        }
    }
}

/// The formulas of the families against the expression that they display, with its running error bound.
#[test]
fn members_compute_what_they_display() {
    for member in FAMILIES.iter().flat_map(|family| POSITIONS.map(|p| (family.member)(p).unwrap())) {
        let typed = Expression::parse(&member.to_string()).unwrap();
        for x in (0..=60).map(|k| 10f64.powf(-0.1 * f64::from(k))) {
            let (ours, theirs) = (member.jet(x), typed.jet(x));
            let (own, other) = (member.errors(x), typed.errors(x));
            assert!((ours.value - theirs.value).abs() <= 1.01 * (own.value + other.value), "{member} at {x}: value");
            assert!((ours.slope - theirs.slope).abs() <= 1.01 * (own.slope + other.slope), "{member} at {x}: slope");
        }
    }
}

#[test]
fn members_keep_the_contract() {
    for member in FAMILIES.iter().flat_map(|family| POSITIONS.map(|p| (family.member)(p).unwrap())) {
        assert_eq!(member.concavity(), Concavity::Proved);
        check_admissible(member.as_ref()).unwrap_or_else(|error| panic!("{error}"));
        let solution = solve(&member, 9).unwrap_or_else(|error| panic!("{error}"));
        assert!(solution.relative_gap < 1e-12, "{member}: {}", solution.relative_gap);
        let law = LimitLaw::of(&member).unwrap_or_else(|error| panic!("{error}"));
        assert!(law.variance() > 0.0 && law.variance() <= 0.25, "{member}");
    }
}

#[test]
fn errors_contain_what_underflows() {
    // `U'` in 400 digits, by independent code, at arguments where it is subnormal; its product with 1e300.
    for (k, x, slope) in [
        (1000.0, 0.74, 4.18873988005e-19),
        (1000.0, 0.7445, 4.6532696827e-21),
        (1000.0, 0.7448, 3.44722696669e-21),
        (1000.0, 0.75, 1.90168496348e-23),
    ] {
        let value = -slope / k;
        for (utility, value) in [(format!("logsigmoid({k}x)"), Some(value)), (format!("1-exp(-{k}x)"), None)] {
            let utility = parse(&utility).unwrap();
            let (jet, errors) = (utility.jet(x), utility.errors(x));
            // Subnormal numbers times 1e300 are doubles like any other.
            let off = |computed: f64, exact: f64| (computed * 1e300 - exact).abs();
            assert!(off(jet.slope, slope) <= errors.slope * 1e300 * 1.001, "{utility} at {x}: {:e}", jet.slope);
            assert!(errors.slope <= 1e4 * f64::MIN_POSITIVE * f64::EPSILON + 1e-9 * jet.slope, "{utility} at {x}");
            if let Some(value) = value {
                assert!(off(jet.value, value) <= errors.value * 1e300 * 1.001, "{utility} at {x}: {:e}", jet.value);
            }
        }
    }
    // 1/(x + 3e161)^2.
    let (jet, errors) = (parse("-1/(x+3e161)").unwrap().jet(0.5), parse("-1/(x+3e161)").unwrap().errors(0.5));
    assert!((jet.slope * 1e300 - 1.111111111111111e-23).abs() <= errors.slope * 1e300, "{:e}", jet.slope);
}
