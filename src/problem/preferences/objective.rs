//! The objective of weighted pairs, its gradient and its Hessian.

use rayon::prelude::*;

use super::Preferences;
use crate::problem::Field;
use crate::problem::summation::Accurate;
use crate::utility::OnLine;

/// Comparisons, and items, a chunk: chunks, not threads, own the partial sums, so that a result has the same bits on any machine.
pub(super) const CHUNK: usize = 4096;

/// Problem (7): `F(r) = 1/W sum_ij w_ij U_q(r_j - r_i - m_ij) + 2/n sum_i V(r_i)`, where `w_ij` is how often `j` beat `i`, for all
/// real `r` at which `V` is finite.
///
/// ```
/// use reward_collapse::problem::{Comparison, Preferences, WeightedPairs};
/// use reward_collapse::utility::{OnLine, parse};
/// let items = vec!["a".to_owned(), "b".to_owned()];
/// let preferences = Preferences::new(items, vec![Comparison { winner: 0, loser: 1, count: 2.0, margin: 0.0 }])?;
/// let utility = OnLine::new(parse("logsigmoid(x)")?, 0.0)?;
/// let at_zero = WeightedPairs::new(&preferences, &utility, None).evaluate(&[0.0, 0.0]);
/// assert_eq!((at_zero.objective, at_zero.gradient[0]), (0.5f64.ln(), 0.5));
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug)]
pub struct WeightedPairs<'a> {
    pub(super) preferences: &'a Preferences,
    pub(super) utility: &'a OnLine,
    pub(super) field: Option<&'a Field>,
    incidence: Incidence,
}

/// The objective at some rewards, with its derivatives.
#[derive(Debug, Clone)]
pub struct PairEvaluation {
    /// `F`; `-inf` where `V` is not finite.
    pub objective: f64,
    /// `F'`, by item.
    pub gradient: Vec<f64>,
    /// `-w U_q''/W`, not negative, by comparison: the weights of the graph Laplacian that is `-F''` without the field.
    pub conductances: Vec<f64>,
    /// `-2 V''/n`, by item; empty without a field.
    pub field_curvatures: Vec<f64>,
}

/// The comparisons of each item.
#[derive(Debug)]
pub(super) struct Incidence {
    start: Vec<usize>,
    entries: Vec<Incident>,
}

/// A comparison, from one of its items.
#[derive(Debug, Clone, Copy, Default)]
pub(crate) struct Incident {
    /// Which comparison.
    pub(crate) comparison: u32,
    /// The other item.
    pub(crate) other: u32,
    /// Whether the item won.
    pub(crate) wins: bool,
}

impl Incidence {
    fn of(preferences: &Preferences) -> Self {
        let n = preferences.items().len();
        let mut start = vec![0; n + 1];
        for c in preferences.comparisons() {
            start[c.winner as usize + 1] += 1;
            start[c.loser as usize + 1] += 1;
        }
        (0..n).for_each(|i| start[i + 1] += start[i]);
        let mut next = start.clone();
        let mut entries = vec![Incident::default(); 2 * preferences.comparisons().len()];
        for (comparison, c) in (0..).zip(preferences.comparisons()) {
            for (item, other, wins) in [(c.winner, c.loser, true), (c.loser, c.winner, false)] {
                let place = &mut next[item as usize];
                entries[*place] = Incident { comparison, other, wins };
                *place += 1;
            }
        }
        Self { start, entries }
    }
}

impl<'a> WeightedPairs<'a> {
    /// The objective of `preferences` with utility `U_q` and field `V`; without one, `V = 0`.
    pub fn new(preferences: &'a Preferences, utility: &'a OnLine, field: Option<&'a Field>) -> Self {
        Self { preferences, utility, field, incidence: Incidence::of(preferences) }
    }

    /// The number of items.
    pub fn n(&self) -> usize {
        self.preferences.items().len()
    }

    /// The data.
    pub fn preferences(&self) -> &'a Preferences {
        self.preferences
    }

    /// The comparisons of an item.
    pub(crate) fn of_item(&self, item: usize) -> &[Incident] {
        &self.incidence.entries[self.incidence.start[item]..self.incidence.start[item + 1]]
    }

    /// Where an item's comparisons begin in a list of those of all items.
    pub(crate) fn starts(&self) -> &[usize] {
        &self.incidence.start
    }

    /// The objective and its derivatives at `rewards`, one for each item. In `O(items + comparisons)`, and the same on any number
    /// of threads.
    ///
    /// # Panics
    /// If there are fewer rewards than items.
    pub fn evaluate(&self, rewards: &[f64]) -> PairEvaluation {
        self.evaluate_with(rewards, false)
    }

    /// As [`WeightedPairs::evaluate`]; with `secants`, `U_q''(x)` is replaced by `(U_q'(|x|) - U_q'(-|x|)) / 2|x|`. For the
    /// logistic utility that makes a quadratic function below `F` that touches it at `rewards`, and it does not underflow.
    pub(crate) fn evaluate_with(&self, rewards: &[f64], secants: bool) -> PairEvaluation {
        let rows = self.preferences.comparisons();
        let total = self.preferences.total();
        let mut slopes = vec![0.0; rows.len()];
        let mut conductances = vec![0.0; rows.len()];
        let chunks = rows.par_chunks(CHUNK).zip(slopes.par_chunks_mut(CHUNK)).zip(conductances.par_chunks_mut(CHUNK));
        let partial: Vec<f64> = chunks
            .map(|((rows, slopes), conductances)| {
                let mut sum = 0.0;
                for ((c, slope), conductance) in rows.iter().zip(slopes).zip(conductances) {
                    let x = rewards[c.winner as usize] - rewards[c.loser as usize] - c.margin;
                    let jet = self.utility.jet(x);
                    let curvature = if secants && x != 0.0 {
                        (self.utility.jet(x.abs()).slope - self.utility.jet(-x.abs()).slope) / (2.0 * x.abs())
                    } else {
                        jet.curvature
                    };
                    sum += c.count * jet.value;
                    *slope = c.count * jet.slope;
                    *conductance = (-c.count * curvature / total).max(0.0);
                }
                sum
            })
            .collect();
        let mut objective = Accurate::default();
        partial.iter().for_each(|sum| objective.add(sum / total));
        let share = 2.0 / self.n() as f64;
        let fields: Vec<_> = match self.field {
            Some(field) => rewards.par_iter().with_min_len(CHUNK).map(|&r| field.jet(r)).collect(),
            None => Vec::new(),
        };
        fields.iter().for_each(|jet| objective.add(share * jet.value));
        let mut gradient = self.gather(&slopes);
        gradient.iter_mut().for_each(|g| *g /= total);
        gradient.iter_mut().zip(&fields).for_each(|(g, jet)| *g += share * jet.slope);
        let objective = objective.value();
        PairEvaluation {
            objective: if objective.is_nan() { f64::NEG_INFINITY } else { objective },
            gradient,
            conductances,
            field_curvatures: fields.iter().map(|jet| (-share * jet.curvature).max(0.0)).collect(),
        }
    }

    /// For each item the sum over its comparisons of what each has, with a minus where the item lost.
    pub(super) fn gather(&self, by_comparison: &[f64]) -> Vec<f64> {
        let sum = |item: usize| {
            let mut sum = Accurate::default();
            for incident in self.of_item(item) {
                let term = by_comparison[incident.comparison as usize];
                sum.add(if incident.wins { term } else { -term });
            }
            sum.value()
        };
        (0..self.n()).into_par_iter().with_min_len(64).map(sum).collect()
    }
}
