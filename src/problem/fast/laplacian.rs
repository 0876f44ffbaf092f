//! The Hessian of the folded problem as an operator.

use super::chebyshev::Chebyshev;
use super::pair_weights::PairWeights;
use super::rank_levels::{RankLevels, Terrain};
use super::resolution::Resolution;
use crate::problem::Positions;
use crate::problem::weights::weights;
use crate::utility::{Origin, Utility};

/// The Hessian of `-S` at given positions, a graph Laplacian folded onto the lower half:
///
/// ```text
/// (H v)_i = 2 sum_j [w_ij (v_i - v_j) + w'_ij (v_i + v_j)] + [n odd] 2 w''_i v_i,
/// ```
///
/// with weights `-U''` at the distances to the lower responses, to the mirror images, and to the middle response. A product
/// takes `O(n)`; the kernel's values are kept from the first.
#[derive(Debug)]
pub struct Laplacian<U> {
    utility: U,
    pairs: PairWeights<Positions>,
    /// The weights to the middle response.
    middle: Vec<f64>,
    diagonal: Vec<f64>,
}

impl<U: Utility + Clone> Laplacian<U> {
    pub(super) fn new(utility: &U, x: &Positions, chebyshev: &Chebyshev, resolution: &Resolution) -> Self {
        let pairs = PairWeights::new(utility, x, chebyshev, resolution);
        let m = x.lower_half().len();
        let mut middle: Vec<f64> = if x.has_middle() { (0..m).map(|i| x.to_middle(i)).collect() } else { Vec::new() };
        weights(utility, &mut middle);
        middle.resize(m, 0.0);
        let mut images: Vec<f64> = (0..m).map(|i| x.far(i, i)).collect();
        weights(utility, &mut images);
        let sums = pairs.row_sums().iter().zip(&middle).zip(images);
        let diagonal = sums.map(|((sum, middle), image)| 2.0 * ((sum + middle) + image)).collect();
        Self { utility: utility.clone(), pairs, middle, diagonal }
    }

    /// `H v`.
    pub fn apply(&self, v: &[f64]) -> Vec<f64> {
        let mut product = self.pairs.apply(v);
        for ((product, v), middle) in product.iter_mut().zip(v).zip(&self.middle) {
            *product = 2.0 * (*product + middle * v);
        }
        product
    }

    /// The values of the kernel that products used so far, and an allowance for evaluating them.
    pub fn work(&self) -> f64 {
        self.pairs.work()
    }

    /// The diagonal of `H`.
    pub fn diagonal(&self) -> &[f64] {
        &self.diagonal
    }

    /// For each response, the size of the force that a move by the distance from its nearest neighbour would take: `H_ii` times
    /// that distance, to the nearest response that is not tied with it. Nearest, because `H_ii` is mostly its doing.
    pub fn forces(&self) -> Vec<f64> {
        let x = self.pairs.places();
        let m = self.diagonal.len();
        let mut forces = self.diagonal.clone();
        let mut distance = 1.0;
        for i in (0..m).rev() {
            let gap = if i + 1 < m { x.near(i, i + 1) } else { x.far(i, i) };
            distance = if gap > 0.0 { gap } else { distance };
            let below = if i > 0 { x.near(i - 1, i) } else { 0.0 };
            forces[i] *= if below > 0.0 { below.min(distance) } else { distance };
        }
        forces
    }

    /// A symmetric positive definite approximation of the inverse on the responses from `first_free` on, with a condition
    /// number that does not grow with `n`.
    pub fn preconditioner(&self, first_free: usize) -> RankLevels {
        let x = self.pairs.places();
        let m = self.diagonal.len();
        let repels = !matches!(self.utility.origin(), Origin::FiniteSlope(_));
        let terrain = Terrain {
            diagonal: &self.diagonal,
            own: &vec![0.0; m],
            copies: 2.0,
            scale: if repels { x.lower_half().to_vec() } else { vec![1.0; m] },
            free: first_free..m,
            constant: [repels, false],
        };
        RankLevels::new(&self.utility, x, terrain)
    }
}
