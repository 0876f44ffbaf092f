//! Whether two configurations describe the same run.

use serde_json::Value;

use super::Configuration;

/// What may change between two sittings of one run: where and how it is computed, and what is written how often. None of
/// these moves the model to anything but another rounding of itself.
const FREE: &[&str] = &[
    "name",
    "output_dir",
    "device",
    "threads",
    "tokens_per_pass",
    "gradient_checkpointing",
    "attn_implementation",
    "per_device_eval_batch_size",
    "eval_steps",
    "save_steps",
    "logging_steps",
    "eval_at_start",
];

impl Configuration {
    /// What makes this configuration another run than `other`, the one of an output directory: a line such as `loss was
    /// log, is x` for each setting that decides what is learned. Nothing for two that may go on from each other.
    pub fn differences(&self, other: &Self) -> Vec<String> {
        let (Ok(Value::Object(now)), Ok(Value::Object(before))) =
            (serde_json::to_value(self), serde_json::to_value(other))
        else {
            return Vec::new();
        };
        now.iter()
            .filter(|(key, value)| !FREE.contains(&key.as_str()) && before.get(*key) != Some(value))
            .map(|(key, _)| format!("{key} was {}, is {}", other.shown(key, &before), self.shown(key, &now)))
            .collect()
    }

    /// A setting as a person would write it.
    fn shown(&self, key: &str, values: &serde_json::Map<String, Value>) -> String {
        match (key, values.get(key)) {
            ("loss", _) => self.loss.to_string(),
            ("model_name", _) => self.model_name.to_string(),
            ("tokenizer_name", _) => self.tokenizer_name.to_string(),
            ("datasets", _) => self.datasets.iter().map(ToString::to_string).collect::<Vec<_>>().join(", "),
            (_, Some(Value::String(text))) => text.clone(),
            (_, None | Some(Value::Null)) => "not set".to_owned(),
            (_, Some(Value::Object(map))) => {
                let set = map.iter().filter(|(_, value)| !value.is_null());
                let set: Vec<String> = set.map(|(key, value)| format!("{key}: {value}")).collect();
                format!("{{{}}}", set.join(", "))
            }
            (_, Some(value)) => value.to_string(),
        }
    }
}
