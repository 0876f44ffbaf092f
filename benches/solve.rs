//! Time to solve the finite problem: `cargo bench --bench solve`.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use reward_collapse::{
    solution::{Method, SolveOptions, solve, solve_with},
    utility::parse,
};

const UTILITIES: [&str; 12] = [
    "log(x)",
    "-1/x",
    "x^0.5",
    "log(x+0.1)",
    "-1/(x+0.1)",
    "logsigmoid(4x)",
    "1-exp(-4x)",
    "x-0.25x^2",
    "x^0.98",
    "-x^-8",
    "log(x)+x",
    "x^0.3-0.1x^2",
];

fn eight(c: &mut Criterion) {
    let mut group = c.benchmark_group("n=8");
    for text in UTILITIES {
        let utility = parse(text).expect("a utility of the table");
        group.bench_function(text, |b| b.iter(|| solve(black_box(&utility), 8)));
    }
    group.finish();
}

fn large(c: &mut Criterion) {
    let mut group = c.benchmark_group("large");
    group.sample_size(10);
    for n in [1000, 4000] {
        for text in ["log(x)", "-1/x", "log(x+0.1)"] {
            let utility = parse(text).expect("a utility of the table");
            for method in [Method::Dense, Method::Fast] {
                let options = SolveOptions { method: Some(method), ..SolveOptions::default() };
                let name = BenchmarkId::new(format!("{text}, {method}"), n);
                group.bench_with_input(name, &n, |b, &n| b.iter(|| solve_with(black_box(&utility), n, &options)));
            }
        }
    }
    group.finish();
}

criterion_group!(benches, eight, large);
criterion_main!(benches);
