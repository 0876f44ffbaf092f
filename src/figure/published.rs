//! The published training curves, read off the paper's figures.

use serde::Deserialize;

use super::{FigureError, PromptType};

/// `assets/README.md` says where the numbers come from.
const CURVES: &str = include_str!("../../assets/published_curves.csv");
/// The step at which training ended.
const LAST_STEP: u64 = 1000;

/// One reward read off a published figure.
#[derive(Debug, Clone, PartialEq)]
pub struct PublishedPoint {
    /// The prompts that the curve averages over.
    pub prompt_type: PromptType,
    /// 1 for the worst response.
    pub index: usize,
    /// The mean reward, about ±0.01.
    pub reward: f64,
}

#[derive(Deserialize)]
struct Row {
    utility: String,
    split: String,
    step: u64,
    curve: String,
    response_index: usize,
    reward: f64,
}

/// The train curves at the end of the published run with the loss `key` (`x`, `log`, `x_inv` or `adaptive`).
///
/// # Errors
/// [`FigureError::Table`] if the embedded table cannot be read.
pub fn published(key: &str) -> Result<Vec<PublishedPoint>, FigureError> {
    let mut reader = csv::Reader::from_reader(CURVES.as_bytes());
    let mut points = Vec::new();
    for row in reader.deserialize() {
        let row: Row = row?;
        // Any other curve is the paper's own drawing of its prediction, which this library computes instead.
        let Some(prompt_type) = PromptType::RELEASED.into_iter().find(|known| known.name() == row.curve) else {
            continue;
        };
        if row.utility == key && row.split == "train" && row.step == LAST_STEP {
            points.push(PublishedPoint { prompt_type, index: row.response_index, reward: row.reward });
        }
    }
    Ok(points)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_panel_has_curves_of_both_prompt_types() {
        for (key, count) in [("x", 4), ("log", 12), ("x_inv", 13), ("adaptive", 14)] {
            let points = published(key).unwrap();
            assert_eq!(points.len(), count, "{key}");
            for prompt_type in PromptType::RELEASED {
                assert!(points.iter().any(|point| point.prompt_type == prompt_type), "{key}");
            }
        }
    }
}
