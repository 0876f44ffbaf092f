//! Dense linear systems, through LAPACK where they are large.

use std::ops::Range;

use ndarray::{Array1, Array2};
use ndarray_linalg::error::LinalgError;
use ndarray_linalg::{FactorizeCInto, InverseCInto, Solve, SolveC, UPLO};

/// OpenBLAS keeps its table of parallel jobs on the caller's stack: about 2 MiB, all that a spawned thread has by default.
const STACK: usize = 64 << 20;

/// Up to this size a plain loop costs less than a call of LAPACK on a thread of its own.
const SMALL: usize = 64;

/// The rows and columns of a square matrix in a range.
// Not by ndarray's macro `s!`, which expands to code that a crate without unsafe code may not have.
pub(crate) fn block(matrix: &Array2<f64>, range: Range<usize>) -> Array2<f64> {
    let first = range.start;
    Array2::from_shape_fn((range.len(), range.len()), |(i, j)| matrix[(first + i, first + j)])
}

/// Solves `A z = b` by LU factorisation with partial pivoting; an error is what LAPACK or the operating system reported.
pub(crate) fn solve(matrix: Array2<f64>, right: Array1<f64>) -> Result<Array1<f64>, String> {
    with_large_stack(|| matrix.solve_into(right).map_err(|error| error.to_string()))
}

/// Solves `A z = b` by Cholesky factorisation from the lower triangle of `A`; `None` where `A` is not positive definite to
/// rounding, an error for anything else that LAPACK or the operating system reports.
pub(crate) fn solve_positive_definite(matrix: Array2<f64>, right: &Array1<f64>) -> Result<Option<Array1<f64>>, String> {
    if right.len() <= SMALL {
        return Ok(cholesky(matrix, right.clone()));
    }
    with_large_stack(|| {
        let solution = matrix.factorizec_into(UPLO::Lower).and_then(|factor| factor.solvec(right));
        match solution {
            Ok(z) => Ok(Some(z).filter(|z| z.iter().all(|z| z.is_finite()))),
            Err(LinalgError::Lapack(_)) => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    })
}

/// The diagonal of the inverse of `A`, by Cholesky factorisation from the lower triangle; `None` where `A` is not positive definite to
/// rounding, an error for anything else that LAPACK or the operating system reports.
pub(crate) fn inverse_diagonal(matrix: Array2<f64>) -> Result<Option<Array1<f64>>, String> {
    with_large_stack(|| {
        let inverse = matrix.factorizec_into(UPLO::Lower).and_then(InverseCInto::invc_into);
        match inverse {
            Ok(inverse) => Ok(Some(inverse.diag().to_owned()).filter(|d| d.iter().all(|d| d.is_finite()))),
            Err(LinalgError::Lapack(_)) => Ok(None),
            Err(error) => Err(error.to_string()),
        }
    })
}

fn with_large_stack<T: Send>(work: impl FnOnce() -> Result<T, String> + Send) -> Result<T, String> {
    std::thread::scope(|scope| {
        let worker = std::thread::Builder::new()
            .stack_size(STACK)
            .spawn_scoped(scope, work)
            .map_err(|error| format!("no thread for LAPACK: {error}"))?;
        worker.join().unwrap_or_else(|_| Err("LAPACK's thread panicked".into()))
    })
}

fn cholesky(mut a: Array2<f64>, mut z: Array1<f64>) -> Option<Array1<f64>> {
    let n = z.len();
    for j in 0..n {
        let pivot = a[(j, j)] - (0..j).map(|k| a[(j, k)] * a[(j, k)]).sum::<f64>();
        if pivot.is_nan() || pivot <= 0.0 {
            return None;
        }
        let root = pivot.sqrt();
        a[(j, j)] = root;
        for i in j + 1..n {
            a[(i, j)] = (a[(i, j)] - (0..j).map(|k| a[(i, k)] * a[(j, k)]).sum::<f64>()) / root;
        }
    }
    for i in 0..n {
        z[i] = (z[i] - (0..i).map(|k| a[(i, k)] * z[k]).sum::<f64>()) / a[(i, i)];
    }
    for i in (0..n).rev() {
        z[i] = (z[i] - (i + 1..n).map(|k| a[(k, i)] * z[k]).sum::<f64>()) / a[(i, i)];
    }
    Some(z).filter(|z| z.iter().all(|z| z.is_finite()))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A path Laplacian with unit ends has the inverse `min(i, j)`-like solution `z_i = (i+1)(n-i)/2` for a unit load.
    fn path(n: usize) -> Array2<f64> {
        Array2::from_shape_fn((n, n), |(i, j)| match i.abs_diff(j) {
            0 => 2.0,
            1 if j < i => -1.0,
            _ => 0.0,
        })
    }

    #[test]
    fn both_sizes_solve_the_loaded_path() {
        for n in [1, 2, 5, SMALL, SMALL + 1, 60] {
            let z = solve_positive_definite(path(n), &Array1::ones(n)).ok().flatten().expect("positive definite");
            for (i, z) in z.iter().enumerate() {
                let exact = (i + 1) as f64 * (n - i) as f64 / 2.0;
                approx::assert_relative_eq!(*z, exact, max_relative = 1e-12);
            }
        }
    }

    #[test]
    fn the_inverse_of_the_path_has_the_known_diagonal() {
        let n = 7;
        let diagonal = inverse_diagonal(path(n)).ok().flatten().expect("positive definite");
        for (i, z) in diagonal.iter().enumerate() {
            let exact = ((i + 1) * (n - i)) as f64 / (n + 1) as f64;
            approx::assert_relative_eq!(*z, exact, max_relative = 1e-12);
        }
        assert!(inverse_diagonal(-path(n)).expect("no other failure").is_none());
    }

    #[test]
    fn an_indefinite_matrix_is_reported() {
        for n in [3, 40] {
            let mut matrix = path(n);
            matrix[(n / 2, n / 2)] = -1.0;
            assert!(solve_positive_definite(matrix, &Array1::ones(n)).expect("no other failure").is_none());
        }
    }
}
