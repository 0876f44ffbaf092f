//! The keys of a configuration.

use strsim::damerau_levenshtein;

use super::error::Problem;

/// The released code's keys, then this program's own.
pub(super) const KEYS: &[&str] = &[
    "model_name",
    "tokenizer_name",
    "datasets",
    "loss",
    "output_dir",
    "learning_rate",
    "scheduler",
    "warmup_ratio",
    "weight_decay",
    "max_grad_norm",
    "max_steps",
    "gradient_accumulation_steps",
    "per_device_train_batch_size",
    "per_device_eval_batch_size",
    "eval_steps",
    "save_steps",
    "max_length",
    "max_pairs",
    "use_scores",
    "freeze_layer",
    "fp16",
    "gradient_checkpointing",
    "num_train_epochs",
    "deepspeed",
    "local_rank",
    "wandb_entity",
    "per_digit_tokens",
    "name",
    "seed",
    "data_seed",
    "precision",
    "device",
    "threads",
    "tokens_per_pass",
    "logging_steps",
    "eval_prompts",
    "eval_at_start",
    "embedded",
];

pub(super) const LOSS_KEYS: &[&str] = &["open_ended", "closed_ended"];

pub(super) const EMBEDDED_KEYS: &[&str] =
    &["hidden_size", "num_hidden_layers", "num_attention_heads", "intermediate_size", "vocab_size", "dropout", "rows"];

/// Whether a configuration has the key `path`, which is `outer.inner` for a key of an inner mapping.
pub(super) fn check(path: &str) -> Result<(), Problem> {
    let (known, key) = match path.split_once('.') {
        Some(("loss", key)) => (LOSS_KEYS, key),
        Some(("embedded", key)) => (EMBEDDED_KEYS, key),
        _ => (KEYS, path),
    };
    if known.contains(&key) {
        return Ok(());
    }
    let hint = match nearest(key, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the keys are {}", known.join(", ")),
    };
    Err(Problem::UnknownKey { key: path.to_owned(), hint })
}

/// The known key that differs least from `key`, if by no more than a third of its letters.
fn nearest(key: &str, known: &[&'static str]) -> Option<&'static str> {
    // A long text is no misspelt key, and comparing takes time proportional to its length.
    if key.len() > 64 {
        return None;
    }
    let key = key.to_lowercase().replace(['-', ' '], "_");
    let (distance, near) = known.iter().map(|known| (damerau_levenshtein(&key, known), *known)).min()?;
    (distance <= (near.len() / 3).max(1)).then_some(near)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn hint(path: &str) -> String {
        check(path).expect_err(path).to_string()
    }

    #[test]
    fn near_misses_are_told() {
        assert_eq!(hint("learning_rat"), "unknown key `learning_rat`: did you mean `learning_rate`?");
        assert!(hint("Learning-Rate").ends_with("did you mean `learning_rate`?"));
        assert!(hint("max_step").ends_with("did you mean `max_steps`?"));
        assert!(hint("loss.open").contains("open_ended"));
        assert!(hint("embedded.hiden_size").ends_with("did you mean `hidden_size`?"));
    }

    #[test]
    fn what_is_like_none_gets_the_list() {
        assert!(hint("zzz").contains("the keys are model_name, tokenizer_name"));
        assert!(hint(&"x".repeat(100_000)).contains("the keys are"));
        assert!(hint("seed.seed").contains("unknown key"));
    }
}
