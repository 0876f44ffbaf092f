//! The losses that the Python package trains with, in PyTorch, are those of this package: both are held against one file, written by
//! loops over pairs with formulas of their own.

use std::path::Path;

use reward_collapse::experiment::{LossTerms, PromptType};
use reward_collapse_training::training::loss::{LossSpec, Pair, RankingLoss};
use serde::Deserialize;

#[derive(Deserialize)]
struct Case {
    utility: String,
    #[serde(flatten)]
    terms: LossTerms,
    /// Worst first.
    logits: Vec<f64>,
    weights: Option<Vec<f64>>,
    loss: f64,
    gradient: Vec<f64>,
}

#[test]
fn losses_and_gradients_are_those_of_the_python_package() {
    let file = Path::new(env!("CARGO_MANIFEST_DIR")).join("../python/tests/data/losses.json");
    let cases: Vec<Case> = serde_json::from_slice(&std::fs::read(file).unwrap()).unwrap();
    assert!(cases.len() > 30);
    for case in cases {
        let loss = RankingLoss::new(LossSpec { terms: case.terms, ..LossSpec::from(case.utility.as_str()) }).unwrap();
        let n = case.logits.len();
        let weight = |place: usize| case.weights.as_ref().map_or(1.0, |weights| weights[place]);
        let pairs: Vec<Pair> = (0..n)
            .flat_map(|worse| (worse + 1..n).map(move |better| (worse, better)))
            .enumerate()
            .map(|(place, (worse, better))| Pair { worse, better, weight: weight(place), margin: 0.0 })
            .collect();
        let found = loss.of(&PromptType::closed_ended(), &case.logits, &pairs).unwrap();
        assert!(
            (found.loss - case.loss).abs() < 1e-12 * case.loss.abs().max(1.0),
            "{loss}: {} {}",
            found.loss,
            case.loss
        );
        for (a, b) in found.gradient.iter().zip(&case.gradient) {
            assert!((a - b).abs() < 1e-12 * b.abs().max(1.0), "{loss}: {a} {b}");
        }
    }
}
