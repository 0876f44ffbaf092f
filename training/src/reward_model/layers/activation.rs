//! Activation functions, under transformers' names and with its formulas.

use std::f64::consts::SQRT_2;

use serde::{Deserialize, Serialize};
use tch::Tensor;
use thiserror::Error;

/// An activation function of transformers' `ACT2FN`.
///
/// Missing are `prelu` and `xielu`, which have learned parameters of their own.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(try_from = "String", into = "&'static str")]
pub enum Activation {
    /// `x Phi(x)` with the normal distribution `Phi`.
    Gelu,
    /// [`Activation::Gelu`], clipped to [-10, 10].
    Gelu10,
    /// [`Activation::GeluNew`] under another name.
    GeluAccurate,
    /// [`Activation::GeluNew`] under another name.
    GeluFast,
    /// `x Phi(x)`, where a hyperbolic tangent stands for `Phi`.
    GeluNew,
    /// [`Activation::Gelu`] under another name.
    GeluPython,
    /// [`Activation::GeluNew`] under another name.
    GeluPythonTanh,
    /// [`Activation::GeluNew`] under another name.
    GeluPytorchTanh,
    /// `x min(max(x + 3, 0), 6) / 6`.
    Hardswish,
    /// The distribution of a normal number with mean 0.707107 and deviation 0.282095.
    Laplace,
    /// `x` above 0, and a hundredth of it below.
    LeakyRelu,
    /// `x`.
    Linear,
    /// `x tanh(log(1 + exp x))`.
    Mish,
    /// `x sigmoid(1.702 x)`.
    QuickGelu,
    /// `max(x, 0)`.
    Relu,
    /// `max(x, 0)` squared.
    Relu2,
    /// `max(x, 0)`, and 6 at most.
    Relu6,
    /// `1 / (1 + exp(-x))`.
    Sigmoid,
    /// `x sigmoid(x)`.
    Silu,
    /// The root of `log(1 + exp x)`.
    SqrtSoftplus,
    /// [`Activation::Silu`] under another name.
    Swish,
    /// `tanh x`.
    Tanh,
}

/// All activations with their names. A checkpoint keeps the name that it came with.
const NAMES: [(&str, Activation); 22] = [
    ("gelu", Activation::Gelu),
    ("gelu_10", Activation::Gelu10),
    ("gelu_accurate", Activation::GeluAccurate),
    ("gelu_fast", Activation::GeluFast),
    ("gelu_new", Activation::GeluNew),
    ("gelu_python", Activation::GeluPython),
    ("gelu_python_tanh", Activation::GeluPythonTanh),
    ("gelu_pytorch_tanh", Activation::GeluPytorchTanh),
    ("hardswish", Activation::Hardswish),
    ("laplace", Activation::Laplace),
    ("leaky_relu", Activation::LeakyRelu),
    ("linear", Activation::Linear),
    ("mish", Activation::Mish),
    ("quick_gelu", Activation::QuickGelu),
    ("relu", Activation::Relu),
    ("relu2", Activation::Relu2),
    ("relu6", Activation::Relu6),
    ("sigmoid", Activation::Sigmoid),
    ("silu", Activation::Silu),
    ("sqrtsoftplus", Activation::SqrtSoftplus),
    ("swish", Activation::Swish),
    ("tanh", Activation::Tanh),
];

/// The normal distribution of [`Activation::Laplace`].
#[expect(clippy::approx_constant, reason = "transformers rounds the root of a half so")]
const LAPLACE_MEAN: f64 = 0.707_107;
const LAPLACE_DEVIATION: f64 = 0.282_095;

/// What the first DeBERTa called `linear`.
const IDENTITY: &str = "identity";

/// A name that belongs to no activation.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the activation `{name}` is not supported; those that are: {}", listed())]
pub struct UnknownActivation {
    /// The name.
    pub name: String,
}

fn listed() -> String {
    Activation::names().collect::<Vec<_>>().join(", ")
}

impl Activation {
    /// The names that are supported.
    pub fn names() -> impl Iterator<Item = &'static str> {
        NAMES.iter().map(|(name, _)| *name)
    }

    /// Acts on every element.
    pub fn forward(self, x: &Tensor) -> Tensor {
        match self {
            Self::Gelu | Self::GeluPython => x.gelu("none"),
            Self::Gelu10 => x.gelu("none").clamp(-10.0, 10.0),
            // Transformers writes the same formula in five ways, which differ by rounding alone.
            Self::GeluAccurate | Self::GeluFast | Self::GeluNew | Self::GeluPythonTanh | Self::GeluPytorchTanh => {
                x.gelu("tanh")
            }
            Self::Hardswish => x.hardswish(),
            Self::Laplace => (((x - LAPLACE_MEAN) / (LAPLACE_DEVIATION * SQRT_2)).erf() + 1.0) * 0.5,
            Self::LeakyRelu => x.leaky_relu(),
            Self::Linear => x.shallow_clone(),
            Self::Mish => x.mish(),
            Self::QuickGelu => x * (x * 1.702).sigmoid(),
            Self::Relu => x.relu(),
            Self::Relu2 => x.relu().square(),
            Self::Relu6 => x.relu6(),
            Self::Sigmoid => x.sigmoid(),
            Self::Silu | Self::Swish => x.silu(),
            Self::SqrtSoftplus => x.softplus().sqrt(),
            Self::Tanh => x.tanh(),
        }
    }
}

impl TryFrom<String> for Activation {
    type Error = UnknownActivation;

    fn try_from(name: String) -> Result<Self, UnknownActivation> {
        if name == IDENTITY {
            return Ok(Self::Linear);
        }
        let found = NAMES.iter().find(|(own, _)| *own == name);
        found.map(|(_, activation)| *activation).ok_or(UnknownActivation { name })
    }
}

impl From<Activation> for &'static str {
    fn from(activation: Activation) -> Self {
        NAMES.iter().find(|(_, own)| *own == activation).map_or("linear", |(name, _)| name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_read_and_written_again() {
        for name in Activation::names() {
            let activation = Activation::try_from(name.to_owned()).unwrap();
            assert_eq!(<&str>::from(activation), name);
        }
        assert_eq!(Activation::try_from("identity".to_owned()), Ok(Activation::Linear));
    }

    /// Numbers of torch 2.15 by the classes of transformers 5.24, where the model of the integration test is never as far out.
    #[test]
    fn bounds_are_kept() {
        let x = Tensor::from_slice(&[-12.0_f32, -4.0, -1.0, 2.0, 7.0, 12.0]);
        for (name, expected) in [
            ("gelu_10", [0.0, -0.0001264811, -0.1586553, 1.9545, 7.0, 10.0]),
            ("hardswish", [0.0, 0.0, -0.3333333, 1.666667, 7.0, 12.0]),
            ("laplace", [0.0, 0.0, 0.0, 0.9999977, 1.0, 1.0]),
            ("leaky_relu", [-0.12, -0.04, -0.01, 2.0, 7.0, 12.0]),
            ("relu2", [0.0, 0.0, 0.0, 4.0, 49.0, 144.0]),
            ("relu6", [0.0, 0.0, 0.0, 2.0, 6.0, 6.0]),
        ] {
            let found = Activation::try_from(name.to_owned()).unwrap().forward(&x);
            let found = Vec::<f32>::try_from(found).unwrap();
            for (found, wanted) in found.iter().zip(expected) {
                assert!((found - wanted).abs() <= 1e-6 * wanted.abs().max(1.0), "{name}: {found}, not {wanted}");
            }
        }
    }

    #[test]
    fn another_name_is_answered_with_those_that_are_known() {
        let error = Activation::try_from("prelu".to_owned()).unwrap_err().to_string();
        assert!(error.contains("`prelu`") && error.contains("gelu, ") && error.ends_with("swish, tanh"), "{error}");
    }
}
