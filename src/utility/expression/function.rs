//! The functions that an expression may call, with their derivatives.

use std::f64::consts::FRAC_2_SQRT_PI;

use super::number::Number;

/// The normal density at 0, `1/sqrt(2 pi)`.
pub(super) const NORMAL_PEAK: f64 = 0.398_942_280_401_432_7;

/// A function of one argument.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(in crate::utility) enum Function {
    Exp,
    Expm1,
    Ln,
    Log1p,
    Log2,
    Log10,
    Sqrt,
    Cbrt,
    Sin,
    Cos,
    Tan,
    Atan,
    Sinh,
    Cosh,
    Tanh,
    Asinh,
    Erf,
    NormalCdf,
    Sigmoid,
    LogSigmoid,
    Softplus,
}

/// Names as people type them. Some functions have two: NumPy's, SciPy's or PyTorch's name, and that of textbooks.
pub(super) const NAMES: [(&str, Function); 24] = [
    ("log", Function::Ln),
    ("ln", Function::Ln),
    ("log2", Function::Log2),
    ("log10", Function::Log10),
    ("exp", Function::Exp),
    ("sqrt", Function::Sqrt),
    ("sin", Function::Sin),
    ("cos", Function::Cos),
    ("tan", Function::Tan),
    ("atan", Function::Atan),
    ("sinh", Function::Sinh),
    ("cosh", Function::Cosh),
    ("tanh", Function::Tanh),
    ("asinh", Function::Asinh),
    ("cbrt", Function::Cbrt),
    ("logsigmoid", Function::LogSigmoid),
    ("sigmoid", Function::Sigmoid),
    ("log1p", Function::Log1p),
    ("expm1", Function::Expm1),
    ("softplus", Function::Softplus),
    ("erf", Function::Erf),
    ("ndtr", Function::NormalCdf),
    ("normcdf", Function::NormalCdf),
    ("Phi", Function::NormalCdf),
];

impl Function {
    /// `f(u)`.
    pub(super) fn value<N: Number>(self, u: N) -> N {
        match self {
            Function::Exp => u.exp(),
            Function::Expm1 => u.exp_m1(),
            Function::Ln => u.ln(),
            Function::Log1p => u.ln_1p(),
            Function::Log2 => u.ln().mul(N::constant(std::f64::consts::LOG2_E, f64::EPSILON)),
            Function::Log10 => u.ln().mul(N::constant(std::f64::consts::LOG10_E, f64::EPSILON)),
            Function::Sqrt => u.sqrt(),
            Function::Cbrt => u.cbrt(),
            Function::Sin => u.sin(),
            Function::Cos => u.cos(),
            Function::Tan => u.tan(),
            Function::Atan => u.atan(),
            Function::Sinh => u.sinh(),
            Function::Cosh => u.cosh(),
            Function::Tanh => u.tanh(),
            Function::Asinh => u.asinh(),
            Function::Erf => u.erf(),
            Function::NormalCdf => u.normal_cdf(),
            Function::Sigmoid => u.sigmoid(),
            Function::LogSigmoid => u.log_sigmoid(),
            Function::Softplus => u.neg().log_sigmoid().neg(),
        }
    }

    /// `f(u)`, `f'(u)` and `f''(u)`, in forms that lose no digits where the function itself has them.
    pub(super) fn derivatives<N: Number>(self, u: N) -> [N; 3] {
        let number = |c: f64| N::constant(c, 0.0);
        let one = number(1.0);
        let value = self.value(u);
        let [slope, curvature] = match self {
            Function::Exp => [value, value],
            Function::Expm1 => [u.exp(); 2],
            Function::Ln => logarithmic(one.div(u), None),
            Function::Log1p => logarithmic(one.div(one.add(u)), None),
            Function::Log2 => logarithmic(one.div(u), Some(std::f64::consts::LOG2_E)),
            Function::Log10 => logarithmic(one.div(u), Some(std::f64::consts::LOG10_E)),
            Function::Sqrt => [number(0.5).div(value), number(-0.25).div(value.mul(u))],
            Function::Cbrt => {
                let square = value.square();
                let slope = one.div(number(3.0).mul(square));
                [slope, number(-2.0).mul(slope).div(number(3.0).mul(u))]
            }
            Function::Sin => [u.cos(), value.neg()],
            Function::Cos => [u.sin().neg(), value.neg()],
            Function::Tan => {
                let slope = one.add(value.square());
                [slope, number(2.0).mul(value).mul(slope)]
            }
            Function::Atan => {
                let slope = one.div(one.add(u.square()));
                [slope, number(-2.0).mul(u).mul(slope.square())]
            }
            Function::Sinh => [u.cosh(), value],
            Function::Cosh => [u.sinh(), value],
            Function::Tanh => {
                // 1/cosh^2 without its overflow: 4 sigmoid(2u) sigmoid(-2u).
                let twice = number(2.0).mul(u);
                let slope = number(4.0).mul(twice.sigmoid().mul(twice.neg().sigmoid()));
                [slope, number(-2.0).mul(value).mul(slope)]
            }
            Function::Asinh => {
                let slope = one.div(one.add(u.square()).sqrt());
                [slope, u.neg().mul(slope).mul(slope.square())]
            }
            Function::Erf => {
                let slope = N::constant(FRAC_2_SQRT_PI, f64::EPSILON).mul(u.square().neg().exp());
                [slope, number(-2.0).mul(u).mul(slope)]
            }
            Function::NormalCdf => {
                let density = N::constant(NORMAL_PEAK, f64::EPSILON).mul(number(-0.5).mul(u.square()).exp());
                [density, u.neg().mul(density)]
            }
            Function::Sigmoid => {
                let rest = u.neg().sigmoid();
                let slope = value.mul(rest);
                // 1 - 2 sigmoid(u) = -tanh(u/2).
                [slope, slope.mul(number(0.5).mul(u).tanh()).neg()]
            }
            Function::LogSigmoid => {
                let rest = u.neg().sigmoid();
                [rest, rest.mul(u.sigmoid()).neg()]
            }
            Function::Softplus => {
                let slope = u.sigmoid();
                [slope, slope.mul(u.neg().sigmoid())]
            }
        };
        [value, slope, curvature]
    }
}

/// Both derivatives of a logarithm from `1/u`; `factor` is that of another base.
fn logarithmic<N: Number>(inverse: N, factor: Option<f64>) -> [N; 2] {
    let derivatives = [inverse, inverse.square().neg()];
    match factor {
        None => derivatives,
        Some(factor) => derivatives.map(|derivative| N::constant(factor, f64::EPSILON).mul(derivative)),
    }
}
