//! On which intervals of distances the kernel is a polynomial, to a given accuracy.

use std::ops::RangeInclusive;

use super::chebyshev::Chebyshev;
use crate::problem::UNDERFLOW;
use crate::problem::kernel::PairKernel;
use crate::utility::{Derivative, Origin, Utility};

/// Steps of the table for each halving of the distance.
const STEPS: f64 = 4.0;

/// The smallest distance that the table reaches, relative to the largest.
const SMALLEST: f64 = 1e-155;

/// The length, relative to its left end, of an interval on which every utility is linear but for rounding.
const ROUNDING_ONLY: f64 = 1e-6;

/// How much more than the tolerance rounding may make of an error.
const ROUNDING_EXCESS: f64 = 16.0;

/// For a distance `t`, the largest `L` such that `U'` and `U''` on `[t, t + L]` agree with their interpolants in Chebyshev
/// points to a tolerance, relative to their smallest values there.
///
/// The error is measured: at both ends and between the points. `U'` of a power, a pole, a logarithm (smoothed or not) or
/// an exponential is completely monotone, and then the left end has the largest error: the interpolation error is
/// `f[nodes, t] omega(t)`, where the divided difference of a completely monotone `f` has one sign and falls with `t`, and
/// `|omega|` is largest at the ends of the interval. For those the measured error is a bound.
#[derive(Debug)]
pub(super) struct Resolution {
    /// The largest distance.
    largest: f64,
    /// `L` at the largest distance times `2^(-k / STEPS)`.
    lengths: Vec<f64>,
    /// `L` at 0: positive where the slope there is finite.
    at_zero: f64,
    /// The error of interpolation in one variable, relative to `|U'| + floor`: the largest found on the intervals of the table.
    error: f64,
    /// Bounds on the rounding error of a computed `U'`. Either holds: a low floor suits a `U'` that falls exponentially, a high
    /// one a `U'` that has a zero.
    rounding: [Rounding; 2],
    /// The rounding error of a computed `U`, in units of `f64::EPSILON / 2`, relative to the larger of `|U|` and `t |U'|`.
    value_units: f64,
    /// Values below this count as this: they add nothing to the sums.
    floor: f64,
}

impl Resolution {
    /// The table for distances in a range, to a tolerance relative to the values of `U'` and `U''`, or to `floor` where they
    /// are less. `other_floor` is one that rounding may be measured by instead, such as [`floor`].
    pub(super) fn new(
        kernel: &dyn PairKernel,
        chebyshev: &Chebyshev,
        tolerance: f64,
        distances: RangeInclusive<f64>,
        floor: f64,
        other_floor: f64,
    ) -> Self {
        let (smallest, largest) = distances.into_inner();
        let probe = Probe::new(kernel, chebyshev, floor);
        let mut error = 0.0f64;
        let mut rounding = [floor, other_floor].map(|floor| Rounding { units: 0.0, floor });
        let mut value_units = 0.0f64;
        let mut at_zero = 0.0;
        if let Origin::FiniteSlope(_) = kernel.start() {
            at_zero = largest;
            while at_zero > 0.0 && !probe.measure(0.0, at_zero).iter().all(|error| error.relative() <= tolerance) {
                at_zero = if at_zero > 1e-12 * largest { 0.8 * at_zero } else { 0.0 };
            }
        }
        let last = (-(smallest / largest).clamp(SMALLEST, 1.0).log2() * STEPS).ceil() as i32;
        let mut lengths = Vec::with_capacity(last as usize + 1);
        let mut relative = 1.0;
        for k in 0..=last {
            let t = largest * distance(k);
            // On a very short interval only rounding is left, which for a typed expression may exceed the tolerance.
            let noise = probe.measure(t, ROUNDING_ONLY * t);
            let allowed = [0, 1].map(|k| tolerance.max(4.0 * noise[k].relative()));
            // Further on the values may be less, and the rounding beside them more: nothing is gained by shorter intervals.
            let excess = |error: &Measured| (4.0 * noise[0].error / error.smallest).min(ROUNDING_EXCESS * tolerance);
            let fits = |relative: f64| {
                let errors = probe.measure(t, (relative * t).min(largest - t));
                errors[0].relative() <= allowed[0].max(excess(&errors[0])) && errors[1].relative() <= allowed[1]
            };
            if fits(relative) {
                while relative * t < largest - t && fits(relative * 1.25) {
                    relative *= 1.25;
                }
            } else {
                while relative > ROUNDING_ONLY && !fits(relative) {
                    relative *= 0.8;
                }
            }
            let length = (relative * t).min(largest - t);
            error = error.max(probe.measure(t, length)[0].relative());
            // The slope's own rounding, and that of its argument through the condition number.
            let jet = kernel.at(t);
            let errors = kernel.errors_at(t);
            let unit = 0.5 * f64::EPSILON;
            let units = errors.slope / unit + 8.0 * t * jet.curvature.abs();
            if jet.value != 0.0 && errors.value.is_finite() {
                value_units = value_units.max(errors.value / unit / jet.value.abs().max(t * jet.slope.abs()));
            }
            rounding.iter_mut().for_each(|r| r.units = r.units.max(units / (jet.slope.abs() + r.floor)));
            // No distance is larger.
            lengths.push(if relative * t >= largest - t { f64::INFINITY } else { length });
        }
        Self { largest, lengths, at_zero, error: error.max(tolerance), rounding, value_units, floor }
    }

    /// The largest resolved length from the distance `t` on, or a little less.
    pub(super) fn length(&self, t: f64) -> f64 {
        let from_zero = self.at_zero - t;
        let k = (-(t / self.largest).log2() * STEPS).ceil();
        if k < self.lengths.len() as f64 {
            let k = k.max(0.0) as usize;
            from_zero.max(self.lengths[k] - (t - self.largest * distance(k as i32)))
        } else {
            from_zero
        }
    }

    /// Values of `U'` below this count as this.
    pub(super) fn floor(&self) -> f64 {
        self.floor
    }

    /// A bound on the error of a sum of `U'` over so many pairs, whose sizes add up to `size`: of interpolation; of the kernel;
    /// and of products with Chebyshev bases, which have `order` terms, one for each level of a tree on the way up and down. The
    /// Lebesgue constant bounds what cancels in them.
    pub(super) fn error_of_slopes(&self, chebyshev: &Chebyshev, depth: u32, size: f64, pairs: f64) -> f64 {
        let lebesgue = chebyshev.lebesgue();
        let products = products(chebyshev, depth);
        let unit = 0.5 * f64::EPSILON;
        let interpolation = (1.0 + lebesgue) * self.error * (size + self.floor * pairs);
        let rounding = self.rounding.map(|r| (r.units + products) * (size + r.floor * pairs));
        let rounding = unit * lebesgue * lebesgue * rounding[0].min(rounding[1]);
        interpolation + rounding + UNDERFLOW * pairs
    }

    /// A bound on the error of a sum of `U` over so many pairs, where the sizes of `U` add up to `size` and those of `t U'` to
    /// `virial`. `U` is interpolated where `U'` is, on lengths of the order of the distance, and the error of the one is that of
    /// the other times the length; rounding is that of products with Chebyshev bases.
    pub(super) fn error_of_values(&self, chebyshev: &Chebyshev, depth: u32, virial: f64, size: f64, pairs: f64) -> f64 {
        let lebesgue = chebyshev.lebesgue();
        let interpolation = (1.0 + lebesgue) * self.error * (virial + size + self.floor * self.largest * pairs);
        let units = lebesgue * lebesgue * products(chebyshev, depth) + self.value_units;
        interpolation + 0.5 * f64::EPSILON * units * (size + virial) + UNDERFLOW * pairs
    }
}

/// Roundings of the products with Chebyshev bases.
fn products(chebyshev: &Chebyshev, depth: u32) -> f64 {
    2.0 * (chebyshev.order() as f64 + 2.0) * (f64::from(depth) + 2.0) + 64.0
}

/// A rounding error of `units`, in units of `f64::EPSILON / 2`, relative to `|U'| + floor`.
#[derive(Debug, Clone, Copy)]
struct Rounding {
    units: f64,
    floor: f64,
}

fn distance(k: i32) -> f64 {
    (-f64::from(k) / STEPS).exp2()
}

/// A tenth of the virial of a pair under the uniform law, `int 2 (1-t) t U'(t) dt`; for an infinite slope, of that between
/// distances from 1/4 on, because near pairs may have any amount.
pub(super) fn floor(utility: &dyn Utility) -> f64 {
    const POINTS: usize = 64;
    let from: f64 = if utility.slope_at_zero().is_finite() { 0.01 } else { 0.25 };
    let step = -from.ln() / POINTS as f64;
    let terms = (0..POINTS).map(|k| (-(k as f64 + 0.5) * step).exp());
    0.1 * terms.map(|t| 2.0 * (1.0 - t) * t * utility.slope(t).max(0.0) * t * step).sum::<f64>()
}

/// Measures interpolation errors.
struct Probe<'a> {
    kernel: &'a dyn PairKernel,
    nodes: &'a [f64],
    /// Where the error is measured, on [-1, 1], and the Lagrange basis there.
    points: Vec<f64>,
    basis: Vec<Vec<f64>>,
    floor: f64,
}

impl<'a> Probe<'a> {
    fn new(kernel: &'a dyn PairKernel, chebyshev: &'a Chebyshev, floor: f64) -> Self {
        let nodes = chebyshev.nodes();
        let between = nodes.windows(2).map(|pair| 0.5 * (pair[0] + pair[1]));
        let points: Vec<f64> = [-1.0, 1.0].into_iter().chain(between).collect();
        let basis = points.iter().map(|xi| {
            let mut basis = vec![0.0; nodes.len()];
            chebyshev.basis(*xi, &mut basis);
            basis
        });
        Self { kernel, nodes, basis: basis.collect(), points, floor }
    }

    /// The errors of `U'` and of `U''`.
    fn measure(&self, t: f64, length: f64) -> [Measured; 2] {
        let at = |xi: &f64| t + 0.5 * length * (1.0 + xi);
        [Derivative::Slope, Derivative::Curvature].map(|derivative| {
            let mut values: Vec<f64> = self.nodes.iter().map(at).collect();
            let mut exact: Vec<f64> = self.points.iter().map(at).collect();
            self.kernel.at_all(derivative, &mut values);
            self.kernel.at_all(derivative, &mut exact);
            let error = |(basis, exact): (&Vec<f64>, &f64)| {
                let interpolant: f64 = basis.iter().zip(&values).map(|(b, v)| b * v).sum();
                (interpolant - exact).abs()
            };
            // A slope that changes its sign in between is nowhere to be relied on.
            let least = if exact[0] * exact[1] < 0.0 { 0.0 } else { exact[0].abs().min(exact[1].abs()) };
            let smallest = least.max(self.floor);
            Measured { error: self.basis.iter().zip(&exact).map(error).fold(0.0, f64::max), smallest }
        })
    }
}

/// The largest error of an interpolant on an interval, and the smallest value there, or the floor.
struct Measured {
    error: f64,
    smallest: f64,
}

impl Measured {
    fn relative(&self) -> f64 {
        self.error / self.smallest
    }
}
