//! GMRES for large linear systems.

use rayon::prelude::*;

/// Iterations between restarts, and restarts.
const RESTART: usize = 60;
const RESTARTS: usize = 4;

/// A square system and an approximate inverse.
pub(super) trait LinearSystem {
    /// The matrix times a vector.
    fn apply(&self, vector: &[f64]) -> Vec<f64>;

    /// The approximate inverse times a vector; linear.
    fn precondition(&self, vector: &[f64]) -> Vec<f64>;
}

/// Solves `A z = right` until the residual is `tolerance` of the right side, or the limit of iterations is reached.
///
/// Preconditioned on the right, so that the residual that is made small is the true one. Memory: a vector for each
/// iteration up to a restart. Reference: Saad and Schultz, *GMRES: a generalized minimal residual algorithm for solving
/// nonsymmetric linear systems*, SIAM J. Sci. Stat. Comput. 7 (1986), 856-869.
pub(super) fn solve(system: &impl LinearSystem, right: &[f64], tolerance: f64) -> Vec<f64> {
    let enough = tolerance * norm(right);
    let mut solution = vec![0.0; right.len()];
    let mut residual = right.to_vec();
    for _ in 0..RESTARTS {
        let (correction, expected) = cycle(system, &residual, enough);
        solution.iter_mut().zip(&correction).for_each(|(z, c)| *z += c);
        // The recurrence knows the size of the residual as long as it is not rounding.
        if expected <= enough {
            break;
        }
        let image = system.apply(&solution);
        residual = right.iter().zip(&image).map(|(b, a)| b - a).collect();
    }
    solution
}

/// One cycle from zero: the solution, and the size of the residual.
fn cycle(system: &impl LinearSystem, right: &[f64], enough: f64) -> (Vec<f64>, f64) {
    let size = norm(right);
    if size <= enough || !size.is_finite() {
        return (vec![0.0; right.len()], 0.0);
    }
    let mut basis = vec![right.iter().map(|r| r / size).collect::<Vec<f64>>()];
    // The Hessenberg matrix, made triangular by rotations as it grows; and the right side under the same rotations.
    let mut columns: Vec<Vec<f64>> = Vec::new();
    let mut rotations: Vec<(f64, f64)> = Vec::new();
    let mut rotated = vec![size];
    while columns.len() < RESTART {
        let k = columns.len();
        let mut next = system.apply(&system.precondition(&basis[k]));
        let mut column: Vec<f64> = Vec::with_capacity(k + 2);
        for vector in &basis {
            let along = dot(vector, &next);
            add(&mut next, -along, vector);
            column.push(along);
        }
        let length = norm(&next);
        for (i, (c, s)) in rotations.iter().enumerate() {
            (column[i], column[i + 1]) = (c * column[i] + s * column[i + 1], c * column[i + 1] - s * column[i]);
        }
        let radius = column[k].hypot(length);
        if radius == 0.0 || !radius.is_finite() {
            break;
        }
        let (c, s) = (column[k] / radius, length / radius);
        column[k] = radius;
        rotations.push((c, s));
        rotated.push(-s * rotated[k]);
        rotated[k] *= c;
        columns.push(column);
        if rotated[k + 1].abs() <= enough {
            break;
        }
        next.par_iter_mut().with_min_len(CHUNK).for_each(|n| *n /= length);
        basis.push(next);
    }
    let count = columns.len();
    let expected = rotated[count].abs();
    let mut coefficients = rotated[..count].to_vec();
    for k in (0..count).rev() {
        coefficients[k] /= columns[k][k];
        for i in 0..k {
            coefficients[i] -= columns[k][i] * coefficients[k];
        }
    }
    let mut sum = vec![0.0; right.len()];
    for (vector, coefficient) in basis.iter().zip(&coefficients) {
        add(&mut sum, *coefficient, vector);
    }
    (system.precondition(&sum), expected)
}

/// Terms that one task adds up: tasks, not threads, own partial sums.
const CHUNK: usize = 1 << 14;

fn dot(a: &[f64], b: &[f64]) -> f64 {
    let chunk = |(a, b): (&[f64], &[f64])| a.iter().zip(b).map(|(a, b)| a * b).sum::<f64>();
    if a.len() <= CHUNK {
        return chunk((a, b));
    }
    let sums: Vec<f64> = a.par_chunks(CHUNK).zip(b.par_chunks(CHUNK)).map(chunk).collect();
    sums.into_iter().sum()
}

fn norm(a: &[f64]) -> f64 {
    dot(a, a).sqrt()
}

/// `to += factor * vector`.
fn add(to: &mut [f64], factor: f64, vector: &[f64]) {
    to.par_iter_mut().with_min_len(CHUNK).zip(vector).for_each(|(t, v)| *t += factor * v);
}

#[cfg(test)]
mod tests {
    use super::*;

    /// A nonsymmetric band: `2 + i/10` on the diagonal, -1 above and 1/2 below it.
    struct Band(usize);

    impl LinearSystem for Band {
        fn apply(&self, v: &[f64]) -> Vec<f64> {
            let at = |i: usize| v.get(i).unwrap_or(&0.0);
            (0..self.0).map(|i| (2.0 + 0.1 * i as f64) * at(i) - at(i + 1) + 0.5 * at(i.wrapping_sub(1))).collect()
        }

        fn precondition(&self, v: &[f64]) -> Vec<f64> {
            v.iter().enumerate().map(|(i, v)| v / (2.0 + 0.1 * i as f64)).collect()
        }
    }

    #[test]
    fn a_nonsymmetric_system_is_solved_to_the_tolerance() {
        for n in [1, 2, 30, 500] {
            let exact: Vec<f64> = (0..n).map(|i| (i as f64).sin()).collect();
            let right = Band(n).apply(&exact);
            for tolerance in [1e-3, 1e-12] {
                let z = solve(&Band(n), &right, tolerance);
                let residual: Vec<f64> = Band(n).apply(&z).iter().zip(&right).map(|(a, b)| a - b).collect();
                assert!(norm(&residual) <= 1.01 * tolerance * norm(&right), "n = {n}, tolerance {tolerance:e}");
            }
        }
        assert_eq!(solve(&Band(3), &[0.0; 3], 1e-9), [0.0; 3]);
    }
}
