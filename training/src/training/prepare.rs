//! From a configuration to a run that is ready to go, new or resumed.

use std::fs;
use std::path::{Path, PathBuf};
use std::sync::Arc;

use super::TrainingError;
use super::checkpoint::{self, State};
use super::configuration::{Configuration, DataSource, ModelSource};
use super::embedded;
use super::evaluation::Evaluation;
use super::loss_scale::LossScale;
use super::metrics::{METRICS_FILE, Metrics};
use super::observer::Observer;
use super::optimiser::AdamW;
use super::ranks::{Ranks, RanksError};
use super::source::{PromptSource, Taking};
use super::trainer::Trainer;
use super::workers::Workers;
use super::writer::Writer;
use crate::dataset::Rankings;
use crate::libtorch::no_grad;
use crate::reward_model::tokenizer::Tokenizer;
use crate::reward_model::{Compute, Config, DeviceName, RewardModel, max_length, weights};
use reward_collapse::experiment::{self, ExperimentError, PromptType, REWARDS_FILE, RunDescription, Split, TypeColumn};
use reward_collapse::files::{self, OnFile};

/// The configuration that a directory's run began with.
const CONFIGURATION: &str = "configuration.json";

/// The length that a configuration has where it names none.
const USUAL_LENGTH: usize = 440;

impl Trainer {
    /// Reads data, model and tokeniser, and begins or resumes the run of `configuration`. `data` is the file of the LongForm
    /// ranking data, or of any other in place of what the configuration names.
    ///
    /// # Errors
    /// [`TrainingError`]; the output directory and everything in it is left as it was.
    pub fn prepare(
        configuration: Configuration,
        data: Option<&Path>,
        resume: bool,
        observer: &mut dyn Observer,
    ) -> Result<Self, TrainingError> {
        Self::prepare_on(Arc::new(Ranks::alone()), configuration, data, resume, observer)
    }

    /// The same on one of several processes, all of which do so with the same arguments. Directory and data must be there for each
    /// of them; the first writes.
    ///
    /// # Errors
    /// [`TrainingError`], among them [`TrainingError::Ranks`].
    pub fn prepare_on(
        ranks: Arc<Ranks>,
        configuration: Configuration,
        data: Option<&Path>,
        resume: bool,
        observer: &mut dyn Observer,
    ) -> Result<Self, TrainingError> {
        let prompts = configuration.prompts_per_step();
        if prompts < ranks.size() {
            return Err(RanksError::TooMany { prompts, size: ranks.size() }.into());
        }
        let directory = configuration.output_dir.clone();
        check_directory(&directory, resume)?;
        if let Some(threads) = configuration.threads {
            tch::set_num_threads(threads as i32);
        }
        let compute = compute(&configuration, &ranks)?;
        let resumed = if resume { newest(&directory, &configuration, observer)? } else { None };

        observer.preparing("reading the data");
        let (rankings, data_name) = rankings(&configuration, data, observer)?;
        let types = rankings.types();
        check_types(&configuration, &types, observer)?;
        let rankings = Arc::new(rankings);
        let data_checksum = rankings.checksum();
        if let Some((path, state)) = &resumed
            && state.data_checksum != data_checksum
        {
            let differences = "the data are others than those it was trained on".to_owned();
            return Err(TrainingError::OtherRun { path: path.clone(), differences });
        }

        observer.preparing("preparing model and tokeniser");
        let (model, tokenizer) = match &resumed {
            Some((path, _)) => (load(path, &configuration, compute, observer)?, Tokenizer::load(path)?),
            None => new_model(&configuration, &rankings, compute, observer)?,
        };
        let mut optimiser = AdamW::new(model.parameters(), configuration.weight_decay)?;
        let mut scale = LossScale::new(compute.kind);
        let (mut step, mut seconds) = (0, 0.0);
        if let Some((path, state)) = &resumed {
            checkpoint::restore(path, &model, &mut optimiser, state)?;
            (step, seconds) = (state.step, state.seconds);
            // Another device may want another precision.
            if scale != LossScale::new(tch::Kind::Float) {
                scale = state.loss_scale;
            }
        }
        observer.preparing("tokenising the prompts that are evaluated");
        let tokenizer = Arc::new(tokenizer);
        let asked = Some(configuration.max_length).filter(|&length| length != USUAL_LENGTH);
        let (max_length, cut) = max_length(asked, USUAL_LENGTH, model.config().sizes().longest)?;
        cut.iter().for_each(|text| observer.warned(text));
        let taking = Taking {
            seed: configuration.data_seed.unwrap_or(configuration.seed),
            max_length,
            max_pairs: configuration.max_pairs,
            use_scores: configuration.use_scores,
            test_prompts: configuration.test_prompts,
        };
        let source = PromptSource::new(rankings, tokenizer.clone(), taking)?;
        let train = source.splits().train.clone().take(configuration.eval_prompts);
        let train = train.map(|index| source.prompt(index)).collect::<Result<Vec<_>, _>>()?;
        let test = source.splits().test.clone().map(|index| source.prompt(index)).collect::<Result<Vec<_>, _>>()?;
        let evaluations = vec![Evaluation::new(Split::Train, train), Evaluation::new(Split::Test, test)];

        let parameters = model.parameters().declarations().elements() as u64;
        let workers = Workers::new(model, compute, configuration.tokens_per_pass)?;
        let workers = workers.dividing(configuration.gradient_checkpointing);
        let device = compute.describe(workers.threads());

        // From here on the directory is this run's; no rank looks into it any more.
        together(&ranks, &configuration, data_checksum, step)?;
        if compute.device.is_cuda()
            && let Some(reason) = ranks.use_nccl(compute.device, None)?
        {
            observer.warned(&format!("the ranks add up over the CPU, which is slower than by NCCL: {reason}"));
        }
        if ranks.size() > 1 {
            let parameters = workers.model().parameters().flat();
            for mut values in [parameters].into_iter().chain(optimiser.moments().map(|(_, own)| own.shallow_clone())) {
                no_grad(|| ranks.broadcast(&mut values))?;
            }
        }
        let description = RunDescription {
            name: configuration.name.clone(),
            model: configuration.model_name.to_string(),
            parameters,
            data: data_name,
            responses: evaluations.iter().map(Evaluation::responses).max().unwrap_or(0),
            max_steps: configuration.max_steps,
            prompts_per_step: configuration.prompts_per_step() as u64,
            learning_rate: configuration.learning_rate,
            seed: configuration.seed,
            device,
            ..RunDescription::from(configuration.loss.loss()).with_types(&types)
        };
        let from = resumed.as_ref().map(|_| step);
        let metrics = match ranks.is_first() {
            true => Some(claim(&directory, &configuration, &description, resume, from)?),
            false => None,
        };
        Ok(Self {
            directory,
            workers,
            tokenizer,
            source,
            evaluations,
            optimiser,
            scale,
            metrics,
            ranks,
            compute,
            data_checksum,
            type_column: TypeColumn::of(&types),
            step,
            seconds,
            saved: resumed.map(|(path, _)| (step, path)),
            writer: Writer::default(),
            configuration,
        })
    }
}

/// Where a rank computes: among several, on the GPU of its place on the machine.
fn compute(configuration: &Configuration, ranks: &Ranks) -> Result<Compute, TrainingError> {
    let Configuration { device, precision, fp16, .. } = *configuration;
    let of_rank = DeviceName::Cuda(ranks.local_rank());
    let device = match device {
        _ if ranks.size() == 1 => device,
        DeviceName::Cpu => DeviceName::Cpu,
        DeviceName::Cuda(0) => of_rank,
        DeviceName::Cuda(index) => return Err(RanksError::Device(index).into()),
        // All ranks take a GPU, or none does.
        DeviceName::Auto => match Compute::new(DeviceName::Auto, precision, fp16)?.device {
            tch::Device::Cuda(_) => of_rank,
            _ => DeviceName::Auto,
        },
    };
    Ok(Compute::new(device, precision, fp16)?)
}

/// Waits until all ranks are about to do the same.
fn together(ranks: &Ranks, configuration: &Configuration, data: u32, step: u64) -> Result<(), TrainingError> {
    let own = serde_json::to_string(&(configuration, data, step)).unwrap_or_default();
    ranks.agree("run", &own, |first, other| {
        let read = |text: &str| serde_json::from_str::<(Configuration, u32, u64)>(text).ok();
        let (Some((first, data, step)), Some((other, other_data, other_step))) = (read(first), read(other)) else {
            return Some("do not understand each other".to_owned());
        };
        let evaluates = |of: &Configuration| (of.eval_steps, of.eval_at_start);
        let differences = other.differences(&first);
        if !differences.is_empty() {
            return Some(format!("have different configurations: {}", differences.join("; ")));
        }
        if evaluates(&first) != evaluates(&other) {
            return Some("have different configurations: eval_steps or eval_at_start".to_owned());
        }
        if data != other_data {
            return Some("have different data".to_owned());
        }
        (step != other_step).then(|| {
            format!("begin after {other_step} and {step} steps; output_dir must be a folder that all ranks see")
        })
    })
}

/// Each type of prompt in the data needs a utility; one without prompts may be a slip.
fn check_types(
    configuration: &Configuration,
    types: &[PromptType],
    observer: &mut dyn Observer,
) -> Result<(), TrainingError> {
    let loss = configuration.loss.loss();
    for prompt_type in types {
        loss.of(prompt_type).map_err(ExperimentError::from)?;
    }
    let unused: Vec<&PromptType> = loss.types().map(|(of, _)| of).filter(|of| !types.contains(of)).collect();
    if !unused.is_empty() {
        observer.warned(&format!(
            "the loss has a utility for {}, and the data have no such prompts: theirs are {}",
            PromptType::listed(unused),
            PromptType::listed(types)
        ));
    }
    Ok(())
}

/// A new run needs a directory without one.
fn check_directory(directory: &Path, resume: bool) -> Result<(), TrainingError> {
    if resume {
        return Ok(());
    }
    let holds = |name: &str| directory.join(name).exists();
    if holds(METRICS_FILE) || holds(REWARDS_FILE) || holds(CONFIGURATION) || !checkpoint::list(directory)?.is_empty() {
        return Err(TrainingError::Exists { path: directory.into() });
    }
    Ok(())
}

/// The newest whole checkpoint, which must be of the same run; none where there is none yet.
fn newest(
    directory: &Path,
    configuration: &Configuration,
    observer: &mut dyn Observer,
) -> Result<Option<(PathBuf, State)>, TrainingError> {
    let same = |before: &Configuration| {
        let mut differences = configuration.differences(before);
        // A run may be made longer or shorter; the schedule follows.
        differences.retain(|line| !line.starts_with("max_steps "));
        if differences.is_empty() {
            return Ok(());
        }
        Err(TrainingError::OtherRun { path: directory.into(), differences: differences.join("; ") })
    };
    let path = directory.join(CONFIGURATION);
    if let Ok(text) = fs::read_to_string(&path) {
        let refuse = |error: serde_json::Error| TrainingError::Checkpoint { path, reason: error.to_string() };
        same(&serde_json::from_str(&text).map_err(refuse)?)?;
    }
    for (_, path) in checkpoint::list(directory)? {
        match checkpoint::state(&path).and_then(|state| complete(&path).map(|()| state)) {
            Ok(state) => {
                same(&state.configuration)?;
                let (before, now) = (state.configuration.max_steps, configuration.max_steps);
                if before != now {
                    observer.warned(&format!("max_steps was {before}, is {now}: the schedule ends there now"));
                }
                return Ok(Some((path, state)));
            }
            Err(error) => observer.warned(&format!("{error}; going back to an earlier checkpoint")),
        }
    }
    Ok(None)
}

/// Whether a checkpoint's files are all there and as long as they say.
fn complete(path: &Path) -> Result<(), TrainingError> {
    Config::read(path)?;
    Tokenizer::load(path)?;
    for name in ["model.safetensors", "optimizer.safetensors"] {
        weights::SafetensorsFile::open(&path.join(name))?;
    }
    Ok(())
}

fn rankings(
    configuration: &Configuration,
    data: Option<&Path>,
    observer: &mut dyn Observer,
) -> Result<(Rankings, String), TrainingError> {
    let seed = configuration.data_seed.unwrap_or(configuration.seed);
    let source = match (&configuration.datasets[..], data) {
        (_, Some(path)) => DataSource::File(path.into()),
        ([source], None) => source.clone(),
        (several, None) => {
            let path = |source: &DataSource| match source {
                DataSource::File(path) => Some(path.clone()),
                _ => None,
            };
            let paths: Option<Vec<PathBuf>> = several.iter().map(path).collect();
            let paths = paths.ok_or(TrainingError::Datasets(several.len()))?;
            let name = several.iter().map(ToString::to_string).collect::<Vec<_>>().join(", ");
            return Ok((told(Rankings::open_all(&paths, seed)?, observer), name));
        }
    };
    let name = source.to_string();
    let rankings = match source {
        DataSource::LongForm => return Err(TrainingError::NoData),
        DataSource::Embedded => {
            let rows = configuration.embedded.rows.map_or(embedded::ROWS, |rows| rows as u64);
            Rankings::embedded(rows, seed)?
        }
        DataSource::File(path) => Rankings::open(&path, seed)?,
    };
    Ok((told(rankings, observer), name))
}

/// Says which rows were left out, and what was made of preferences.
fn told(rankings: Rankings, observer: &mut dyn Observer) -> Rankings {
    if let Some(counts) = rankings.built() {
        let left_out = counts.left_out();
        if !left_out.is_empty() {
            let number = counts.rows - counts.rankings;
            observer.warned(&format!("{number} of {} rows were left out: {}", counts.rows, left_out.join(", ")));
        }
    }
    rankings
}

fn new_model(
    configuration: &Configuration,
    rankings: &Rankings,
    compute: Compute,
    observer: &mut dyn Observer,
) -> Result<(RewardModel, Tokenizer), TrainingError> {
    let directory = |source: &ModelSource| -> Result<Option<PathBuf>, TrainingError> {
        match source {
            ModelSource::Embedded => Ok(None),
            ModelSource::Directory(path) => Ok(Some(path.clone())),
            ModelSource::Hub(name) => Ok(Some(weights::fetch(name)?)),
        }
    };
    let overrides = &configuration.embedded;
    let tokenizer = match directory(&configuration.tokenizer_name)? {
        Some(path) => Tokenizer::load(&path)?,
        None => embedded::tokenizer(rankings, configuration)?,
    };
    let model = match directory(&configuration.model_name)? {
        Some(path) => load(&path, configuration, compute, observer)?,
        None => {
            let config = embedded::config(tokenizer.vocabulary_size(), tokenizer.pad_id(), overrides);
            let refuse = |reason| crate::reward_model::ModelError::Config { path: "embedded".into(), reason };
            config.check().map_err(refuse)?;
            RewardModel::new(&config, configuration.seed as i64, compute.device)?
        }
    };
    Ok((model.attending(configuration.attn_implementation), tokenizer))
}

fn load(
    path: &Path,
    configuration: &Configuration,
    compute: Compute,
    observer: &mut dyn Observer,
) -> Result<RewardModel, TrainingError> {
    let (model, fresh) =
        RewardModel::load(path, configuration.seed as i64, compute.device, configuration.freeze_layer)?;
    if !fresh.is_empty() {
        observer.warned(&format!(
            "the weights in {} have no {}; they start at random",
            path.display(),
            fresh.join(", ")
        ));
    }
    Ok(model)
}

/// Makes the directory this run's: description, configuration and metrics.
fn claim(
    directory: &Path,
    configuration: &Configuration,
    description: &RunDescription,
    resume: bool,
    step: Option<u64>,
) -> Result<Metrics, TrainingError> {
    fs::create_dir_all(directory).writing(directory)?;
    let metrics = if resume { Metrics::resume(directory, step)? } else { Metrics::create(directory)? };
    checkpoint::sweep(directory);
    let rewards = directory.join(REWARDS_FILE);
    match step {
        Some(step) => experiment::keep_rewards(&rewards, step)?,
        // A run that was killed before its first checkpoint starts anew.
        None if rewards.exists() => fs::remove_file(&rewards).writing(&rewards)?,
        None => {}
    }
    description.write(directory)?;
    let path = directory.join(CONFIGURATION);
    let text = serde_json::to_string_pretty(configuration).writing(&path)?;
    files::write(&path, (text + "\n").as_bytes())?;
    Ok(metrics)
}
