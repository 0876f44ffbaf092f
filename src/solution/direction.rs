//! Newton directions, from a matrix or from an operator.

use argmin::core::Error;
use ndarray::{Array1, Array2};
use rayon::prelude::*;

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

/// Iterations between restarts, and restarts. With the preconditioner some 20 iterations reach a residual of 1e-8, whatever
/// `n`.
const RESTART: usize = 60;
const RESTARTS: usize = 4;

impl NewtonHessian for Laplacian {
    /// By right-preconditioned GMRES with [`Laplacian::preconditioner`]. `O(n)` for each of a bounded number of iterations.
    ///
    /// The residual is a force on each response, and is measured against the sum of all forces on it: the certificate is a
    /// matter of forces. Conjugate gradients would weigh it by energy. Where rewards spread over many orders of magnitude,
    /// as for `x^0.9`, those close to the ends have no energy to speak of, and their forces would not be balanced.
    ///
    /// Reference: Saad and Schultz, *GMRES*, SIAM J. Sci. Stat. Comput. 7 (1986), 856-869.
    fn direction(&self, cost_gradient: &Array1<f64>, first_free: usize, tolerance: f64) -> Result<Vec<f64>, Error> {
        let system = System {
            matrix: self,
            preconditioner: self.preconditioner(first_free),
            weights: self.forces().iter().map(|force| if *force > 0.0 { force.recip() } else { 0.0 }).collect(),
            first_free,
        };
        let right: Vec<f64> = system.weighted(cost_gradient.iter().map(|g| -g));
        let enough = tolerance * norm(&right);
        let mut direction = vec![0.0; right.len()];
        let mut residual = right.clone();
        for _ in 0..RESTARTS {
            let correction = system.cycle(&residual, enough);
            direction.iter_mut().zip(&correction).for_each(|(d, c)| *d += c);
            let image = system.weighted(self.apply(&direction).into_iter());
            residual = right.iter().zip(&image).map(|(b, a)| b - a).collect();
            if norm(&residual) <= 2.0 * enough {
                break;
            }
        }
        Ok(direction)
    }
}

/// Newton's equation of the free responses, every row over the force on its response.
struct System<'a> {
    matrix: &'a Laplacian,
    preconditioner: crate::problem::RankLevels,
    weights: Vec<f64>,
    first_free: usize,
}

impl System<'_> {
    fn weighted(&self, row: impl Iterator<Item = f64>) -> Vec<f64> {
        let weigh = |(i, (value, weight)): (usize, (f64, &f64))| if i < self.first_free { 0.0 } else { value * weight };
        row.zip(&self.weights).enumerate().map(weigh).collect()
    }

    /// The preconditioner on a weighted residual.
    fn precondition(&self, residual: &[f64]) -> Vec<f64> {
        let forces: Vec<f64> =
            residual.iter().zip(&self.weights).map(|(r, w)| if *w > 0.0 { r / w } else { 0.0 }).collect();
        self.preconditioner.apply(&forces)
    }

    /// One cycle of GMRES from zero.
    fn cycle(&self, right: &[f64], enough: f64) -> Vec<f64> {
        let size = norm(right);
        if size <= enough || size.is_nan() {
            return vec![0.0; right.len()];
        }
        let mut basis = vec![right.iter().map(|r| r / size).collect::<Vec<f64>>()];
        // The Hessenberg matrix, made triangular by rotations as it grows; and the right side under the same rotations.
        let mut columns: Vec<Vec<f64>> = Vec::new();
        let mut rotations: Vec<(f64, f64)> = Vec::new();
        let mut rotated = vec![size];
        while columns.len() < RESTART {
            let k = columns.len();
            let image = self.matrix.apply(&self.precondition(&basis[k]));
            let mut next = self.weighted(image.into_iter());
            let mut column: Vec<f64> = Vec::with_capacity(k + 2);
            for vector in &basis {
                let along = dot(vector, &next);
                next.par_iter_mut().with_min_len(1 << 14).zip(vector).for_each(|(n, v)| *n -= along * v);
                column.push(along);
            }
            let length = norm(&next);
            for (i, (c, s)) in rotations.iter().enumerate() {
                (column[i], column[i + 1]) = (c * column[i] + s * column[i + 1], c * column[i + 1] - s * column[i]);
            }
            let radius = column[k].hypot(length);
            if radius == 0.0 || radius.is_nan() {
                break;
            }
            let (c, s) = (column[k] / radius, length / radius);
            column[k] = radius;
            rotations.push((c, s));
            let last = rotated[k];
            rotated[k] = c * last;
            rotated.push(-s * last);
            columns.push(column);
            if (s * last).abs() <= enough || length == 0.0 {
                break;
            }
            basis.push(next.into_iter().map(|n| n / length).collect());
        }
        let count = columns.len();
        let mut coefficients = rotated[..count].to_vec();
        for k in (0..count).rev() {
            coefficients[k] /= columns[k][k];
            for i in 0..k {
                coefficients[i] -= columns[k][i] * coefficients[k];
            }
        }
        let mut sum = vec![0.0; right.len()];
        for (vector, coefficient) in basis.iter().zip(&coefficients) {
            sum.par_iter_mut().with_min_len(1 << 14).zip(vector).for_each(|(s, v)| *s += coefficient * v);
        }
        if std::env::var("CGLOG").is_ok() {
            eprintln!("    gmres {count} m {} enough {:.1e}", right.len(), enough / size);
        }
        self.precondition(&sum)
    }
}

/// Terms that one task adds up: tasks, not threads, own partial sums.
const CHUNK: usize = 1 << 14;

fn dot(a: &[f64], b: &[f64]) -> f64 {
    let chunk = |(a, b): (&[f64], &[f64])| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    let sums: Vec<f64> = a.par_chunks(CHUNK).zip(b.par_chunks(CHUNK)).map(chunk).collect();
    sums.into_iter().sum()
}

fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}
