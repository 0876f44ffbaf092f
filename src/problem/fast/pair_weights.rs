//! What all Hessians have in common: the weights of pairs.

use std::sync::atomic::{AtomicUsize, Ordering};

use super::chebyshev::Chebyshev;
use super::places::Places;
use super::plan::{Channel, Matrices, Plan};
use super::resolution::Resolution;
use crate::problem::kernel::PairKernel;
use crate::problem::weights::weights;

/// The graph Laplacian `v -> sum_j [w_ij (v_i - v_j) + w'_ij (v_i + v_j)]` with weights `-U''` at the distances of the responses,
/// and at those to their mirror images where there are such. The kernel's values are kept from the first product.
#[derive(Debug)]
pub(super) struct PairWeights<X> {
    plan: Plan<X>,
    matrices: Matrices,
    row_sums: Vec<f64>,
    /// Products so far.
    products: AtomicUsize,
}

/// To evaluate the kernel takes about as long as so many products with the value.
const EVALUATION: usize = 10;

impl<X: Places> PairWeights<X> {
    pub(super) fn new(kernel: &dyn PairKernel, x: &X, chebyshev: &Chebyshev, resolution: &Resolution) -> Self {
        let plan = Plan::new(x, chebyshev, resolution);
        let matrices = plan.matrices(&|t: &mut [f64]| weights(kernel, t));
        let ones = plan.ascend(&vec![1.0; x.count()]);
        let mut sums = plan.gather(&plan.exchange_kept(&matrices, &ones), |_| 1.0);
        let row_sums = plan.interpolation.descend(&mut sums);
        Self { plan, matrices, row_sums, products: AtomicUsize::new(EVALUATION) }
    }

    /// The positions.
    pub(super) fn places(&self) -> &X {
        &self.plan.x
    }

    /// The sums of all weights of each response.
    pub(super) fn row_sums(&self) -> &[f64] {
        &self.row_sums
    }

    /// The product with a vector.
    pub(super) fn apply(&self, v: &[f64]) -> Vec<f64> {
        self.products.fetch_add(1, Ordering::Relaxed);
        let source = self.plan.ascend(v);
        let exchanged = self.plan.exchange_kept(&self.matrices, &source);
        let mut sums = self.plan.gather(&exchanged, |channel| if channel == Channel::Mirror { 1.0 } else { -1.0 });
        let mut product = self.plan.interpolation.descend(&mut sums);
        self.plan.recycle(exchanged, [source, sums]);
        for ((product, v), sum) in product.iter_mut().zip(v).zip(&self.row_sums) {
            *product += sum * v;
        }
        product
    }

    /// The values of the kernel that products used so far, and an allowance for evaluating them.
    pub(super) fn work(&self) -> f64 {
        (self.products.load(Ordering::Relaxed) * self.matrices.len()) as f64
    }
}
