//! Power series at `x = 0`, for expressions that are 0/0 there.

use super::function::{Function, NORMAL_PEAK};
use super::jet::Algebra;

/// Coefficients kept.
const TERMS: usize = 24;

/// `sum_k c_k x^k`, with the number of leading terms that are meaningful. NaN marks an expression that has no such series.
#[derive(Debug, Clone, Copy)]
pub(super) struct Series([f64; TERMS]);

const NONE: Series = Series([f64::NAN; TERMS]);

impl Series {
    pub(super) fn variable() -> Self {
        let mut terms = [0.0; TERMS];
        terms[1] = 1.0;
        Self(terms)
    }

    pub(super) fn coefficients(&self) -> &[f64] {
        &self.0
    }

    fn constant_only(c: f64) -> Self {
        let mut terms = [0.0; TERMS];
        terms[0] = c;
        Self(terms)
    }

    /// From the derivative by integration: `f' = self`, `f(0) = start`.
    fn integral(self, start: f64) -> Self {
        Self(std::array::from_fn(|k| if k == 0 { start } else { self.0[k - 1] / k as f64 }))
    }

    fn derivative(self) -> Self {
        Self(std::array::from_fn(|k| if k + 1 < TERMS { (k + 1) as f64 * self.0[k + 1] } else { 0.0 }))
    }

    /// `exp` by its differential equation `f' = u' f`.
    fn exp(self) -> Self {
        let mut f = [0.0; TERMS];
        f[0] = self.0[0].exp();
        for k in 1..TERMS {
            f[k] = (1..=k).map(|j| j as f64 * self.0[j] * f[k - j]).sum::<f64>() / k as f64;
        }
        Self(f)
    }

    /// Sine and cosine of what they are of: `s' = u' c`, `c' = sign u' s`.
    fn sine_and_cosine(self, start: [f64; 2], sign: f64) -> [Self; 2] {
        let (mut s, mut c) = ([0.0; TERMS], [0.0; TERMS]);
        [s[0], c[0]] = start;
        for k in 1..TERMS {
            let term =
                |other: &[f64; TERMS]| (1..=k).map(|j| j as f64 * self.0[j] * other[k - j]).sum::<f64>() / k as f64;
            (s[k], c[k]) = (term(&c), sign * term(&s));
        }
        [Self(s), Self(c)]
    }
}

impl Algebra for Series {
    fn constant(value: f64, _error: f64) -> Self {
        Self::constant_only(value)
    }

    fn add(self, other: Self) -> Self {
        Self(std::array::from_fn(|k| self.0[k] + other.0[k]))
    }

    fn sub(self, other: Self) -> Self {
        Self(std::array::from_fn(|k| self.0[k] - other.0[k]))
    }

    fn mul(self, other: Self) -> Self {
        Self(std::array::from_fn(|k| (0..=k).map(|j| self.0[j] * other.0[k - j]).sum()))
    }

    /// Leading zeros of the denominator cancel against those of the numerator; the last terms are lost with them.
    fn div(self, other: Self) -> Self {
        let Some(zeros) = other.0.iter().position(|c| *c != 0.0) else { return NONE };
        if self.0[..zeros].iter().any(|c| *c != 0.0) {
            return NONE;
        }
        let at = |terms: &[f64; TERMS], k: usize| terms.get(k + zeros).copied().unwrap_or(0.0);
        let mut quotient = [0.0; TERMS];
        for k in 0..TERMS {
            let known: f64 = (0..k).map(|j| quotient[j] * at(&other.0, k - j)).sum();
            quotient[k] = (at(&self.0, k) - known) / at(&other.0, 0);
        }
        // What would need terms that were never computed counts as 0: the radius is measured, not derived.
        quotient[TERMS - zeros..].fill(0.0);
        Self(quotient)
    }

    fn neg(self) -> Self {
        Self(self.0.map(|c| -c))
    }

    /// `f' u = p u' f`, for a positive constant term; whole powers of others by multiplication.
    fn power(self, p: f64, _error: f64) -> Self {
        if self.0[0] <= 0.0 {
            if p.fract() != 0.0 || p.abs() > 64.0 {
                return NONE;
            }
            let one = Self::constant_only(1.0);
            let whole = (0..p.abs() as u32).fold(one, |power, _| power.mul(self));
            return if p < 0.0 { one.div(whole) } else { whole };
        }
        let mut f = [0.0; TERMS];
        f[0] = self.0[0].powf(p);
        for k in 1..TERMS {
            let sum: f64 = (1..=k).map(|j| ((p + 1.0) * j as f64 - k as f64) * self.0[j] * f[k - j]).sum();
            f[k] = sum / (k as f64 * self.0[0]);
        }
        Self(f)
    }

    fn apply(self, function: Function) -> Self {
        let one = Self::constant_only(1.0);
        let slope = self.derivative();
        let start = function.at(self.0[0]);
        let from_slope = |derivative: Self| slope.mul(derivative).integral(start);
        if !start.is_finite() {
            return NONE;
        }
        match function {
            Function::Exp => self.exp(),
            Function::Expm1 => {
                let mut series = self.exp();
                series.0[0] = start;
                series
            }
            Function::Ln => from_slope(one.div(self)),
            Function::Log1p => from_slope(one.div(one.add(self))),
            Function::Log2 => self.apply(Function::Ln).scale(std::f64::consts::LOG2_E, 0.0),
            Function::Log10 => self.apply(Function::Ln).scale(std::f64::consts::LOG10_E, 0.0),
            Function::Sqrt => self.power(0.5, 0.0),
            Function::Cbrt => self.power(1.0 / 3.0, 0.0),
            Function::Sin => self.sine_and_cosine([start, self.0[0].cos()], -1.0)[0],
            Function::Cos => self.sine_and_cosine([self.0[0].sin(), start], -1.0)[1],
            Function::Tan => {
                let [sine, cosine] = self.sine_and_cosine([self.0[0].sin(), self.0[0].cos()], -1.0);
                sine.div(cosine)
            }
            Function::Atan => from_slope(one.div(one.add(self.mul(self)))),
            Function::Sinh => self.sine_and_cosine([start, self.0[0].cosh()], 1.0)[0],
            Function::Cosh => self.sine_and_cosine([self.0[0].sinh(), start], 1.0)[1],
            Function::Tanh => {
                let [sine, cosine] = self.sine_and_cosine([self.0[0].sinh(), self.0[0].cosh()], 1.0);
                sine.div(cosine)
            }
            Function::Asinh => from_slope(one.add(self.mul(self)).power(-0.5, 0.0)),
            Function::Erf => from_slope(self.mul(self).neg().exp().scale(std::f64::consts::FRAC_2_SQRT_PI, 0.0)),
            Function::NormalCdf => from_slope(self.mul(self).scale(-0.5, 0.0).exp().scale(NORMAL_PEAK, 0.0)),
            Function::Sigmoid => one.div(one.add(self.neg().exp())),
            Function::LogSigmoid => from_slope(self.neg().apply(Function::Sigmoid)),
            Function::Softplus => from_slope(self.apply(Function::Sigmoid)),
        }
    }

    fn scale(self, c: f64, _error: f64) -> Self {
        Self(self.0.map(|a| c * a))
    }

    fn over(self, c: f64, _error: f64) -> Self {
        Self(self.0.map(|a| a / c))
    }

    fn under(self, c: f64, _error: f64) -> Self {
        Self::constant_only(c).div(self)
    }
}
