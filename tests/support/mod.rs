//! Known answers that several tests share.

#![allow(dead_code)]

/// The `n` Gauss-Lobatto-Legendre nodes on [0, 1]: the ends and the zeros of `P'_{n-1}`, by Newton's method on the Legendre
/// recurrence.
pub fn gauss_lobatto(n: usize) -> Vec<f64> {
    let degree = n - 1;
    let mut nodes = vec![0.0; n];
    nodes[n - 1] = 1.0;
    for i in 1..n / 2 {
        let mut x = (std::f64::consts::PI * i as f64 / degree as f64).cos();
        for _ in 0..100 {
            let (mut below, mut p) = (1.0, x);
            for k in 2..=degree {
                (below, p) = (p, ((2 * k - 1) as f64 * x * p - (k - 1) as f64 * below) / k as f64);
            }
            // (1 - x^2) P' = m (P_{m-1} - x P_m), and its derivative is -m (m+1) P_m.
            let step = (below - x * p) / ((degree + 1) as f64 * p);
            x += step;
            if step.abs() < 1e-17 {
                break;
            }
        }
        nodes[i] = (1.0 - x) / 2.0;
        nodes[n - 1 - i] = 1.0 - nodes[i];
    }
    if n % 2 == 1 {
        nodes[n / 2] = 0.5;
    }
    nodes
}

/// Every family at the ends and inside of the range of its parameter.
pub fn table_utilities() -> Vec<String> {
    let mut table = vec!["log(x)".to_owned()];
    table.extend([0.02, 0.3, 0.7, 0.9, 0.98].map(|gamma| format!("x^{gamma}")));
    table.extend([0.02, 0.5, 1.0, 2.0, 4.0, 8.0].map(|sigma| format!("-x^-{sigma}")));
    table.extend([1e-4, 1e-2, 0.1, 1.0, 10.0].map(|eps| format!("log(x+{eps})")));
    table.extend([1e-4, 1e-2, 0.1, 1.0, 10.0].map(|eps| format!("-1/(x+{eps})")));
    table.extend([0.01, 1.0, 4.0, 50.0, 1000.0].map(|k| format!("logsigmoid({k}x)")));
    table.extend([0.01, 1.0, 4.0, 50.0, 1000.0].map(|k| format!("1-exp(-{k}x)")));
    table.extend([0.01, 0.5, 1.0].map(|b| format!("x-{}x^2", b / 2.0)));
    table
}
