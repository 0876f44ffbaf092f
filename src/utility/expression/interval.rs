//! Intervals that certainly contain the numbers they stand for.

use std::f64::consts::{FRAC_PI_2, PI};

use super::number::Number;

/// How far a library function may be off, relative to its value: four units in the last place, twice what the usual libraries promise.
const LIBRARY: f64 = 4.0 * f64::EPSILON;

/// A closed interval, rounded outwards. Its ends may be infinite, for what is unbounded; both are NaN where an argument may lie
/// outside the domain of a function, and then nothing is known.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Interval {
    pub(super) low: f64,
    pub(super) high: f64,
}

/// Nothing is known.
const UNKNOWN: Interval = Interval { low: f64::NAN, high: f64::NAN };

const LINE: Interval = Interval { low: f64::NEG_INFINITY, high: f64::INFINITY };

impl Interval {
    pub(super) fn new(low: f64, high: f64) -> Self {
        if low.is_nan() || high.is_nan() { UNKNOWN } else { Self { low, high } }
    }

    fn is_unknown(self) -> bool {
        self.low.is_nan()
    }

    /// An interval whose ends were rounded to the nearest double.
    fn rounded(low: f64, high: f64) -> Self {
        Self::new(low.next_down(), high.next_up())
    }

    /// The image under an increasing library function.
    fn increasing(self, f: impl Fn(f64) -> f64) -> Self {
        let (low, high) = (f(self.low), f(self.high));
        if low.is_nan() || high.is_nan() { UNKNOWN } else { Self::library(low, high) }
    }

    /// An interval whose ends are values of a library function; one that overflowed is beyond all doubles.
    fn library(low: f64, high: f64) -> Self {
        let low = low.min(f64::MAX);
        let high = high.max(f64::MIN);
        Self::rounded(low - LIBRARY * low.abs(), high + LIBRARY * high.abs())
    }

    /// What certainly lies between two numbers.
    fn within(self, least: f64, most: f64) -> Self {
        Self { low: self.low.clamp(least, most), high: self.high.clamp(least, most) }.if_known(self)
    }

    /// What is certainly not negative.
    fn not_negative(self) -> Self {
        Self { low: self.low.max(0.0), ..self }.if_known(self)
    }

    fn if_known(self, source: Self) -> Self {
        if source.is_unknown() { UNKNOWN } else { self }
    }

    /// Whether no number in it is negative; whether none is positive.
    fn signs(self) -> [bool; 2] {
        [self.low >= 0.0, self.high <= 0.0]
    }

    /// What rounding outwards may not do to a sign that is known.
    fn with_sign(self, not_negative: bool, not_positive: bool) -> Self {
        let low = if not_negative { self.low.max(0.0) } else { self.low };
        let high = if not_positive { self.high.min(0.0) } else { self.high };
        Self { low, high }.if_known(self)
    }

    /// The least and the largest size of its numbers.
    fn sizes(self) -> Self {
        let largest = self.low.abs().max(self.high.abs());
        let least = if self.low <= 0.0 && self.high >= 0.0 { 0.0 } else { self.low.abs().min(self.high.abs()) };
        Self { low: least, high: largest }.if_known(self)
    }

    fn reciprocal(self) -> Self {
        if self.low < 0.0 && self.high > 0.0 || self.low == 0.0 && self.high == 0.0 {
            return LINE;
        }
        // An end at 0 is approached from within.
        let high = if self.low == 0.0 { f64::INFINITY } else { (1.0 / self.low).next_up() };
        let low = if self.high == 0.0 { f64::NEG_INFINITY } else { (1.0 / self.high).next_down() };
        let [not_negative, not_positive] = self.signs();
        Self::new(low, high).with_sign(not_negative, not_positive)
    }

    /// Whether some `from + k period` may lie in it.
    fn may_contain(self, from: f64, period: f64) -> bool {
        let margin = 1e-12 * (1.0 + self.low.abs().max(self.high.abs()));
        let turns = ((self.low - margin - from) / period).ceil();
        let next = from + turns * period;
        // NaN and infinities may contain anything.
        next.is_nan() || next <= self.high + margin
    }
}

/// 0 times anything is 0: an infinite end stands for large finite numbers.
fn product(a: f64, b: f64) -> f64 {
    if a == 0.0 || b == 0.0 { 0.0 } else { a * b }
}

impl Number for Interval {
    fn constant(value: f64, error: f64) -> Self {
        if error == 0.0 { Self::new(value, value) } else { Self::rounded(value - error, value + error) }
    }

    fn add(self, other: Self) -> Self {
        let [a, b] = [self.signs(), other.signs()];
        Self::rounded(self.low + other.low, self.high + other.high).with_sign(a[0] && b[0], a[1] && b[1])
    }

    fn sub(self, other: Self) -> Self {
        self.add(other.neg())
    }

    fn mul(self, other: Self) -> Self {
        if self.is_unknown() || other.is_unknown() {
            return UNKNOWN;
        }
        let products = [
            product(self.low, other.low),
            product(self.low, other.high),
            product(self.high, other.low),
            product(self.high, other.high),
        ];
        let low = products.iter().copied().fold(f64::INFINITY, f64::min);
        let high = products.iter().copied().fold(f64::NEG_INFINITY, f64::max);
        let [a, b] = [self.signs(), other.signs()];
        Self::rounded(low, high).with_sign(a[0] && b[0] || a[1] && b[1], a[0] && b[1] || a[1] && b[0])
    }

    fn div(self, other: Self) -> Self {
        self.mul(other.reciprocal())
    }

    fn neg(self) -> Self {
        Self { low: -self.high, high: -self.low }
    }

    fn square(self) -> Self {
        let Self { low, high } = self.sizes();
        Self::rounded(product(low, low), product(high, high)).not_negative()
    }

    fn exp(self) -> Self {
        self.increasing(f64::exp).not_negative()
    }

    fn exp_m1(self) -> Self {
        let [not_negative, not_positive] = self.signs();
        self.increasing(f64::exp_m1).with_sign(not_negative, not_positive)
    }

    fn ln(self) -> Self {
        if self.low < 0.0 { UNKNOWN } else { self.increasing(f64::ln) }
    }

    fn ln_1p(self) -> Self {
        let [not_negative, not_positive] = self.signs();
        if self.low < -1.0 { UNKNOWN } else { self.increasing(f64::ln_1p).with_sign(not_negative, not_positive) }
    }

    fn sqrt(self) -> Self {
        if self.low < 0.0 { UNKNOWN } else { self.increasing(f64::sqrt).not_negative() }
    }

    fn cbrt(self) -> Self {
        let [not_negative, not_positive] = self.signs();
        self.increasing(f64::cbrt).with_sign(not_negative, not_positive)
    }

    fn sin(self) -> Self {
        if self.is_unknown() {
            return UNKNOWN;
        }
        let ends = [self.low.sin(), self.high.sin()];
        let low = if self.may_contain(-FRAC_PI_2, 2.0 * PI) { -1.0 } else { ends[0].min(ends[1]) };
        let high = if self.may_contain(FRAC_PI_2, 2.0 * PI) { 1.0 } else { ends[0].max(ends[1]) };
        let Self { low, high } = Self::library(low, high);
        Self::new(low.max(-1.0), high.min(1.0))
    }

    fn cos(self) -> Self {
        if self.is_unknown() {
            return UNKNOWN;
        }
        let ends = [self.low.cos(), self.high.cos()];
        let low = if self.may_contain(PI, 2.0 * PI) { -1.0 } else { ends[0].min(ends[1]) };
        let high = if self.may_contain(0.0, 2.0 * PI) { 1.0 } else { ends[0].max(ends[1]) };
        let Self { low, high } = Self::library(low, high);
        Self::new(low.max(-1.0), high.min(1.0))
    }

    fn tan(self) -> Self {
        if self.is_unknown() {
            return UNKNOWN;
        }
        if self.may_contain(FRAC_PI_2, PI) { LINE } else { self.increasing(f64::tan) }
    }

    fn atan(self) -> Self {
        self.increasing(f64::atan)
    }

    fn sinh(self) -> Self {
        self.increasing(f64::sinh)
    }

    fn cosh(self) -> Self {
        let Self { low, high } = self.sizes().increasing(f64::cosh);
        Self::new(if low < 1.0 { 1.0 } else { low }, high)
    }

    fn tanh(self) -> Self {
        let [not_negative, not_positive] = self.signs();
        self.increasing(f64::tanh).with_sign(not_negative, not_positive)
    }

    fn asinh(self) -> Self {
        let [not_negative, not_positive] = self.signs();
        self.increasing(f64::asinh).with_sign(not_negative, not_positive)
    }

    fn erf(self) -> Self {
        let [not_negative, not_positive] = self.signs();
        self.increasing(<f64 as Number>::erf).with_sign(not_negative, not_positive).within(-1.0, 1.0)
    }

    fn normal_cdf(self) -> Self {
        if self.is_unknown() {
            return UNKNOWN;
        }
        // The logarithm of the function has a slope of at most 1 + |u|, and u/sqrt(2) is rounded twice; far out what is left of
        // it may be smaller than all normal doubles.
        let image = |u: f64| {
            let value = <f64 as Number>::normal_cdf(u);
            // Beyond 40 on either side the function is 0 or 1 to the last digit that matters here.
            let size = u.abs().min(40.0);
            let error = value * (LIBRARY + 2.0 * f64::EPSILON * size * (1.0 + size)) + f64::MIN_POSITIVE;
            [value - error, value + error]
        };
        Self::rounded(image(self.low)[0], image(self.high)[1]).within(0.0, 1.0)
    }

    fn sigmoid(self) -> Self {
        self.increasing(<f64 as Number>::sigmoid).not_negative()
    }

    fn log_sigmoid(self) -> Self {
        self.increasing(<f64 as Number>::log_sigmoid).with_sign(false, true)
    }

    fn power(self, p: f64) -> Self {
        if p < 0.0 {
            return self.power(-p).reciprocal();
        }
        let is_integer = p.fract() == 0.0 && p < 1e9;
        let raise = |x: f64| <f64 as Number>::power(x, p);
        if self.low >= 0.0 {
            self.increasing(raise).not_negative()
        } else if !is_integer {
            UNKNOWN
        } else if p % 2.0 == 0.0 {
            self.sizes().increasing(raise).not_negative()
        } else {
            self.increasing(raise)
        }
    }

    fn widen(self, relative: f64) -> Self {
        self.mul(Self::rounded(1.0 - relative, 1.0 + relative))
    }

    fn log_size(self) -> f64 {
        let Self { low, high } = self.sizes();
        // 0 and infinity are powers of themselves.
        let size = |x: f64| if x > 0.0 && x.is_finite() { x.ln().abs() } else { 745.0 };
        1.0 + size(low).max(size(high))
    }

    fn is_ordinary(self) -> bool {
        false
    }

    /// Three powers, each as tight as can be: in a quotient the interval would stand twice.
    fn powers(self, p: f64) -> [Self; 3] {
        let slope = if p == 0.0 { Self::new(0.0, 0.0) } else { Self::constant(p, 0.0).mul(self.lowered(p, 1.0)) };
        let factor = p * (p - 1.0);
        let curvature = if p == 0.0 || p == 1.0 {
            Self::new(0.0, 0.0)
        } else {
            Self::constant(factor, f64::EPSILON * factor.abs()).mul(self.lowered(p, 2.0))
        };
        [self.power(p), slope, curvature]
    }
}

impl Interval {
    /// `self^(p - by)`, with what the rounding of the exponent may do to it.
    fn lowered(self, p: f64, by: f64) -> Self {
        let exponent = p - by;
        let power = self.power(exponent);
        if exponent + by == p && (exponent - p) + by == 0.0 {
            return power;
        }
        power.widen(f64::EPSILON * exponent.abs().max(1.0) * self.log_size())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn holds(interval: Interval, x: f64) -> bool {
        interval.low <= x && x <= interval.high
    }

    #[test]
    fn images_of_points_lie_in_the_images_of_intervals() {
        type Pair = (fn(Interval) -> Interval, fn(f64) -> f64);
        let functions: [Pair; 18] = [
            (Number::exp, f64::exp),
            (Number::exp_m1, f64::exp_m1),
            (Number::ln, f64::ln),
            (Number::ln_1p, f64::ln_1p),
            (Number::sqrt, f64::sqrt),
            (Number::cbrt, f64::cbrt),
            (Number::sin, f64::sin),
            (Number::cos, f64::cos),
            (Number::tan, f64::tan),
            (Number::atan, f64::atan),
            (Number::sinh, f64::sinh),
            (Number::cosh, f64::cosh),
            (Number::tanh, f64::tanh),
            (Number::asinh, f64::asinh),
            (Number::erf, libm::erf),
            (Number::normal_cdf, |x| 0.5 * libm::erfc(-x / std::f64::consts::SQRT_2)),
            (|x| x.power(-2.5), |x| x.powf(-2.5)),
            (|x| Interval::new(1.0, 1.0).div(x), |x| 1.0 / x),
        ];
        for (k, (of_interval, of_point)) in functions.into_iter().enumerate() {
            for from in 1..40 {
                for steps in 1..40 {
                    let (low, high) = (0.17 * f64::from(from), 0.17 * f64::from(from + steps));
                    let image = of_interval(Interval::new(low, high));
                    for i in 0..=20 {
                        let y = of_point((low + (high - low) * f64::from(i) / 20.0).min(high));
                        assert!(holds(image, y), "function {k} on [{low}, {high}]: {y} is not in {image:?}");
                    }
                }
            }
        }
    }

    #[test]
    fn signs_survive_underflow() {
        let tiny = Interval::new(-1e-300, -1e-308);
        assert!(tiny.mul(Interval::new(1e-300, 1e-10)).high <= 0.0);
        assert!(tiny.add(tiny).high <= 0.0);
        assert!(Interval::new(-1e6, -1e5).exp().low >= 0.0);
        assert!(Interval::new(0.0, 1.0).power(-1.5).low >= 0.0);
    }

    #[test]
    fn outside_of_a_domain_nothing_is_known() {
        assert!(Interval::new(-1.0, 1.0).ln().low.is_nan());
        assert!(Interval::new(-1.0, 1.0).ln().add(Interval::new(0.0, 0.0)).mul(Interval::new(0.0, 0.0)).low.is_nan());
        assert_eq!(Interval::new(-1.0, 1.0).reciprocal(), LINE);
    }
}
