//! Values that are one of a few words.

use serde::{Deserialize, Serialize};

/// How the learning rate falls after the warm-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Scheduler {
    /// On a straight line to 0 at the last step.
    Linear,
    /// On half a period of the cosine, to 0 at the last step.
    Cosine,
    /// Not at all.
    Constant,
}

/// In which numbers to compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum Precision {
    /// In half precision where the device is made for it and `fp16` is true, in single precision otherwise.
    Auto,
    /// In single precision.
    Float32,
    /// In bfloat16, with weights kept in single precision.
    Bfloat16,
    /// In IEEE half precision, with weights kept in single precision and the loss scaled.
    Float16,
}

/// Where to compute.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "lowercase")]
pub enum DevicePreference {
    /// On the GPU if there is one.
    Auto,
    /// On the CPU.
    Cpu,
    /// On the GPU.
    Cuda,
}

/// A value that is one of a few words.
pub(super) trait Choice: Copy + 'static {
    /// The words and what they stand for.
    const WORDS: &'static [(&'static str, Self)];
}

impl Choice for Scheduler {
    const WORDS: &'static [(&'static str, Self)] =
        &[("linear", Self::Linear), ("cosine", Self::Cosine), ("constant", Self::Constant)];
}

impl Choice for Precision {
    const WORDS: &'static [(&'static str, Self)] =
        &[("auto", Self::Auto), ("float32", Self::Float32), ("bfloat16", Self::Bfloat16), ("float16", Self::Float16)];
}

impl Choice for DevicePreference {
    const WORDS: &'static [(&'static str, Self)] = &[("auto", Self::Auto), ("cpu", Self::Cpu), ("cuda", Self::Cuda)];
}
