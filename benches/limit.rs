//! How long a limit law takes: the table of utilities without a closed form, and harder ones.

use std::hint::black_box;

use criterion::{Criterion, criterion_group, criterion_main};
use reward_collapse::limit::LimitLaw;
use reward_collapse::utility::parse;

fn solve(c: &mut Criterion) {
    let mut group = c.benchmark_group("LimitLaw::of");
    for text in ["logsigmoid(x)", "logsigmoid(4x)", "log(x+0.1)", "-1/(x+0.1)", "log(x+0.001)", "x^0.3-0.1x^2", "x^0.8"]
    {
        let Ok(utility) = parse(text) else { continue };
        group.bench_function(text, |b| b.iter(|| LimitLaw::of(black_box(&*utility))));
    }
    group.finish();
}

fn evaluate(c: &mut Criterion) {
    let mut group = c.benchmark_group("LimitLaw");
    for text in ["log(x+0.1)", "x^0.8", "x^0.3-0.1x^2"] {
        let Some(law) = parse(text).ok().and_then(|utility| LimitLaw::of(&*utility).ok()) else { continue };
        group.bench_function(format!("cdf {text}"), |b| b.iter(|| law.cdf(black_box(0.3))));
        group.bench_function(format!("quantile {text}"), |b| b.iter(|| law.quantile(black_box(0.37))));
    }
    group.finish();
}

// Criterion's plots would need a font registered with plotters.
criterion_group! {
    name = benches;
    config = Criterion::default().without_plots();
    targets = solve, evaluate
}
criterion_main!(benches);
