//! The runs of the collapse figure.

use std::path::PathBuf;

use crate::compare::Learned;
use crate::experiment::{DESCRIPTION_FILE, Head, Loss, REWARDS_FILE, RunDescription, Split, is_run_of, read_rewards};
use crate::figure::FigureError;

/// The first run of a loss among folders, if one has prompts of `n` responses: open-ended prompts first.
pub(super) fn find(folders: &[PathBuf], loss: &Loss, n: usize) -> Result<Vec<Learned>, FigureError> {
    for folder in folders {
        let described = folder.join(DESCRIPTION_FILE).exists();
        if is_run_of(folder, loss)? && (!described || RunDescription::read(folder)?.responses == n) {
            let drawn = last(Learned::all(&read_rewards(&folder.join(REWARDS_FILE), n, Head::Sigmoid)?), n);
            if !drawn.is_empty() {
                return Ok(drawn);
            }
        }
    }
    Ok(Vec::new())
}

/// The training prompts at the last step for which there are rewards; those of another number of responses or type do not fit.
fn last(learned: Vec<Learned>, n: usize) -> Vec<Learned> {
    let step = Learned::steps(&learned, Split::Train).pop();
    let is_drawn =
        |at: &Learned| Some(at.step) == step && at.split == Split::Train && at.n == n && at.prompt_type.is_released();
    learned.into_iter().filter(is_drawn).collect()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::experiment::{PromptType, RewardRow};

    #[test]
    fn the_last_train_step_is_averaged_by_prompt_type() {
        let mut rows = Vec::new();
        let mut prompt = |step, split, prompt: &str, prompt_type: PromptType, reward, n| {
            let (prompt, prompt_type) = (prompt.to_owned(), &prompt_type);
            let row = |index| RewardRow {
                step,
                split,
                prompt: prompt.clone(),
                prompt_type: prompt_type.clone(),
                index,
                reward,
            };
            rows.extend((1..=n).map(row));
        };
        prompt(500, Split::Train, "a", PromptType::open_ended(), 0.9, 8);
        prompt(1000, Split::Train, "a", PromptType::open_ended(), 0.2, 8);
        prompt(1000, Split::Train, "b", PromptType::open_ended(), 0.4, 8);
        prompt(1000, Split::Train, "c", PromptType::closed_ended(), 1.0, 8);
        prompt(1000, Split::Train, "d", PromptType::closed_ended(), 0.7, 5);
        prompt(1500, Split::Test, "e", PromptType::open_ended(), 0.7, 8);
        let [open, closed] = &last(Learned::all(&rows), 8)[..] else { unreachable!() };
        assert_eq!(
            (open.step, open.prompt_type.clone(), open.responses.len(), open.count()),
            (1000, PromptType::open_ended(), 8, 2)
        );
        let first = open.responses[0];
        assert!((first.mean - 0.3).abs() < 1e-12 && (first.deviation - 0.1).abs() < 1e-12);
        assert_eq!(
            (closed.prompt_type.clone(), closed.responses[1].mean, closed.count()),
            (PromptType::closed_ended(), 1.0, 1)
        );
    }
}
