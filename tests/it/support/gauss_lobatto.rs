//! Gauss-Lobatto-Legendre nodes in `O(n)`, each by itself to about an ulp or two, however many there are.
//!
//! With `N = n - 1` the interior nodes are the zeros of `P'_N`, here as `r = (1 - cos theta) / 2 = sin^2(theta / 2)`. Near the
//! end they come from the hypergeometric polynomial in `r`, whose alternating terms two doubles can bear; elsewhere from the
//! phase of Liouville and Green, whose series is short there. The two overlap.

use std::f64::consts::PI;

/// The nodes next to the end that are found from the polynomial: its terms reach `e^(pi k)` at node `k`.
const FROM_POLYNOMIAL: usize = 10;

/// The terms of the phase that are kept; at the first node that needs them the last is 5e-18 of the whole.
const PHASE_TERMS: usize = 7;

/// The `n >= 2` Gauss-Lobatto-Legendre nodes on [0, 1]. Those below 1/2 have full relative accuracy, the others are 1 less them.
pub fn gauss_lobatto(n: usize) -> Vec<f64> {
    let mut nodes = vec![0.0; n];
    let phase = Phase::new(n - 1);
    for k in 1..n / 2 {
        let node =
            if k <= FROM_POLYNOMIAL { zero_of_polynomial(n - 1, phase.node(k, 1)) } else { phase.node(k, PHASE_TERMS) };
        nodes[k] = node;
        nodes[n - 1 - k] = 1.0 - node;
    }
    if n % 2 == 1 {
        nodes[n / 2] = 0.5;
    }
    nodes[n - 1] = 1.0;
    nodes
}

/// The same nodes by Newton's method on the three-term recurrence, in `O(n^2)`: as accurate as the cosine, absolutely.
pub fn gauss_lobatto_by_recurrence(n: usize) -> Vec<f64> {
    let degree = n - 1;
    let mut nodes = vec![0.0; n];
    nodes[n - 1] = 1.0;
    for i in 1..n / 2 {
        let mut x = (PI * i as f64 / degree as f64).cos();
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

/// `v = sin^(3/2)(theta) P'_N(cos theta)` solves `v'' + (rho^2 - 3 / (4 sin^2 theta)) v = 0` with `rho = N + 1/2`, so that
/// `log v` has a derivative `i rho + T_1 / (i rho) + T_2 / (i rho)^2 + ..`; the `T` are polynomials in `c = cot theta` which
/// Riccati's equation gives one after the other. The terms of odd order are the derivative of the phase. Its integral is
/// `rho theta + F(theta)` with an odd `F` about `pi / 2`, and at node `k` it is `(k + 1/4) pi`, as the symmetry demands.
struct Phase {
    rho: f64,
    /// `F = sum_m rho^(1-2m) c P_m(c^2)`, ascending coefficients of each `P_m`.
    terms: Vec<Vec<f64>>,
}

impl Phase {
    fn new(degree: usize) -> Self {
        // T_0 = 0, T_1 = 3 (1 + c^2) / 8, and T_{k+1} = -(T_k' + sum_j T_j T_{k-j}) / 2 with (d / d theta) = -(1 + c^2) (d / dc).
        let mut t = vec![vec![0.0], vec![0.375, 0.0, 0.375]];
        for k in 1..2 * PHASE_TERMS - 1 {
            let mut next = vec![0.0; k + 3];
            for (power, coefficient) in t[k].iter().enumerate().skip(1) {
                let slope = power as f64 * coefficient;
                next[power - 1] += slope / 2.0;
                next[power + 1] += slope / 2.0;
            }
            for j in 1..k {
                for (a, x) in t[j].iter().enumerate() {
                    for (b, y) in t[k - j].iter().enumerate() {
                        next[a + b] -= x * y / 2.0;
                    }
                }
            }
            t.push(next);
        }
        // (i rho)^(1-2m) = i (-1)^m rho^(1-2m), and the integral of T over theta is that of -T / (1 + c^2) over c.
        let terms = (1..=PHASE_TERMS).map(|m| {
            let sign = if m % 2 == 0 { -1.0 } else { 1.0 };
            let mut quotient = 0.0;
            let even = t[2 * m - 1].iter().step_by(2).take(m);
            even.enumerate()
                .map(|(j, coefficient)| {
                    quotient = coefficient - quotient;
                    sign * quotient / (2 * j + 1) as f64
                })
                .collect()
        });
        Self { rho: degree as f64 + 0.5, terms: terms.collect() }
    }

    /// Node `k` from the first `terms` terms.
    fn node(&self, k: usize, terms: usize) -> f64 {
        let whole = (k as f64 + 0.25) * PI;
        let mut theta = whole / self.rho;
        for _ in 0..20 {
            let c = 1.0 / theta.tan();
            let mut rest = 0.0;
            for term in self.terms[..terms].iter().rev() {
                let value = term.iter().rev().fold(0.0, |sum, coefficient| sum * c * c + coefficient);
                rest = rest / (self.rho * self.rho) + value;
            }
            let next = (whole - rest * c / self.rho) / self.rho;
            if (next - theta).abs() <= 1e-16 * theta {
                break;
            }
            theta = next;
        }
        (theta / 2.0).sin().powi(2)
    }
}

/// The zero of `P'_N`, `N = degree`, next to `r`: Newton on `2F1(1 - N, N + 2; 2; r)`, which is `P'_N` up to a factor.
fn zero_of_polynomial(degree: usize, mut r: f64) -> f64 {
    for _ in 0..20 {
        let mut term = Pair(1.0, 0.0);
        let (mut value, mut slope) = (term, Pair(0.0, 0.0));
        for m in 1..degree {
            // The factors are integers below 2^53, so exact.
            let up = (degree - m) as f64 * (degree + 1 + m) as f64;
            term = term.times(-up).times(r).over((m * (m + 1)) as f64);
            value = value.plus(term);
            slope = slope.plus(term.times(m as f64));
            if term.0.abs() * (m as f64) < 1e-34 {
                break;
            }
        }
        // `slope` is r times the derivative.
        let step = r * value.0 / slope.0;
        r -= step;
        if step.abs() <= 1e-17 * r {
            break;
        }
    }
    r
}

/// A number as the unevaluated sum of two doubles.
#[derive(Clone, Copy)]
struct Pair(f64, f64);

impl Pair {
    /// Of a sum whose first part is the larger.
    fn of(high: f64, low: f64) -> Self {
        let sum = high + low;
        Self(sum, low - (sum - high))
    }

    fn plus(self, other: Self) -> Self {
        let sum = self.0 + other.0;
        let part = sum - self.0;
        let error = (self.0 - (sum - part)) + (other.0 - part);
        Self::of(sum, error + (self.1 + other.1))
    }

    fn times(self, factor: f64) -> Self {
        let product = self.0 * factor;
        Self::of(product, self.0.mul_add(factor, -product) + self.1 * factor)
    }

    fn over(self, divisor: f64) -> Self {
        let quotient = self.0 / divisor;
        Self::of(quotient, ((-quotient).mul_add(divisor, self.0) + self.1) / divisor)
    }
}
