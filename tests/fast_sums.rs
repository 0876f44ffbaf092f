//! Sums over pairs in O(n log n) against direct sums.

use argmin::core::{CostFunction, Gradient, Hessian};
use reward_collapse::problem::{FastRewards, FoldedRewards, Positions};
use reward_collapse::utility::parse;

fn quantiles(n: usize, power: f64) -> Positions {
    Positions::new(n, (0..n / 2).map(|i| 0.5 * (2.0 * i as f64 / (n - 1) as f64).powf(power)).collect())
}

#[test]
fn compare() {
    for text in
        ["log(x)", "-1/x", "x^0.5", "-x^-2", "log(x+0.1)", "logsigmoid(4x)", "1-exp(-50x)", "x-0.5x^2", "log(x)+x"]
    {
        for (n, power) in [(40, 1.0), (1000, 2.0), (3001, 3.0), (3000, 1.0), (2500, 15.0)] {
            let u = parse(text).unwrap();
            let x = quantiles(n, power);
            let (fast, direct) = (FastRewards::new(u.clone(), n), FoldedRewards::new(u.clone(), n));
            let g = fast.gradient(&x).unwrap();
            let d = direct.gradient(&x).unwrap();
            let f = fast.forces(&x);
            let e = direct.forces(&x);
            let h = fast.hessian(&x).unwrap();
            let hd = direct.hessian(&x).unwrap();
            let m = n / 2;
            let v: Vec<f64> = (0..m).map(|i| (i as f64 * 0.7).sin() * x.lower_half()[i].max(1e-300)).collect();
            let hv = h.apply(&v);
            let (mut eg, mut eh, mut ed) = (0.0f64, 0.0f64, 0.0f64);
            for i in 0..m {
                eg = eg.max((g[i] - d[i]).abs() / d[i].abs());
                let row = |j: usize| if j <= i { hd[(i, j)] } else { hd[(j, i)] };
                let (s, a) = (0..m).fold((0.0, 0.0), |(s, a), j| (s + row(j) * v[j], a + (row(j) * v[j]).abs()));
                eh = eh.max((hv[i] - s).abs() / a);
                ed = ed.max((h.diagonal()[i] / hd[(i, i)] - 1.0).abs());
            }
            println!(
                "{text:15} n {n:5} p {power:4} grad {eg:.1e} hv {eh:.1e} diag {ed:.1e} cut {:.1e} virial {:.1e} S {:.1e} mag {:.1e} bound {:.1e}",
                f.largest_cut / e.largest_cut - 1.0,
                f.virial / e.virial - 1.0,
                (f.objective - e.objective) / e.magnitude,
                f.magnitude / e.magnitude - 1.0,
                f.rounding / f.virial
            );
            let _ = direct.cost(&x);
        }
    }
}
