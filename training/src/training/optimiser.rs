//! AdamW (Loshchilov and Hutter, 2019) on flat parameters.

use tch::{Kind, Tensor};

use crate::reward_model::parameters::Parameters;

/// Elements updated at a time: temporaries stay small, and in the cache where that is large.
const CHUNK: i64 = 1 << 22;

/// The moments, and what decides a step; `beta` and `epsilon` are those of the released trainer.
#[derive(Debug)]
pub struct AdamW {
    first: Tensor,
    second: Tensor,
    steps: i64,
    weight_decay: f64,
}

/// Decay of the mean of gradients.
const BETA_1: f64 = 0.9;
/// Decay of the mean of their squares.
const BETA_2: f64 = 0.999;
const EPSILON: f64 = 1e-8;

impl AdamW {
    /// An optimiser whose moments are 0.
    pub fn new(parameters: &Parameters, weight_decay: f64) -> Self {
        let flat = parameters.flat();
        Self { first: flat.zeros_like(), second: flat.zeros_like(), steps: 0, weight_decay }
    }

    /// Steps taken.
    pub fn steps(&self) -> i64 {
        self.steps
    }

    /// The moments, laid out like [`Parameters::flat`], and to be filled where a run goes on after `steps` steps.
    pub fn moments(&self) -> [(&'static str, &Tensor); 2] {
        [("exp_avg", &self.first), ("exp_avg_sq", &self.second)]
    }

    /// Goes on after so many steps.
    pub fn resume(&mut self, steps: i64) {
        self.steps = steps;
    }

    /// One step against `gradient`, laid out like [`Parameters::flat`].
    pub fn step(&mut self, parameters: &mut Parameters, gradient: &Tensor, learning_rate: f64) {
        self.steps += 1;
        let correction = |beta: f64| 1.0 - beta.powf(self.steps as f64);
        let (rate, root) = (learning_rate / correction(BETA_1), correction(BETA_2).sqrt());
        let (flat, decaying) = (parameters.flat(), parameters.decaying());
        let end = gradient.size()[0];
        tch::no_grad(|| {
            let mut start = 0;
            while start < end {
                // A chunk decays as a whole or not at all.
                let limit = if start < decaying { decaying } else { end };
                let length = CHUNK.min(limit - start);
                let part = |tensor: &Tensor| tensor.narrow(0, start, length);
                let gradient = part(gradient);
                let mut first = part(&self.first);
                let _ = first.g_mul_scalar_(BETA_1).g_add_(&(&gradient * (1.0 - BETA_1)));
                let mut second = part(&self.second);
                let scaled = &gradient * (1.0 - BETA_2).sqrt();
                let _ = second.g_mul_scalar_(BETA_2).addcmul_(&scaled, &scaled);
                let denominator = second.sqrt() / root + EPSILON;
                let mut update = &first / denominator;
                let _ = update.g_mul_scalar_(rate);
                let mut values = part(&flat);
                if start < decaying && self.weight_decay > 0.0 {
                    let _ = values.g_mul_scalar_(1.0 - learning_rate * self.weight_decay);
                }
                let _ = values.g_sub_(&update);
                start += length;
            }
        });
    }
}

/// The Euclidean norm of `gradient`, which is scaled down to `longest` where it is longer; 0 is no limit.
pub fn clip(gradient: &mut Tensor, longest: f64) -> f64 {
    let norm = gradient.norm_scalaropt_dtype(2.0, Kind::Double).double_value(&[]);
    // As in PyTorch.
    let factor = longest / (norm + 1e-6);
    if longest > 0.0 && factor < 1.0 {
        let _ = gradient.g_mul_scalar_(factor);
    }
    norm
}
