//! Where a model computes, and in which precision.

mod cuda;

use std::fmt;
use std::str::FromStr;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use tch::{Device, Kind};
use thiserror::Error;

/// A device as a person names it: `auto`, `cpu`, `cuda` or `cuda:1`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize)]
#[serde(try_from = "String", into = "String")]
pub enum DeviceName {
    /// The first CUDA device where there is one, else the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// A CUDA device, counted from 0 among those that `CUDA_VISIBLE_DEVICES` leaves.
    Cuda(usize),
}

impl DeviceName {
    /// What can be written.
    pub const ALLOWED: &'static str = "auto, cpu, cuda, or cuda:1 for the second GPU";
}

impl FromStr for DeviceName {
    type Err = String;

    fn from_str(text: &str) -> Result<Self, String> {
        match text {
            "auto" => Ok(Self::Auto),
            "cpu" => Ok(Self::Cpu),
            "cuda" => Ok(Self::Cuda(0)),
            _ => {
                let index = text.strip_prefix("cuda:").and_then(|index| index.parse().ok());
                index.map(Self::Cuda).ok_or_else(|| format!("it must be {}", Self::ALLOWED))
            }
        }
    }
}

impl TryFrom<String> for DeviceName {
    type Error = String;

    fn try_from(text: String) -> Result<Self, String> {
        text.parse()
    }
}

impl From<DeviceName> for String {
    fn from(name: DeviceName) -> Self {
        name.to_string()
    }
}

impl fmt::Display for DeviceName {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Auto => f.write_str("auto"),
            Self::Cpu => f.write_str("cpu"),
            Self::Cuda(0) => f.write_str("cuda"),
            Self::Cuda(index) => write!(f, "cuda:{index}"),
        }
    }
}

/// Why there is no CUDA device.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// The driver's library is not there.
    #[error("this machine has no NVIDIA driver (libcuda.so.1)")]
    NoDriver,
    /// The driver sees no device.
    #[error("the NVIDIA driver sees no GPU; CUDA_VISIBLE_DEVICES may hide it")]
    NoGpu,
    /// The driver fails.
    #[error("the NVIDIA driver fails: {call} returns {status}")]
    Driver {
        /// What was asked of it.
        call: &'static str,
        /// Its answer, a `CUresult`.
        status: i32,
    },
    /// libtorch was built or installed without its CUDA part.
    #[error("this libtorch has no CUDA ({reason}); build with one that has it: WITH_CUDA=1 make training")]
    NoTorch {
        /// What the loader of libraries says.
        reason: String,
    },
    /// libtorch does not work with what is there.
    #[error("libtorch finds no GPU that it can use: the NVIDIA driver may be too old for its CUDA")]
    Unusable,
    /// There are fewer devices.
    #[error("there is no cuda:{index}: {count} GPU{} can be used, counted from 0", if *.count == 1 { "" } else { "s" })]
    Index {
        /// What was asked for.
        index: usize,
        /// How many there are.
        count: usize,
    },
}

/// The precision of matrix products in training. Parameters, gradients, moments, the head and the loss are always single precision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// bfloat16 where a GPU computes in it, else single: on a CPU, and on a GPU of compute capability below 8.
    #[default]
    Auto,
    /// Single.
    Float32,
    /// bfloat16.
    Bfloat16,
    /// float16, with a scaled loss.
    Float16,
}

/// A device with a precision.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Compute {
    /// The device.
    pub device: Device,
    /// The kind of numbers in matrix products.
    pub kind: Kind,
}

impl Compute {
    /// Single precision on the CPU.
    pub const CPU: Self = Self { device: Device::Cpu, kind: Kind::Float };

    /// The device `name` in the precision asked for; `mixed` allows less than single precision where `precision` is auto. No
    /// library of CUDA is touched for the CPU.
    ///
    /// # Errors
    /// [`DeviceError`] where CUDA is asked for and cannot be had.
    pub fn new(name: DeviceName, precision: Precision, mixed: bool) -> Result<Self, DeviceError> {
        let device = match name {
            DeviceName::Cpu => Device::Cpu,
            DeviceName::Auto if cuda::gpus().is_ok() => Device::Cuda(0),
            DeviceName::Auto => Device::Cpu,
            DeviceName::Cuda(index) => {
                let count = cuda::gpus()?.len();
                if index >= count {
                    return Err(DeviceError::Index { index, count });
                }
                Device::Cuda(index)
            }
        };
        let has_bfloat16 = gpu(device).is_some_and(|gpu| gpu.capability >= (8, 0));
        let kind = match precision {
            Precision::Bfloat16 => Kind::BFloat16,
            Precision::Float16 => Kind::Half,
            Precision::Auto if mixed && has_bfloat16 => Kind::BFloat16,
            Precision::Auto | Precision::Float32 => Kind::Float,
        };
        Ok(Self { device, kind })
    }

    /// The device in words; `threads` compute where it is a CPU.
    pub fn describe(&self, threads: usize) -> String {
        let device = match gpu(self.device) {
            Some(gpu) => gpu.name.clone(),
            None => format!("CPU, {threads} threads"),
        };
        let kind = match self.kind {
            Kind::BFloat16 => "bfloat16",
            Kind::Half => "float16",
            _ => "float32",
        };
        format!("{device}, {kind}")
    }

    /// Why a device that was named `auto` is the CPU.
    pub fn why_no_gpu(name: DeviceName) -> Option<&'static DeviceError> {
        match name {
            DeviceName::Auto => cuda::failure(),
            _ => None,
        }
    }
}

/// What the driver says of a device that is in use.
fn gpu(device: Device) -> Option<&'static cuda::Gpu> {
    match device {
        Device::Cuda(index) => cuda::gpus().ok()?.get(index),
        _ => None,
    }
}

#[cfg(test)]
mod tests {
    use super::DeviceName;

    #[test]
    fn devices_are_named() {
        for (text, name) in [
            ("auto", DeviceName::Auto),
            ("cpu", DeviceName::Cpu),
            ("cuda", DeviceName::Cuda(0)),
            ("cuda:3", DeviceName::Cuda(3)),
        ] {
            assert_eq!(text.parse(), Ok(name));
            assert_eq!(name.to_string().parse(), Ok(name));
        }
        for text in ["gpu", "cuda:", "cuda:-1", "cuda:x", "CUDA"] {
            assert!(text.parse::<DeviceName>().is_err(), "{text}");
        }
    }
}
