//! Newton directions, from a matrix or from an operator.

use std::ops::Range;

use argmin::core::Error;
use ndarray::{Array1, Array2};

use super::gmres::{self, LinearSystem};
use crate::dense;
use crate::problem::{EquilibriumHessian, Laplacian, RankLevels};
use crate::utility::Utility;

/// A Hessian of `-S` that Newton's equation can be solved with.
pub trait NewtonHessian {
    /// The direction `d` of the responses that are `free`, zero for all others, with `H d = -cost_gradient` among the former.
    ///
    /// `tolerance` is the relative residual at which an iterative method may stop; a direct one goes to rounding.
    ///
    /// # Errors
    /// A matrix that is not positive definite beyond rounding, or what LAPACK reports.
    fn direction(&self, cost_gradient: &Array1<f64>, free: Range<usize>, tolerance: f64) -> Result<Vec<f64>, Error>;

    /// The work done so far, as a number of values of the kernel used in products; 0 for a method whose work is bounded anyway.
    fn work(&self) -> f64 {
        0.0
    }
}

impl NewtonHessian for Array2<f64> {
    /// By a diagonally scaled Cholesky factorisation of the lower triangle. `O(n^3)`.
    fn direction(&self, cost_gradient: &Array1<f64>, free: Range<usize>, _tolerance: f64) -> Result<Vec<f64>, Error> {
        newton_direction(self, cost_gradient, free)
    }
}

/// The direction `d` of the rewards in `free`, zero for all others, with `H d = -cost_gradient` among the former.
pub(super) fn newton_direction(
    hessian: &Array2<f64>,
    cost_gradient: &Array1<f64>,
    free: Range<usize>,
) -> Result<Vec<f64>, Error> {
    let scale: Vec<f64> = free.clone().map(|i| hessian[(i, i)].max(f64::MIN_POSITIVE).sqrt().recip()).collect();
    let scaled_force: Array1<f64> = free.clone().zip(&scale).map(|(i, s)| -cost_gradient[i] * s).collect();
    // Exact arithmetic needs no shift: the matrix is positive definite where U is strictly concave.
    let mut shift = 0.0;
    loop {
        let mut matrix = dense::block(hessian, free.clone());
        for (i, mut row) in matrix.rows_mut().into_iter().enumerate() {
            row.iter_mut().take(i).zip(&scale).for_each(|(h, s)| *h *= s * scale[i]);
            row[i] = 1.0 + shift;
        }
        if let Some(z) = dense::solve_positive_definite(matrix, &scaled_force).map_err(Error::msg)? {
            let mut direction = vec![0.0; cost_gradient.len()];
            direction[free].iter_mut().zip(z.iter().zip(&scale)).for_each(|(d, (z, s))| *d = z * s);
            return Ok(direction);
        }
        if shift > 1.0 {
            return Err(Error::msg("the Newton matrix is not positive definite"));
        }
        shift = (shift * 100.0_f64).max(1e-14);
    }
}

impl<U: Utility + Clone> NewtonHessian for Laplacian<U> {
    /// By GMRES with [`Laplacian::preconditioner`] on the right. `O(n)` for each of a bounded number of iterations.
    fn direction(&self, cost_gradient: &Array1<f64>, free: Range<usize>, tolerance: f64) -> Result<Vec<f64>, Error> {
        let preconditioner = self.preconditioner(free.start);
        Ok(by_gmres(&|v| self.apply(v), preconditioner, self.forces(), cost_gradient, free, tolerance))
    }

    fn work(&self) -> f64 {
        Laplacian::work(self)
    }
}

impl NewtonHessian for EquilibriumHessian {
    /// By GMRES with [`EquilibriumHessian::preconditioner`] on the right, as for [`Laplacian`].
    fn direction(&self, cost_gradient: &Array1<f64>, free: Range<usize>, tolerance: f64) -> Result<Vec<f64>, Error> {
        let preconditioner = self.preconditioner(free.clone());
        Ok(by_gmres(&|v| self.apply(v), preconditioner, self.forces(), cost_gradient, free, tolerance))
    }

    fn work(&self) -> f64 {
        EquilibriumHessian::work(self)
    }
}

/// The residual is a force on each response, and is measured against the force that a move by the distance to its neighbour takes
/// (`forces`): the certificate is a matter of forces. Conjugate gradients would weigh it by energy. Where rewards spread over many
/// orders of magnitude, as for `x^0.9`, those close to the ends have no energy to speak of, and their forces would never be
/// balanced.
fn by_gmres(
    matrix: &dyn Fn(&[f64]) -> Vec<f64>,
    preconditioner: RankLevels,
    forces: Vec<f64>,
    cost_gradient: &Array1<f64>,
    free: Range<usize>,
    tolerance: f64,
) -> Vec<f64> {
    let weigh = |force: &f64| if *force > 0.0 { force.recip() } else { 0.0 };
    let mut weights: Vec<f64> = forces.iter().map(weigh).collect();
    weights[..free.start].fill(0.0);
    weights[free.end..].fill(0.0);
    let right: Vec<f64> = cost_gradient.iter().zip(&weights).map(|(g, w)| -g * w).collect();
    let system = Weighted { matrix, preconditioner, weights };
    // A residual of 1 is a move by the distance to the neighbour: to be wrong by much less than that is what counts.
    let size = right.iter().map(|r| r * r).sum::<f64>().sqrt();
    gmres::solve(&system, &right, tolerance / size.max(1.0))
}

/// Newton's equation of the free responses, each row times a weight.
struct Weighted<'a> {
    matrix: &'a dyn Fn(&[f64]) -> Vec<f64>,
    preconditioner: RankLevels,
    weights: Vec<f64>,
}

impl LinearSystem for Weighted<'_> {
    fn apply(&self, direction: &[f64]) -> Vec<f64> {
        let mut image = (self.matrix)(direction);
        image.iter_mut().zip(&self.weights).for_each(|(row, weight)| *row *= weight);
        image
    }

    fn precondition(&self, residual: &[f64]) -> Vec<f64> {
        let unweighted = residual.iter().zip(&self.weights).map(|(r, w)| if *w > 0.0 { r / w } else { 0.0 });
        self.preconditioner.apply(&unweighted.collect::<Vec<f64>>())
    }
}
