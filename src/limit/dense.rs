//! Dense linear systems.

use ndarray::{Array1, Array2};
use ndarray_linalg::Solve;

/// OpenBLAS keeps its table of parallel jobs on the caller's stack: about 2 MiB, all that a spawned thread has by default.
const STACK: usize = 64 << 20;

/// Solves `matrix x = right` by LU factorisation with partial pivoting, on a thread with room for OpenBLAS; an error is what
/// LAPACK or the operating system reported.
pub(super) fn solve(matrix: Array2<f64>, right: Array1<f64>) -> Result<Array1<f64>, String> {
    std::thread::scope(|scope| {
        let solver = std::thread::Builder::new()
            .stack_size(STACK)
            .spawn_scoped(scope, || matrix.solve_into(right))
            .map_err(|e| e.to_string())?;
        match solver.join() {
            Ok(solved) => solved.map_err(|e| e.to_string()),
            Err(_) => Err("the solver panicked".into()),
        }
    })
}
