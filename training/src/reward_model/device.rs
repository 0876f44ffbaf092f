//! Where a model computes, and in which precision.

use std::process::Command;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};
use tch::{Cuda, Device, Kind};

use super::ModelError;

/// A device as a person names it.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Default, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum DeviceName {
    /// CUDA where it is there, else the CPU.
    #[default]
    Auto,
    /// The CPU.
    Cpu,
    /// The first CUDA device.
    Cuda,
}

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
}

impl Compute {
    /// Single precision on the CPU.
    pub const CPU: Self = Self { device: Device::Cpu, kind: Kind::Float };

    /// The device `name` in the precision asked for; `mixed` allows less than single precision where `precision` is auto.
    ///
    /// # Errors
    /// [`ModelError::Device`] where CUDA is asked for and missing.
    pub fn new(name: DeviceName, precision: Precision, mixed: bool) -> Result<Self, ModelError> {
        let device = match name {
            DeviceName::Cpu => Device::Cpu,
            DeviceName::Auto if load_cuda().is_ok() => Device::Cuda(0),
            DeviceName::Auto => Device::Cpu,
            DeviceName::Cuda => {
                load_cuda().map_err(ModelError::Device)?;
                Device::Cuda(0)
            }
        };
        let kind = match precision {
            Precision::Float32 => Kind::Float,
            Precision::Bfloat16 => Kind::BFloat16,
            Precision::Float16 => Kind::Half,
            Precision::Auto if device == Device::Cpu || !mixed => Kind::Float,
            Precision::Auto if has_bfloat16() => Kind::BFloat16,
            Precision::Auto => Kind::Half,
        };
        Ok(Self { device, kind })
    }

    /// The device in words; `threads` compute where it is a CPU.
    pub fn describe(&self, threads: usize) -> String {
        let device = match self.device {
            Device::Cuda(_) => query("name").unwrap_or_else(|| "CUDA".to_owned()),
            _ => format!("CPU, {threads} threads"),
        };
        let kind = match self.kind {
            Kind::BFloat16 => "bfloat16",
            Kind::Half => "float16",
            _ => "float32",
        };
        format!("{device}, {kind}")
    }
}

/// Loads CUDA's part of libtorch; nothing links to it, so that one binary serves machines with and without it.
fn load_cuda() -> Result<(), String> {
    if !Cuda::is_available() {
        load_library()?;
    }
    if Cuda::is_available() {
        return Ok(());
    }
    Err("CUDA was asked for, but no NVIDIA GPU with a working driver was found; use --device cpu".to_owned())
}

#[cfg(unix)]
fn load_library() -> Result<(), String> {
    use libloading::os::unix::{Library, RTLD_GLOBAL, RTLD_NOW};
    let name = "libtorch_cuda.so";
    // SAFETY: the library belongs to the libtorch that this program is linked to; its initialisers register kernels there.
    let library = unsafe { Library::open(Some(name), RTLD_NOW | RTLD_GLOBAL) };
    match library {
        // Kernels stay registered: it must never be unloaded.
        Ok(library) => {
            std::mem::forget(library);
            Ok(())
        }
        Err(error) => Err(format!(
            "CUDA was asked for, but this libtorch has no CUDA ({error}); build with a libtorch that has it \
             (WITH_CUDA=1 make), or use --device cpu"
        )),
    }
}

#[cfg(not(unix))]
fn load_library() -> Result<(), String> {
    Err("CUDA was asked for, but it is known only on Linux; use --device cpu".to_owned())
}

/// Whether the GPU computes in bfloat16, as it does from compute capability 8.0 on.
fn has_bfloat16() -> bool {
    query("compute_cap").and_then(|text| text.parse::<f64>().ok()).is_some_and(|capability| capability >= 8.0)
}

fn query(what: &str) -> Option<String> {
    let output =
        Command::new("nvidia-smi").args([&format!("--query-gpu={what}"), "--format=csv,noheader"]).output().ok()?;
    let text = String::from_utf8(output.stdout).ok()?;
    text.lines().next().map(|line| line.trim().to_owned()).filter(|line| !line.is_empty())
}
