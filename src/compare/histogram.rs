//! Histograms to lay over a density.

use super::CompareError;
use super::error::check;
use crate::limit::{Atom, LimitLaw};

/// One bin.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Bin {
    /// Left edge.
    pub from: f64,
    /// Right edge.
    pub to: f64,
    /// Rewards in `[from, to)`, or `[from, to]` for the last bin, less those counted as atoms.
    pub count: usize,
    /// Share of all rewards divided by the bin's width: what to compare with [`LimitLaw::density`].
    pub height: f64,
}

/// Equal bins on [0, 1], with the shares of rewards at exactly 0 and exactly 1 kept apart when the law has atoms there.
///
/// The masses of the atoms and the areas of the bins add up to 1.
#[derive(Debug, Clone, PartialEq)]
pub struct Histogram {
    bins: Vec<Bin>,
    atoms: Vec<Atom>,
}

impl Histogram {
    /// The histogram of ascending `rewards` in `bins` bins, for comparison with `law`.
    ///
    /// # Errors
    /// [`CompareError`] for no bins, or a sample that is empty, unsorted or outside [0, 1].
    pub fn new(rewards: &[f64], law: &LimitLaw, bins: usize) -> Result<Self, CompareError> {
        check(rewards)?;
        if bins == 0 {
            return Err(CompareError::NoBins);
        }
        let n = rewards.len() as f64;
        let with_atoms = !law.atoms().is_empty();
        let (mut counts, mut at_zero, mut at_one) = (vec![0usize; bins], 0usize, 0usize);
        for &r in rewards {
            if with_atoms && r == 0.0 {
                at_zero += 1;
            } else if with_atoms && r == 1.0 {
                at_one += 1;
            } else {
                counts[((r * bins as f64) as usize).min(bins - 1)] += 1;
            }
        }
        let edge = |i: usize| i as f64 / bins as f64;
        let bin = |(i, &count): (usize, &usize)| Bin {
            from: edge(i),
            to: edge(i + 1),
            count,
            height: count as f64 / n * bins as f64,
        };
        let atoms = if with_atoms {
            vec![Atom { at: 0.0, mass: at_zero as f64 / n }, Atom { at: 1.0, mass: at_one as f64 / n }]
        } else {
            Vec::new()
        };
        Ok(Self { bins: counts.iter().enumerate().map(bin).collect(), atoms })
    }

    /// The bins, from left to right.
    pub fn bins(&self) -> &[Bin] {
        &self.bins
    }

    /// The shares at exactly 0 and exactly 1; empty when the law has no atoms.
    pub fn atoms(&self) -> &[Atom] {
        &self.atoms
    }
}
