//! Values that are one of a few words.

use serde::{Deserialize, Serialize};

use crate::reward_model::Precision;

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
