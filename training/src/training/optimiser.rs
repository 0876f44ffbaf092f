//! AdamW (Loshchilov and Hutter, 2019) on flat parameters.

use tch::{Kind, Tensor};

use crate::guard;
use crate::libtorch::{self, AdamWSettings};
use crate::reward_model::ModelError;
use crate::reward_model::parameters::Parameters;

/// The moments, and what decides a step; `beta` and `epsilon` are those of the released trainer.
#[derive(Debug)]
pub struct AdamW {
    first: Tensor,
    second: Tensor,
    steps: i64,
    weight_decay: f64,
}

/// Decays of the mean of gradients, and of that of their squares.
const BETAS: [f64; 2] = [0.9, 0.999];
const EPSILON: f64 = 1e-8;
/// Numbers that are copied to double precision at a time, 2 MB.
const PIECE: i64 = 1 << 18;

impl AdamW {
    /// An optimiser whose moments are 0.
    ///
    /// # Errors
    /// [`ModelError::Memory`].
    pub fn new(parameters: &Parameters, weight_decay: f64) -> Result<Self, ModelError> {
        let flat = parameters.flat();
        Ok(Self { first: flat.f_zeros_like()?, second: flat.f_zeros_like()?, steps: 0, weight_decay })
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
    ///
    /// # Errors
    /// [`ModelError::Memory`].
    pub fn step(
        &mut self,
        parameters: &mut Parameters,
        gradient: &Tensor,
        learning_rate: f64,
    ) -> Result<(), ModelError> {
        self.steps += 1;
        let (flat, decaying, end) = (parameters.flat(), parameters.decaying(), gradient.size1()?);
        let steps = Tensor::f_full([1], self.steps, (Kind::Float, flat.device()))?;
        for (range, weight_decay) in [(0..decaying, self.weight_decay), (decaying..end, 0.0)] {
            if !range.is_empty() {
                let part = |tensor: &Tensor| tensor.narrow(0, range.start, range.end - range.start);
                let settings = AdamWSettings { learning_rate, betas: BETAS, weight_decay, epsilon: EPSILON };
                let moments = [&part(&self.first), &part(&self.second)];
                libtorch::adamw(&part(&flat), &part(gradient), moments, &steps, settings, None)?;
            }
        }
        Ok(())
    }
}

/// The Euclidean norm of `gradient`, which is scaled down to `longest` where it is longer; 0 is no limit.
///
/// # Errors
/// [`ModelError::Memory`].
pub fn clip(gradient: &mut Tensor, longest: f64) -> Result<f64, ModelError> {
    Ok(guard::torch(|| clipped(gradient, longest))?)
}

fn clipped(gradient: &mut Tensor, longest: f64) -> f64 {
    let norm = match gradient.device().is_cuda() {
        // It adds by halves.
        true => gradient.norm_scalaropt_dtype(2.0, Kind::Float).double_value(&[]),
        // On a CPU a sum in single precision would have an error of 1e-4. libtorch copies what it sums to double precision: a piece at a
        // time.
        false => {
            let square = |piece: &Tensor| piece.norm_scalaropt_dtype(2.0, Kind::Double).double_value(&[]).powi(2);
            gradient.split(PIECE, 0).iter().map(square).sum::<f64>().sqrt()
        }
    };
    // As in PyTorch.
    let factor = longest / (norm + 1e-6);
    if longest > 0.0 && factor < 1.0 {
        let _ = gradient.g_mul_scalar_(factor);
    }
    norm
}
