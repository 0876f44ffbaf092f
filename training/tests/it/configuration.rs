//! Configurations of training runs as people write them.

use std::path::Path;

use reward_collapse::cli::error::with_causes;
use reward_collapse::experiment::{Head, LossTerms, PromptType};
use reward_collapse::files::FileAction;
use reward_collapse_training::training::configuration::{
    Configuration, ConfigurationError, DataSource, DeviceName, LossSpec, ModelSource, Precision, RankingLoss,
    Scheduler, Utilities,
};

const LEAST: &str = "model_name: embedded\nloss: x\n";

fn parsed(text: &str) -> Result<Configuration, String> {
    Configuration::parse(text, Path::new("run.yml")).map_err(|error| error.to_string())
}

fn good(text: &str) -> Configuration {
    parsed(text).unwrap_or_else(|error| panic!("{text}: {error}"))
}

/// What is wrong with the least configuration when `line` is added to it.
fn added(line: &str) -> String {
    parsed(&format!("{LEAST}{line}\n")).expect_err(line)
}

#[test]
fn an_authors_file_runs_unchanged() {
    let configuration = good(
        "model_name: microsoft/deberta-v3-base\n\
         learning_rate: 1e-5\n\
         scheduler: cosine\n\
         gradient_checkpointing: false\n\
         gradient_accumulation_steps: 8\n\
         per_device_train_batch_size: 1\n\
         warmup_ratio: 0.1\n\
         eval_steps: 500\n\
         save_steps: 250\n\
         max_length: 512\n\
         max_steps: 1000\n\
         use_scores: False\n\
         output_dir: G_adaptive\n\
         loss: adaptive\n\
         datasets:\n  - alpaca\n",
    );
    let hub = ModelSource::Hub("microsoft/deberta-v3-base".into());
    assert_eq!((&configuration.model_name, &configuration.tokenizer_name), (&hub, &hub));
    assert_eq!(configuration.learning_rate, 1e-5);
    assert_eq!(configuration.scheduler, Scheduler::Cosine);
    assert_eq!((configuration.eval_steps, configuration.save_steps, configuration.max_steps), (500, 250, 1000));
    assert_eq!((configuration.max_length, configuration.prompts_per_step()), (512, 8));
    assert!(!configuration.use_scores);
    assert_eq!(configuration.output_dir, Path::new("G_adaptive"));
    assert_eq!(configuration.loss, RankingLoss::parse("adaptive").unwrap());
    assert_eq!(configuration.datasets, [DataSource::LongForm]);
    assert_eq!(configuration.name, "run");
    // That its key is followed, unlike by the released code, is worth a word.
    assert!(matches!(configuration.warnings(), [only] if only.contains("decayed linearly")));
}

#[test]
fn what_is_not_written_is_as_in_the_released_code() {
    let c = good(LEAST);
    assert_eq!(c.learning_rate, 3e-5);
    assert_eq!(c.scheduler, Scheduler::Linear);
    assert_eq!((c.gradient_accumulation_steps, c.per_device_train_batch_size, c.per_device_eval_batch_size), (8, 8, 5));
    assert_eq!((c.warmup_ratio, c.weight_decay, c.max_grad_norm), (0.1, 0.01, 2.0));
    assert_eq!((c.eval_steps, c.save_steps, c.max_steps, c.max_length, c.max_pairs), (500, 500, 5000, 440, 45));
    assert_eq!(c.output_dir, Path::new("output"));
    assert_eq!((c.use_scores, c.fp16, c.eval_at_start), (false, true, true));
    assert_eq!((c.seed, c.data_seed, c.eval_prompts, c.logging_steps), (0, None, 64, 10));
    assert_eq!((c.precision, c.device), (Precision::Auto, DeviceName::Auto));
    assert_eq!((c.threads, c.tokens_per_pass, c.freeze_layer), (None, None, None));
    assert_eq!((c.datasets.as_slice(), &c.tokenizer_name), (&[DataSource::Embedded][..], &ModelSource::Embedded));
    assert_eq!(c, good(&format!("{LEAST}max_steps:\nseed: ~\ndeepspeed: false\nembedded: {{}}\n")));
    assert!(c.warnings().is_empty());
}

#[test]
fn the_published_and_the_embedded_configurations() {
    for (name, loss) in
        [("x", "x"), ("x_inv", "x_inv"), ("log", "log"), ("x_adaptive", "adaptive"), ("logsigmoid", "logsigmoid")]
    {
        let folder = Path::new(env!("CARGO_MANIFEST_DIR")).join("../simulations");
        let published = Configuration::read(&folder.join(name).with_extension("yml")).expect(name);
        let embedded = Configuration::read(&folder.join("embedded").join(name).with_extension("yml")).expect(name);
        for configuration in [&published, &embedded] {
            assert_eq!(configuration.name, name);
            assert_eq!(configuration.loss, RankingLoss::parse(loss).unwrap());
            assert_eq!((configuration.scheduler, configuration.prompts_per_step()), (Scheduler::Linear, 8));
            assert!(configuration.warnings().is_empty());
        }
        assert_eq!(published.output_dir, Path::new("runs").join(name));
        assert_eq!((published.learning_rate, published.max_steps, published.max_length), (1e-5, 1000, 512));
        assert_eq!((published.eval_steps, published.save_steps), (500, 250));
        assert_eq!((embedded.learning_rate, embedded.max_steps, embedded.seed), (2e-3, 1000, 1));
        assert_eq!(embedded.datasets, [DataSource::Embedded]);
    }
}

#[test]
fn a_loss_that_cannot_be_trained_is_told_with_its_line() {
    for (lines, line, key, reason) in [
        ("model_name: embedded\nloss: lgo(x)\n", 2, "`loss`", "unknown name `lgo`"),
        ("model_name: embedded\n\nloss: x^2\n", 3, "`loss`", "not concave"),
        ("model_name: embedded\nloss: log(x)\n", 2, "`loss`", "infinite"),
        (
            "model_name: embedded\nloss:\n  open_ended: x\n  closed_ended: adaptive\n",
            4,
            "`loss.closed_ended`",
            "two utilities",
        ),
    ] {
        let error = Configuration::parse(lines, Path::new("c.yml")).unwrap_err().to_string();
        assert!(error.starts_with(&format!("c.yml, line {line}: {key}")) && error.contains(reason), "{error}");
    }
}

#[test]
fn values_are_taken_in_every_form_that_python_takes() {
    let c = good(
        "model_name: 'embedded'\nloss: {open_ended: -1/(x+0.1), closed_ended: x}\nlearning_rate: '1e-4'\n\
         max_steps: \"8\"\neval_steps: 5e2\nsave_steps: 1_000\nweight_decay: 0\nuse_scores: yes\nfp16: FALSE\n\
         datasets: data/train.jsonl\nembedded:\n  hidden_size: 96\n  num_attention_heads: 4\n  dropout: 0\n",
    );
    assert_eq!((c.learning_rate, c.weight_decay), (1e-4, 0.0));
    assert_eq!((c.max_steps, c.eval_steps, c.save_steps), (8, 500, 1000));
    assert_eq!((c.use_scores, c.fp16), (true, false));
    let [open, closed] = PromptType::RELEASED;
    let utilities = Utilities::ByType([(open, "-1/(x+0.1)".into()), (closed, "x".into())].into());
    assert_eq!(LossSpec::from(c.loss), LossSpec { utilities, terms: LossTerms::default() });
    assert_eq!(c.datasets, [DataSource::File("data/train.jsonl".into())]);
    assert_eq!((c.embedded.hidden_size, c.embedded.dropout, c.embedded.rows), (Some(96), Some(0.0), None));
}

#[test]
fn what_has_no_effect_is_told() {
    let ignored = "num_train_epochs: 3\nper_digit_tokens: false\nwandb_entity: someone\n";
    let configuration = good(&format!("{LEAST}{ignored}"));
    let warnings = configuration.warnings().join("\n");
    for key in ["num_train_epochs", "wandb_entity"] {
        assert!(warnings.contains(&format!("`{key}` has no effect")), "{warnings}");
    }
    assert!(!warnings.contains("per_digit_tokens"));
    let hub = good("model_name: microsoft/deberta-v3-small\nloss: x\nembedded: {rows: 100}\n");
    assert!(hub.warnings()[0].contains("microsoft/deberta-v3-small"));
}

#[test]
fn a_wrong_key_or_value_is_named_with_its_line() {
    for (line, words) in [
        ("learning_rat: 1e-5", "run.yml, line 3: unknown key `learning_rat`: did you mean `learning_rate`?"),
        ("zzz: 1", "unknown key `zzz`: the keys are model_name"),
        ("1: 2", "unknown key `1`"),
        ("loss: log", "run.yml, line 3: the key `loss` is there twice"),
        ("embedded: {rows: 100, rows: 200}", "`embedded.rows` is there twice"),
        (
            "embedded:\n  dropout: 0\n  width: 3",
            "run.yml, line 5: unknown key `embedded.width`: the keys are hidden_size",
        ),
        ("learning_rate: -1e-5", "run.yml, line 3: `learning_rate` is -1e-5; it must be a number from 0 to 1"),
        ("learning_rate: .nan", "a number from 0 to 1"),
        ("learning_rate: fast", "is `fast`"),
        ("learning_rate: {peak: 1}", "is a mapping"),
        ("learning_rate: [1]", "is the list [1]"),
        ("warmup_ratio: 1.5", "from 0 to 1"),
        ("max_steps: 0", "an integer from 1 to"),
        ("max_steps: 10.5", "`max_steps` is 10.5"),
        ("max_steps: 99999999999999999999999999", "an integer from 1 to"),
        ("eval_steps: 0", "`eval_steps` is 0"),
        ("save_steps: -3", "`save_steps` is -3"),
        ("max_length: 3", "an integer from 4 to"),
        ("gradient_accumulation_steps: 0", "from 1"),
        ("scheduler: step", "`step`; it must be linear, cosine, constant"),
        ("precision: float64", "auto, float32, bfloat16, float16"),
        ("device: 3", "auto, cpu, cuda or cuda:K"),
        ("device: cuda:x", "`device` is `cuda:x`; it must be auto"),
        ("use_scores: perhaps", "true or false"),
        ("seed: -1", "an integer from 0"),
        ("threads: 0", "an integer from 1"),
        ("output_dir: ''", "a directory"),
        ("name: a/b", "a name without slashes"),
        ("datasets: []", "a list of `embedded`"),
        ("datasets: [alpaca, alpaca]", "each once"),
        ("datasets: [{alpaca: 1}]", "the list [a mapping]"),
        ("datasets: webgpt", "`webgpt`; it must be a list"),
        ("embedded: 3", "a mapping of sizes"),
        ("embedded: {dropout: 1}", "from 0 to 0.99"),
        ("embedded: {hidden_size: 100, num_attention_heads: 3}", "a divisor of the width, 100"),
        ("output_dir: [", "it is not YAML"),
        ("max_steps: !big 3", "line 3"),
        ("seed: *anchor", "line 3"),
        ("a\u{7}: 3", "it is not YAML"),
    ] {
        let error = added(line);
        assert!(error.starts_with("run.yml") && error.contains(words), "{line}: {error}");
    }
}

#[test]
fn a_model_or_loss_that_cannot_be_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let empty = format!("model_name: {}\nloss: x", folder.path().display());
    for (text, words) in [
        ("loss: x", "the key `model_name` is missing: it is `embedded`, a directory"),
        ("model_name: embedded", "the key `loss` is missing: it is `x`, `log`"),
        ("model_name: embedded\nloss: {}", "the key `loss` is missing"),
        ("model_name: embedded\nloss: {open_ended: x}", "the key `loss.closed_ended` is missing"),
        ("model_name: embedded\nloss: {closed_ended: x}", "the key `loss.open_ended` is missing"),
        ("model_name: embedded\nloss: {closed_end: x}", "did you mean `closed_ended`?"),
        ("model_name: embedded\nloss: [x]", "`loss` is the list [`x`]"),
        ("model_name: /no/such/model\nloss: x", "a directory with a model's `config.json`"),
        ("model_name: ./nowhere\nloss: x", "a directory with a model's `config.json`"),
        (&empty, "a directory with a model's `config.json`"),
        ("model_name: a/b\ntokenizer_name: embedded\nloss: x", "`tokenizer_name` is `embedded`"),
    ] {
        let error = parsed(text).expect_err(text);
        assert!(error.contains(words), "{text}: {error}");
    }
    std::fs::write(folder.path().join("config.json"), "{}").expect("a file");
    assert_eq!(good(&empty).model_name, ModelSource::Directory(folder.path().to_owned()));
}

#[test]
fn a_file_of_another_kind_is_told() {
    for (text, words) in [
        ("", "it is empty"),
        ("# nothing\n\n", "it is empty"),
        ("---\n", "it is empty"),
        ("~", "it is empty"),
        ("hello", "it is `hello`, not a mapping"),
        ("- a\n- b", "it is the list [`a`, `b`], not a mapping"),
        ("3", "it is 3, not a mapping"),
        ("model_name: embedded\n---\nloss: x", "more than one document"),
        ("{[a]: 1}", "it is not YAML"),
        ("\u{0}", "it is not YAML"),
    ] {
        let error = parsed(text).expect_err(text);
        assert!(error.contains(words), "{text}: {error}");
    }
    // Nothing is so deep or so often referred to that the program would not come back.
    let deep = added(&format!("datasets: {}", "[".repeat(100_000)));
    assert!(deep.contains("it is not YAML"), "{deep}");
    added(&format!("datasets:\n{}", "- ".repeat(30_000)));
    let laughs = (1..30).fold("datasets: [&a0 [x, x]".to_owned(), |text, i| {
        let before = i - 1;
        format!("{text}, &a{i} [*a{before}, *a{before}, *a{before}, *a{before}]")
    });
    added(&format!("{laughs}]"));
    assert_eq!(good(&format!("\u{feff}{LEAST}")), good(LEAST));
}

#[test]
fn a_file_that_cannot_be_read_is_told() {
    let folder = tempfile::tempdir().expect("a folder");
    let file = folder.path().join("run.yml");
    for path in [folder.path(), &file, Path::new("/dev/zero")] {
        let error = Configuration::read(path).expect_err("no configuration");
        assert!(error.to_string().contains(&path.display().to_string()), "{error}");
    }
    std::fs::write(&file, [0xff, 0xfe, 0xfd]).expect("a file");
    let error = Configuration::read(&file).expect_err("no UTF-8");
    assert!(matches!(&error, ConfigurationError::File(error) if error.action == FileAction::Read), "{error}");
    std::fs::write(&file, "#".repeat(2 << 20)).expect("a file");
    assert!(with_causes(&Configuration::read(&file).expect_err("too long")).contains("too long"));
}

#[test]
fn a_configuration_survives_being_kept() {
    let text = "model_name: a/b\nloss: {open_ended: log, closed_ended: x}\ndatasets: [alpaca, more.jsonl]\n\
                learning_rate: 0.1\nprecision: bfloat16\nfreeze_layer: 2\nseed: 18446744073709551615\n";
    let configuration = good(text);
    let kept = serde_json::to_string(&configuration).expect("JSON");
    let read: Configuration = serde_json::from_str(&kept).expect(&kept);
    assert_eq!(read, configuration);
}

#[test]
fn differences_are_told_as_a_person_would() {
    let before = good("model_name: embedded\nloss: log\nlearning_rate: 1e-3\noutput_dir: a\nembedded: {rows: 100}\n");
    let now = good("model_name: embedded\nloss: x\nlearning_rate: 1e-3\noutput_dir: b\nthreads: 2\nfreeze_layer: 1\n");
    assert_eq!(
        now.differences(&before),
        ["embedded was {rows: 100}, is {}", "freeze_layer was not set, is 1", "loss was log, is x"]
    );
    assert!(now.differences(&now).is_empty());
    let hub = good("model_name: a/b\nloss: {open_ended: log, closed_ended: x}\nscheduler: cosine");
    let differences = hub.differences(&now).join("; ");
    for words in [
        "model_name was embedded, is a/b",
        "loss was x, is log (open-ended) and x (closed-ended)",
        "datasets was embedded, is alpaca",
        "scheduler was linear, is cosine",
    ] {
        assert!(differences.contains(words), "{differences}");
    }
}

#[test]
fn a_loss_on_raw_logits_with_smoothing_and_centring() {
    let c = good("model_name: embedded\nloss: {utility: logsigmoid(x), head: raw, smoothing: 0.1, centering: 0.01}\n");
    let terms = LossTerms { head: Head::Raw, smoothing: 0.1, centering: 0.01, field: None };
    assert_eq!(*c.loss.loss().terms(), terms);
    assert_eq!(
        (c.loss.head(), c.loss.to_string().as_str()),
        (Head::Raw, "logsigmoid(x), raw, smoothing 0.1, centring 0.01")
    );
    let kept = serde_json::to_string(&c).unwrap();
    assert_eq!(serde_json::from_str::<Configuration>(&kept).unwrap(), c);
    // A loss that is kept as before there were terms.
    for (kept, text) in [("\"log\"", "log"), ("{\"open_ended\":\"log\",\"closed_ended\":\"x\"}", "open-ended")] {
        assert!(serde_json::from_str::<RankingLoss>(kept).unwrap().to_string().contains(text));
    }
    let held = good("model_name: embedded\nloss: {utility: logsigmoid(x), head: raw, field: -0.05x^2}\n");
    assert_eq!(held.loss.to_string(), "logsigmoid(x), raw, field -0.05x^2");
    assert_eq!(serde_json::from_str::<Configuration>(&serde_json::to_string(&held).unwrap()).unwrap(), held);
    let by_prompt = good("model_name: embedded\nloss: {open_ended: log, closed_ended: x, smoothing: 0.2}\n");
    assert_eq!(
        by_prompt.differences(&good(LEAST)),
        ["loss was x, is log (open-ended) and x (closed-ended), smoothing 0.2"]
    );
    for (loss, words) in [
        ("{utility: x, head: tanh}", "line 2: `loss.head` is `tanh`; it must be sigmoid, raw"),
        ("{utility: x, smoothing: 0.5}", "line 2: `loss.smoothing` is 0.5; it must be a number from 0 to 0.499"),
        ("{utility: x, centering: -1}", "a number from 0 to"),
        ("{utility: x, open_ended: x, closed_ended: x}", "`utility` is that of all prompts"),
        ("{head: raw}", "the key `loss` is missing"),
        ("{utility: log(x)}", "line 2: `loss.utility`: the slope of log(x) at 0 is infinite"),
        ("{utility: x, heat: raw}", "did you mean `head`?"),
        ("{utility: x, field: x^2}", "the field `x^2` is not concave"),
        ("{utility: x, field: log(x), head: raw}", "the field `log(x)` is not defined"),
    ] {
        let error = parsed(&format!("model_name: embedded\nloss: {loss}\n")).expect_err(loss);
        assert!(error.contains(words), "{loss}: {error}");
    }
}
