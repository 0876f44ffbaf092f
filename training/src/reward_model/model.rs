//! Architecture and parameters together.

use std::path::Path;

use tch::{Device, Kind, Tensor};

use super::deberta::{Config, Deberta, Parameters};
use super::{Batches, ModelError, Sequence, weights};

/// A DeBERTa with one output and its parameters.
#[derive(Debug)]
pub struct RewardModel {
    architecture: Deberta,
    parameters: Parameters,
}

impl RewardModel {
    /// A new model; `seed` decides its weights.
    ///
    /// # Errors
    /// [`ModelError::Torch`] where there is no memory for it.
    pub fn new(config: &Config, seed: i64, device: Device) -> Result<Self, ModelError> {
        let mut model = Self::uninitialised(config, device, |_| false)?;
        model.parameters.initialise(config, seed);
        Ok(model)
    }

    /// The model in a folder in transformers' layout: `config.json` and `model.safetensors` or `pytorch_model.bin`.
    ///
    /// `frozen` tells by name which parameters are never trained. A head (pooler and classifier) that is missing, as in the
    /// public pre-trained models, starts at random by `seed`; the second value names what did.
    ///
    /// # Errors
    /// [`ModelError`]: files that are missing, truncated or foreign, a parameter that is missing or has another shape.
    pub fn load(
        directory: &Path,
        seed: i64,
        device: Device,
        frozen: impl Fn(&str) -> bool,
    ) -> Result<(Self, Vec<String>), ModelError> {
        let config = Config::read(directory)?;
        let mut model = Self::uninitialised(&config, device, frozen)?;
        model.parameters.initialise(&config, seed);
        let fresh = weights::load(directory, &mut model.parameters)?;
        Ok((model, fresh))
    }

    fn uninitialised(config: &Config, device: Device, frozen: impl Fn(&str) -> bool) -> Result<Self, ModelError> {
        let (architecture, declarations) = Deberta::new(config);
        let parameters = Parameters::uninitialised(declarations, device, frozen)?;
        Ok(Self { architecture, parameters })
    }

    /// The same parameters, in the same memory, for another thread: a change of one is a change of both.
    pub fn replica(&self) -> Self {
        let (architecture, _) = Deberta::new(self.config());
        Self { architecture, parameters: self.parameters.replica() }
    }

    /// Its configuration.
    pub fn config(&self) -> &Config {
        self.architecture.config()
    }

    /// Its architecture.
    pub fn architecture(&self) -> &Deberta {
        &self.architecture
    }

    /// Its parameters.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// Its parameters, to be changed.
    pub fn parameters_mut(&mut self) -> &mut Parameters {
        &mut self.parameters
    }

    /// The logits of `sequences`, in their order, in the precision `kind` and without dropout. At most about
    /// `tokens_per_pass` tokens are computed at once.
    ///
    /// # Errors
    /// [`ModelError::Sequence`] for a sequence that the model cannot take.
    pub fn logits(&self, sequences: &[Sequence], kind: Kind, tokens_per_pass: usize) -> Result<Vec<f64>, ModelError> {
        let mut logits = Vec::with_capacity(sequences.len());
        let mut rest = sequences;
        while !rest.is_empty() {
            let mut tokens = 0;
            let fit = rest.iter().take_while(|sequence| {
                tokens += sequence.ids.len();
                tokens <= tokens_per_pass
            });
            let (now, later) = rest.split_at(fit.count().max(1));
            logits.extend(tch::no_grad(|| self.pass(now, kind))?);
            rest = later;
        }
        Ok(logits)
    }

    fn pass(&self, sequences: &[Sequence], kind: Kind) -> Result<Vec<f64>, ModelError> {
        let Batches { distinct, longest, batches, order } =
            Batches::new(sequences, self.config(), self.parameters.device())?;
        let pass = self.architecture.begin(&self.parameters, &distinct, longest, kind, false);
        let logits: Vec<Tensor> = batches.iter().map(|batch| pass.logits(batch)).collect();
        let values = Vec::<f32>::try_from(Tensor::cat(&logits, 0).to_device(Device::Cpu))?;
        let mut by_sequence = vec![0.0; sequences.len()];
        for (&index, &value) in order.iter().zip(&values) {
            by_sequence[index] = f64::from(value);
        }
        Ok(by_sequence)
    }
}
