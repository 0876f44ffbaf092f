//! Orthonormal Gegenbauer polynomials of one parity.

/// Orthonormal polynomials `q_m` on [-1, 1] for the weight `(1 - t^2)^(lambda - 1/2)`, `lambda > -1/2`.
///
/// `q_m` is a multiple of `C_m^(lambda)`, or of `T_m` for `lambda = 0`; orthonormality makes the two one family. They satisfy
/// `t q_m = b_{m+1} q_{m+1} + b_m q_{m-1}` with `b_m^2 = m (m + 2 lambda - 1) / (4 (m + lambda) (m + lambda - 1))`, and
/// `q_m' = sqrt(m (m + 2 lambda))` times the `q_{m-1}` of `lambda + 1`.
///
/// A law that is symmetric has polynomials of one parity only, for which the recurrence is one in `t^2`.
#[derive(Debug, Clone)]
pub(super) struct Gegenbauer {
    /// `q_0`.
    constant: f64,
    /// `b_0 = 0, b_1, b_2, ...`
    b: Vec<f64>,
}

impl Gegenbauer {
    /// The family with `int (1 - t^2)^(lambda - 1/2) dt = mass`, up to degree `degree`.
    pub(super) fn new(lambda: f64, mass: f64, degree: usize) -> Self {
        let square = |m: usize| match m {
            0 => 0.0,
            // The general formula is 0/0 for lambda = 0.
            1 => 0.5 / (1.0 + lambda),
            _ => {
                let m = m as f64;
                m * (m + 2.0 * lambda - 1.0) / (4.0 * (m + lambda) * (m + lambda - 1.0))
            }
        };
        Self { constant: 1.0 / mass.sqrt(), b: (0..=degree + 2).map(|m| square(m).sqrt()).collect() }
    }

    /// `q_0(t), q_1(t), ..., ` filling `values`: at most two more than the degree of the family.
    pub(super) fn all(&self, t: f64, values: &mut [f64]) {
        let (mut previous, mut current) = (0.0, self.constant);
        for (m, value) in values.iter_mut().enumerate() {
            *value = current;
            (previous, current) = (current, (t * current - self.b[m] * previous) / self.b[m + 1]);
        }
    }

    /// The coefficients of `S(t) / (1 + side t)`, `side` 1 or -1, from those of an `S` that vanishes where the divisor does.
    pub(super) fn divided(&self, coefficients: &[f64], side: f64) -> Vec<f64> {
        // With T the quotient, S_m = T_m + side (b_m T_{m-1} + b_{m+1} T_{m+1}): from the highest downwards, where errors grow
        // no faster than q_m at the zero.
        let mut quotient = vec![0.0; coefficients.len() + 1];
        for m in (1..coefficients.len()).rev() {
            quotient[m - 1] =
                side * (coefficients[m] - quotient[m]) / self.b[m] - self.b[m + 1] / self.b[m] * quotient[m + 1];
        }
        quotient.truncate(coefficients.len().saturating_sub(1).max(1));
        quotient
    }

    /// `q_0(t), q_2(t), ..., ` for `t^2 = square`, filling `values`.
    pub(super) fn even(&self, square: f64, values: &mut [f64]) {
        let (mut previous, mut current) = (0.0, self.constant);
        for (k, value) in values.iter_mut().enumerate() {
            *value = current;
            let (rise, centre, fall) = self.step(2 * k);
            (previous, current) = (current, ((square - centre) * current - fall * previous) / rise);
        }
    }

    /// An accumulator of `sum_i weight_i q_m(t_i)` for the first `count` even `m`.
    pub(super) fn even_sums(&self, count: usize) -> EvenSums {
        let recurrence = (0..count).map(|k| {
            let (rise, centre, fall) = self.step(2 * k);
            [1.0 / rise, centre, fall / rise]
        });
        EvenSums {
            constant: self.constant,
            recurrence: recurrence.collect(),
            squares: [0.0; LANES],
            weights: [0.0; LANES],
            waiting: 0,
            sums: vec![0.0; count],
        }
    }

    /// `t^2 q_m = rise q_{m+2} + centre q_m + fall q_{m-2}`.
    fn step(&self, m: usize) -> (f64, f64, f64) {
        let b = &self.b;
        let fall = if m == 0 { 0.0 } else { b[m] * b[m - 1] };
        (b[m + 1] * b[m + 2], b[m + 1] * b[m + 1] + b[m] * b[m], fall)
    }

    /// The positive zeros of `q_{2n}`, descending, with the weights of their Gauss rule.
    ///
    /// Each is bracketed by counting sign changes of the sequence `q_0(t), q_1(t), ...` (Sturm), then bisected.
    pub(super) fn gauss_rule(&self, n: usize) -> Vec<(f64, f64)> {
        const BISECTIONS: usize = 52;
        let degree = 2 * n;
        (0..n)
            .map(|zeros_above| {
                let (mut below, mut above) = (0.0, 1.0);
                for _ in 0..BISECTIONS {
                    let middle = 0.5 * (below + above);
                    if self.zeros_above(middle, degree) > zeros_above { below = middle } else { above = middle }
                }
                let node = 0.5 * (below + above);
                (node, self.christoffel_number(node, degree))
            })
            .collect()
    }

    /// How many zeros of `q_degree` exceed `t`.
    fn zeros_above(&self, t: f64, degree: usize) -> usize {
        // The ratios b_m q_m / q_{m-1} obey r_{m+1} = t - b_m^2 / r_m; each negative one is a sign change.
        let mut ratio = t;
        let mut changes = usize::from(ratio < 0.0);
        for m in 1..degree {
            let safe = if ratio == 0.0 { f64::MIN_POSITIVE } else { ratio };
            ratio = t - self.b[m] * self.b[m] / safe;
            changes += usize::from(ratio < 0.0);
        }
        changes
    }

    /// `1 / sum_{m < degree} q_m(t)^2`, the Gauss weight of a zero of `q_degree`.
    fn christoffel_number(&self, t: f64, degree: usize) -> f64 {
        let (mut previous, mut current) = (0.0, self.constant);
        let mut sum = 0.0;
        for m in 0..degree {
            sum += current * current;
            (previous, current) = (current, (t * current - self.b[m] * previous) / self.b[m + 1]);
        }
        1.0 / sum
    }
}

/// Points that share one pass through the recurrence, which is otherwise bound by its own latency.
const LANES: usize = 8;

/// Gathers `sum_i weight_i q_m(t_i)` for even `m`.
pub(super) struct EvenSums {
    constant: f64,
    /// `1/rise`, `centre` and `fall/rise` for each step.
    recurrence: Vec<[f64; 3]>,
    squares: [f64; LANES],
    weights: [f64; LANES],
    waiting: usize,
    sums: Vec<f64>,
}

impl EvenSums {
    /// Adds the point with `t^2 = square`.
    pub(super) fn add(&mut self, square: f64, weight: f64) {
        self.squares[self.waiting] = square;
        self.weights[self.waiting] = weight;
        self.waiting += 1;
        if self.waiting == LANES {
            self.flush();
        }
    }

    fn flush(&mut self) {
        self.weights[self.waiting..].fill(0.0);
        self.squares[self.waiting..].fill(0.0);
        self.waiting = 0;
        let mut previous = [0.0; LANES];
        let mut current = self.weights.map(|weight| weight * self.constant);
        for (sum, [per_rise, centre, ratio]) in self.sums.iter_mut().zip(&self.recurrence) {
            *sum += current.iter().sum::<f64>();
            for lane in 0..LANES {
                let next = (self.squares[lane] - centre) * per_rise * current[lane] - ratio * previous[lane];
                previous[lane] = current[lane];
                current[lane] = next;
            }
        }
    }

    pub(super) fn finish(mut self) -> Vec<f64> {
        self.flush();
        self.sums
    }
}

/// `sum_k c_k q_{start + 2k}` with `start` 0 or 1, ready for Clenshaw's recurrence in `t^2`.
#[derive(Debug, Clone)]
pub(super) struct ParitySeries {
    odd: bool,
    first: f64,
    /// `c_k`, `centre_k`, `1/rise_k`, `rise_k/rise_{k+1}` for each term.
    terms: Vec<[f64; 4]>,
}

impl ParitySeries {
    pub(super) fn new(family: &Gegenbauer, odd: bool, coefficients: &[f64]) -> Self {
        let start = usize::from(odd);
        let terms = coefficients.iter().enumerate().map(|(k, &c)| {
            let (rise, centre, _) = family.step(start + 2 * k);
            // fall of step k+1 is rise of step k: the recurrence is symmetric.
            let next_rise = if start + 2 * k + 4 < family.b.len() { family.step(start + 2 * k + 2).0 } else { 1.0 };
            [c, centre, 1.0 / rise, rise / next_rise]
        });
        let first = if odd { family.constant / family.b[1] } else { family.constant };
        Self { odd, first, terms: terms.collect() }
    }

    pub(super) fn evaluate(&self, t: f64) -> f64 {
        let square = t * t;
        let (mut next, mut after) = (0.0, 0.0);
        for [c, centre, per_rise, ratio] in self.terms.iter().rev() {
            let current = c + (square - centre) * per_rise * next - ratio * after;
            (next, after) = (current, next);
        }
        let first = if self.odd { self.first * t } else { self.first };
        next * first
    }
}

#[cfg(test)]
mod tests {
    use std::f64::consts::PI;

    use super::*;

    #[test]
    fn chebyshev_is_the_member_zero() {
        let family = Gegenbauer::new(0.0, PI, 20);
        let theta: f64 = 0.7;
        let mut values = [0.0; 8];
        family.even(theta.cos().powi(2), &mut values);
        for (k, value) in values.iter().enumerate().skip(1) {
            let expected = (2.0 / PI).sqrt() * (2.0 * k as f64 * theta).cos();
            assert!((value - expected).abs() < 1e-13, "{k}");
        }
        for (k, (node, weight)) in family.gauss_rule(8).into_iter().enumerate() {
            let expected = (PI * (2.0 * k as f64 + 1.0) / 32.0).cos();
            assert!((node - expected).abs() < 1e-15 && (weight - PI / 16.0).abs() < 1e-14);
        }
    }

    #[test]
    fn series_are_sums_of_their_terms() {
        // lambda = 1/2: q_m = sqrt(m + 1/2) P_m.
        let family = Gegenbauer::new(0.5, 2.0, 8);
        let t: f64 = -0.3;
        let p = crate::limit::legendre::polynomials(t);
        let coefficients = [0.4, -1.0, 0.3];
        for odd in [false, true] {
            let start = usize::from(odd);
            let terms = coefficients.iter().enumerate().map(|(k, c)| {
                let m = start + 2 * k;
                c * (m as f64 + 0.5).sqrt() * p[m]
            });
            let series = ParitySeries::new(&family, odd, &coefficients);
            assert!((series.evaluate(t) - terms.sum::<f64>()).abs() < 1e-14);
        }
        let mut sums = family.even_sums(3);
        sums.add(t * t, 2.0);
        sums.add(t * t, -0.5);
        let expected = 1.5 * 2.5f64.sqrt() * p[2];
        assert!((sums.finish()[1] - expected).abs() < 1e-14);
    }
}
