//! The rewards of a table against theory, type by type.

use std::collections::BTreeMap;

use serde::{Serialize, Serializer};
use thiserror::Error;

use super::{CompareError, Target, wasserstein1};
use crate::experiment::{PromptRewards, RewardTable};
use crate::solution::{Scope, SolveError, Unique, largest_gap};
use crate::utility::Concavity;

/// How the responses of prompts were put in order before they were compared with an optimum.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Order {
    /// By their ranks: the reward of the worst response is compared with the least optimal reward.
    Rank,
    /// By their rewards, since there are no ranks: the least reward is compared with the least optimal reward.
    Reward,
    /// Some prompts have ranks.
    Mixed,
}

/// The numbers of responses of some prompts, ascending. One by itself is written as a number.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Sizes(Vec<usize>);

/// The rewards of one type of prompt against theory. Each prompt is compared with the optimum of its own number of responses.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct TypeComparison {
    /// The type; empty where prompts have none.
    #[serde(rename = "type")]
    pub prompt_type: String,
    /// The number of prompts that were compared.
    pub prompts: usize,
    /// Their numbers of responses.
    pub n: Sizes,
    /// The problem whose optimum they are compared with.
    pub utility: String,
    /// The mean over all responses of `|reward - optimal reward|`.
    pub mean_abs_difference: f64,
    /// The largest of these.
    pub largest: f64,
    /// The prompt that has it.
    pub largest_prompt: String,
    /// The Wasserstein-1 distance between all rewards and all optimal rewards.
    pub w1: f64,
    /// The Wasserstein-1 distance between all rewards and the limit law; `None` where there is no method for the law.
    pub w1_limit: Option<f64>,
    /// How responses were put in order.
    pub order: Order,
    /// Whether each prompt's rewards were first shifted to the mean of its optimum, since the optimum is one up to a shift.
    pub shifted: bool,
    /// Prompts with tied ranks. The optimum is that of a ranking without ties, and of tied responses the smaller reward counts as the lower.
    pub tied: usize,
    /// Prompts with a single response, which have nothing to be compared with and are left out.
    pub single: usize,
    /// The largest certificate of the optima, per pair; NaN where `bound` is [`Scope::Local`].
    pub gap: f64,
    /// What no rewards do better than the optima, for the weakest of them.
    pub bound: Scope,
    /// How it is known that the problem is concave.
    pub concavity: Concavity,
    /// The same for each number of responses.
    pub sizes: Vec<SizeComparison>,
}

/// The prompts of one type and one number of responses against their optimum.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct SizeComparison {
    /// The number of responses.
    pub n: usize,
    /// The number of prompts.
    pub prompts: usize,
    /// The mean over responses and prompts of `|reward - optimal reward|`.
    pub mean_abs_difference: f64,
    /// The largest of these.
    pub largest: f64,
    /// The mean over prompts for each response, worst first.
    pub means: Vec<f64>,
    /// The standard deviation over prompts for each response.
    pub deviations: Vec<f64>,
    /// The optimal rewards; a middle one that may be anything is the mean of what was found.
    pub optimum: Vec<f64>,
}

/// Why rewards were not compared.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum TableComparisonError {
    /// There is no optimum.
    #[error(transparent)]
    Solve(#[from] SolveError),
    /// A distance from the law could not be computed.
    #[error(transparent)]
    Compare(#[from] CompareError),
    /// A reward is outside the interval of the rewards.
    #[error("prompt `{prompt}` has the reward {value}, outside the support {support} of the problem")]
    Outside {
        /// The prompt.
        prompt: String,
        /// The reward.
        value: f64,
        /// The support.
        support: String,
    },
    /// No prompt has two responses.
    #[error("no prompt of the type `{prompt_type}` has two responses, so that there is nothing to compare")]
    Single {
        /// The type.
        prompt_type: String,
    },
}

impl TypeComparison {
    /// Compares the prompts of type `type_index` of [`RewardTable::types`] with `target`.
    ///
    /// # Errors
    /// [`TableComparisonError`]: a reward outside the problem's support, no prompt with two responses, a problem without a maximiser.
    ///
    /// ```
    /// use reward_collapse::compare::{Target, TypeComparison};
    /// use reward_collapse::experiment::{TableBuilder, TableRow};
    /// use reward_collapse::{problem::{Equilibrium, Support}, utility::parse};
    /// let mut builder = TableBuilder::default();
    /// for reward in [0.9, 0.1] {
    ///     builder.push(TableRow { prompt: "why?", reward, ..TableRow::default() })?;
    /// }
    /// let table = builder.finish().map_err(|(_, reason)| reason)?.ok_or("empty")?;
    /// let mut target = Target::new(Equilibrium::new(parse("log(x)")?, 0.0, Support::UNIT)?);
    /// let found = TypeComparison::of(&table, 0, &mut target)?; // the optimum is 0, 1
    /// assert!((found.mean_abs_difference - 0.1).abs() < 1e-15);
    /// # Ok::<(), Box<dyn std::error::Error>>(())
    /// ```
    pub fn of(table: &RewardTable, type_index: usize, target: &mut Target) -> Result<Self, TableComparisonError> {
        let prompts = || table.prompts().filter(|prompt| prompt.type_index == type_index);
        let mut found = Found::default();
        for prompt in prompts() {
            found.add(prompt, target)?;
        }
        let name = table.types().get(type_index).map_or_else(String::new, ToString::to_string);
        found.finish(name, target)
    }
}

/// What is known of the prompts so far.
#[derive(Default)]
struct Found {
    prompts: usize,
    ranked: usize,
    tied: usize,
    single: usize,
    shifted: bool,
    total: f64,
    largest: f64,
    largest_prompt: String,
    rewards: Vec<f64>,
    optimal: Vec<f64>,
    by_size: BTreeMap<usize, BySize>,
}

struct BySize {
    prompts: usize,
    total: f64,
    largest: f64,
    means: Vec<f64>,
    /// Sums of squares of differences from the mean, after Welford.
    squares: Vec<f64>,
    optimum: Vec<f64>,
}

impl Found {
    fn add(&mut self, prompt: PromptRewards<'_>, target: &mut Target) -> Result<(), TableComparisonError> {
        let n = prompt.n();
        if n < 2 {
            self.single += 1;
            return Ok(());
        }
        let support = target.problem().support();
        if let Some(&value) = prompt.rewards.iter().find(|reward| !(support.lower()..=support.upper()).contains(reward))
        {
            let prompt = prompt.name.to_owned();
            return Err(TableComparisonError::Outside { prompt, value, support: support.to_string() });
        }
        self.prompts += 1;
        self.ranked += usize::from(prompt.ranks.is_some());
        self.tied += usize::from(prompt.ranks.is_some_and(has_ties));
        let optimum = target.optimum(n)?;
        let mut rewards = prompt.ascending();
        let (optimal, shift) = optimum.nearest(&rewards);
        if optimum.unique == Unique::UpToShift {
            self.shifted = true;
            rewards.iter_mut().for_each(|reward| *reward += shift);
        }
        let by_size = self.by_size.entry(n).or_insert_with(|| BySize {
            prompts: 0,
            total: 0.0,
            largest: 0.0,
            means: vec![0.0; n],
            squares: vec![0.0; n],
            optimum: optimum.rewards.clone(),
        });
        by_size.prompts += 1;
        let count = by_size.prompts as f64;
        let moments = by_size.means.iter_mut().zip(&mut by_size.squares);
        for ((reward, optimal), (mean, squares)) in rewards.iter().zip(&optimal).zip(moments) {
            let difference = (reward - optimal).abs();
            by_size.total += difference;
            by_size.largest = by_size.largest.max(difference);
            if difference > self.largest || self.largest_prompt.is_empty() {
                self.largest = difference.max(self.largest);
                prompt.name.clone_into(&mut self.largest_prompt);
            }
            let step = reward - *mean;
            *mean += step / count;
            *squares += step * (reward - *mean);
        }
        self.rewards.extend(rewards);
        self.optimal.extend(optimal);
        Ok(())
    }

    fn finish(mut self, prompt_type: String, target: &mut Target) -> Result<TypeComparison, TableComparisonError> {
        if self.prompts == 0 {
            return Err(TableComparisonError::Single { prompt_type });
        }
        self.rewards.sort_by(f64::total_cmp);
        self.optimal.sort_by(f64::total_cmp);
        let count = self.rewards.len() as f64;
        // Of two samples of one size the monotone pairing is the best transport.
        let pairs = self.rewards.iter().zip(&self.optimal);
        let w1 = pairs.map(|(reward, optimal)| (reward - optimal).abs()).sum::<f64>() / count;
        let w1_limit = target.limit().map(|law| wasserstein1(&self.rewards, &*law)).transpose()?;
        let (mut gap, mut bound, mut concavity) = (0.0, Scope::Laws, Concavity::Proved);
        let mut sizes = Vec::new();
        for (n, found) in self.by_size {
            let optimum = target.optimum(n)?;
            gap = largest_gap([gap, optimum.gap]);
            bound = bound.and(optimum.bound);
            if optimum.concavity == Concavity::Sampled || concavity == Concavity::Proved {
                concavity = optimum.concavity;
            }
            let prompts = found.prompts as f64;
            let (optimum, _) = match optimum.unique {
                Unique::No => optimum.nearest(&found.means),
                _ => (found.optimum, 0.0),
            };
            self.total += found.total;
            sizes.push(SizeComparison {
                n,
                prompts: found.prompts,
                mean_abs_difference: found.total / (prompts * n as f64),
                largest: found.largest,
                deviations: found.squares.iter().map(|squares| (squares / prompts).sqrt()).collect(),
                means: found.means,
                optimum,
            });
        }
        Ok(TypeComparison {
            prompt_type,
            prompts: self.prompts,
            n: Sizes(sizes.iter().map(|size| size.n).collect()),
            utility: target.to_string(),
            mean_abs_difference: self.total / count,
            largest: self.largest,
            largest_prompt: self.largest_prompt,
            w1,
            w1_limit,
            order: match self.ranked {
                0 => Order::Reward,
                ranked if ranked == self.prompts => Order::Rank,
                _ => Order::Mixed,
            },
            shifted: self.shifted,
            tied: self.tied,
            single: self.single,
            gap,
            bound,
            concavity,
            sizes,
        })
    }
}

fn has_ties(ranks: &[f64]) -> bool {
    let mut ranks = ranks.to_vec();
    ranks.sort_by(f64::total_cmp);
    ranks.windows(2).any(|pair| pair[0] == pair[1])
}

impl Sizes {
    /// The numbers, ascending.
    pub fn all(&self) -> &[usize] {
        &self.0
    }
}

impl std::fmt::Display for Sizes {
    /// `8`, or `2..64`.
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self.0.as_slice() {
            [] => f.write_str("0"),
            [one] => write!(f, "{one}"),
            [least, .., largest] => write!(f, "{least}..{largest}"),
        }
    }
}

impl Serialize for Sizes {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        match self.0.as_slice() {
            [one] => one.serialize(serializer),
            several => several.serialize(serializer),
        }
    }
}
