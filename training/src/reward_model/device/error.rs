//! Why there is no GPU to compute on.

use thiserror::Error;

/// Why CUDA cannot be had, or not the device that was asked for.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum DeviceError {
    /// The system has no driver.
    #[error("CUDA was asked for, but there is no NVIDIA driver ({reason}); use --device cpu")]
    NoDriver {
        /// What the loader said.
        reason: String,
    },
    /// The driver has no GPU to offer.
    #[error("CUDA was asked for, but the NVIDIA driver sees no GPU{hint}; use --device cpu")]
    NoGpu {
        /// Why that may be.
        hint: String,
    },
    /// The driver refuses to work.
    #[error("CUDA was asked for, but the NVIDIA driver fails: {call} gives the error {code}; use --device cpu")]
    Driver {
        /// The function that failed.
        call: &'static str,
        /// Its result, a `CUresult`.
        code: i32,
    },
    /// The driver is older than the CUDA that libtorch was built with.
    #[error(
        "CUDA was asked for, but the NVIDIA driver is too old: it goes up to CUDA {driver}, and this libtorch needs {needed}; \
         update the driver, or use --device cpu"
    )]
    OldDriver {
        /// The newest CUDA that the driver supports.
        driver: String,
        /// The CUDA of libtorch.
        needed: String,
    },
    /// libtorch was built without CUDA.
    #[error(
        "CUDA was asked for, but this libtorch has no CUDA ({reason}); build with one that has it (WITH_CUDA=1 make training), \
         or use --device cpu"
    )]
    NoLibrary {
        /// What the loader said.
        reason: String,
    },
    /// CUDA's part of libtorch is there and cannot be loaded.
    #[error("CUDA was asked for, but CUDA's part of libtorch cannot be loaded ({reason}); use --device cpu")]
    Library {
        /// What the loader said: as a rule, which library is missing.
        reason: String,
    },
    /// libtorch sees no GPU where the driver has one.
    #[error(
        "CUDA was asked for, but libtorch sees no GPU, though the driver has one: either the two do not go together, or the \
         process computed on the CPU before CUDA was loaded; use --device cpu"
    )]
    Unseen,
    /// There are fewer GPUs.
    #[error("there is no cuda:{index}: this program sees {}", seen(*count))]
    Index {
        /// The device that was asked for.
        index: usize,
        /// How many there are.
        count: usize,
    },
}

impl DeviceError {
    /// The reason in a few words, for those who can do without CUDA.
    pub fn brief(&self) -> &'static str {
        match self {
            Self::NoDriver { .. } => "no NVIDIA driver",
            Self::NoGpu { .. } => "the driver sees no GPU",
            Self::Driver { .. } => "the driver fails",
            Self::OldDriver { .. } => "the driver is too old",
            Self::NoLibrary { .. } => "this libtorch has none",
            Self::Library { .. } => "libtorch's part of it cannot be loaded",
            Self::Unseen => "libtorch sees no GPU",
            Self::Index { .. } => "no such GPU",
        }
    }
}

fn seen(count: usize) -> String {
    match count {
        1 => "1 CUDA device, cuda:0".to_owned(),
        _ => format!("{count} CUDA devices, cuda:0 to cuda:{}", count - 1),
    }
}
