//! The utility whose potential under a law varies least.
//!
//! `U` is sought among splines with curvatures `-s_k <= 0` at knots `t_k` and the slope `u >= 0` at 1: `U = sum_k s_k b_k + u x`, where `b_k` has the
//! curvature `-1` at `t_k`, 0 at the other knots, and the slope 0 at 1. Its potential is linear in these numbers, so that
//!
//! ```text
//! minimise  mean over x of (Phi(x) - m)^2    over s, u >= 0 and m, with U(1) = 1
//! ```
//!
//! is a convex quadratic programme.

use clarabel::algebra::CscMatrix;
use clarabel::solver::{DefaultSettings, DefaultSolver, IPSolver, SolverStatus, SupportedConeT};

use super::DesignError;
use crate::target::{Target, mean_of_each};
use crate::utility::{Spline, SplineUtility};

/// Knots of the utility, denser towards 0: `(k/KNOTS)^3`.
const KNOTS: usize = 48;

/// Points of [0, 1/2] at which the potential is looked at.
const POINTS: usize = 160;

/// Weight of the squared second differences of `t_k^2 s_k`, which keeps what the law does not tell smooth.
const SMOOTHING: f64 = 1e-3;

/// The spline of the programme for `target`.
pub(super) fn flattest(target: &Target) -> Result<SplineUtility, DesignError> {
    let failed = |status: String| DesignError::Programme { target: target.to_string(), status };
    let knots: Vec<f64> = (0..=KNOTS).map(|k| (k as f64 / KNOTS as f64).powi(3)).collect();
    let basis: Vec<Spline> =
        (0..=KNOTS).map(|k| hat(&knots, k)).collect::<Result<_, _>>().map_err(|error| failed(error.to_string()))?;
    let scale: Vec<f64> = basis.iter().map(|b| b.jet(1.0).value).collect();
    // Unknowns: each b_k as a share of U(1), then u, then m.
    let size = KNOTS + 3;
    let (slope, mean) = (KNOTS + 1, KNOTS + 2);
    let mut hessian = vec![vec![0.0; size]; size];
    let mut row = vec![0.0; size];
    for i in 0..POINTS {
        let x = 0.5 * (1.0 - (std::f64::consts::PI * (i as f64 + 0.5) / (2.0 * POINTS as f64)).cos());
        let mut potentials = vec![0.0; KNOTS + 2];
        mean_of_each(target, x, &mut |distance, mass| {
            for ((sum, b), scale) in potentials.iter_mut().zip(&basis).zip(&scale) {
                *sum += mass * b.jet(distance).value / scale;
            }
            potentials[slope] += mass * distance;
        });
        row[..=slope].copy_from_slice(&potentials);
        row[mean] = -1.0;
        add_square(&mut hessian, &row, 1.0 / POINTS as f64);
    }
    // Of log, powers and poles t^2 U''(t) is constant or a power.
    let weight = |k: usize| knots[k.max(1)].powi(2) / scale[k];
    for k in 1..KNOTS {
        let mut bend = vec![0.0; size];
        (bend[k - 1], bend[k], bend[k + 1]) = (weight(k - 1), -2.0 * weight(k), weight(k + 1));
        add_square(&mut hessian, &bend, SMOOTHING);
    }
    let solution = minimise(&hessian, slope).map_err(failed)?;
    let mut curvatures: Vec<f64> =
        solution[..=KNOTS].iter().zip(&scale).map(|(share, scale)| -(share / scale).max(0.0)).collect();
    // What an interior point leaves of a number that is 0.
    let largest = curvatures.iter().fold(0.0, |m: f64, c| m.max(c.abs()));
    curvatures.iter_mut().filter(|c| c.abs() < 1e-12 * largest).for_each(|c| *c = 0.0);
    let fall: f64 =
        knots.windows(2).zip(curvatures.windows(2)).map(|(t, c)| -0.5 * (t[1] - t[0]) * (c[0] + c[1])).sum();
    let at_one = solution[slope].max(0.0);
    let points: Vec<(f64, f64)> = knots.into_iter().zip(curvatures).collect();
    let spline = Spline::from_curvatures(0.0, (fall + at_one) * (1.0 + 4.0 * f64::EPSILON), &points);
    Ok(SplineUtility::new(spline.map_err(|error| failed(error.to_string()))?)?)
}

/// `b_k`.
fn hat(knots: &[f64], k: usize) -> Result<Spline, crate::utility::SplineError> {
    let left = if k > 0 { knots[k] - knots[k - 1] } else { 0.0 };
    let right = if k < KNOTS { knots[k + 1] - knots[k] } else { 0.0 };
    let points: Vec<(f64, f64)> =
        knots.iter().enumerate().map(|(j, &t)| (t, if j == k { -1.0 } else { 0.0 })).collect();
    Spline::from_curvatures(0.0, 0.5 * (left + right), &points)
}

fn add_square(hessian: &mut [Vec<f64>], row: &[f64], weight: f64) {
    for (i, left) in row.iter().enumerate().filter(|(_, left)| **left != 0.0) {
        for (entry, right) in hessian[i].iter_mut().zip(row) {
            *entry += 2.0 * weight * left * right;
        }
    }
}

/// The minimiser of `z' H z / 2` over `z >= 0` but for the last, with the sum of all but the last equal to 1.
fn minimise(hessian: &[Vec<f64>], last_share: usize) -> Result<Vec<f64>, String> {
    let size = hessian.len();
    let shares = last_share + 1;
    let upper: Vec<Vec<f64>> =
        (0..size).map(|i| (0..size).map(|j| if j >= i { hessian[i][j] } else { 0.0 }).collect()).collect();
    let mut constraints = vec![vec![0.0; size]; 1 + shares];
    constraints[0][..shares].fill(1.0);
    (0..shares).for_each(|k| constraints[1 + k][k] = -1.0);
    let mut bounds = vec![0.0; 1 + shares];
    bounds[0] = 1.0;
    let cones = [SupportedConeT::ZeroConeT(1), SupportedConeT::NonnegativeConeT(shares)];
    let settings =
        DefaultSettings { verbose: false, tol_gap_abs: 1e-12, tol_gap_rel: 1e-12, ..DefaultSettings::default() };
    let solver = DefaultSolver::new(
        &CscMatrix::from(&upper),
        &vec![0.0; size],
        &CscMatrix::from(&constraints),
        &bounds,
        &cones,
        settings,
    );
    let mut solver = solver.map_err(|error| error.to_string())?;
    solver.solve();
    match solver.solution.status {
        SolverStatus::Solved | SolverStatus::AlmostSolved | SolverStatus::InsufficientProgress => {
            Ok(solver.solution.x.clone())
        }
        status => Err(format!("{status:?}")),
    }
}
