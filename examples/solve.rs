//! Optimal rewards of eight ranked responses, and the bound on their distance from the optimum.
//!
//! `cargo run --release --example solve` prints one line for each response, worst first, and below them the certificate.

use reward_collapse::solution::solve;
use reward_collapse::utility::parse;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let utility = parse("log(x+0.1)")?;
    let solution = solve(&utility, 8)?;

    println!("optimal rewards under U(x) = {}:", solution.utility);
    for (i, reward) in solution.rewards.iter().enumerate() {
        println!("  response {}: {reward:.6}", i + 1);
    }
    // No feasible rewards have a larger mean utility than this one plus the gap.
    println!("mean utility of a pair: {:.6}", solution.mean_utility);
    println!("gap: {:.1e}, concavity {}", solution.gap, solution.concavity);
    println!("no other rewards reach the optimum: {}", solution.unique);

    // Some utilities have a theorem for any number of responses.
    let log = solve(&parse("log(x)")?, 5)?;
    if let Some(form) = log.closed_form {
        println!("under log(x), five rewards are {form}: {:.4?}", log.rewards);
    }
    Ok(())
}
