//! Doubles with a running bound on their rounding error.

use std::f64::consts::FRAC_2_SQRT_PI;

use super::function::NORMAL_PEAK;
use super::number::Number;

/// The unit roundoff.
const UNIT: f64 = 0.5 * f64::EPSILON;

/// Relative error of a library function: the usual mathematical libraries stay within two units in the last place.
const LIBRARY: f64 = 4.0 * UNIT;

/// The same for functions that libraries compute from others.
const COMPOSED: f64 = 8.0 * UNIT;

/// A double, and a bound on its distance from the number that exact arithmetic gives for the same constants and the same `x`.
///
/// An error of infinity says that nothing is known.
#[derive(Debug, Clone, Copy)]
pub(super) struct Rounded {
    pub(super) value: f64,
    pub(super) error: f64,
}

impl Rounded {
    /// The bound's own rounding is covered by a margin.
    fn new(value: f64, error: f64) -> Self {
        let error = error * (1.0 + 16.0 * UNIT);
        Self { value, error: if error.is_nan() { f64::INFINITY } else { error } }
    }

    /// A function whose slope on the interval of uncertainty is at most `slope` in size.
    fn image(self, value: f64, slope: f64, relative: f64) -> Self {
        // Nothing comes of an exact argument, however steep the function.
        let inherited = if self.error == 0.0 { 0.0 } else { slope * self.error };
        Self::new(value, inherited + relative * value.abs())
    }

    /// The least size on the interval of uncertainty.
    fn least(self) -> f64 {
        (self.value.abs() - self.error).max(0.0)
    }

    /// The largest size on the interval of uncertainty.
    fn largest(self) -> f64 {
        self.value.abs() + self.error
    }
}

impl Number for Rounded {
    fn constant(value: f64, error: f64) -> Self {
        Self { value, error }
    }

    fn add(self, other: Self) -> Self {
        let value = self.value + other.value;
        Self::new(value, self.error + other.error + UNIT * value.abs())
    }

    fn sub(self, other: Self) -> Self {
        self.add(other.neg())
    }

    fn mul(self, other: Self) -> Self {
        // Exact zeros stay exact, whatever they multiply.
        if [self, other].iter().any(|factor| factor.value == 0.0 && factor.error == 0.0) {
            return Self { value: 0.0 * self.value * other.value, error: 0.0 };
        }
        let value = self.value * other.value;
        let own = if [self, other].iter().any(|factor| factor.value.abs() == 1.0 && factor.error == 0.0) {
            0.0
        } else {
            UNIT * value.abs() + f64::from_bits(1)
        };
        Self::new(value, self.value.abs() * other.error + self.error * other.largest() + own)
    }

    fn div(self, other: Self) -> Self {
        let value = self.value / other.value;
        let least = other.least();
        if least == 0.0 {
            return Self { value, error: f64::INFINITY };
        }
        Self::new(value, (self.error + value.abs() * other.error) / least + UNIT * value.abs() + f64::from_bits(1))
    }

    fn neg(self) -> Self {
        Self { value: -self.value, error: self.error }
    }

    fn exp(self) -> Self {
        let value = self.value.exp();
        Self::new(value, value * self.error.exp_m1() + LIBRARY * value + f64::from_bits(1))
    }

    fn exp_m1(self) -> Self {
        let value = self.value.exp_m1();
        Self::new(value, (value + 1.0) * self.error.exp_m1() + LIBRARY * value.abs())
    }

    fn ln(self) -> Self {
        let value = self.value.ln();
        Self::new(value, -(-self.error / self.value).ln_1p() + LIBRARY * value.abs())
    }

    fn ln_1p(self) -> Self {
        let value = self.value.ln_1p();
        Self::new(value, -(-self.error / (1.0 + self.value)).ln_1p() + LIBRARY * value.abs())
    }

    fn sqrt(self) -> Self {
        let value = self.value.sqrt();
        if self.value == 0.0 {
            return Self::new(value, self.error.sqrt());
        }
        // (sqrt(a) - sqrt(a - e)) <= e / sqrt(a) for e <= a.
        let inherited = if self.error <= self.value { self.error / value } else { f64::INFINITY };
        Self::new(value, inherited + UNIT * value)
    }

    fn cbrt(self) -> Self {
        let value = self.value.cbrt();
        self.image(value, value.abs() / (3.0 * self.least()), COMPOSED)
    }

    fn sin(self) -> Self {
        self.image(self.value.sin(), 1.0, LIBRARY)
    }

    fn cos(self) -> Self {
        self.image(self.value.cos(), 1.0, LIBRARY)
    }

    fn tan(self) -> Self {
        let value = self.value.tan();
        // tan(a + e) - tan(a) = tan(e) (1 + tan(a)^2) / (1 - tan(a) tan(e)).
        let spread = self.error.tan();
        let room = 1.0 - value.abs() * spread;
        let inherited =
            if self.error < 1.0 && room > 0.0 { spread * (1.0 + value * value) / room } else { f64::INFINITY };
        Self::new(value, inherited + LIBRARY * value.abs())
    }

    fn atan(self) -> Self {
        self.image(self.value.atan(), 1.0 / (1.0 + self.least().powi(2)), LIBRARY)
    }

    fn sinh(self) -> Self {
        self.image(self.value.sinh(), self.largest().cosh(), COMPOSED)
    }

    fn cosh(self) -> Self {
        self.image(self.value.cosh(), self.largest().sinh(), COMPOSED)
    }

    fn tanh(self) -> Self {
        self.image(self.value.tanh(), self.least().cosh().powi(-2), COMPOSED)
    }

    fn asinh(self) -> Self {
        self.image(self.value.asinh(), 1.0 / self.least().hypot(1.0), COMPOSED)
    }

    fn erf(self) -> Self {
        let slope = FRAC_2_SQRT_PI * (-self.least().powi(2)).exp();
        self.image(Number::erf(self.value), slope, COMPOSED)
    }

    fn normal_cdf(self) -> Self {
        let slope = NORMAL_PEAK * (-0.5 * self.least().powi(2)).exp();
        let value = Number::normal_cdf(self.value);
        // The logarithm of the function has a slope of at most 1 + |u|, and u/sqrt(2) is rounded twice.
        let relative = COMPOSED + 2.0 * UNIT * self.value.abs() * (1.0 + self.value.abs());
        let image = self.image(value, slope, relative);
        // Far out what is left of it may be smaller than all normal doubles.
        Self::new(image.value, image.error + f64::MIN_POSITIVE)
    }

    fn sigmoid(self) -> Self {
        // The logarithm of sigmoid has a slope of at most 1.
        let value = Number::sigmoid(self.value);
        Self::new(value, value * self.error.exp_m1() + COMPOSED * value + f64::from_bits(1))
    }

    fn log_sigmoid(self) -> Self {
        let value = Number::log_sigmoid(self.value);
        self.image(value, (self.error - self.value).exp().min(1.0), COMPOSED)
    }

    fn widen(self, relative: f64) -> Self {
        Self::new(self.value, self.error + relative * self.value.abs())
    }

    fn log_size(self) -> f64 {
        self.value.abs().ln().abs() - (-self.error / self.value.abs()).ln_1p()
    }

    fn is_ordinary(self) -> bool {
        self.value.is_normal()
    }

    fn power(self, p: f64) -> Self {
        let value = Number::power(self.value, p);
        if self.least() == 0.0 {
            let inherited = match self.error {
                0.0 => 0.0,
                _ if p > 0.0 => self.largest().powf(p),
                _ => f64::INFINITY,
            };
            return Self::new(value, inherited + LIBRARY * value.abs());
        }
        // |(1 + d)^p - 1| <= exp(|p| |log(1 - |d|)|) - 1.
        let relative = (-p.abs() * (-self.error / self.value.abs()).ln_1p()).exp_m1();
        Self::new(value, (relative + LIBRARY) * value.abs() + f64::from_bits(1))
    }
}
