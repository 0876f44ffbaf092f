use reward_collapse::{solution::*, utility::parse};
fn main() {
    let seconds: f64 = std::env::args().nth(1).unwrap().parse().unwrap();
    let mut s: u64 = std::env::args().nth(2).unwrap().parse().unwrap();
    let mut r = move || {
        s ^= s << 13;
        s ^= s >> 7;
        s ^= s << 17;
        (s >> 11) as f64 / (1u64 << 53) as f64
    };
    let t0 = std::time::Instant::now();
    let (mut count, mut worst, mut slowest) = (0, (0.0, String::new()), (0.0, String::new()));
    while t0.elapsed().as_secs_f64() < seconds {
        let n = (300f64 * (30000f64 / 300.0).powf(r())) as usize;
        let lu = |a: f64, b: f64, x: f64| a * (b / a as f64).powf(x);
        let x = r();
        let text = match (r() * 9.0) as usize {
            0 => "log(x)".into(),
            1 => format!("x^{}", 0.02 + 0.96 * x),
            2 => format!("-x^-{}", lu(0.02, 8.0, x)),
            3 => format!("log(x+{})", lu(1e-4, 10.0, x)),
            4 => format!("-1/(x+{})", lu(1e-4, 10.0, x)),
            5 => format!("logsigmoid({}x)", lu(0.01, 1000.0, x)),
            6 => format!("1-exp(-{}x)", lu(0.01, 1000.0, x)),
            7 => format!("x-{}x^2", lu(1e-3, 0.5, x)),
            _ => format!("x^{}+{}log(x)", 0.05 + 0.9 * x, lu(1e-3, 10.0, r())),
        };
        let u = match parse(&text) {
            Ok(u) => u,
            Err(e) => {
                println!("{text}: {e}");
                continue;
            }
        };
        let res = solve_with(&u, n, &SolveOptions { method: Some(Method::Fast), ..Default::default() });
        count += 1;
        match res {
            Ok(q) => {
                if q.relative_gap > worst.0 {
                    worst = (q.relative_gap, format!("{text} {n}"))
                }
                let rate = q.seconds / n as f64;
                if rate > slowest.0 {
                    slowest = (rate, format!("{text} {n} {:.2}s", q.seconds))
                }
                if q.relative_gap > 2e-11 || rate > 5e-4 {
                    println!("{text} n {n} gap {:.1e} {:.2}s it {}", q.relative_gap, q.seconds, q.iterations)
                }
            }
            Err(e) => println!("FAIL {text} n {n}: {e}"),
        }
    }
    println!("{count} solves, worst {worst:?} slowest {slowest:?}");
}
