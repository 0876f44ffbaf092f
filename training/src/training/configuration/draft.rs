//! A configuration in the making.

use std::collections::HashSet;
use std::path::{Path, PathBuf};

use super::document::Receiver;
use super::error::Problem;
use super::given::{Given, wrong};
use super::sources::{DataSource, LossSpec, ModelSource};
use super::value::Value;
use super::{Configuration, EmbeddedOverrides, keys};
use super::{DeviceName, Precision, Scheduler};

/// What was read so far, and defaults for the rest.
pub(super) struct Draft {
    configuration: Configuration,
    seen: HashSet<String>,
    model_name: Option<ModelSource>,
    tokenizer_name: Option<ModelSource>,
    loss: Option<String>,
    open_ended: Option<String>,
    closed_ended: Option<String>,
}

/// Steps, and sizes that no machine has room for, end here.
const MOST: i128 = 1_000_000_000;

impl Draft {
    /// The released code's defaults, and this program's for its own keys.
    pub fn new(path: &Path) -> Self {
        let stem = path.file_stem().map_or_else(|| "run".into(), |stem| stem.to_string_lossy().into_owned());
        let configuration = Configuration {
            name: stem,
            model_name: ModelSource::Embedded,
            tokenizer_name: ModelSource::Embedded,
            datasets: Vec::new(),
            loss: LossSpec::Uniform(String::new()),
            output_dir: PathBuf::from("output"),
            learning_rate: 3e-5,
            scheduler: Scheduler::Linear,
            warmup_ratio: 0.1,
            weight_decay: 0.01,
            max_grad_norm: 2.0,
            max_steps: 5000,
            gradient_accumulation_steps: 8,
            per_device_train_batch_size: 8,
            per_device_eval_batch_size: 5,
            eval_steps: 500,
            save_steps: 500,
            logging_steps: 10,
            eval_at_start: true,
            eval_prompts: 64,
            max_length: 440,
            max_pairs: 45,
            use_scores: false,
            freeze_layer: None,
            fp16: true,
            precision: Precision::Auto,
            device: DeviceName::Auto,
            threads: None,
            tokens_per_pass: None,
            seed: 0,
            data_seed: None,
            embedded: EmbeddedOverrides::default(),
            warnings: Vec::new(),
        };
        Self {
            configuration,
            seen: HashSet::new(),
            model_name: None,
            tokenizer_name: None,
            loss: None,
            open_ended: None,
            closed_ended: None,
        }
    }

    /// The configuration, once every key was read.
    pub fn finish(self) -> Result<Configuration, Problem> {
        let Self { mut configuration, model_name, tokenizer_name, loss, open_ended, closed_ended, .. } = self;
        let missing = |key: &str, allowed: &str| Problem::Missing { key: key.to_owned(), allowed: allowed.to_owned() };
        let model_name = model_name.ok_or_else(|| missing("model_name", ModelSource::ALLOWED))?;
        configuration.loss = match (loss, open_ended, closed_ended) {
            (Some(text), None, None) => LossSpec::Uniform(text),
            (None, Some(open_ended), Some(closed_ended)) => LossSpec::ByPrompt { open_ended, closed_ended },
            (None, Some(_), None) => return Err(missing("loss.closed_ended", "the loss of closed-ended prompts")),
            (None, None, Some(_)) => return Err(missing("loss.open_ended", "the loss of open-ended prompts")),
            _ => return Err(missing("loss", LossSpec::ALLOWED)),
        };
        configuration.tokenizer_name = tokenizer_name.unwrap_or_else(|| model_name.clone());
        if configuration.tokenizer_name == ModelSource::Embedded && model_name != ModelSource::Embedded {
            let allowed = "that of the model: only the embedded model goes with the embedded tokeniser";
            return Err(wrong("tokenizer_name", &Value::Text("embedded".into()), allowed));
        }
        if configuration.datasets.is_empty() {
            let embedded = model_name == ModelSource::Embedded;
            configuration.datasets = vec![if embedded { DataSource::Embedded } else { DataSource::LongForm }];
        }
        let shape = &configuration.embedded;
        if let (Some(width), Some(heads)) = (shape.hidden_size, shape.num_attention_heads)
            && width % heads != 0
        {
            let value = Value::Integer(heads as i128);
            return Err(wrong("embedded.num_attention_heads", &value, &format!("a divisor of the width, {width}")));
        }
        if *shape != EmbeddedOverrides::default() && model_name != ModelSource::Embedded {
            configuration.warnings.push(format!("`embedded` has no effect: the model is {model_name}"));
        }
        configuration.model_name = model_name;
        Ok(configuration)
    }
}

impl Receiver for Draft {
    fn key(&mut self, path: &str) -> Result<(), Problem> {
        keys::check(path)?;
        if self.seen.insert(path.to_owned()) { Ok(()) } else { Err(Problem::RepeatedKey { key: path.to_owned() }) }
    }

    fn value(&mut self, key: &str, value: Value) -> Result<(), Problem> {
        if value == Value::Null {
            return Ok(());
        }
        let given = Given { key, value: &value };
        let c = &mut self.configuration;
        let shape = &mut c.embedded;
        match key {
            "model_name" => self.model_name = Some(given.model()?),
            "tokenizer_name" => self.tokenizer_name = Some(given.model()?),
            "datasets" => c.datasets = given.datasets()?,
            "loss" if value == Value::Mapping => {}
            "loss" => self.loss = Some(given.loss(LossSpec::ALLOWED, false)?),
            "loss.open_ended" => self.open_ended = Some(given.loss("a utility", true)?),
            "loss.closed_ended" => self.closed_ended = Some(given.loss("a utility", true)?),
            "output_dir" => c.output_dir = given.text("a directory")?.into(),
            "name" => c.name = given.name()?,
            "learning_rate" => c.learning_rate = given.number(0.0..=1.0)?,
            "scheduler" => {
                c.scheduler = given.choice()?;
                if c.scheduler != Scheduler::Linear {
                    c.warnings.push(format!(
                        "`scheduler` is {value} and is followed; the released code read this key and decayed linearly"
                    ));
                }
            }
            "warmup_ratio" => c.warmup_ratio = given.number(0.0..=1.0)?,
            "weight_decay" => c.weight_decay = given.number(0.0..=1.0)?,
            "max_grad_norm" => c.max_grad_norm = given.number(0.0..=1e9)?,
            "max_steps" => c.max_steps = given.integer(1..=MOST)?,
            "gradient_accumulation_steps" => c.gradient_accumulation_steps = given.integer(1..=MOST)?,
            "per_device_train_batch_size" => c.per_device_train_batch_size = given.integer(1..=MOST)?,
            "per_device_eval_batch_size" => c.per_device_eval_batch_size = given.integer(1..=MOST)?,
            "eval_steps" => c.eval_steps = given.integer(1..=MOST)?,
            "save_steps" => c.save_steps = given.integer(1..=MOST)?,
            "logging_steps" => c.logging_steps = given.integer(1..=MOST)?,
            "eval_at_start" => c.eval_at_start = given.flag()?,
            "eval_prompts" => c.eval_prompts = given.integer(0..=MOST)?,
            "max_length" => c.max_length = given.integer(4..=1_000_000)?,
            "max_pairs" => c.max_pairs = given.integer(1..=MOST)?,
            "use_scores" => c.use_scores = given.flag()?,
            "freeze_layer" => c.freeze_layer = Some(given.integer(0..=1000)?),
            "fp16" => c.fp16 = given.flag()?,
            "precision" => c.precision = given.choice::<Precision>()?,
            "device" => c.device = given.device()?,
            "threads" => c.threads = Some(given.integer(1..=4096)?),
            "tokens_per_pass" => c.tokens_per_pass = Some(given.integer(1..=MOST)?),
            "seed" => c.seed = given.integer(0..=u64::MAX.into())?,
            "data_seed" => c.data_seed = Some(given.integer(0..=u64::MAX.into())?),
            "gradient_checkpointing" => {
                if given.flag()? {
                    c.warnings.push("`gradient_checkpointing` has no effect: `tokens_per_pass` bounds memory".into());
                }
            }
            "num_train_epochs" => c.warnings.push("`num_train_epochs` has no effect: `max_steps` ends a run".into()),
            "deepspeed" | "local_rank" | "wandb_entity" | "per_digit_tokens" => {
                // Written only to say no, it gets what it asks for.
                if value.flag() != Some(false) {
                    c.warnings.push(format!("`{key}` has no effect here"));
                }
            }
            "embedded" if value == Value::Mapping => {}
            "embedded" => return Err(given.wrong("a mapping of sizes, such as {hidden_size: 128}")),
            "embedded.hidden_size" => shape.hidden_size = Some(given.integer(1..=65_536)?),
            "embedded.num_hidden_layers" => shape.num_hidden_layers = Some(given.integer(1..=1000)?),
            "embedded.num_attention_heads" => shape.num_attention_heads = Some(given.integer(1..=65_536)?),
            "embedded.intermediate_size" => shape.intermediate_size = Some(given.integer(1..=1_000_000)?),
            "embedded.vocab_size" => shape.vocab_size = Some(given.integer(64..=1_000_000)?),
            "embedded.dropout" => shape.dropout = Some(given.number(0.0..=0.99)?),
            "embedded.rows" => shape.rows = Some(given.integer(32..=10_000_000)?),
            // `key` has let it pass, so there is such a key.
            _ => return Err(Problem::UnknownKey { key: key.to_owned(), hint: "it cannot be read".into() }),
        }
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_key_is_read() {
        let outer = keys::KEYS.iter().map(ToString::to_string);
        let loss = keys::LOSS_KEYS.iter().map(|key| format!("loss.{key}"));
        let embedded = keys::EMBEDDED_KEYS.iter().map(|key| format!("embedded.{key}"));
        for key in outer.chain(loss).chain(embedded) {
            let mut draft = Draft::new(Path::new("run.yml"));
            draft.key(&key).expect("a key");
            let result = draft.value(&key, Value::Flag(true));
            assert!(!matches!(result, Err(Problem::UnknownKey { .. })), "{key}");
        }
    }
}
