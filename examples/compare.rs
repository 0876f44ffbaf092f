//! Rewards of your own against theory.
//!
//! `cargo run --release --example compare` prints, for four utilities, the distances of eight rewards from the optimal
//! rewards and from the limit law: the mean and the largest difference of a reward, and Wasserstein-1 distances.

use reward_collapse::compare::{Optimum, wasserstein1, wasserstein1_between};
use reward_collapse::utility::parse;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    // What a reward model gave the eight responses to a prompt, ascending, scaled to [0, 1].
    let rewards = [0.01, 0.03, 0.17, 0.36, 0.61, 0.84, 0.97, 0.99];

    println!("{:16} {:>8} {:>8} {:>8} {:>9}", "utility", "mean |d|", "max |d|", "W1", "W1 limit");
    for text in ["x", "log(x)", "log(x+0.1)", "logsigmoid(4x)"] {
        let optimum = Optimum::compute(&parse(text)?, rewards.len())?;
        let differences: Vec<f64> = rewards.iter().zip(&optimum.rewards).map(|(a, b)| (a - b).abs()).collect();
        let mean = differences.iter().sum::<f64>() / rewards.len() as f64;
        let largest = differences.iter().copied().fold(0.0, f64::max);
        let finite = wasserstein1_between(&rewards, &optimum.rewards)?;
        // Not every utility has a limit law: `x-x*log(x)` has none here.
        let limit = match &optimum.limit {
            Some(law) => format!("{:.4}", wasserstein1(&rewards, law)?),
            None => "-".into(),
        };
        println!("{text:16} {mean:8.4} {largest:8.4} {finite:8.4} {limit:>9}");
    }
    Ok(())
}
