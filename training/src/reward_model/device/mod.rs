//! Where a model computes, and in which precision.

mod cuda;
mod driver;
mod error;
mod name;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use tch::{Device, Kind};

use super::ModelError;
pub use crate::libtorch::Memory;
use driver::Driver;

pub use error::DeviceError;
pub use name::{DeviceName, DeviceNameError};

/// The precision of matrix products in training. Parameters, gradients, moments and the loss are always single precision.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// bfloat16 where the hardware computes in it, else float16 with loss scaling on a GPU and float32 on a CPU.
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
    /// What a person may not expect of a choice that was left to the program.
    remark: Option<Remark>,
}

#[derive(Debug, Clone, Copy, PartialEq)]
enum Remark {
    /// The CPU for want of CUDA, and why.
    NoCuda(&'static str),
    /// float16 on a GPU of this compute capability.
    NoBfloat16(i32, i32),
}

/// The compute capability from which on a GPU computes in bfloat16.
const BFLOAT16: (i32, i32) = (8, 0);

impl Compute {
    /// Single precision on the CPU.
    pub const CPU: Self = Self { device: Device::Cpu, kind: Kind::Float, remark: None };

    /// The device `name` in the precision asked for; `mixed` allows less than single precision where `precision` is auto.
    ///
    /// Call this before libtorch computes anything: it looks for CUDA once, at its first need, and CUDA is loaded here. For
    /// the CPU nothing is loaded.
    ///
    /// # Errors
    /// [`ModelError::Device`] where CUDA is asked for and missing, or has no such device.
    pub fn new(name: DeviceName, precision: Precision, mixed: bool) -> Result<Self, ModelError> {
        let found = match name {
            DeviceName::Cpu => Err(None),
            DeviceName::Auto => match cuda::find(0) {
                Ok(driver) => Ok((driver, 0)),
                Err(error) => Err(Some(Remark::NoCuda(error.brief()))),
            },
            DeviceName::Cuda(index) => Ok((cuda::find(index)?, index)),
        };
        let half = precision == Precision::Auto && mixed;
        let (device, automatic, remark) = match found {
            Ok((driver, index)) if half => {
                let (kind, remark) = half_precision(driver.capability(index)?);
                (Device::Cuda(index), kind, remark)
            }
            Ok((_, index)) => (Device::Cuda(index), Kind::Float, None),
            Err(remark) => (Device::Cpu, Kind::Float, remark),
        };
        let kind = match precision {
            Precision::Auto => automatic,
            Precision::Float32 => Kind::Float,
            Precision::Bfloat16 => Kind::BFloat16,
            Precision::Float16 => Kind::Half,
        };
        Ok(Self { device, kind, remark })
    }

    /// The device in words; `threads` compute where it is a CPU.
    pub fn describe(&self, threads: usize) -> String {
        let device = match self.device {
            Device::Cuda(index) => {
                let name = Driver::start().ok().and_then(|driver| driver.name(index));
                format!("{} (cuda:{index})", name.as_deref().unwrap_or("NVIDIA GPU"))
            }
            _ => format!("CPU, {threads} threads"),
        };
        let kind = match self.kind {
            Kind::BFloat16 => "bfloat16",
            Kind::Half => "float16",
            _ => "float32",
        };
        format!("{device}, {kind}")
    }

    /// Memory of the GPU; none for a CPU, and where libtorch does not tell.
    pub fn memory(&self) -> Option<Memory> {
        match self.device {
            Device::Cuda(index) => Memory::of_gpu(index).ok(),
            _ => None,
        }
    }

    /// What a person may not expect of a choice that was left to the program: the CPU and why not CUDA, or float16 and why not
    /// bfloat16.
    pub fn remark(&self) -> Option<String> {
        self.remark.map(|remark| match remark {
            Remark::NoCuda(reason) => format!("without CUDA: {reason}"),
            Remark::NoBfloat16(major, minor) => {
                format!("float16, as a GPU of compute capability {major}.{minor} has no bfloat16")
            }
        })
    }
}

/// The numbers of half the size that a GPU of this compute capability computes in.
fn half_precision(capability: (i32, i32)) -> (Kind, Option<Remark>) {
    if capability >= BFLOAT16 {
        return (Kind::BFloat16, None);
    }
    (Kind::Half, Some(Remark::NoBfloat16(capability.0, capability.1)))
}

/// What the loader of libraries said, in one line and without what libloading puts around it.
#[cfg(unix)]
fn said(error: &libloading::Error) -> String {
    let text = std::error::Error::source(error).map_or_else(|| error.to_string(), ToString::to_string);
    text.lines().next().unwrap_or_default().trim().to_owned()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn float16_is_never_taken_without_a_word() {
        for (capability, kind) in [((7, 5), Kind::Half), ((8, 0), Kind::BFloat16), ((12, 0), Kind::BFloat16)] {
            let (taken, remark) = half_precision(capability);
            assert_eq!(taken, kind);
            let compute = Compute { device: Device::Cuda(1), kind, remark };
            assert_eq!(compute.remark().is_some(), kind == Kind::Half);
        }
        let compute = Compute { remark: half_precision((7, 5)).1, ..Compute::CPU };
        assert_eq!(compute.remark().unwrap(), "float16, as a GPU of compute capability 7.5 has no bfloat16");
    }

    #[test]
    fn the_cpu_computes_in_single_precision_unless_told_otherwise() {
        for (precision, kind) in [
            (Precision::Auto, Kind::Float),
            (Precision::Float32, Kind::Float),
            (Precision::Bfloat16, Kind::BFloat16),
            (Precision::Float16, Kind::Half),
        ] {
            let compute = Compute::new(DeviceName::Cpu, precision, true).unwrap();
            assert_eq!(compute, Compute { kind, ..Compute::CPU });
            assert_eq!(compute.remark(), None);
        }
        assert_eq!(Compute::CPU.describe(2), "CPU, 2 threads, float32");
    }
}
