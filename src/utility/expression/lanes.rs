//! Several points at once.

use super::number::Number;

/// Points evaluated together: reading an instruction costs about as much as carrying it out for one.
pub(super) const LANES: usize = 8;

/// A double for each of [`LANES`] points. Every one of them is computed as it would be by itself, to the same bits.
#[derive(Debug, Clone, Copy)]
pub(super) struct Lanes(pub(super) [f64; LANES]);

impl Lanes {
    fn with(self, other: Self, operation: impl Fn(f64, f64) -> f64) -> Self {
        Self(std::array::from_fn(|i| operation(self.0[i], other.0[i])))
    }
}

/// Functions of one number, lane by lane.
macro_rules! lane_by_lane {
    ($($function:ident),*) => {
        $(fn $function(self) -> Self {
            Self(self.0.map(<f64 as Number>::$function))
        })*
    };
}

impl Number for Lanes {
    fn constant(value: f64, _error: f64) -> Self {
        Self([value; LANES])
    }

    fn add(self, other: Self) -> Self {
        self.with(other, |a, b| a + b)
    }

    fn sub(self, other: Self) -> Self {
        self.with(other, |a, b| a - b)
    }

    fn mul(self, other: Self) -> Self {
        self.with(other, |a, b| a * b)
    }

    fn div(self, other: Self) -> Self {
        self.with(other, |a, b| a / b)
    }

    lane_by_lane!(
        neg,
        exp,
        exp_m1,
        ln,
        ln_1p,
        sqrt,
        cbrt,
        sin,
        cos,
        tan,
        atan,
        sinh,
        cosh,
        tanh,
        asinh,
        erf,
        normal_cdf,
        sigmoid,
        log_sigmoid
    );

    fn power(self, p: f64) -> Self {
        Self(self.0.map(|x| Number::power(x, p)))
    }

    /// Which way is taken depends on the number.
    fn powers(self, p: f64) -> [Self; 3] {
        let powers = self.0.map(|x| Number::powers(x, p));
        std::array::from_fn(|k| Self(powers.map(|powers| powers[k])))
    }

    fn widen(self, _relative: f64) -> Self {
        self
    }

    /// Doubles carry no errors to widen.
    fn log_size(self) -> f64 {
        0.0
    }

    fn is_ordinary(self) -> bool {
        self.0.iter().all(|x| x.is_normal())
    }
}

#[cfg(test)]
mod tests {
    use crate::utility::{Derivative, Expression, Utility};

    #[test]
    fn many_points_have_the_bits_of_each_by_itself() {
        for text in [
            "atan(1e6x)",
            "x-0.3x^1.1",
            "x^2*log(x)",
            "-(1-exp(-x))/x",
            "sin(x)+cos(x)-tan(x/2)+sinh(x)-cosh(x)+tanh(x)+asinh(x)+cbrt(x)+sqrt(x)",
            "sigmoid(x)+logsigmoid(3x)-softplus(-x)+expm1(-x)+log1p(x)+log2(x)+log10(x)",
            "erf(x)-ndtr(-3x)",
            "(x+1)^3/(2-(x-1)^2)^0.5-2^x",
        ] {
            let utility = Expression::parse(text).unwrap();
            let points: Vec<f64> =
                [0.0, 1e-300, 1e-200, 1e-20, 1.0].into_iter().chain((0..46).map(|k| 0.02 * k as f64 + 1e-3)).collect();
            for derivative in [Derivative::Value, Derivative::Slope, Derivative::Curvature] {
                let mut together = points.clone();
                utility.map(derivative, &mut together);
                for (x, found) in points.iter().zip(together) {
                    let jet = utility.jet(*x);
                    let alone = match derivative {
                        Derivative::Value => utility.value(*x),
                        Derivative::Slope => jet.slope,
                        Derivative::Curvature => jet.curvature,
                    };
                    assert!(found.to_bits() == alone.to_bits() || found.is_nan() && alone.is_nan(), "{text} at {x}");
                }
            }
        }
    }
}
