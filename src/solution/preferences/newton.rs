//! Newton's method with an active set for the ends of the support.

use std::ops::ControlFlow;

use super::elimination::Elimination;
use super::system::{NewtonSystem, dot};
use crate::problem::{PairEvaluation, Support, WeightedPairs};
use crate::solution::{FitError, Observer, Progress};

/// The share of the predicted gain that a step has to bring.
const SUFFICIENT: f64 = 1e-4;

/// Predicted gains, relative to `F`, below which the gradient tells progress: differences of `F` are lost in rounding.
const FLAT: f64 = 1e-11;

/// Halvings of a step before it is given up.
const HALVINGS: i32 = 60;

/// Newton's method from the middle of the support.
pub(super) struct Newton<'a> {
    pub(super) pairs: &'a WeightedPairs<'a>,
    pub(super) support: Support,
    /// Whether a field is infinitely steep at the lower and at the upper end: rewards then stay inside.
    pub(super) open: [bool; 2],
    /// Whether a shift of all rewards changes nothing.
    pub(super) shifts: bool,
    pub(super) max_iterations: u64,
    /// Is told about every iteration.
    pub(super) observer: Option<&'a Observer>,
}

impl Newton<'_> {
    /// Rewards at which the gradient is as small as rounding lets it be, and the iterations that it took.
    ///
    /// Bertsekas's projected Newton method (1982): items at an end that the gradient holds there move by their own gradient, the
    /// others by Newton's equation, and the step is projected on the support.
    ///
    /// # Errors
    /// [`FitError::Cancelled`] if the observer stops it.
    pub(super) fn maximise(&self) -> Result<(Vec<f64>, u64), FitError> {
        let elimination = Elimination::of(self.pairs);
        let mut rewards = vec![self.middle(); self.pairs.n()];
        let mut now = self.pairs.evaluate(&rewards);
        let first = self.residual(&rewards, &now.gradient);
        let mut secants = false;
        for iteration in 0..self.max_iterations {
            let residual = self.residual(&rewards, &now.gradient);
            self.tell(iteration, now.objective)?;
            if residual == 0.0 {
                return Ok((rewards, iteration));
            }
            let direction = self.direction(&rewards, &now, (residual / first).min(0.1), elimination.as_ref());
            let predicted = dot(&now.gradient, &direction);
            let flat = predicted.abs() <= FLAT * now.objective.abs();
            let mut accepted = None;
            for halving in 0..HALVINGS {
                let next = self.moved(&rewards, &direction, 0.5f64.powi(halving));
                if next == rewards {
                    break;
                }
                let there = self.pairs.evaluate(&next);
                let gain: f64 = now.gradient.iter().zip(&next).zip(&rewards).map(|((g, s), r)| g * (s - r)).sum();
                let better =
                    there.objective > now.objective && there.objective >= now.objective + SUFFICIENT * gain.max(0.0);
                let closer = flat && self.residual(&next, &there.gradient) < residual;
                if better && !flat || closer {
                    accepted = Some((next, there, halving));
                    break;
                }
                if flat && halving > 2 {
                    break;
                }
            }
            let Some((next, there, halving)) = accepted else {
                if secants || flat {
                    return Ok((rewards, iteration));
                }
                secants = true;
                now = self.pairs.evaluate_with(&rewards, true);
                continue;
            };
            let settled = flat && self.residual(&next, &there.gradient) > 0.5 * residual;
            rewards = next;
            now = there;
            if settled {
                return Ok((rewards, iteration + 1));
            }
            // Where Newton's steps are far too long, the curvature where they start says little.
            secants = halving > 3;
            if secants {
                now = self.pairs.evaluate_with(&rewards, true);
            }
        }
        Ok((rewards, self.max_iterations))
    }

    /// What is known of an iterate while it is solved for: no certificate yet.
    fn tell(&self, iteration: u64, objective: f64) -> Result<(), FitError> {
        let progress =
            Progress { n: self.pairs.n(), iteration, cost: -objective, relative_gap: f64::NAN, step: f64::NAN };
        match self.observer.map(|observer| observer(progress)) {
            Some(ControlFlow::Break(())) => Err(FitError::Cancelled),
            _ => Ok(()),
        }
    }

    fn middle(&self) -> f64 {
        let (lower, upper) = (self.support.lower(), self.support.upper());
        match (lower.is_finite(), upper.is_finite()) {
            (true, true) => lower + 0.5 * (upper - lower),
            (true, false) => lower + 1.0,
            (false, true) => upper - 1.0,
            (false, false) => 0.0,
        }
    }

    /// Whether the gradient holds a reward within `near` of an end.
    fn is_held(&self, reward: f64, slope: f64, near: f64) -> bool {
        reward <= self.support.lower() + near && slope < 0.0 || reward >= self.support.upper() - near && slope > 0.0
    }

    /// The size of the gradient in the directions that the support leaves.
    fn residual(&self, rewards: &[f64], gradient: &[f64]) -> f64 {
        let each = rewards.iter().zip(gradient);
        each.map(|(&r, &g)| if self.is_held(r, g, 0.0) { 0.0 } else { g.abs() }).sum()
    }

    fn direction(
        &self,
        rewards: &[f64],
        now: &PairEvaluation,
        tolerance: f64,
        elimination: Option<&Elimination>,
    ) -> Vec<f64> {
        let n = rewards.len();
        let all = vec![true; n];
        let system = NewtonSystem::new(self.pairs, now, &all);
        let scaled: Vec<f64> = now.gradient.iter().zip(system.diagonal()).map(|(g, d)| g / d).collect();
        let width = (self.support.upper() - self.support.lower()).min(1.0);
        let moves = self.moved(rewards, &scaled, 1.0);
        let largest = moves.iter().zip(rewards).map(|(s, r)| (s - r).abs()).fold(0.0, f64::max);
        let near = largest.min(1e-4 * width);
        let free: Vec<bool> = (0..n).map(|i| !self.is_held(rewards[i], now.gradient[i], near)).collect();
        let system = system.on(&free);
        let mut direction = system.solve(&now.gradient, tolerance, 20 * n + 100, elimination);
        if self.shifts {
            let mean = direction.iter().sum::<f64>() / n as f64;
            direction.iter_mut().for_each(|p| *p -= mean);
        }
        for i in (0..n).filter(|&i| !free[i]) {
            direction[i] = scaled[i];
        }
        direction
    }

    /// `rewards + step * direction`, projected on the support; next to an end that is not to be reached, nine tenths of the way.
    fn moved(&self, rewards: &[f64], direction: &[f64], step: f64) -> Vec<f64> {
        let (lower, upper) = (self.support.lower(), self.support.upper());
        let one = |(&r, &p): (&f64, &f64)| {
            let next = r + step * p;
            match self.open {
                [true, _] if next <= lower => r - 0.9 * (r - lower),
                [_, true] if next >= upper => r + 0.9 * (upper - r),
                _ => next.clamp(lower, upper),
            }
        };
        rewards.iter().zip(direction).map(one).collect()
    }
}
