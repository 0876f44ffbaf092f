//! A run: steps, evaluations and checkpoints until the last step, or until it is asked to stop.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};
use std::sync::Arc;
use std::sync::mpsc::{Receiver, SyncSender, sync_channel};
use std::time::Instant;

use super::TrainingError;
use super::checkpoint::{self, Snapshot, State};
use super::configuration::Configuration;
use super::evaluation::{Evaluated, Evaluation};
use super::gradient::{EncodedPrompt, Totals};
use super::loss_scale::LossScale;
use super::metrics::{EvaluationPoint, Metrics, TrainingPoint};
use super::observer::{Observer, Outcome, Progress};
use super::optimiser::{AdamW, clip};
use super::ranks::Ranks;
use super::schedule::Schedule;
use super::source::PromptSource;
use super::workers::{Plan, Planner, Workers};
use super::writer::Writer;
use crate::reward_model::tokenizer::Tokenizer;
use crate::reward_model::{Compute, ModelError, RewardModel};
use reward_collapse::experiment::{self, REWARDS_FILE, TypeColumn};

/// Steps that are tokenised and laid out ahead.
const AHEAD: usize = 2;

/// A run ready to go.
pub struct Trainer {
    pub(super) configuration: Configuration,
    pub(super) directory: PathBuf,
    pub(super) workers: Workers,
    pub(super) tokenizer: Arc<Tokenizer>,
    pub(super) source: PromptSource,
    pub(super) evaluations: Vec<Evaluation>,
    pub(super) optimiser: AdamW,
    pub(super) scale: LossScale,
    /// Of the rank that writes.
    pub(super) metrics: Option<Metrics>,
    pub(super) ranks: Arc<Ranks>,
    pub(super) compute: Compute,
    pub(super) data_checksum: u32,
    /// What tells the type of a prompt in the file of rewards.
    pub(super) type_column: TypeColumn,
    pub(super) step: u64,
    pub(super) seconds: f64,
    /// The last checkpoint, with its step; it may be in the making.
    pub(super) saved: Option<(u64, PathBuf)>,
    pub(super) writer: Writer,
}

impl std::fmt::Debug for Trainer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        f.debug_struct("Trainer")
            .field("directory", &self.directory)
            .field("configuration", &self.configuration)
            .finish_non_exhaustive()
    }
}

/// What has been seen since the last line of metrics.
#[derive(Default)]
struct Window {
    totals: Totals,
    norm: f64,
    steps: u64,
    seconds: f64,
}

impl Trainer {
    /// Where the run writes.
    pub fn directory(&self) -> &Path {
        &self.directory
    }

    /// Its configuration.
    pub fn configuration(&self) -> &Configuration {
        &self.configuration
    }

    /// The model as it is.
    pub fn model(&self) -> &RewardModel {
        self.workers.model()
    }

    /// Where it computes.
    pub fn compute(&self) -> Compute {
        self.compute
    }

    /// How many threads compute.
    pub fn threads(&self) -> usize {
        self.workers.threads()
    }

    /// Which of several processes trains it.
    pub fn ranks(&self) -> &Ranks {
        &self.ranks
    }

    /// Steps taken.
    pub fn step(&self) -> u64 {
        self.step
    }

    /// Time spent in training, all sittings together.
    pub fn seconds(&self) -> f64 {
        self.seconds
    }

    /// Trains to the last step, or until the observer breaks after a step; then the state is saved.
    ///
    /// # Errors
    /// [`TrainingError::NotFinite`] for a loss that is no number, with the state before it saved; a prompt that cannot be
    /// read; files that cannot be written.
    pub fn run(&mut self, observer: &mut dyn Observer) -> Result<Outcome, TrainingError> {
        let per_step = self.configuration.prompts_per_step();
        let (from, to) = (self.step, self.configuration.max_steps);
        let (mut source, planner, ranks) = (self.source.clone(), self.workers.planner(), self.ranks.clone());
        let (sender, receiver) = sync_channel(AHEAD);
        std::thread::scope(|scope| {
            // Ends when the receiver does.
            scope.spawn(move || feed((&mut source, &planner), from..to, per_step, &ranks, &sender));
            let outcome = self.steps(&receiver, observer);
            drop(receiver);
            outcome
        })
    }

    fn steps(
        &mut self,
        prompts: &Receiver<Result<Plan, TrainingError>>,
        observer: &mut dyn Observer,
    ) -> Result<Outcome, TrainingError> {
        let schedule = Schedule::from(&self.configuration);
        let began = Instant::now();
        let mut seen = 0;
        let mut window = Window::default();
        // A checkpoint of step 0 was written after its evaluation.
        if self.step == 0 && self.configuration.eval_at_start && self.saved.is_none() {
            self.evaluate(observer)?;
        }
        while self.step < self.configuration.max_steps {
            // Every step sends its prompts, or the error that ended them.
            let Ok(batch) = prompts.recv() else { break };
            let batch = match batch {
                Ok(batch) => batch,
                Err(error) => {
                    self.save(observer)?;
                    return Err(error);
                }
            };
            let started = Instant::now();
            let totals = self.update(batch, &schedule, &mut window)?;
            let seconds = started.elapsed().as_secs_f64();
            self.seconds += seconds;
            window.seconds += seconds;
            seen += totals.sequences;
            if let Some(path) = self.writer.written()? {
                observer.saved(&path);
            }
            let flow = observer.stepped(&Progress {
                step: self.step,
                loss: totals.loss / totals.prompts as f64,
                accuracy: totals.accuracy / totals.prompts as f64,
                sequences_per_second: seen as f64 / began.elapsed().as_secs_f64(),
            });
            let last = self.step == self.configuration.max_steps;
            if last || self.step.is_multiple_of(self.configuration.logging_steps) {
                self.log(&std::mem::take(&mut window), &schedule)?;
            }
            if last || self.step.is_multiple_of(self.configuration.eval_steps) {
                self.evaluate(observer)?;
            }
            if last {
                self.save(observer)?;
            } else if self.step.is_multiple_of(self.configuration.save_steps) {
                self.begin_checkpoint(observer)?;
            }
            // Asked of one rank, all stop, after the same step.
            if self.ranks.any(flow == ControlFlow::Break(()))? && !last {
                let checkpoint = self.save(observer)?;
                return Ok(Outcome::Interrupted { step: self.step, checkpoint });
            }
        }
        Ok(Outcome::Finished)
    }

    /// One step of the optimiser.
    fn update(&mut self, prompts: Plan, schedule: &Schedule, window: &mut Window) -> Result<Totals, TrainingError> {
        // Dropout depends on the step alone, so that a run goes on as if it had never stopped.
        let seed = self.configuration.seed.wrapping_mul(0x9E37_79B9_7F4A_7C15).wrapping_add(self.step + 1);
        let seed = seed.wrapping_add((self.ranks.rank() as u64).wrapping_mul(0xD1B5_4A32_D192_ED03));
        tch::manual_seed((seed >> 1) as i64);
        let scale = self.scale.scale();
        let all = self.configuration.prompts_per_step();
        let computed = self.workers.gradient_of_part(&self.configuration.loss, prompts, all, scale);
        let (mut totals, mut gradient) = computed.map_err(|error| self.saved_before(error))?;
        totals.sum(&self.ranks)?;
        self.ranks.sum(&mut gradient)?;
        if !totals.loss.is_finite() {
            return Err(self.not_finite("the loss")?);
        }
        if scale != 1.0 {
            let _ = gradient.f_mul_scalar_(1.0 / scale)?;
        }
        let norm = clip(&mut gradient, self.configuration.max_grad_norm)?;
        if !self.scale.update(norm.is_finite()) {
            return Err(self.not_finite("the gradient")?);
        }
        if norm.is_finite() {
            let rate = self.configuration.learning_rate * schedule.multiplier(self.step);
            self.optimiser.step(self.workers.model_mut().parameters_mut(), &gradient, rate)?;
            window.norm += norm;
        }
        self.step += 1;
        window.steps += 1;
        window.totals.add(&totals);
        Ok(totals)
    }

    /// The same error. Where it is want of memory, it says what to do, and the steps so far are saved. Among several ranks the others do
    /// not know of it, and cannot save together.
    fn saved_before(&mut self, error: TrainingError) -> TrainingError {
        let TrainingError::Model(ModelError::Memory(reason)) = error else { return error };
        let saved = if self.ranks.size() == 1 && self.step > 0 { self.save(&mut ()).ok() } else { None };
        TrainingError::Memory {
            reason,
            tokens_per_pass: self.workers.tokens_per_pass(),
            divides: self.configuration.gradient_checkpointing,
            saved,
        }
    }

    fn not_finite(&mut self, what: &'static str) -> Result<TrainingError, TrainingError> {
        let checkpoint = self.save(&mut ())?;
        Ok(TrainingError::NotFinite { what, steps: self.step, checkpoint })
    }

    fn log(&mut self, window: &Window, schedule: &Schedule) -> Result<(), TrainingError> {
        let Some(metrics) = &mut self.metrics else { return Ok(()) };
        let Window { totals, norm, steps, seconds } = window;
        let prompts = totals.prompts.max(1) as f64;
        metrics.log_training(&TrainingPoint {
            step: self.step,
            loss: totals.loss / prompts,
            accuracy: totals.accuracy / prompts,
            learning_rate: self.configuration.learning_rate * schedule.multiplier(self.step.saturating_sub(1)),
            gradient_norm: norm / (*steps).max(1) as f64,
            sequences_per_second: totals.sequences as f64 / seconds,
            tokens_per_second: totals.tokens as f64 / seconds,
            seconds: self.seconds,
        })?;
        Ok(())
    }

    fn evaluate(&mut self, observer: &mut dyn Observer) -> Result<(), TrainingError> {
        let mut rows = Vec::new();
        for evaluation in &self.evaluations {
            let evaluated = evaluation.run(&mut self.workers, &self.configuration.loss, self.step, &self.ranks);
            let evaluated = match evaluated {
                Err(error) => return Err(self.saved_before(error)),
                Ok(evaluated) => evaluated,
            };
            let Evaluated { split, step, loss, accuracy, .. } = evaluated;
            if !loss.is_finite() {
                return Err(self.not_finite("the loss")?);
            }
            if let Some(metrics) = &mut self.metrics {
                metrics.log_evaluation(&EvaluationPoint { step, split: split.to_string(), loss, accuracy })?;
            }
            observer.evaluated(&evaluated);
            rows.extend(evaluated.rows);
        }
        // In one piece: a row of a step stands for all of them.
        if self.ranks.is_first() {
            experiment::append_rewards(&self.directory.join(REWARDS_FILE), &rows, self.type_column)?;
        }
        Ok(())
    }

    /// Writes a checkpoint to its end.
    fn save(&mut self, observer: &mut dyn Observer) -> Result<PathBuf, TrainingError> {
        let path = self.begin_checkpoint(observer)?;
        if let Some(path) = self.writer.wait()? {
            observer.saved(&path);
        }
        Ok(path)
    }

    /// Copies the state as it is, for another thread to write.
    fn begin_checkpoint(&mut self, observer: &mut dyn Observer) -> Result<PathBuf, TrainingError> {
        // One that is there is never at risk.
        if let Some((step, path)) = &self.saved
            && *step == self.step
        {
            return Ok(path.clone());
        }
        // The first rank writes for all.
        if !self.ranks.is_first() {
            return Ok(checkpoint::folder(&self.directory, self.step));
        }
        let state = State {
            step: self.step,
            optimiser_steps: self.optimiser.steps(),
            prompts: self.step * self.configuration.prompts_per_step() as u64,
            seconds: self.seconds,
            loss_scale: self.scale,
            data_checksum: self.data_checksum,
            configuration: self.configuration.clone(),
        };
        let snapshot = Snapshot::take(state, self.model(), self.tokenizer.clone(), &self.optimiser)?;
        if let Some(former) = self.writer.begin(&self.directory, snapshot)? {
            observer.saved(&former);
        }
        let path = checkpoint::folder(&self.directory, self.step);
        self.saved = Some((self.step, path.clone()));
        Ok(path)
    }
}

/// Tokenises and lays out this rank's prompts of each step, until there are no more steps or nobody takes them.
fn feed(
    (source, planner): (&mut PromptSource, &Planner),
    steps: std::ops::Range<u64>,
    per_step: usize,
    ranks: &Ranks,
    sender: &SyncSender<Result<Plan, TrainingError>>,
) {
    for step in steps {
        let places = step * per_step as u64..(step + 1) * per_step as u64;
        let own = places.clone().filter(|place| ranks.takes(place - places.start));
        let batch: Result<Vec<EncodedPrompt>, TrainingError> = own.map(|place| source.at(place)).collect();
        let plan = batch.and_then(|prompts| planner.plan(prompts));
        let failed = plan.is_err();
        if sender.send(plan).is_err() || failed {
            return;
        }
    }
}
