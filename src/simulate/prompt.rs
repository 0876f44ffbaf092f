//! One prompt: its logits, its labels, and how it takes steps.

use std::f64::consts::TAU;

use rand::{Rng, RngCore, SeedableRng};
use rand_chacha::ChaCha8Rng;

use super::loss::{Pair, PairLoss, Workspace};
use super::settings::{Batch, Labels, Noise, Optimiser, Settings};

/// Constants of Adam: how fast its two running means forget, and what keeps it from dividing by 0.
const FORGET: [f64; 2] = [0.9, 0.999];
const SMALL: f64 = 1e-8;

/// A pair of true ranks, and how often its label is wrong: in units of 2^-32.
#[derive(Debug, Clone, Copy)]
pub(super) struct Compared {
    pair: Pair,
    wrong: u32,
}

/// Every pair of responses, by the worse and then by the better one.
pub(super) fn all_pairs(settings: &Settings) -> Vec<Compared> {
    let wrong = |worse: usize, better: usize| match &settings.labels {
        Labels::True => 0.0,
        Labels::Flipped(rate) => *rate,
        Labels::BradleyTerry(qualities) => 1.0 / (1.0 + (qualities[better] - qualities[worse]).exp()),
    };
    let compared = |worse: usize, better: usize| Compared {
        pair: Pair { worse: worse as u32, better: better as u32 },
        // The conversion of a double saturates.
        wrong: (wrong(worse, better) * 2f64.powi(32)) as u32,
    };
    (0..settings.n).flat_map(|worse| (worse + 1..settings.n).map(move |better| compared(worse, better))).collect()
}

/// What one prompt is trained on.
#[derive(Debug)]
enum Comparisons {
    /// The pairs that all prompts share, with true labels or with labels drawn in each step.
    Shared,
    /// Pairs of its own, whose labels may still be drawn in each step.
    Own(Vec<Compared>),
    /// Pairs of its own whose labels were drawn.
    Labelled(Vec<Pair>),
}

/// A prompt in training.
#[derive(Debug)]
pub(super) struct Prompt {
    pub logits: Vec<f64>,
    /// Running means of the gradient and of its square; empty without Adam.
    means: Vec<[f64; 2]>,
    /// One less these is what the running means are divided by.
    powers: [f64; 2],
    comparisons: Comparisons,
    random: ChaCha8Rng,
}

/// What all prompts have in common.
#[derive(Debug)]
pub(super) struct Common<'a> {
    pub loss: PairLoss<'a>,
    pub settings: &'a Settings,
    pub pairs: &'a [Compared],
    /// The same without labels' errors.
    pub clean: &'a [Pair],
}

impl Common<'_> {
    fn labels_are_random(&self) -> bool {
        self.settings.labels != Labels::True
    }
}

impl Prompt {
    /// Prompt number `index`, with a stream of random numbers of its own: what it does depends on no other prompt and no thread.
    pub fn new(common: &Common<'_>, index: usize) -> Self {
        let Common { settings, pairs, .. } = common;
        let mut random = ChaCha8Rng::seed_from_u64(settings.seed);
        random.set_stream(settings.first_prompt.wrapping_add(index as u64));
        let logits = normal(&mut random, settings.n).into_iter().map(|z| settings.initial_spread * z).collect();
        let mut comparisons = match settings.compared {
            None => Comparisons::Shared,
            Some(count) => Comparisons::Own(drawn(&mut random, pairs, count)),
        };
        if common.labels_are_random() && settings.noise == Noise::Fixed {
            let own = if let Comparisons::Own(own) = &comparisons { own } else { *pairs };
            comparisons = Comparisons::Labelled(own.iter().map(|pair| pair.label(&mut random)).collect());
        }
        let means = if settings.optimiser == Optimiser::Adam { vec![[0.0; 2]; settings.n] } else { Vec::new() };
        Self { logits, means, powers: [1.0; 2], comparisons, random }
    }

    /// Takes so many steps.
    pub fn train(&mut self, common: &Common<'_>, steps: u64, workspace: &mut Workspace) {
        for _ in 0..steps {
            self.step(common, workspace);
        }
    }

    fn step(&mut self, common: &Common<'_>, workspace: &mut Workspace) {
        let Common { loss, settings, .. } = common;
        let mut chosen = std::mem::take(&mut workspace.drawn);
        let pairs = self.comparisons.choose(common, &mut self.random, &mut chosen);
        loss.gradient(&self.logits, pairs, workspace);
        workspace.drawn = chosen;
        let rate = settings.learning_rate();
        match settings.optimiser {
            Optimiser::Sgd => {
                self.logits.iter_mut().zip(&workspace.gradient).for_each(|(logit, g)| *logit -= rate * g);
            }
            Optimiser::Adam => self.adam(rate, &workspace.gradient),
        }
    }

    fn adam(&mut self, rate: f64, gradient: &[f64]) {
        self.powers = [self.powers[0] * FORGET[0], self.powers[1] * FORGET[1]];
        let [first, second] = self.powers.map(|power| 1.0 / (1.0 - power));
        for ((logit, means), g) in self.logits.iter_mut().zip(&mut self.means).zip(gradient) {
            means[0] += (1.0 - FORGET[0]) * (g - means[0]);
            means[1] += (1.0 - FORGET[1]) * (g * g - means[1]);
            *logit -= rate * first * means[0] / ((second * means[1]).sqrt() + SMALL);
        }
    }
}

impl Compared {
    fn label(&self, random: &mut ChaCha8Rng) -> Pair {
        let Pair { worse, better } = self.pair;
        if random.next_u32() < self.wrong { Pair { worse: better, better: worse } } else { self.pair }
    }
}

impl Comparisons {
    /// The pairs of one step; those that are drawn, or labelled, for it are put into `room`.
    fn choose<'a>(&'a self, common: &Common<'a>, random: &mut ChaCha8Rng, room: &'a mut Vec<Pair>) -> &'a [Pair] {
        let number = match (common.settings.batch, self) {
            (Batch::Pairs(number), _) => Some(number),
            (Batch::Full, _) => None,
        };
        room.clear();
        match (self, number) {
            (Comparisons::Labelled(own), None) => return own,
            (Comparisons::Labelled(own), Some(number)) => {
                room.extend((0..number).map(|_| own[below(random, own.len())]));
                return room;
            }
            (Comparisons::Shared, None) if !common.labels_are_random() => return common.clean,
            _ => {}
        }
        let compared = if let Comparisons::Own(own) = self { own } else { common.pairs };
        match number {
            None => room.extend(compared.iter().map(|pair| pair.label(random))),
            Some(number) => room.extend((0..number).map(|_| compared[below(random, compared.len())].label(random))),
        }
        room
    }
}

impl From<&Compared> for Pair {
    fn from(compared: &Compared) -> Self {
        compared.pair
    }
}

/// Uniform below `bound`, up to a bias of `bound / 2^64`.
fn below(random: &mut ChaCha8Rng, bound: usize) -> usize {
    ((u128::from(random.next_u64()) * bound as u128) >> 64) as usize
}

/// So many of `pairs`, without repetition.
fn drawn(random: &mut ChaCha8Rng, pairs: &[Compared], count: usize) -> Vec<Compared> {
    let mut pairs = pairs.to_vec();
    // Fisher and Yates, as far as wanted.
    for place in 0..count {
        let other = place + below(random, pairs.len() - place);
        pairs.swap(place, other);
    }
    pairs.truncate(count);
    pairs.shrink_to_fit();
    pairs
}

/// Standard normal numbers, after Box and Muller.
fn normal(random: &mut ChaCha8Rng, count: usize) -> Vec<f64> {
    let mut numbers = Vec::with_capacity(count + 1);
    while numbers.len() < count {
        // In (0, 1], which has a logarithm.
        let radius = (-2.0 * (1.0 - random.random::<f64>()).ln()).sqrt();
        let (sine, cosine) = (TAU * random.random::<f64>()).sin_cos();
        numbers.extend([radius * cosine, radius * sine]);
    }
    numbers.truncate(count);
    numbers
}
