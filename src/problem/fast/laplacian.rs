//! The Hessian of the folded problem as an operator.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::chebyshev::Chebyshev;
use super::plan::{Channel, Matrices, Plan};
use super::rank_levels::RankLevels;
use super::resolution::Resolution;
use crate::problem::Positions;
use crate::problem::weights::weights;
use crate::utility::Utility;

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
    plan: Plan,
    matrices: Matrices,
    /// Half of what multiplies `v_i` itself in the formula.
    row_sums: Vec<f64>,
    diagonal: Vec<f64>,
    /// Products with `H` so far.
    products: AtomicUsize,
}

/// To evaluate the kernel takes about as long as so many products with the value.
const EVALUATION: usize = 10;

impl<U: Utility + Clone> Laplacian<U> {
    pub(super) fn new(utility: &U, x: &Positions, chebyshev: &Chebyshev, resolution: &Resolution) -> Self {
        let plan = Plan::new(x, chebyshev, resolution);
        let weight = |t: &mut [f64]| weights(utility, t);
        let matrices = plan.matrices(&weight);
        let m = x.lower_half().len();
        let ones = plan.ascend(&vec![1.0; m]);
        let mut sums = plan.gather(&plan.exchange_kept(&matrices, &ones), |_| 1.0);
        let mut row_sums = plan.interpolation.descend(&mut sums);
        let mut middle: Vec<f64> = if x.has_middle() { (0..m).map(|i| x.to_middle(i)).collect() } else { Vec::new() };
        weight(&mut middle);
        row_sums.iter_mut().zip(middle).for_each(|(sum, w)| *sum += w);
        let mut images: Vec<f64> = (0..m).map(|i| x.far(i, i)).collect();
        weight(&mut images);
        let diagonal = row_sums.iter().zip(images).map(|(sum, image)| 2.0 * (sum + image)).collect();
        Self { utility: utility.clone(), plan, matrices, row_sums, diagonal, products: AtomicUsize::new(EVALUATION) }
    }

    /// `H v`.
    pub fn apply(&self, v: &[f64]) -> Vec<f64> {
        self.products.fetch_add(1, Ordering::Relaxed);
        let source = self.plan.ascend(v);
        let exchanged = self.plan.exchange_kept(&self.matrices, &source);
        let mut sums = self.plan.gather(&exchanged, |channel| if channel == Channel::Mirror { 1.0 } else { -1.0 });
        let mut product = self.plan.interpolation.descend(&mut sums);
        self.plan.recycle(exchanged, [source, sums]);
        for ((product, v), sum) in product.iter_mut().zip(v).zip(&self.row_sums) {
            *product = 2.0 * (*product + sum * v);
        }
        product
    }

    /// The values of the kernel that products used so far, and an allowance for evaluating them.
    pub fn work(&self) -> f64 {
        (self.products.load(Ordering::Relaxed) * self.matrices.len()) as f64
    }

    /// The diagonal of `H`.
    pub fn diagonal(&self) -> &[f64] {
        &self.diagonal
    }

    /// For each response, the size of the force that a move by the distance from its nearest neighbour would take: `H_ii` times
    /// that distance, to the nearest response that is not tied with it. Nearest, because `H_ii` is mostly its doing.
    pub fn forces(&self) -> Vec<f64> {
        let x = &self.plan.x;
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
        RankLevels::new(&self.utility, &self.plan.x, &self.diagonal, first_free)
    }
}
