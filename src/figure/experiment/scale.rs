//! Where a response stands on the horizontal axis, and rewards on theirs.

use super::data::{ExperimentData, ExperimentRun};
use crate::figure::panel::Axis;

/// What the horizontal axis of rewards counts.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Scale {
    /// Responses, from 1 for the worst.
    Responses,
    /// Shares of a prompt's responses: response `i` of `n` stands for `(i - 1/2)/n`, so that prompts of any number of
    /// responses fill one panel.
    Shares,
}

impl Scale {
    /// Shares where the prompts of some run differ in their number of responses: all rows have one kind of axis.
    pub fn of(data: &ExperimentData) -> Self {
        if data.sizes_differ() { Scale::Shares } else { Scale::Responses }
    }

    /// Where response `index` of `n` stands.
    pub fn at(self, index: usize, n: usize) -> f64 {
        match self {
            Scale::Responses => index as f64,
            Scale::Shares => (index as f64 - 0.5) / n as f64,
        }
    }

    /// The axis of a run's panels; no more than ten numbers are on it.
    pub fn axis(self, run: &ExperimentRun) -> Axis {
        match self {
            Scale::Responses => {
                let n = run.sizes().pop().unwrap_or(run.description.responses);
                Axis::linear((0.5, n as f64 + 0.5), n.div_ceil(10).max(1) as f64, 0, "response")
            }
            // Wide enough that the numbers of neighbouring panels keep apart.
            Scale::Shares => Axis::linear((-0.06, 1.06), 0.5, 1, "(i − ½) / n"),
        }
    }
}

/// The range of rewards in the panels of a run.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct RewardScale {
    pub from: f64,
    pub to: f64,
    step: f64,
    decimals: usize,
}

impl RewardScale {
    /// Behind a sigmoid.
    pub const UNIT: Self = Self { from: 0.0, to: 1.0, step: 0.2, decimals: 1 };

    /// The least range of whole steps that holds an interval; no more than seven of them.
    pub fn of([from, to]: [f64; 2]) -> Self {
        let width = (to - from).max(1e-6);
        let power = 10f64.powf((width / 5.0).log10().floor());
        let step = [1.0, 2.0, 5.0, 10.0].map(|factor| factor * power).into_iter().find(|step| width / step <= 5.0);
        let step = step.unwrap_or(10.0 * power);
        let decimals = (-(step * 1.001).log10().floor()).max(0.0) as usize;
        let whole = |value: f64| value * step;
        Self { from: whole((from / step + 1e-9).floor()), to: whole((to / step - 1e-9).ceil()), step, decimals }
    }

    /// Both ends.
    pub fn ends(self) -> [f64; 2] {
        [self.from, self.to]
    }

    /// The axis, with a margin of a share of the range on both sides.
    pub fn axis(self, margin: f64, wide: bool) -> Axis {
        let room = margin * (self.to - self.from);
        // The numbers of a small panel need room.
        let (step, decimals) = match wide {
            true => (self.step, self.decimals),
            false if self == Self::UNIT => (0.5, 1),
            false => (2.0 * self.step, self.decimals),
        };
        let mut axis = Axis::linear((self.from - room, self.to + room), step, decimals, "reward");
        axis.ticks.iter_mut().for_each(|(_, text)| *text = text.replace('-', "−"));
        axis
    }

    /// Edge `k` of `bins` equal parts.
    pub fn edge(self, k: usize, bins: usize) -> f64 {
        self.from + (self.to - self.from) * k as f64 / bins as f64
    }

    /// The part that holds a reward, of `bins` equal ones.
    pub fn bin(self, reward: f64, bins: usize) -> usize {
        (((reward - self.from) / (self.to - self.from) * bins as f64).max(0.0) as usize).min(bins.saturating_sub(1))
    }
}

#[cfg(test)]
mod tests {
    use super::RewardScale;

    #[test]
    fn a_scale_holds_its_interval_in_few_steps() {
        for (interval, ends) in
            [([-2.46, 3.06], [-4.0, 4.0]), ([0.1, 0.9], [0.0, 1.0]), ([-130.0, 20.0], [-150.0, 50.0])]
        {
            let scale = RewardScale::of(interval);
            assert!(scale.ends().iter().zip(ends).all(|(found, wanted)| (found - wanted).abs() < 1e-9), "{scale:?}");
            assert!(scale.axis(0.04, true).ticks.len() <= 8, "{scale:?}");
            assert_eq!((scale.bin(interval[0] - 1e9, 20), scale.bin(interval[1] + 1e9, 20)), (0, 19));
        }
    }
}
