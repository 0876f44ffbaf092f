//! Architecture and parameters together.

use std::path::Path;

use tch::{Device, Kind};

use super::parameters::Parameters;
use super::{Architecture, AttnImplementation, Batches, Config, Grouping, ModelError, Sequence, weights};
use crate::guard;
use crate::libtorch::no_grad;

/// An encoder with one output and its parameters.
#[derive(Debug)]
pub struct RewardModel {
    config: Config,
    architecture: Architecture,
    parameters: Parameters,
}

impl RewardModel {
    /// Makes a new model; `seed` decides its weights.
    ///
    /// # Errors
    /// [`ModelError::Memory`].
    pub fn new(config: &Config, seed: i64, device: Device) -> Result<Self, ModelError> {
        let mut model = Self::uninitialised(config.clone(), device, None)?;
        guard::torch(|| model.parameters.initialise(config.initializer_range(), seed))?;
        Ok(model)
    }

    /// Reads the model in a folder in transformers' layout: `config.json` and `model.safetensors` or `pytorch_model.bin`, or
    /// the index of either with its shards.
    ///
    /// The embeddings and the first `frozen_layers` layers are never trained; with `None` everything is. A head (pooler and
    /// classifier) that is missing, as in the public pre-trained models, starts at random by `seed`; the second value names
    /// what did.
    ///
    /// # Errors
    /// [`ModelError`]: files that are missing, truncated or foreign, a parameter that is missing or has another shape.
    pub fn load(
        directory: &Path,
        seed: i64,
        device: Device,
        frozen_layers: Option<usize>,
    ) -> Result<(Self, Vec<String>), ModelError> {
        let mut model = Self::uninitialised(Config::read(directory)?, device, frozen_layers)?;
        let deviation = model.config.initializer_range();
        guard::torch(|| model.parameters.initialise(deviation, seed))?;
        let fresh = weights::load(directory, &mut model.parameters)?;
        Ok((model, fresh))
    }

    fn uninitialised(config: Config, device: Device, frozen_layers: Option<usize>) -> Result<Self, ModelError> {
        let (architecture, declarations) = Architecture::new(&config);
        let parameters = Parameters::uninitialised(declarations, device, frozen_layers)?;
        Ok(Self { config, architecture, parameters })
    }

    /// Makes a model of the same parameters, in the same memory, for another thread: a change of one is a change of both.
    pub fn replica(&self) -> Self {
        let (mut architecture, _) = Architecture::new(&self.config);
        architecture.set_attn_implementation(self.architecture.attn_implementation());
        Self { config: self.config.clone(), architecture, parameters: self.parameters.replica() }
    }

    /// The same model, whose attention is computed by these operations.
    #[must_use]
    pub fn attending(mut self, implementation: AttnImplementation) -> Self {
        self.architecture.set_attn_implementation(implementation);
        self
    }

    /// The configuration.
    pub fn config(&self) -> &Config {
        &self.config
    }

    /// The architecture.
    pub fn architecture(&self) -> &Architecture {
        &self.architecture
    }

    /// The parameters.
    pub fn parameters(&self) -> &Parameters {
        &self.parameters
    }

    /// The parameters, to be changed.
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
            logits.extend(guard::torch(|| no_grad(|| self.pass(now, kind)))??);
            rest = later;
        }
        Ok(logits)
    }

    fn pass(&self, sequences: &[Sequence], kind: Kind) -> Result<Vec<f64>, ModelError> {
        let batches = Batches::new(sequences, &self.config.sizes(), self.parameters.device(), Grouping::Fastest)?;
        let pass = self.architecture.forward(&self.parameters, &batches, kind, false);
        let values = Vec::<f32>::try_from(pass.logits.to_device(Device::Cpu))?;
        let mut by_sequence = vec![0.0; sequences.len()];
        for (&index, &value) in batches.order.iter().zip(&values) {
            by_sequence[index] = f64::from(value);
        }
        Ok(by_sequence)
    }
}
