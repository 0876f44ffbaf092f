//! A multilevel preconditioner in rank space.

use crate::problem::Positions;
use crate::utility::Utility;

use super::laplacian::weights;

/// How much of what the next finer level does to a hat function is left out of its own level.
const OVERLAP: f64 = 0.75;

/// An approximate inverse of the folded Laplacian `H`: a sum over levels of hat functions in rank space,
///
/// ```text
/// B = diag(H)^-1 + sum_l P_l diag(1/D_l - OVERLAP/M_l)_+ P_l^T,
/// ```
///
/// whose hats have half widths `h = 2, 4, 8, ..` in ranks. `D_l` estimates the energies `phi^T H phi` of the hats of level
/// `l`; `M_l` is what the diagonal of the next finer level alone would make of them.
///
/// Where `U'' ~ t^-(1+s)`, `H` acts like an operator of order `s` in rank space (at most 2). Sums over levels of scaled hats
/// have a condition number bounded in `n` for every `s > 0` (Bramble, Pasciak and Xu, *Parallel multilevel
/// preconditioners*, Math. Comp. 55 (1990), 1-22). For `s <= 0`, as for a finite slope, the energy of a hat is all in the
/// diagonal, `D = M`, and the levels must not add up: what they have in common is subtracted, and Jacobi's preconditioner
/// is left.
///
/// The energy of a hat needs `H` at all distances. Pairs are grouped by octaves `2^q <= j - i < 2^(q+1)` of their rank
/// distance, with one weight sampled for each response and octave. Octaves that are short beside the hat see its slope,
/// and add `w (j-i)^2 / h^2`; long ones see its size, and add `w` times its square. That is within some 20% of the truth,
/// and positive.
#[derive(Debug)]
pub struct RankLevels {
    first_free: usize,
    /// From fine to coarse: the factors of each hat.
    factors: Vec<Vec<f64>>,
}

impl RankLevels {
    pub(super) fn new(utility: &dyn Utility, x: &Positions, diagonal: &[f64], first_free: usize) -> Self {
        let octaves = Octaves::new(utility, x);
        let mut energies: Vec<f64> = diagonal[first_free..].to_vec();
        let mut factors = vec![energies.iter().map(|d| inverse(*d)).collect()];
        let (m, mut half_width) = (x.lower_half().len(), 1usize);
        // Prefix sums of the stiffness of pairs that are short beside the hats.
        let mut stiffness = vec![0.0; m + 1];
        while energies.len() >= 3 {
            octaves.add_stiffness(half_width.ilog2() as usize, &mut stiffness);
            half_width *= 2;
            let of_hat = |k: usize| octaves.energy(first_free + (k + 1) * half_width - 1, half_width, &stiffness);
            let coarse: Vec<f64> = (0..energies.len() / 2).map(of_hat).collect();
            let beneath = |k: usize| {
                let side = |i: usize| 0.25 * energies.get(i).unwrap_or(&0.0);
                side(2 * k) + energies[2 * k + 1] + side(2 * k + 2)
            };
            let factor = |(k, energy): (usize, &f64)| (inverse(*energy) - OVERLAP * inverse(beneath(k))).max(0.0);
            factors.push(coarse.iter().enumerate().map(factor).collect());
            energies = coarse;
        }
        Self { first_free, factors }
    }

    /// `B r`; responses before the first free one are left out.
    pub fn apply(&self, r: &[f64]) -> Vec<f64> {
        let mut residuals = vec![r[self.first_free..].to_vec()];
        for factors in &self.factors[1..] {
            let fine = &residuals[residuals.len() - 1];
            let restrict = |k: usize| fine[2 * k + 1] + 0.5 * (fine[2 * k] + fine.get(2 * k + 2).unwrap_or(&0.0));
            residuals.push((0..factors.len()).map(restrict).collect());
        }
        let mut coarse: Vec<f64> = Vec::new();
        for (residual, factors) in residuals.into_iter().zip(&self.factors).rev() {
            let mut fine: Vec<f64> = residual.iter().zip(factors).map(|(r, f)| r * f).collect();
            for (k, z) in coarse.iter().enumerate() {
                fine[2 * k] += 0.5 * z;
                fine[2 * k + 1] += z;
                if let Some(right) = fine.get_mut(2 * k + 2) {
                    *right += 0.5 * z;
                }
            }
            coarse = fine;
        }
        let mut product = vec![0.0; self.first_free];
        product.append(&mut coarse);
        product
    }
}

fn inverse(energy: f64) -> f64 {
    if energy > 0.0 { energy.recip() } else { 0.0 }
}

/// Weights `-U''` between responses whose ranks differ by a power of 2.
struct Octaves {
    n: usize,
    /// `samples[q][i]`: between `i` and `i + 2^q`; 0 where there is no such response.
    samples: Vec<Vec<f64>>,
}

impl Octaves {
    fn new(utility: &dyn Utility, x: &Positions) -> Self {
        let (n, m) = (x.n(), x.lower_half().len());
        let distance = |i: usize, j: usize| {
            if j < m {
                x.near(i, j)
            } else if n - 1 - j < m {
                x.far(i, n - 1 - j)
            } else {
                x.to_middle(i)
            }
        };
        let samples = (0..=n.ilog2()).map(|q| {
            let reach = m.min(n.saturating_sub(1 << q));
            let mut sample: Vec<f64> = (0..reach).map(|i| distance(i, i + (1 << q))).collect();
            weights(utility, &mut sample);
            sample.resize(m, 0.0);
            sample
        });
        Self { n, samples: samples.collect() }
    }

    fn sample(&self, q: usize, i: usize) -> f64 {
        self.samples.get(q).map_or(0.0, |sample| sample[i])
    }

    /// The geometric mean of a sample and the next longer one, or the sample where there is none.
    fn mean(&self, q: usize, near: usize, far: Option<usize>) -> f64 {
        let (near, far) = (self.sample(q, near), far.map_or(0.0, |far| self.sample(q + 1, far)));
        if far > 0.0 { (near * far).sqrt() } else { near }
    }

    /// Adds the prefix sums of `sum w (j-i)^2` over the pairs of octave `q` that begin at each response.
    fn add_stiffness(&self, q: usize, prefix: &mut [f64]) {
        let length = f64::from(1u32 << q);
        let mut sum = 0.0;
        for i in 0..prefix.len() - 1 {
            // Both samples carry the square of their distance, of which the mean has the factor 2.
            let square = if q == 0 { 1.0 } else { 2.0 * length * length };
            sum += length * square * if q == 0 { self.sample(0, i) } else { self.mean(q, i, Some(i)) };
            prefix[i + 1] += sum;
        }
    }

    /// The sum of weights from `i` to the responses of octave `q` on both sides.
    fn far_weight(&self, q: usize, i: usize) -> f64 {
        let length = 1usize << q;
        let above = length.min(self.n.saturating_sub(i + length)) as f64;
        let below = length.min((i + 1).saturating_sub(length)) as f64;
        let from_above = above * self.mean(q, i, Some(i));
        if below == 0.0 {
            return from_above;
        }
        from_above + below * self.mean(q, i - length, i.checked_sub(2 * length))
    }

    /// An estimate of the energy of the hat of half width `h` around response `centre`.
    ///
    /// Towards the end 0 weights may grow by orders of magnitude over the width of the hat, so its left half is sampled at
    /// ranks in geometric progression from its foot.
    fn energy(&self, centre: usize, h: usize, stiffness: &[f64]) -> f64 {
        let m = stiffness.len() - 1;
        let slope_part = stiffness[(centre + h).min(m)] - stiffness[(centre + 1).saturating_sub(h + 1)];
        let width = h as f64;
        let far = |i: usize| -> f64 {
            (h.ilog2() as usize..self.samples.len()).map(|q| self.far_weight(q, i)).sum()
        };
        let at_centre = far(centre);
        let mut square_part = at_centre + width / 6.0 * (at_centre + far((centre + h / 2).min(m - 1)));
        let (mut offset, mut nearer) = (1, far((centre + 1).saturating_sub(h)));
        while offset < h {
            let further = far((centre + 2 * offset).saturating_sub(h));
            // sum (j/h)^2 over the ranks `offset <= j < 2 offset` from the foot.
            square_part += 7.0 / 3.0 * (offset as f64).powi(3) / (width * width) * (nearer * further).sqrt();
            (offset, nearer) = (2 * offset, further);
        }
        2.0 * (slope_part / (width * width) + square_part)
    }
}
