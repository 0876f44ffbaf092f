//! Numbers of about 31 digits: the unevaluated sum of two doubles.
//!
//! The elementary functions start from the double's answer and correct it once, or sum a series; each keeps its relative
//! accuracy where the plain formula would cancel.

use std::ops::{Add, Div, Mul, Neg, Sub};

/// `hi + lo`, where `lo` is at most half a unit in the last place of `hi`.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Dd {
    pub hi: f64,
    pub lo: f64,
}

pub const PI: Dd = Dd { hi: std::f64::consts::PI, lo: 1.2246467991473532e-16 };
pub const E: Dd = Dd { hi: std::f64::consts::E, lo: 1.4456468917292502e-16 };
pub const LN_2: Dd = Dd { hi: std::f64::consts::LN_2, lo: 2.3190468138462996e-17 };
pub const LN_10: Dd = Dd { hi: std::f64::consts::LN_10, lo: -2.1707562233822494e-16 };
const HALF_PI: Dd = Dd { hi: std::f64::consts::FRAC_PI_2, lo: 6.123233995736766e-17 };
const NAN: Dd = Dd { hi: f64::NAN, lo: f64::NAN };

/// The rounded sum and its exact error.
fn two_sum(a: f64, b: f64) -> Dd {
    let hi = a + b;
    let b_seen = hi - a;
    Dd { hi, lo: (a - (hi - b_seen)) + (b - b_seen) }
}

/// The rounded product and its exact error.
fn two_product(a: f64, b: f64) -> Dd {
    let hi = a * b;
    Dd { hi, lo: a.mul_add(b, -hi) }
}

pub fn dd(x: f64) -> Dd {
    Dd { hi: x, lo: 0.0 }
}

impl Add for Dd {
    type Output = Self;
    fn add(self, other: Self) -> Self {
        let (high, low) = (two_sum(self.hi, other.hi), two_sum(self.lo, other.lo));
        let sum = two_sum(high.hi, high.lo + low.hi);
        two_sum(sum.hi, sum.lo + low.lo)
    }
}

impl Neg for Dd {
    type Output = Self;
    fn neg(self) -> Self {
        Self { hi: -self.hi, lo: -self.lo }
    }
}

impl Sub for Dd {
    type Output = Self;
    fn sub(self, other: Self) -> Self {
        self + -other
    }
}

impl Mul for Dd {
    type Output = Self;
    fn mul(self, other: Self) -> Self {
        let product = two_product(self.hi, other.hi);
        two_sum(product.hi, product.lo + (self.hi * other.lo + self.lo * other.hi))
    }
}

impl Mul<f64> for Dd {
    type Output = Self;
    fn mul(self, other: f64) -> Self {
        self * dd(other)
    }
}

impl Div for Dd {
    type Output = Self;
    fn div(self, other: Self) -> Self {
        // Three digits of a long division in base 2^53.
        let first = self.hi / other.hi;
        let rest = self - other * first;
        let second = rest.hi / other.hi;
        let third = (rest - other * second).hi / other.hi;
        dd(first) + dd(second) + dd(third)
    }
}

impl Dd {
    pub fn abs(self) -> f64 {
        self.hi.abs()
    }

    pub fn is_finite(self) -> bool {
        self.hi.is_finite() && self.lo.is_finite()
    }

    /// A decimal literal such as `12.5e-3`, read digit by digit.
    pub fn from_decimal(literal: &str) -> Option<Self> {
        let (digits, exponent) = match literal.split_once(['e', 'E']) {
            Some((digits, exponent)) => (digits, exponent.parse::<i32>().ok()?),
            None => (literal, 0),
        };
        let (whole, fraction) = digits.split_once('.').unwrap_or((digits, ""));
        if whole.len() + fraction.len() == 0 {
            return None;
        }
        let mut number = dd(0.0);
        for digit in whole.chars().chain(fraction.chars()) {
            number = number * 10.0 + dd(f64::from(digit.to_digit(10)?));
        }
        let exponent = exponent - i32::try_from(fraction.len()).ok()?;
        let power = dd(10.0).powi(exponent.unsigned_abs());
        Some(if exponent < 0 { number / power } else { number * power })
    }

    pub fn powi(self, exponent: u32) -> Self {
        let (mut power, mut square, mut left) = (dd(1.0), self, exponent);
        while left > 0 {
            if left % 2 == 1 {
                power = power * square;
            }
            square = square * square;
            left /= 2;
        }
        power
    }

    /// The Taylor series `sum of self^k / k!` over `k = from, from + step, ..`, with alternating signs if `alternating`.
    fn series(self, from: u32, step: u32, alternating: bool) -> Self {
        let mut term = dd(1.0);
        let mut sum = dd(0.0);
        for k in 0..60 {
            if k > 0 {
                term = term * self / dd(f64::from(k));
            }
            if k >= from && (k - from).is_multiple_of(step) {
                let odd = (k - from) / step % 2 == 1;
                sum = if alternating && odd { sum - term } else { sum + term };
            }
            if term.abs() <= 1e-34 * sum.abs() {
                break;
            }
        }
        sum
    }

    /// `exp(self) - 1`.
    pub fn exp_m1(self) -> Self {
        if self.abs() > 0.4 {
            return self.exp() - dd(1.0);
        }
        // exp(2t) - 1 = s (s + 2) for s = exp(t) - 1.
        let mut s = (self * (1.0 / 64.0)).series(1, 1, false);
        for _ in 0..6 {
            s = s * (s + dd(2.0));
        }
        s
    }

    pub fn exp(self) -> Self {
        if self.hi < -700.0 {
            return dd(0.0);
        }
        if self.hi.is_nan() || self.hi > 700.0 {
            return NAN;
        }
        let halvings = (self.hi / LN_2.hi).round();
        let rest = (self - LN_2 * halvings).exp_m1() + dd(1.0);
        rest * halvings.exp2()
    }

    /// `log(1 + self)`.
    pub fn ln_1p(self) -> Self {
        if self.hi.is_nan() || self.hi <= -1.0 {
            return NAN;
        }
        if self.abs() > 0.5 {
            return (dd(1.0) + self).ln();
        }
        let guess = dd(self.hi.ln_1p());
        let there = guess.exp_m1();
        guess - (there - self) / (there + dd(1.0))
    }

    pub fn ln(self) -> Self {
        if self.hi.is_nan() || self.hi <= 0.0 {
            return NAN;
        }
        if (0.5..1.5).contains(&self.hi) {
            return (self - dd(1.0)).ln_1p();
        }
        let guess = dd(self.hi.ln());
        guess + (self * (-guess).exp() - dd(1.0))
    }

    pub fn sqrt(self) -> Self {
        if self.hi == 0.0 {
            return dd(0.0);
        }
        let guess = dd(self.hi.sqrt());
        guess + (self - guess * guess) / (guess * 2.0)
    }

    /// The real cube root, of negative numbers too.
    pub fn cbrt(self) -> Self {
        if self.hi == 0.0 {
            return dd(0.0);
        }
        let guess = dd(self.hi.cbrt());
        guess + (self - guess * guess * guess) / (guess * guess * 3.0)
    }

    pub fn sin_cos(self) -> (Self, Self) {
        // Beyond this the double-double pi/2 is too short.
        if self.hi.is_nan() || self.abs() >= 1e8 {
            return (NAN, NAN);
        }
        let quarters = (self.hi / HALF_PI.hi).round();
        let rest = self - HALF_PI * quarters;
        let (sin, cos) = (rest.series(1, 2, true), rest.series(0, 2, true));
        match quarters.rem_euclid(4.0) as u8 {
            0 => (sin, cos),
            1 => (cos, -sin),
            2 => (-sin, -cos),
            _ => (-cos, sin),
        }
    }

    pub fn atan(self) -> Self {
        let guess = dd(self.hi.atan());
        let (sin, cos) = guess.sin_cos();
        // The tangent of the small angle that is missing, which is the angle itself to 48 digits.
        guess + (self * cos - sin) / (cos + self * sin)
    }

    pub fn sinh(self) -> Self {
        if self.abs() > 0.4 {
            return (self.exp() - (-self).exp()) * 0.5;
        }
        let s = self.exp_m1();
        (s + s / (s + dd(1.0))) * 0.5
    }

    pub fn cosh(self) -> Self {
        (self.exp() + (-self).exp()) * 0.5
    }

    pub fn tanh(self) -> Self {
        // Beyond this it is 1 to all digits.
        if self.abs() > 300.0 {
            return dd(self.hi.signum());
        }
        let s = (self * 2.0).exp_m1();
        s / (s + dd(2.0))
    }

    /// `1 / (1 + exp(-self))`.
    pub fn sigmoid(self) -> Self {
        if self.hi >= 0.0 {
            return dd(1.0) / (dd(1.0) + (-self).exp());
        }
        let small = self.exp();
        small / (dd(1.0) + small)
    }

    /// `log(1 + exp(self))`.
    pub fn softplus(self) -> Self {
        if self.hi > 0.0 { self + (-self).exp().ln_1p() } else { self.exp().ln_1p() }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn assert_close(a: Dd, b: Dd, what: &str) {
        assert!((a - b).abs() <= 1e-29 * b.abs(), "{what}: {a:?} is not {b:?}");
    }

    /// The right values are by mpmath at 45 digits, the arguments being the doubles nearest to those written.
    #[test]
    #[allow(clippy::approx_constant)] // Some of the values are constants that have names.
    fn elementary_functions_have_thirty_digits() {
        type Function = fn(Dd) -> Dd;
        let table: [(&str, Function, f64, f64, f64); 38] = [
            ("exp", Dd::exp, 1.0, 2.718281828459045, 1.4456468917292502e-16),
            ("exp", Dd::exp, -0.3, 0.7408182206817179, -1.805530505953e-18),
            ("exp", Dd::exp, 7.5, 1808.0424144560632, 3.6612201665204784e-14),
            ("exp", Dd::exp, -20.0, 2.061153622438558e-09, -4.19755767595054e-26),
            ("log", Dd::ln, 2.0, 0.6931471805599453, 2.3190468138462996e-17),
            ("log", Dd::ln, 1.0000001, 9.999999505838704e-08, 1.5249709528441489e-24),
            ("log", Dd::ln, 10.0, 2.302585092994046, -2.1707562233822494e-16),
            ("log", Dd::ln, 0.001, -6.907755278982137, -2.1613487097372872e-16),
            ("sin", |x| x.sin_cos().0, 1.0, 0.8414709848078965, 1.776845092935536e-18),
            ("sin", |x| x.sin_cos().0, 0.1, 0.09983341664682815, 3.08001512929492e-18),
            ("sin", |x| x.sin_cos().0, 3.25, -0.10819513453010837, -4.807490001967961e-18),
            ("sin", |x| x.sin_cos().0, -10.0, 0.5440211108893698, 3.8949898668223557e-17),
            ("cos", |x| x.sin_cos().1, 1.0, 0.5403023058681398, -4.760954612604417e-17),
            ("cos", |x| x.sin_cos().1, 1.5, 0.0707372016677029, 3.683512075225569e-18),
            ("cos", |x| x.sin_cos().1, 3.25, -0.9941296760805463, 3.4640341119010874e-17),
            ("cos", |x| x.sin_cos().1, -10.0, -0.8390715290764524, -1.4147119988953418e-17),
            ("atan", Dd::atan, 1.0, 0.7853981633974483, 3.061616997868383e-17),
            ("atan", Dd::atan, 0.001, 0.0009999996666668668, -1.0247543344088032e-19),
            ("atan", Dd::atan, -30.0, -1.5374753309166493, -8.116858600761242e-17),
            ("expm1", Dd::exp_m1, 1e-10, 1.00000000005e-10, 3.3900133221217734e-27),
            ("expm1", Dd::exp_m1, -1.0, -0.6321205588285577, -1.2428753672788363e-17),
            ("expm1", Dd::exp_m1, 3.0, 19.085536923187668, -1.8275625525512858e-16),
            ("log1p", Dd::ln_1p, 1e-10, 9.999999999500001e-11, -3.389513322121794e-27),
            ("log1p", Dd::ln_1p, -0.5, -0.6931471805599453, -2.3190468138462996e-17),
            ("log1p", Dd::ln_1p, 3.0, 1.3862943611198906, 4.638093627692599e-17),
            ("sinh", Dd::sinh, 1e-5, 1.0000000000166668e-05, -6.182319396196156e-22),
            ("sinh", Dd::sinh, 2.0, 3.6268604078470186, 1.9291196578353674e-16),
            ("cosh", Dd::cosh, 1e-5, 1.00000000005, -4.136601875107545e-18),
            ("cosh", Dd::cosh, 2.0, 3.7621956910836314, 7.146584908813439e-17),
            ("tanh", Dd::tanh, 1e-5, 9.999999999666668e-06, -4.5758701526937e-22),
            ("tanh", Dd::tanh, 2.0, 0.9640275800758169, -1.9413550547557176e-17),
            ("tanh", Dd::tanh, -20.0, -1.0, 8.496708510583178e-18),
            ("sqrt", Dd::sqrt, 2.0, 1.4142135623730951, -9.667293313452913e-17),
            ("cbrt", Dd::cbrt, 2.0, 1.2599210498948732, -2.589933375300507e-17),
            ("sigmoid", Dd::sigmoid, 0.0, 0.5, 0.0),
            ("softplus", Dd::softplus, 0.0, 0.6931471805599453, 2.3190468138462996e-17),
            ("cbrt", Dd::cbrt, -8.0, -2.0, 0.0),
            ("sinh", Dd::sinh, 0.0, 0.0, 0.0),
        ];
        for (name, function, x, hi, lo) in table {
            assert_close(function(dd(x)), Dd { hi, lo }, &format!("{name}({x})"));
        }
        assert_close(dd(1.0).exp(), E, "e");
        assert_close(dd(1.0).atan() * 4.0, PI, "pi");
        assert_close(dd(10.0).ln(), LN_10, "ln 10");
    }

    #[test]
    fn functions_keep_their_identities() {
        for k in -60..60 {
            let x = dd(f64::from(k) * 0.37) / dd(3.0);
            let name = |what: &str| format!("{what} at {x:?}");
            assert_close(x.exp() * (-x).exp(), dd(1.0), &name("exp(x) exp(-x)"));
            let (sin, cos) = x.sin_cos();
            assert_close(sin * sin + cos * cos, dd(1.0), &name("sin^2 + cos^2"));
            assert_close(x.sigmoid() + (-x).sigmoid(), dd(1.0), &name("sigmoid(x) + sigmoid(-x)"));
            if k != 0 {
                assert_close(x.sinh() / x.cosh(), x.tanh(), &name("sinh/cosh"));
                assert_close((x * x * 0.1).exp_m1().ln_1p(), x * x * 0.1, &name("log1p(expm1(x))"));
                assert_close((x * x).sinh() + (x * x).cosh(), (x * x).exp(), &name("sinh + cosh"));
                assert_close(x.exp().ln(), x, &name("log(exp(x))"));
                assert_close(x.atan().sin_cos().0, x.atan().sin_cos().1 * x, &name("tan(atan(x))"));
                assert_close(x.cbrt().powi(3), x, &name("cbrt(x)^3"));
                assert_close((x * x).sqrt(), dd(x.hi.signum()) * x, &name("sqrt(x^2)"));
                assert_close(x.softplus() - (-x).softplus(), x, &name("softplus"));
            }
        }
    }

    #[test]
    fn decimals_are_read_to_all_digits() {
        assert_close(Dd::from_decimal("0.1").unwrap() * 10.0, dd(1.0), "0.1");
        assert_close(Dd::from_decimal("1.25e-3").unwrap(), dd(1.25) / dd(1000.0), "1.25e-3");
        assert_close(Dd::from_decimal(".5").unwrap() + Dd::from_decimal("5.").unwrap(), dd(5.5), ".5 + 5.");
        assert_eq!(Dd::from_decimal("3e2"), Some(dd(300.0)));
        assert_eq!(Dd::from_decimal("."), None);
    }
}
