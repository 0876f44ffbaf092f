//! How fast the optimal rewards converge to their limit law.
//!
//! `cargo run --release --example rates` prints the distance for six numbers of responses, the fitted and the predicted
//! rate of each measure, and the error of a study that its observer stops.

use std::ops::ControlFlow;

use reward_collapse::compare::convergence;
use reward_collapse::utility::parse;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let utility = parse("-1/x")?;

    // The observer is called before each solve.
    let result = convergence(&utility, &[16, 32, 64, 128, 256, 512], &mut |n| {
        eprintln!("solving for n = {n}");
        ControlFlow::Continue(())
    })?;
    for row in &result.rows {
        println!("n = {:4}  W1 = {:.4e}  gap = {:.1e}", row.n, row.w1, row.gap);
    }
    for trend in &result.trends {
        let fitted = trend.fit.map_or_else(|| "none".into(), |rate| rate.to_string());
        println!("{}: fitted {fitted}, predicted {}", trend.measure.name(), trend.predicted);
    }

    // `Break` ends the study with an error.
    let small_only = |n| if n <= 32 { ControlFlow::Continue(()) } else { ControlFlow::Break(()) };
    if let Err(error) = convergence(&utility, &[16, 32, 64], &mut { small_only }) {
        println!("stopped at n = 64: {error}");
    }
    Ok(())
}
