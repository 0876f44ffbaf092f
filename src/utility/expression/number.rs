//! The numbers that an expression is evaluated in.

/// A field with elementary functions: doubles, doubles with a bound on their rounding error, or intervals.
///
/// Functions are defined where mathematics defines them; elsewhere, and for overflow, the result is not finite.
pub(super) trait Number: Copy {
    /// A constant of the expression, known up to `error`.
    fn constant(value: f64, error: f64) -> Self;
    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    fn mul(self, other: Self) -> Self;
    fn div(self, other: Self) -> Self;
    fn neg(self) -> Self;
    /// `self^2`.
    fn square(self) -> Self {
        self.mul(self)
    }
    fn exp(self) -> Self;
    fn exp_m1(self) -> Self;
    fn ln(self) -> Self;
    fn ln_1p(self) -> Self;
    fn sqrt(self) -> Self;
    fn cbrt(self) -> Self;
    fn sin(self) -> Self;
    fn cos(self) -> Self;
    fn tan(self) -> Self;
    fn atan(self) -> Self;
    fn sinh(self) -> Self;
    fn cosh(self) -> Self;
    fn tanh(self) -> Self;
    fn asinh(self) -> Self;
    /// The error function.
    fn erf(self) -> Self;
    /// The distribution function of the standard normal law, `erfc(-self/sqrt(2))/2`.
    fn normal_cdf(self) -> Self;
    /// `1/(1 + exp(-self))`.
    fn sigmoid(self) -> Self;
    /// `log(sigmoid(self))`.
    fn log_sigmoid(self) -> Self;
    /// `self^p`.
    fn power(self, p: f64) -> Self;
    /// The same, known only up to a relative error.
    fn widen(self, relative: f64) -> Self;
    /// The size of its logarithm, at most.
    fn log_size(self) -> f64;
    /// Whether [`Number::powers`] may divide by this number and keep its digits.
    fn is_ordinary(self) -> bool;

    /// `self^p` with its first and second derivative: one power and two quotients, which cost less than three powers.
    fn powers(self, p: f64) -> [Self; 3] {
        let number = |c: f64| Self::constant(c, 0.0);
        let value = self.power(p);
        if !(self.is_ordinary() && value.is_ordinary()) {
            // Exact zeros stay so: 0 times an infinite power is not defined.
            let slope = if p == 0.0 { number(0.0) } else { number(p).mul(self.power(p - 1.0)) };
            let is_linear = p == 0.0 || p == 1.0;
            let factor = p * (p - 1.0);
            let factor = Self::constant(factor, f64::EPSILON * factor.abs());
            return [value, slope, if is_linear { number(0.0) } else { factor.mul(self.power(p - 2.0)) }];
        }
        let slope = number(p).mul(value).div(self);
        [value, slope, Self::constant(p - 1.0, f64::EPSILON * (p - 1.0).abs()).mul(slope).div(self)]
    }
}

impl Number for f64 {
    fn constant(value: f64, _error: f64) -> Self {
        value
    }

    fn add(self, other: Self) -> Self {
        self + other
    }

    fn sub(self, other: Self) -> Self {
        self - other
    }

    fn mul(self, other: Self) -> Self {
        self * other
    }

    fn div(self, other: Self) -> Self {
        self / other
    }

    fn neg(self) -> Self {
        -self
    }

    fn exp(self) -> Self {
        f64::exp(self)
    }

    fn exp_m1(self) -> Self {
        f64::exp_m1(self)
    }

    fn ln(self) -> Self {
        f64::ln(self)
    }

    fn ln_1p(self) -> Self {
        f64::ln_1p(self)
    }

    fn sqrt(self) -> Self {
        f64::sqrt(self)
    }

    fn cbrt(self) -> Self {
        f64::cbrt(self)
    }

    fn sin(self) -> Self {
        f64::sin(self)
    }

    fn cos(self) -> Self {
        f64::cos(self)
    }

    fn tan(self) -> Self {
        f64::tan(self)
    }

    fn atan(self) -> Self {
        f64::atan(self)
    }

    fn sinh(self) -> Self {
        f64::sinh(self)
    }

    fn cosh(self) -> Self {
        f64::cosh(self)
    }

    fn tanh(self) -> Self {
        f64::tanh(self)
    }

    fn asinh(self) -> Self {
        f64::asinh(self)
    }

    fn erf(self) -> Self {
        libm::erf(self)
    }

    fn normal_cdf(self) -> Self {
        0.5 * libm::erfc(-self * std::f64::consts::FRAC_1_SQRT_2)
    }

    fn sigmoid(self) -> Self {
        // The exponential of a negative number only: no overflow on either side.
        let decay = (-self.abs()).exp();
        (if self >= 0.0 { 1.0 } else { decay }) / (1.0 + decay)
    }

    fn log_sigmoid(self) -> Self {
        self.min(0.0) - f64::ln_1p((-self.abs()).exp())
    }

    fn power(self, p: f64) -> Self {
        // `powf` is right within a unit in the last place, and these are right to half of one.
        match p {
            1.0 => self,
            2.0 => self * self,
            -1.0 => 1.0 / self,
            0.5 => f64::sqrt(self),
            _ => self.powf(p),
        }
    }

    fn widen(self, _relative: f64) -> Self {
        self
    }

    fn log_size(self) -> f64 {
        self.abs().ln().abs()
    }

    fn is_ordinary(self) -> bool {
        self.is_normal()
    }
}
