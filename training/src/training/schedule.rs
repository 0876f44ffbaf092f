//! The learning rate over a run: a warm-up, then a decay.

use std::f64::consts::PI;

use clap::ValueEnum;
use serde::{Deserialize, Serialize};

use super::configuration::Configuration;

/// How the learning rate falls after the warm-up.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize, ValueEnum)]
#[serde(rename_all = "lowercase")]
pub enum Scheduler {
    /// On a straight line to 0 at the last step.
    Linear,
    /// On half a period of the cosine, to 0 at the last step.
    Cosine,
    /// Not at all.
    Constant,
}

/// The learning rate at each step as a multiple of its peak, as the schedules of Hugging Face's transformers have it.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct Schedule {
    scheduler: Scheduler,
    warmup_steps: u64,
    max_steps: u64,
}

impl Schedule {
    /// A run of `max_steps` steps whose part `warmup_ratio`, rounded up to whole steps, is the warm-up.
    pub fn new(scheduler: Scheduler, max_steps: u64, warmup_ratio: f64) -> Self {
        Self { scheduler, warmup_steps: (max_steps as f64 * warmup_ratio).ceil() as u64, max_steps }
    }

    /// The number of steps of the warm-up.
    pub fn warmup_steps(&self) -> u64 {
        self.warmup_steps
    }

    /// The multiple at `step`, counted from 0: from 0 to 1 during the warm-up, 1 at its end.
    pub fn multiplier(&self, step: u64) -> f64 {
        if step < self.warmup_steps {
            return step as f64 / self.warmup_steps as f64;
        }
        let decay = self.max_steps.saturating_sub(self.warmup_steps).max(1) as f64;
        match self.scheduler {
            Scheduler::Constant => 1.0,
            Scheduler::Linear => self.max_steps.saturating_sub(step) as f64 / decay,
            Scheduler::Cosine => {
                let done = (step - self.warmup_steps) as f64 / decay;
                (0.5 * (1.0 + (PI * done.min(1.0)).cos())).max(0.0)
            }
        }
    }
}

impl From<&Configuration> for Schedule {
    fn from(configuration: &Configuration) -> Self {
        Self::new(configuration.scheduler, configuration.max_steps, configuration.warmup_ratio)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Steps and the learning rates that transformers 5.24's `get_linear_schedule_with_warmup`,
    /// `get_cosine_schedule_with_warmup` and `get_constant_schedule_with_warmup` give an SGD of learning rate 1 there
    /// (`scheduler.get_last_lr()`, the warm-up `math.ceil(max_steps * warmup_ratio)`).
    type Rates = &'static [(u64, f64)];

    fn check(max_steps: u64, warmup_ratio: f64, linear: Rates, cosine: Rates, constant: Rates) {
        for (scheduler, rates) in
            [(Scheduler::Linear, linear), (Scheduler::Cosine, cosine), (Scheduler::Constant, constant)]
        {
            let schedule = Schedule::new(scheduler, max_steps, warmup_ratio);
            for (step, rate) in rates {
                let found = schedule.multiplier(*step);
                assert!((found - rate).abs() < 1e-15, "{schedule:?}, step {step}: {found}, not {rate}");
            }
        }
    }

    #[test]
    fn the_published_length() {
        const WARMUP: Rates = &[(0, 0.0), (1, 0.01), (99, 0.99), (100, 1.0)];
        check(1000, 0.1, WARMUP, WARMUP, WARMUP);
        check(
            1000,
            0.1,
            &[
                (101, 0.9988888888888889),
                (333, 0.7411111111111112),
                (550, 0.5),
                (777, 0.2477777777777778),
                (999, 0.0011111111111111111),
                (1000, 0.0),
            ],
            &[
                (101, 0.9999969538288952),
                (333, 0.8435437554022115),
                (550, 0.5),
                (777, 0.1439869770045018),
                (999, 3.046171104803541e-06),
                (1000, 0.0),
            ],
            &[(101, 1.0), (999, 1.0), (1000, 1.0)],
        );
    }

    #[test]
    fn a_warm_up_of_a_part_of_a_step() {
        assert_eq!(Schedule::new(Scheduler::Linear, 10, 0.25).warmup_steps(), 3);
        check(
            10,
            0.25,
            &[(1, 0.3333333333333333), (3, 1.0), (4, 0.8571428571428571), (9, 0.14285714285714285), (10, 0.0)],
            &[(2, 0.6666666666666666), (4, 0.9504844339512095), (6, 0.6112604669781572), (9, 0.04951556604879048)],
            &[(2, 0.6666666666666666), (3, 1.0), (10, 1.0)],
        );
    }

    #[test]
    fn no_warm_up_and_nothing_else() {
        check(
            7,
            0.0,
            &[(0, 1.0), (1, 0.8571428571428571), (6, 0.14285714285714285), (7, 0.0)],
            &[(0, 1.0), (1, 0.9504844339512095), (4, 0.38873953302184283), (7, 0.0)],
            &[(0, 1.0), (7, 1.0)],
        );
        check(5, 1.0, &[(0, 0.0), (4, 0.8), (5, 0.0)], &[(4, 0.8), (5, 1.0)], &[(4, 0.8), (5, 1.0)]);
    }

    #[test]
    fn every_step_has_a_rate() {
        for scheduler in [Scheduler::Linear, Scheduler::Cosine, Scheduler::Constant] {
            for (max_steps, warmup_ratio) in [(0, 0.0), (0, 1.0), (1, 0.0), (1, 1.0), (3, 0.5), (u64::MAX, 1.0)] {
                let schedule = Schedule::new(scheduler, max_steps, warmup_ratio);
                for step in [0, 1, 2, 3, 4, u64::MAX] {
                    assert!((0.0..=1.0).contains(&schedule.multiplier(step)), "{schedule:?}, step {step}");
                }
            }
        }
    }
}
