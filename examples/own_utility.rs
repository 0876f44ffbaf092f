//! Utilities of your own, as an expression or as a type, and the reasons for which utilities are refused.
//!
//! `cargo run --release --example own_utility` prints optimal rewards under both, and three refusals.

use reward_collapse::solution::solve;
use reward_collapse::utility::{Origin, Utility, parse};
use std::fmt;

/// `atan(x / width)`.
#[derive(Debug)]
struct ArcTangent {
    width: f64,
    origin: Origin,
}

impl fmt::Display for ArcTangent {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "atan(x/{})", self.width)
    }
}

#[rustfmt::skip]
impl Utility for ArcTangent {
    fn value(&self, x: f64) -> f64 { (x / self.width).atan() }
    fn slope(&self, x: f64) -> f64 { self.width / (x * x + self.width * self.width) }
    fn curvature(&self, x: f64) -> f64 { -2.0 * x * self.slope(x).powi(2) / self.width }
    fn origin(&self) -> Origin { self.origin }
}

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let own = ArcTangent { width: 0.25, origin: Origin::FiniteSlope(4.0) }; // U'(0+) = 1/width
    for solution in [solve(&parse("atan(4x)")?, 6)?, solve(&own, 6)?] {
        println!("{}: {:.4?}, concavity {}", solution.utility, solution.rewards, solution.concavity);
    }
    let wrong = ArcTangent { origin: Origin::FiniteSlope(1.0), ..own };
    let refused = [parse("x^2").unwrap_err(), parse("sin(4x)").unwrap_err()];
    println!("{}\n{}\n{}", refused[0], refused[1], solve(&wrong, 6).unwrap_err());
    Ok(())
}
