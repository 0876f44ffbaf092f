use reward_collapse::{solution::*, utility::parse};
use std::sync::Arc;
fn main() {
    let a: Vec<String> = std::env::args().collect();
    let n: usize = a[1].parse().unwrap();
    let list: Vec<String> = if a.len() > 2 {
        a[2..].to_vec()
    } else {
        let mut table = vec![
            "log(x)".to_owned(),
            "x-x*log(x)".into(),
            "x^0.3-0.2x^2".into(),
            "log(x)+x".into(),
            "tanh(3x)".into(),
            "x-0.4x^1.5".into(),
            "x^0.3+x".into(),
            "-x^-0.5+log(x)".into(),
            "log(x+0.1)+0.2x".into(),
        ];
        table.extend([0.02, 0.3, 0.7, 0.9, 0.98].map(|g| format!("x^{g}")));
        table.extend([0.02, 0.5, 1.0, 2.0, 4.0, 8.0].map(|s| format!("-x^-{s}")));
        table.extend([1e-4, 1e-2, 0.1, 1.0, 10.0].map(|e| format!("log(x+{e})")));
        table.extend([1e-4, 1e-2, 0.1, 1.0, 10.0].map(|e| format!("-1/(x+{e})")));
        table.extend([0.01, 1.0, 4.0, 50.0, 1000.0].map(|k| format!("logsigmoid({k}x)")));
        table.extend([0.01, 1.0, 4.0, 50.0, 1000.0].map(|k| format!("1-exp(-{k}x)")));
        table.extend([0.01, 0.5, 1.0].map(|b| format!("x-{}x^2", b / 2.0)));
        table
    };
    let dense_too = n <= 4000;
    for t in list {
        let u = match parse(&t) {
            Ok(u) => u,
            Err(e) => {
                println!("{t} {e}");
                continue;
            }
        };
        let log = std::env::var("LOG").is_ok();
        let obs: Observer = Arc::new(move |p: Progress| {
            if log {
                eprintln!("   n {} it {}", p.n, p.iteration)
            }
        });
        let go =
            |m| solve_with(&u, n, &SolveOptions { method: Some(m), observer: Some(obs.clone()), ..Default::default() });
        let unpack = |r: Result<Solution, SolveError>| match r {
            Ok(s) => (s, ""),
            Err(SolveError::NotConverged(s)) => (*s, "NOT"),
            Err(e) => panic!("{t}: {e}"),
        };
        let (f, ok) = unpack(go(Method::Fast));
        print!(
            "{t:16} fast {:7.1} ms it {:3} relgap {:.1e} unique {} {ok}",
            f.seconds * 1e3,
            f.iterations,
            f.relative_gap,
            f.unique
        );
        if dense_too {
            let (d, okd) = unpack(go(Method::Dense));
            let e = f.rewards.iter().zip(&d.rewards).map(|(a, b)| (a - b).abs()).fold(0.0, f64::max);
            let r = f
                .rewards
                .iter()
                .zip(&d.rewards)
                .take(n / 2)
                .map(|(a, b)| if *b > 0.0 { (a / b - 1.0).abs() } else { *a })
                .fold(0.0, f64::max);
            let ties = |s: &Solution| s.rewards.iter().take_while(|x| **x == 0.0).count();
            print!(
                " | dense {:7.1} ms it {:3} relgap {:.1e} unique {} {okd} | abs {e:.1e} rel {r:.1e} obj {:.1e} ties {} {}",
                d.seconds * 1e3,
                d.iterations,
                d.relative_gap,
                d.unique,
                (f.objective - d.objective) / d.objective,
                ties(&f),
                ties(&d)
            );
        }
        println!();
    }
}
