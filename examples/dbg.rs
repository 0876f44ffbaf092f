use reward_collapse::{problem::*, solution::*, utility::parse};
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let n: usize = a[2].parse().unwrap();
    let u = parse(&a[1]).unwrap();
    let s = match solve_with(&u, n, &SolveOptions { method: Some(Method::Fast), ..Default::default() }) {
        Ok(s) => s,
        Err(SolveError::NotConverged(s)) => *s,
        Err(e) => panic!("{e}"),
    };
    let x = Positions::new(n, s.rewards[..n / 2].to_vec());
    let f = FastRewards::new(u.clone(), n).forces(&x);
    let d = FoldedRewards::new(u.clone(), n).forces(&x);
    println!(
        "{} {:.2e}\nfast {f:?}\ndirect {d:?}\n gap/T fast {:.2e} rounding {:.2e} direct {:.2e}",
        s.iterations,
        s.relative_gap,
        (f.largest_cut - f.virial) / f.virial,
        f.rounding / f.virial,
        (d.largest_cut - d.virial) / d.virial
    );
}
