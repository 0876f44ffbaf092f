//! The law that optimal rewards converge to as the number of responses grows.
//!
//! `cargo run --release --example limit` prints the atoms, density and quantiles of the law of `log sigmoid(4x)`, its
//! variance, and the variance of 100 000 samples.

use rand::SeedableRng;
use rand::distr::Distribution;
use rand::rngs::StdRng;
use reward_collapse::limit::LimitLaw;
use reward_collapse::utility::parse;

fn main() -> Result<(), Box<dyn std::error::Error>> {
    let law = LimitLaw::of(&parse("logsigmoid(4x)")?)?;

    for atom in law.atoms() {
        println!("a share of {:.6} of the responses has reward {}", atom.mass, atom.at);
    }
    for x in [0.1, 0.3, 0.5] {
        println!("density({x}) = {:.6}, cdf({x}) = {:.6}", law.density(x), law.cdf(x));
    }
    for u in [0.1, 0.25, 0.5] {
        println!("quantile({u}) = {:.6}", law.quantile(u));
    }
    println!("variance {:.6}, gap {:.1e}", law.variance(), law.gap());

    let mut random = StdRng::seed_from_u64(0);
    let sample: Vec<f64> = (&law).sample_iter(&mut random).take(100_000).collect();
    let squares: f64 = sample.iter().map(|x| (x - law.mean()).powi(2)).sum();
    println!("variance of 100 000 samples: {:.4}", squares / sample.len() as f64);
    Ok(())
}
