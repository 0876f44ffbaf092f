//! A configuration out of the keys of a document.

use std::collections::{BTreeMap, HashSet};

use reward_collapse::experiment::{Head, LossTerms, PromptType, PromptTypeError};

use super::error::Problem;
use super::reading::Receiver;
use super::table::{Table, nearest, table, unknown};
use super::value::{Given, Value};
use super::{Configuration, DataSource, EmbeddedOverrides, LOSS, ModelSource};
use super::{LossSpec, RankingLoss, Scheduler, Utilities};

table! {
/// A loss that is written as a mapping.
struct LossKeys {
    utility: Option<String> = None, |given| given.loss().map(|loss| Some(loss.to_string()));
    head: Head = Head::Sigmoid, Given::word;
    smoothing: f64 = 0.0, |given| given.number(0.0..=0.499);
    centering: f64 = 0.0, |given| given.number(0.0..=1e9);
    field: Option<String> = None, |given| given.text("a concave expression in x").map(Some);
    design: Option<String> = None, |given| given.design().map(Some);
}
}

/// What the key of a type's design ends with.
const OF_DESIGN: &str = ".design";

/// Whether a key is nearly the name of one of the paper's types of prompts.
fn is_misspelt(key: &str) -> bool {
    let released = PromptType::RELEASED;
    let is_released = key.parse().is_ok_and(|prompt_type: PromptType| prompt_type.is_released());
    !is_released && nearest(key, &released.each_ref().map(PromptType::name)).is_some()
}

/// Keys of the released code that have no effect here, with the reason where there is more to say.
const WITHOUT_EFFECT: [(&str, &str); 5] = [
    ("num_train_epochs", ": `max_steps` ends a run"),
    ("deepspeed", " here"),
    ("local_rank", " here"),
    ("wandb_entity", " here"),
    ("per_digit_tokens", " here"),
];

/// Takes a document key by key.
pub(super) struct Reader {
    configuration: Configuration,
    loss: LossKeys,
    /// The utilities of types of prompts.
    types: BTreeMap<PromptType, String>,
    /// The keys that were there.
    seen: HashSet<String>,
    /// Those that had a value.
    given: HashSet<String>,
}

impl Receiver for Reader {
    fn key(&mut self, path: &str) -> Result<(), Problem> {
        let released = PromptType::RELEASED;
        let (known, key) = match path.split_once('.') {
            // Any other key is the name of a type of prompt.
            Some(("loss", key)) if key.ends_with(OF_DESIGN) => (vec![key], key),
            Some(("loss", key)) if !is_misspelt(key) => (vec![key], key),
            Some(("loss", key)) => (released.each_ref().map(PromptType::name).to_vec(), key),
            Some(("embedded", key)) => (EmbeddedOverrides::KEYS.to_vec(), key),
            _ => ([Configuration::KEYS, &WITHOUT_EFFECT.map(|(key, _)| key)].concat(), path),
        };
        if !known.contains(&key) {
            return Err(unknown(path, key, &known));
        }
        if self.seen.insert(path.to_owned()) { Ok(()) } else { Err(Problem::RepeatedKey { key: path.to_owned() }) }
    }

    fn value(&mut self, path: &str, value: Value) -> Result<(), Problem> {
        // A key without a value has its default, and the keys of a mapping follow.
        let is_outer = matches!(path, "loss" | "embedded");
        // The utility of a type may be a mapping with `design`.
        let is_type = path.strip_prefix("loss.").is_some_and(|key| !LossKeys::KEYS.contains(&key));
        if value == Value::Null || ((is_outer || is_type) && value == Value::Mapping) {
            return Ok(());
        }
        self.given.insert(path.to_owned());
        if let Some((key, reason)) = WITHOUT_EFFECT.iter().find(|(key, _)| *key == path) {
            // Written only to say no, it gets what it asks for.
            if value.flag() != Some(false) {
                self.configuration.warnings.push(format!("`{key}` has no effect{reason}"));
            }
            return Ok(());
        }
        let given = Given { key: path, value: &value };
        match path.split_once('.') {
            Some(("loss", key)) if LossKeys::KEYS.contains(&key) => self.loss.set(key, given),
            Some(("loss", key)) => self.set_type(key, given),
            Some((_, key)) => self.configuration.embedded.set(key, given),
            None => self.configuration.set(path, given),
        }
    }
}

impl Reader {
    /// Begins with `configuration`, the defaults.
    pub fn new(configuration: Configuration) -> Self {
        Self {
            configuration,
            loss: LossKeys::defaults(),
            types: BTreeMap::new(),
            seen: HashSet::new(),
            given: HashSet::new(),
        }
    }

    /// The utility of a type of prompt. What is none may be the value of another key, misspelt.
    fn set_type(&mut self, key: &str, given: Given<'_>) -> Result<(), Problem> {
        if let Some(name) = key.strip_suffix(OF_DESIGN) {
            let text = Value::Text(given.design()?);
            return self.set_type(name, Given { value: &text, ..given });
        }
        let wrong = |error: PromptTypeError| Problem::Loss { key: given.key.to_owned(), reason: error.to_string() };
        let prompt_type: PromptType = key.parse().map_err(wrong)?;
        let text = match given.utility(&prompt_type) {
            Err(_) if nearest(key, LossKeys::KEYS).is_some() => return Err(unknown(given.key, key, LossKeys::KEYS)),
            read => read?,
        };
        match self.types.insert(prompt_type, text) {
            // In another spelling.
            Some(_) => Err(Problem::RepeatedKey { key: given.key.to_owned() }),
            None => Ok(()),
        }
    }

    /// The configuration, once every key was read: what depends on several keys.
    pub fn finish(mut self) -> Result<Configuration, Problem> {
        let missing = |key: &str, allowed: &str| Problem::Missing { key: key.to_owned(), allowed: allowed.to_owned() };
        if !self.given.contains("model_name") {
            return Err(missing("model_name", ModelSource::ALLOWED));
        }
        if !self.given.contains("loss") {
            self.configuration.loss = self.loss_of_keys()?;
        }
        let Self { mut configuration, given, .. } = self;
        let Configuration { model_name, tokenizer_name, scheduler, embedded, warnings, datasets, .. } =
            &mut configuration;
        if !given.contains("tokenizer_name") {
            tokenizer_name.clone_from(model_name);
        }
        if *tokenizer_name == ModelSource::Embedded && *model_name != ModelSource::Embedded {
            let given = Given { key: "tokenizer_name", value: &Value::Text("embedded".into()) };
            return Err(given.wrong("that of the model: only the embedded model goes with the embedded tokeniser"));
        }
        if datasets.is_empty() {
            let is_embedded = *model_name == ModelSource::Embedded;
            *datasets = vec![if is_embedded { DataSource::Embedded } else { DataSource::LongForm }];
        }
        if let (Some(width), Some(heads)) = (embedded.hidden_size, embedded.num_attention_heads)
            && width % heads != 0
        {
            let given = Given { key: "embedded.num_attention_heads", value: &Value::Integer(heads as i128) };
            return Err(given.wrong(&format!("a divisor of the width, {width}")));
        }
        if *embedded != EmbeddedOverrides::default() && *model_name != ModelSource::Embedded {
            warnings.push(format!("`embedded` has no effect: the model is {model_name}"));
        }
        if *scheduler != Scheduler::Linear {
            warnings.push(
                "`scheduler` is followed; the released code read this key and decayed linearly, whatever it said"
                    .into(),
            );
        }
        Ok(configuration)
    }

    fn loss_of_keys(&self) -> Result<RankingLoss, Problem> {
        let missing = |key: &str, allowed: &str| Problem::Missing { key: key.to_owned(), allowed: allowed.to_owned() };
        let LossKeys { utility, head, smoothing, centering, field, design } = &self.loss;
        if utility.is_some() && design.is_some() {
            let reason = "`design` has a utility of its own; leave `utility` out".to_owned();
            return Err(Problem::Loss { key: "loss".to_owned(), reason });
        }
        let utility = design.as_ref().or(utility.as_ref());
        let [open, closed] = PromptType::RELEASED.map(|prompt_type| self.types.contains_key(&prompt_type));
        let utilities = match (utility, self.types.is_empty()) {
            (Some(text), true) => Utilities::Same(text.clone()),
            // With the first of the paper's two types, the other is meant, too.
            (None, false) if self.types.len() == 1 && open => {
                return Err(missing("loss.closed_ended", "the loss of closed-ended prompts"));
            }
            (None, false) if self.types.len() == 1 && closed => {
                return Err(missing("loss.open_ended", "the loss of open-ended prompts"));
            }
            (None, false) => Utilities::ByType(self.types.clone()),
            (None, true) => return Err(missing("loss", LOSS)),
            (Some(_), false) => {
                let types = PromptType::listed(self.types.keys());
                let reason = format!("`utility` is that of all prompts; leave it out, or {types}");
                return Err(Problem::Loss { key: "loss".to_owned(), reason });
            }
        };
        let terms = LossTerms { head: *head, smoothing: *smoothing, centering: *centering, field: field.clone() };
        let given = Given { key: "loss", value: &Value::Mapping };
        RankingLoss::new(LossSpec { utilities, terms }).map_err(|error| given.no_loss(&error))
    }
}
