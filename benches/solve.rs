//! Time to solve the finite problem: `cargo bench --bench solve`.

use std::hint::black_box;

use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use reward_collapse::{
    problem::{Equilibrium, Field, Support},
    solution::{Method, SolveOptions, solve, solve_equilibrium_with, solve_with},
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

/// Problem (7): Hermite zeros, raw logits with smoothing, and square roots between walls.
fn fields(c: &mut Criterion) {
    let mut group = c.benchmark_group("fields");
    group.sample_size(10);
    let problem = |utility: &str, support: Support, field: Option<&str>, smoothing: f64| {
        let utility = parse(utility).expect("a utility of the table");
        let problem = Equilibrium::new(utility, smoothing, support).expect("concave");
        match field {
            Some(text) => problem.with_field(Field::parse(text, support).expect("concave")),
            None => problem,
        }
    };
    let problems = [
        problem("log(x)", Support::LINE, Some("-x^2/2"), 0.0),
        problem("logsigmoid(x)", Support::LINE, None, 0.1),
        problem("x^0.5", Support::UNIT, Some("0.3x-0.2x^2"), 0.0),
    ];
    for n in [1000, 10_000] {
        for problem in &problems {
            for method in [Method::Dense, Method::Fast] {
                if method == Method::Dense && n > 1000 {
                    continue;
                }
                let options = SolveOptions { method: Some(method), ..SolveOptions::default() };
                let name = BenchmarkId::new(format!("{problem}, {method}"), n);
                group.bench_with_input(name, &n, |b, &n| {
                    b.iter(|| solve_equilibrium_with(black_box(problem), n, &options))
                });
            }
        }
    }
    group.finish();
}

criterion_group!(benches, eight, large, fields);
criterion_main!(benches);
