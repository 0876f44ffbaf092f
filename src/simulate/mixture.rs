//! Prompts shared out among several utilities.

use super::{Settings, SimulateError};

/// The settings of each part of a mixture: part `k` has a share of the prompts proportional to `weights[k]`, by largest remainders,
/// and the prompts are numbered through, so that each has random draws of its own.
///
/// No parameter is shared: each part is simulated by itself, with its own utility.
///
/// # Errors
/// [`SimulateError::Parameter`] for a weight that is not positive and finite; [`SimulateError::EmptyPart`] for a part without any
/// prompt.
///
/// ```
/// use reward_collapse::simulate::{Settings, parts};
/// let sizes: Vec<usize> = parts(&Settings::new(8, 10, 100), &[2.0, 1.0])?.iter().map(|part| part.prompts).collect();
/// assert_eq!(sizes, [7, 3]);
/// # Ok::<(), reward_collapse::simulate::SimulateError>(())
/// ```
pub fn parts(settings: &Settings, weights: &[f64]) -> Result<Vec<Settings>, SimulateError> {
    if let Some(&found) = weights.iter().find(|weight| !(weight.is_finite() && **weight > 0.0)) {
        return Err(SimulateError::Parameter { what: "share of a utility", allowed: "positive and finite", found });
    }
    // Their sum may overflow where they do not.
    let largest = weights.iter().copied().fold(0.0, f64::max);
    let total: f64 = weights.iter().map(|weight| weight / largest).sum();
    let exact: Vec<f64> = weights.iter().map(|weight| settings.prompts as f64 * (weight / largest / total)).collect();
    let mut sizes: Vec<usize> = exact.iter().map(|share| share.floor() as usize).collect();
    let mut order: Vec<usize> = (0..sizes.len()).collect();
    order.sort_by(|&a, &b| exact[b].fract().total_cmp(&exact[a].fract()));
    let missing = settings.prompts.saturating_sub(sizes.iter().sum());
    order.iter().cycle().take(missing.min(sizes.len())).for_each(|&part| sizes[part] += 1);
    if let Some(part) = sizes.iter().position(|&size| size == 0) {
        return Err(SimulateError::EmptyPart { part: part + 1, parts: sizes.len(), prompts: settings.prompts });
    }
    let mut first_prompt = settings.first_prompt;
    let settings_of = |prompts: usize| {
        let part = Settings { prompts, first_prompt, ..settings.clone() };
        first_prompt += prompts as u64;
        part
    };
    Ok(sizes.into_iter().map(settings_of).collect())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_prompt_is_in_one_part() {
        for (prompts, weights) in
            [(10, vec![1.0; 3]), (1000, vec![0.5, 0.3, 0.2]), (7, vec![1e308, 1e308]), (3, vec![1.0; 3])]
        {
            let parts = parts(&Settings::new(4, prompts, 1), &weights).unwrap();
            let mut next = 0;
            for part in &parts {
                assert_eq!(part.first_prompt, next);
                next += part.prompts as u64;
            }
            assert_eq!((next, parts.len()), (prompts as u64, weights.len()));
            let total: f64 = weights.iter().map(|weight| weight / weights[0]).sum();
            for (part, weight) in parts.iter().zip(&weights) {
                assert!((part.prompts as f64 - prompts as f64 * (weight / weights[0]) / total).abs() < 1.0);
            }
        }
    }

    #[test]
    fn a_part_without_prompts_is_refused() {
        let settings = Settings::new(4, 2, 1);
        assert!(matches!(parts(&settings, &[1.0; 3]), Err(SimulateError::EmptyPart { part: 3, parts: 3, prompts: 2 })));
        for weight in [0.0, -1.0, f64::NAN, f64::INFINITY] {
            assert!(matches!(parts(&settings, &[1.0, weight]), Err(SimulateError::Parameter { .. })));
        }
    }
}
