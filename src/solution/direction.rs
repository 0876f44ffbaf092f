//! Newton directions, from a matrix or from an operator.

use argmin::core::Error;
use ndarray::{Array1, Array2};

use crate::dense;
use crate::problem::Laplacian;

/// A Hessian of `-S` that Newton's equation can be solved with.
pub trait NewtonHessian {
    /// The direction `d` of the responses from `first_free` on, zero for those before, with `H d = -cost_gradient` among the
    /// former.
    ///
    /// `tolerance` is the relative residual at which an iterative method may stop; a direct one goes to rounding.
    ///
    /// # Errors
    /// A matrix that is not positive definite beyond rounding, or what LAPACK reports.
    fn direction(&self, cost_gradient: &Array1<f64>, first_free: usize, tolerance: f64) -> Result<Vec<f64>, Error>;
}

impl NewtonHessian for Array2<f64> {
    /// By a diagonally scaled Cholesky factorisation of the lower triangle. `O(n^3)`.
    fn direction(&self, cost_gradient: &Array1<f64>, first_free: usize, _tolerance: f64) -> Result<Vec<f64>, Error> {
        let m = cost_gradient.len();
        let scale: Vec<f64> = (first_free..m).map(|i| self[(i, i)].max(f64::MIN_POSITIVE).sqrt().recip()).collect();
        let scaled_force: Array1<f64> = (first_free..m).map(|i| -cost_gradient[i] * scale[i - first_free]).collect();
        // Exact arithmetic needs no shift: the matrix is positive definite where U is strictly concave.
        let mut shift = 0.0;
        loop {
            let mut matrix = self.slice(ndarray::s![first_free.., first_free..]).to_owned();
            for (i, mut row) in matrix.rows_mut().into_iter().enumerate() {
                row.iter_mut().take(i).zip(&scale).for_each(|(h, s)| *h *= s * scale[i]);
                row[i] = 1.0 + shift;
            }
            if let Some(z) = dense::solve_positive_definite(matrix, &scaled_force).map_err(Error::msg)? {
                let mut direction = vec![0.0; first_free];
                direction.extend(z.iter().zip(&scale).map(|(z, s)| z * s));
                return Ok(direction);
            }
            if shift > 1.0 {
                return Err(Error::msg("the Newton matrix is not positive definite"));
            }
            shift = (shift * 100.0_f64).max(1e-14);
        }
    }
}

/// Iterations of conjugate gradients, at most. With the preconditioner some 20 reach a residual of 1e-8, whatever `n`.
const MOST_ITERATIONS: usize = 400;

impl NewtonHessian for Laplacian {
    /// By conjugate gradients with [`Laplacian::preconditioner`]. `O(n)` for each of a bounded number of iterations.
    ///
    /// The residual is measured in the norm of the preconditioner. Any iterate is a direction of descent, so running into
    /// the limit of iterations is no error.
    fn direction(&self, cost_gradient: &Array1<f64>, first_free: usize, tolerance: f64) -> Result<Vec<f64>, Error> {
        let preconditioner = self.preconditioner(first_free);
        let mut residual: Vec<f64> = cost_gradient.iter().map(|g| -g).collect();
        residual[..first_free].fill(0.0);
        let mut direction = vec![0.0; residual.len()];
        let mut search = preconditioner.apply(&residual);
        let mut size = dot(&residual, &search);
        let enough = size * tolerance * tolerance;
        for iteration in 0..MOST_ITERATIONS {
            let mut image = self.apply(&search);
            image[..first_free].fill(0.0);
            let curvature = dot(&search, &image);
            // Nothing is left to correct, or U is linear along the search direction.
            if size <= enough || curvature.is_nan() || curvature <= 0.0 {
                if std::env::var("CGLOG").is_ok() { eprintln!("    cg {iteration} m {} tol {tolerance:.1e}", residual.len()); }
                break;
            }
            let step = size / curvature;
            for i in first_free..residual.len() {
                direction[i] += step * search[i];
                residual[i] -= step * image[i];
            }
            let preconditioned = preconditioner.apply(&residual);
            let next = dot(&residual, &preconditioned);
            let mix = next / size;
            search.iter_mut().zip(&preconditioned).for_each(|(s, p)| *s = p + mix * *s);
            size = next;
        }
        Ok(direction)
    }
}

fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
