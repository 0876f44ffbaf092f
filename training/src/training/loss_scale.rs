//! The scale of the loss in float16, whose smallest numbers gradients would fall below.

use serde::{Deserialize, Serialize};
use tch::Kind;

/// Grows while gradients are finite, and halves when one is not: as PyTorch's `GradScaler`.
#[derive(Debug, Clone, Copy, PartialEq, Serialize, Deserialize)]
pub struct LossScale {
    scale: f64,
    finite_steps: u64,
    acts: bool,
}

const FIRST: f64 = 65536.0;
const GROWTH_STEPS: u64 = 2000;
/// Below this, scaling no longer helps.
const LEAST: f64 = 1e-4;

impl LossScale {
    /// 1 unless gradients are in float16.
    pub fn new(kind: Kind) -> Self {
        let acts = kind == Kind::Half;
        Self { scale: if acts { FIRST } else { 1.0 }, finite_steps: 0, acts }
    }

    /// What the loss is multiplied with.
    pub fn scale(&self) -> f64 {
        self.scale
    }

    /// Takes note of a step whose gradient was or was not finite; false where a smaller scale cannot help.
    pub fn update(&mut self, finite: bool) -> bool {
        if !self.acts {
            return finite;
        }
        if finite {
            self.finite_steps += 1;
            if self.finite_steps.is_multiple_of(GROWTH_STEPS) {
                self.scale *= 2.0;
            }
            return true;
        }
        self.finite_steps = 0;
        self.scale /= 2.0;
        self.scale >= LEAST
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_scale_falls_until_gradients_are_finite_and_grows_again() {
        let mut scale = LossScale::new(Kind::Half);
        assert!(scale.update(false) && scale.update(false));
        assert_eq!(scale.scale(), FIRST / 4.0);
        (0..GROWTH_STEPS).for_each(|_| assert!(scale.update(true)));
        assert_eq!(scale.scale(), FIRST / 2.0);
        assert!((0..100).any(|_| !scale.update(false)));
    }

    #[test]
    fn in_other_precisions_a_gradient_that_is_not_finite_is_final() {
        let mut scale = LossScale::new(Kind::Float);
        assert!(scale.update(true) && !scale.update(false));
        assert_eq!(scale.scale(), 1.0);
    }
}
