//! An expression as a function on the real line.

use super::interval::Interval;
use super::jet::Jet as Forward;
use super::proof::{self, Verdict};
use super::rounded::Rounded;
use super::{Expression, Number};
use crate::utility::{Concavity, Errors, Jet, UtilityError};

/// Points of an interval at which concavity is looked at where it is not proved.
const SAMPLES: usize = 600;

/// How far a proof reaches on an unbounded interval.
const FAR: f64 = 1e150;

/// An expression in `x`, evaluated where it is defined, on either side of 0.
#[derive(Debug, Clone)]
pub(crate) struct Curve(Expression);

impl Curve {
    /// Parses `text` by the rules of [`Expression::parse`].
    pub(crate) fn parse(text: &str) -> Result<Self, UtilityError> {
        Expression::parse(text).map(Self)
    }

    /// The text.
    pub(crate) fn text(&self) -> &str {
        &self.0.text
    }

    /// Value, slope and curvature; not finite where the expression is not defined.
    pub(crate) fn jet(&self, x: f64) -> Jet {
        let [value, slope, curvature] = self.0.program.run(Forward::variable(x)).0;
        Jet { value, slope, curvature }
    }

    /// Bounds on the rounding errors of value and slope at an exact `x`.
    pub(crate) fn errors(&self, x: f64) -> Errors {
        let [value, slope, _] = self.0.program.run(Forward::variable(Rounded::constant(x, 0.0))).0;
        Errors { value: value.error, slope: slope.error }
    }

    /// An upper bound of the curvature between `lower` and `upper`, either of which may be infinite; infinite where none is found.
    pub(crate) fn largest_curvature(&self, lower: f64, upper: f64) -> f64 {
        let cuts = [-FAR, -1.0, 0.0, 1.0, FAR];
        let mut ends: Vec<f64> = cuts.into_iter().filter(|cut| *cut > lower && *cut < upper).collect();
        ends.insert(0, lower.max(-FAR));
        ends.push(upper.min(FAR));
        let on = |piece: &[f64]| {
            let [_, _, curvature] = self.0.program.run(Forward::variable(Interval::new(piece[0], piece[1]))).0;
            if curvature.high.is_nan() { f64::INFINITY } else { curvature.high }
        };
        ends.windows(2).map(on).fold(f64::NEG_INFINITY, f64::max)
    }

    /// How it is known that the curve is concave between `lower` and `upper`, either of which may be infinite; an interval on which
    /// it is not, as an error.
    pub(crate) fn concavity(&self, lower: f64, upper: f64) -> Result<Concavity, (f64, f64)> {
        let (from, to) = (lower.max(-FAR), upper.min(FAR));
        match proof::concavity_between(&self.0.program, from, to) {
            Verdict::Concave => return Ok(Concavity::Proved),
            Verdict::Convex { at } => return Err(self.convex_about(at, from, to)),
            Verdict::Open => {}
        }
        let points = sample_points(from, to);
        let convex = |x: f64| {
            let [_, _, curvature] = self.0.program.run(Forward::variable(Rounded::constant(x, 0.0))).0;
            curvature.value - curvature.error > 0.0
        };
        let mut failing = points.iter().copied().filter(|&x| convex(x));
        match failing.next() {
            None => Ok(Concavity::Sampled),
            Some(first) => {
                let last = points.iter().copied().skip_while(|&x| x < first).take_while(|&x| convex(x)).last();
                Err((first, last.unwrap_or(first)))
            }
        }
    }

    /// An interval about `at` on which samples say that the curve is convex, where there are such samples.
    fn convex_about(&self, at: f64, from: f64, to: f64) -> (f64, f64) {
        let convex = |x: f64| self.jet(x).curvature > 0.0;
        let points = sample_points(from, to);
        let place = points.partition_point(|&x| x < at);
        let left = points[..place].iter().rev().take_while(|&&x| convex(x)).count();
        let right = points[place..].iter().take_while(|&&x| convex(x)).count();
        // As far as samples go is as far as the interval goes.
        let first = if left == place {
            from
        } else if left == 0 {
            at
        } else {
            points[place - left]
        };
        let last = match points.len() - place {
            all if right == all => to,
            _ if right == 0 => at,
            _ => points[place + right - 1],
        };
        let beyond = |end: f64| if end.abs() >= FAR { end * f64::INFINITY } else { end };
        (beyond(first), beyond(last))
    }
}

/// Points inside an interval: evenly spaced in its middle part, geometrically towards infinity and towards finite ends.
fn sample_points(from: f64, to: f64) -> Vec<f64> {
    // The map from (-1, 1) is steep at both ends.
    let bounded = |x: f64| x.clamp(-1e6, 1e6);
    let (low, high) = (bounded(from), bounded(to));
    let middle = 0.5 * (low + high);
    let half = 0.5 * (high - low);
    let even = (1..SAMPLES).map(|k| low + (high - low) * k as f64 / SAMPLES as f64);
    let near_ends = (0..120).flat_map(|k| {
        let distance = half * 10f64.powf(-0.1 * f64::from(k));
        [low + distance, high - distance]
    });
    let around_zero = (0..240).flat_map(|k| {
        let size = 10f64.powf(-12.0 + 0.075 * f64::from(k));
        [-size, size]
    });
    let mut points: Vec<f64> =
        even.chain(near_ends).chain(around_zero).chain([middle]).filter(|&x| x > low && x < high).collect();
    points.sort_by(f64::total_cmp);
    points.dedup();
    points
}
