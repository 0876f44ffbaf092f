//! Time of one sum over all pairs, and of the same without interpolation: `cargo bench --bench sums`.

use std::hint::black_box;

use argmin::core::{CostFunction, Gradient, Hessian};
use criterion::{BenchmarkId, Criterion, criterion_group, criterion_main};
use reward_collapse::problem::{FastRewards, FoldedRewards, Positions};
use reward_collapse::utility::parse;

/// Rewards near the optimum of `log x`: the quantiles of the arcsine law.
fn arcsine(n: usize) -> Positions {
    let angle = |i: usize| std::f64::consts::FRAC_PI_2 * i as f64 / (n - 1) as f64;
    Positions::new(n, (0..n / 2).map(|i| angle(i).sin().powi(2)).collect()).expect("ascending")
}

fn sums(c: &mut Criterion) {
    let log = parse("log(x)").expect("a utility of the table");
    let mut group = c.benchmark_group("log");
    group.sample_size(10);
    for n in [1_000, 10_000, 100_000, 1_000_000] {
        let (x, fast) = (arcsine(n), FastRewards::new(log.clone()));
        let size = |name: &str| BenchmarkId::new(name, n);
        group.bench_with_input(size("potential"), &x, |b, x| b.iter(|| fast.cost(black_box(x))));
        group.bench_with_input(size("slope"), &x, |b, x| b.iter(|| fast.gradient(black_box(x))));
        group.bench_with_input(size("curvature, first"), &x, |b, x| b.iter(|| fast.hessian(black_box(x))));
        let hessian = fast.hessian(&x).expect("positions in order");
        let ones = vec![1.0; n / 2];
        group.bench_with_input(size("curvature, again"), &ones, |b, v| b.iter(|| hessian.apply(black_box(v))));
        if n <= 10_000 {
            let direct = FoldedRewards::new(log.clone());
            group.bench_with_input(size("slope, direct"), &x, |b, x| b.iter(|| direct.gradient(black_box(x))));
        }
    }
    group.finish();
}

criterion_group!(benches, sums);
criterion_main!(benches);
