//! A multilevel preconditioner in rank space.

use std::ops::Range;

use rayon::prelude::*;

use super::places::Places;
use crate::problem::kernel::PairKernel;
use crate::problem::weights::weights;

/// How much of what the next finer level does to a hat function is left out of its own level.
const OVERLAP: f64 = 0.75;

/// Hats that one task handles.
const CHUNK: usize = 256;

/// An approximate inverse of the folded Laplacian `H`: a sum over levels of hat functions in rank space,
///
/// ```text
/// B = diag(H)^-1 + X sum_l P_l diag(1/D_l - OVERLAP/M_l)_+ P_l^T X,
/// ```
///
/// whose hats have half widths `h = 2, 4, 8, ..` in ranks. `D_l` estimates the energies of the scaled hats of level `l`;
/// `M_l` is what the level below alone would make of them. `X` holds the positions where `U'(0+)` is infinite: there it is
/// the relative displacement of a response that varies slowly with its rank, also where positions grow by a factor from one
/// to the next; towards the end 0 the first hat of a level is then constant. Where responses may touch the end, `X = 1`. On
/// other supports positions count from their ends, and the first or last hat is constant too where no end holds a response.
///
/// Where `U'' ~ t^-(1+s)`, `H` acts like an operator of order `s` in rank space (at most 2). Sums over levels of scaled hats
/// have a condition number bounded in `n` for every `s > 0` (Bramble, Pasciak and Xu, *Parallel multilevel
/// preconditioners*, Math. Comp. 55 (1990), 1-22). For `s <= 0`, as for a finite slope, the energy of a hat is all in the
/// diagonal, `D = M`, and the levels must not add up: what they have in common is subtracted, and Jacobi's preconditioner
/// is left.
///
/// The energy of a hat needs `H` at all distances. Pairs are grouped by octaves `2^q <= j - i < 2^(q+1)` of their rank
/// distance, with one weight sampled for each response and octave. Octaves that are short beside the hat see its slope,
/// long ones see its size. That is within some 20% of the truth, and positive.
#[derive(Debug)]
pub struct RankLevels {
    free: Range<usize>,
    scale: Vec<f64>,
    constant: [bool; 2],
    /// From fine to coarse: the factors of each hat.
    factors: Vec<Vec<f64>>,
}

/// What the levels are made for.
pub(super) struct Terrain<'a> {
    /// The diagonal of the Hessian.
    pub(super) diagonal: &'a [f64],
    /// The part of it that does not depend on other responses.
    pub(super) own: &'a [f64],
    /// How often each pair stands in the objective.
    pub(super) copies: f64,
    /// `X`.
    pub(super) scale: Vec<f64>,
    /// The responses that may move.
    pub(super) free: Range<usize>,
    /// Whether hats are constant towards the first and the last response.
    pub(super) constant: [bool; 2],
}

impl RankLevels {
    pub(super) fn new(kernel: &dyn PairKernel, x: &impl Places, terrain: Terrain<'_>) -> Self {
        let Terrain { diagonal, own, copies, scale, free, constant } = terrain;
        let octaves = Octaves::new(kernel, x, &scale, own);
        let mut energies: Vec<f64> = free.clone().map(|i| scale[i] * diagonal[i] * scale[i]).collect();
        let mut factors = vec![energies.iter().map(|d| inverse(*d)).collect()];
        let mut stiffness = Stiffness(vec![[0.0; 3]; x.count() + 1]);
        let upper_from = (x.total() / 2).max(1);
        let mut half_width = 1usize;
        while energies.len() >= 3 {
            stiffness.add(&octaves, half_width.ilog2() as usize);
            half_width *= 2;
            let count = energies.len() / 2;
            let ends = |k: usize| [k == 0 && constant[0], k + 1 == count && constant[1]];
            let of_hat = |k: usize| {
                let centre = free.start + (k + 1) * half_width - 1;
                let hat = Hat { centre, half_width, constant: ends(k), free: free.clone(), upper_from };
                copies * hat.energy(&octaves, &stiffness)
            };
            let coarse: Vec<f64> = (0..count).into_par_iter().with_min_len(CHUNK).map(of_hat).collect();
            let beneath = |k: usize| {
                let [left, right] = ends(k).map(|constant| if constant { 1.0 } else { 0.25 });
                left * energies[2 * k] + energies[2 * k + 1] + right * energies.get(2 * k + 2).unwrap_or(&0.0)
            };
            let factor = |(k, energy): (usize, &f64)| (inverse(*energy) - OVERLAP * inverse(beneath(k))).max(0.0);
            factors.push(coarse.iter().enumerate().map(factor).collect());
            energies = coarse;
        }
        Self { free, scale, constant, factors }
    }

    /// `B r`; responses that are not free are left out.
    pub fn apply(&self, r: &[f64]) -> Vec<f64> {
        let scaled = self.free.clone().map(|i| r[i] * self.scale[i]);
        let mut residuals = vec![scaled.collect::<Vec<f64>>()];
        // The shares of the finer hats beside its centre that a hat is made of.
        let shares = |k: usize, count: usize| {
            let ends = [k == 0 && self.constant[0], k + 1 == count && self.constant[1]];
            ends.map(|constant| if constant { 1.0 } else { 0.5 })
        };
        for factors in &self.factors[1..] {
            let fine = &residuals[residuals.len() - 1];
            let restrict = |k: usize| {
                let [left, right] = shares(k, factors.len());
                left * fine[2 * k] + fine[2 * k + 1] + right * fine.get(2 * k + 2).unwrap_or(&0.0)
            };
            residuals.push((0..factors.len()).map(restrict).collect());
        }
        let mut coarse: Vec<f64> = Vec::new();
        for (residual, factors) in residuals.into_iter().zip(&self.factors).rev() {
            let mut fine: Vec<f64> = residual.iter().zip(factors).map(|(r, f)| r * f).collect();
            for (k, z) in coarse.iter().enumerate() {
                let [left, right] = shares(k, coarse.len());
                fine[2 * k] += left * z;
                fine[2 * k + 1] += z;
                if let Some(beside) = fine.get_mut(2 * k + 2) {
                    *beside += right * z;
                }
            }
            coarse = fine;
        }
        let mut product = vec![0.0; r.len()];
        for (i, z) in self.free.clone().zip(coarse) {
            product[i] = z * self.scale[i];
        }
        product
    }
}

fn inverse(energy: f64) -> f64 {
    if energy > 0.0 { energy.recip() } else { 0.0 }
}

/// Weights `-U''` between responses whose ranks differ by a power of 2.
struct Octaves<'a> {
    scale: &'a [f64],
    /// `samples[q][i]`: between `i` and `i + 2^q`; 0 where there is no such response.
    samples: Vec<Vec<f64>>,
    /// `far[q][i]`: the sum of weights from `i` to the responses of octave `q` and beyond, on both sides, and what holds `i` by
    /// itself.
    far: Vec<Vec<f64>>,
}

impl<'a> Octaves<'a> {
    fn new(kernel: &dyn PairKernel, x: &impl Places, scale: &'a [f64], own: &[f64]) -> Self {
        let (n, m) = (x.total(), x.count());
        let sample = |q: u32| {
            let reach = m.min(n.saturating_sub(1 << q));
            let mut sample: Vec<f64> = (0..reach).map(|i| x.distance(i, i + (1 << q))).collect();
            weights(kernel, &mut sample);
            sample.resize(m, 0.0);
            sample
        };
        let samples = (0..=n.ilog2()).into_par_iter().map(sample).collect();
        let mut octaves = Self { scale, samples, far: Vec::new() };
        let mut far = own.to_vec();
        for q in (0..octaves.samples.len()).rev() {
            let add = |(i, far): (usize, &mut f64)| *far += octaves.weight(n, q, i);
            far.par_iter_mut().with_min_len(CHUNK).enumerate().for_each(add);
            octaves.far.push(far.clone());
        }
        octaves.far.reverse();
        octaves
    }

    fn sample(&self, q: usize, i: usize) -> f64 {
        self.samples.get(q).map_or(0.0, |sample| sample[i])
    }

    /// The geometric mean of a sample and the next longer one, or the sample where there is none.
    fn mean(&self, q: usize, near: usize, far: Option<usize>) -> f64 {
        let (near, far) = (self.sample(q, near), far.map_or(0.0, |far| self.sample(q + 1, far)));
        if far > 0.0 { near.sqrt() * far.sqrt() } else { near }
    }

    /// The sum of weights from `i` to the responses of octave `q` on both sides.
    fn weight(&self, n: usize, q: usize, i: usize) -> f64 {
        let length = 1usize << q;
        let above = length.min(n.saturating_sub(i + length)) as f64;
        let below = length.min((i + 1).saturating_sub(length)) as f64;
        let from_above = above * self.mean(q, i, Some(i));
        if below == 0.0 {
            return from_above;
        }
        from_above + below * self.mean(q, i - length, i.checked_sub(2 * length))
    }
}

/// Prefix sums over `i` of `w A^2`, `w A B` and `w B^2` for the pairs of short octaves that begin at `i`. With the scale `s`,
/// `A = (i + o) s_(i+o) - i s_i` and `B = s_(i+o) - s_i`, so that `A - a B` is the difference of `s_i (i - a)` between the two.
struct Stiffness(Vec<[f64; 3]>);

impl Stiffness {
    /// Adds the pairs of octave `q`.
    fn add(&mut self, octaves: &Octaves<'_>, q: usize) {
        let (offset, m) = (1usize << q, self.0.len() - 1);
        let mut sums = [0.0; 3];
        for i in 0..m {
            // A pair that reaches beyond the middle of symmetric rewards meets an image that moves against it, and counts by its
            // size.
            let j = i + offset;
            if j < m {
                // Both samples carry the square of their distance, of which the geometric mean has the factor 2.
                let pairs = if q == 0 { 1.0 } else { 2.0 * offset as f64 };
                let weight = pairs * if q == 0 { octaves.sample(0, i) } else { octaves.mean(q, i, Some(i)) };
                let (from, to) = (octaves.scale[i], octaves.scale[j]);
                let (a, b) = (j as f64 * to - i as f64 * from, to - from);
                sums = [sums[0] + weight * a * a, sums[1] + weight * a * b, sums[2] + weight * b * b];
            }
            self.0[i + 1].iter_mut().zip(sums).for_each(|(prefix, sum)| *prefix += sum);
        }
    }

    /// `sum w (A - a B)^2` over the pairs that begin in a range, none of it where rounding leaves less.
    fn of_slope(&self, range: std::ops::Range<usize>, a: f64) -> f64 {
        let (from, to) = (self.0[range.start], self.0[range.end]);
        let [aa, ab, bb] = [0, 1, 2].map(|k| to[k] - from[k]);
        (aa - 2.0 * a * ab + a * a * bb).max(0.0)
    }

    /// `sum w B^2` over the pairs that begin in a range.
    fn of_constant(&self, range: std::ops::Range<usize>) -> f64 {
        self.0[range.end][2] - self.0[range.start][2]
    }
}

/// A hat function of the ranks: 1 at its centre, 0 at `half_width` from it; 1 up to the first or the last response that is free
/// if it is constant there.
struct Hat {
    centre: usize,
    half_width: usize,
    constant: [bool; 2],
    free: Range<usize>,
    /// The first of the responses that are nearer to the last than to the first, or their number where mirror images follow.
    upper_from: usize,
}

impl Hat {
    /// An estimate of the energy of the scaled hat.
    ///
    /// Towards an end weights may grow by orders of magnitude over the width of the hat, so the half that is nearer to one is
    /// sampled at ranks in geometric progression from its foot.
    fn energy(&self, octaves: &Octaves<'_>, stiffness: &Stiffness) -> f64 {
        let (centre, h, m) = (self.centre, self.half_width, octaves.scale.len());
        let (width, end) = (h as f64, (centre + h).min(self.free.end));
        let foot = (centre + 1).saturating_sub(h);
        let rise = if self.constant[0] {
            stiffness.of_constant(0..centre)
        } else {
            stiffness.of_slope(foot.saturating_sub(1)..centre, foot as f64 - 1.0) / (width * width)
        };
        let fall = if self.constant[1] {
            stiffness.of_constant(centre..self.free.end)
        } else {
            stiffness.of_slope(centre..end, (centre + h) as f64) / (width * width)
        };
        let far = |i: usize| -> f64 {
            let weight = octaves.far.get(h.ilog2() as usize).map_or(0.0, |far| far[i]);
            octaves.scale[i] * (octaves.scale[i] * weight)
        };
        // The ranks at an offset from the foot of either half.
        let below = |offset: usize| far((centre + offset).saturating_sub(h));
        let above = |offset: usize| far((centre + h - offset).min(m - 1));
        let at_centre = far(centre);
        let of_half = |at: &dyn Fn(usize) -> f64, constant: bool, towards_an_end: bool| {
            if constant || towards_an_end {
                self.half_from_foot(at, constant)
            } else {
                width / 6.0 * (at_centre + at(h - h / 2))
            }
        };
        let is_upper = centre >= self.upper_from;
        let size =
            at_centre + of_half(&below, self.constant[0], !is_upper) + of_half(&above, self.constant[1], is_upper);
        rise + fall + size
    }

    /// The sum over one half, without the centre, of the squares of the hat times `at`.
    fn half_from_foot(&self, at: &dyn Fn(usize) -> f64, constant: bool) -> f64 {
        let (h, width) = (self.half_width, self.half_width as f64);
        let mut size = 0.0;
        let (mut offset, mut nearer) = (1, at(1));
        while offset < h {
            let further = at(2 * offset);
            let squares = if constant {
                offset as f64
            } else {
                // sum (j/h)^2 over the ranks `offset <= j < 2 offset` from the foot.
                7.0 / 3.0 * (offset as f64).powi(3) / (width * width)
            };
            size += squares * nearer.sqrt() * further.sqrt();
            (offset, nearer) = (2 * offset, further);
        }
        size
    }
}
