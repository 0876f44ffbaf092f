use argmin::core::{Gradient, Hessian};
use reward_collapse::{problem::*, utility::parse};
use std::time::Instant;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let n: usize = a[2].parse().unwrap();
    let u = parse(&a[1]).unwrap();
    let pow = if a[1].starts_with("-") { 1.0 } else { 2.0 };
    let x = Positions::new(n, (0..n / 2).map(|i| 0.5 * (2.0 * i as f64 / (n - 1) as f64).powf(pow)).collect());
    let f = FastRewards::new(u, n);
    let t = Instant::now();
    let g = f.gradient(&x).unwrap();
    println!("gradient {:.3}", t.elapsed().as_secs_f64());
    let t = Instant::now();
    let g2 = f.gradient(&x).unwrap();
    println!("gradient again {:.3}", t.elapsed().as_secs_f64());
    let t = Instant::now();
    let f6 = FastRewards::new(f.utility().clone(), n).with_hessian_accuracy(1e-6);
    let h = f6.hessian(&x).unwrap();
    println!("hessian {:.3}", t.elapsed().as_secs_f64());
    let v = g.to_vec();
    let t = Instant::now();
    for _ in 0..5 {
        h.apply(&v);
    }
    println!("apply {:.3}", t.elapsed().as_secs_f64() / 5.0);
    let t = Instant::now();
    let p = h.preconditioner(1);
    println!("preconditioner {:.3}", t.elapsed().as_secs_f64());
    let t = Instant::now();
    for _ in 0..5 {
        p.apply(&v);
    }
    println!("preconditioner apply {:.3}", t.elapsed().as_secs_f64() / 5.0);
    let t = Instant::now();
    let q = f.forces(&x);
    println!("forces {:.3} {}", t.elapsed().as_secs_f64(), q.largest_cut + g2[0]);
}
