//! Newton's equation: a weighted graph Laplacian with a diagonal, solved by conjugate gradients.

use rayon::prelude::*;

use super::elimination::{Elimination, Factor};
use crate::problem::{PairEvaluation, WeightedPairs};

/// Items that one thread takes at least.
const TOGETHER: usize = 128;

/// `-F''` on some of the items, plus a little of the identity.
pub(super) struct NewtonSystem<'a> {
    pairs: &'a WeightedPairs<'a>,
    free: &'a [bool],
    diagonal: Vec<f64>,
    /// The part of the diagonal that no comparison makes.
    own: Vec<f64>,
    /// By comparison.
    by_comparison: &'a [f64],
    /// Conductances in the order of the items' comparisons, each there twice.
    conductances: Vec<f64>,
}

impl<'a> NewtonSystem<'a> {
    pub(super) fn new(pairs: &'a WeightedPairs<'a>, evaluation: &'a PairEvaluation, free: &'a [bool]) -> Self {
        let starts = pairs.starts();
        let mut conductances = vec![0.0; 2 * evaluation.conductances.len()];
        let mut slices: Vec<&mut [f64]> = Vec::with_capacity(pairs.n());
        let mut rest = conductances.as_mut_slice();
        for item in 0..pairs.n() {
            let (own, after) = rest.split_at_mut(starts[item + 1] - starts[item]);
            slices.push(own);
            rest = after;
        }
        let mut diagonal: Vec<f64> = slices
            .into_par_iter()
            .enumerate()
            .with_min_len(TOGETHER)
            .map(|(item, own)| {
                let mut sum = evaluation.field_curvatures.get(item).copied().unwrap_or(0.0);
                for (place, incident) in own.iter_mut().zip(pairs.of_item(item)) {
                    *place = evaluation.conductances[incident.comparison as usize];
                    sum += *place;
                }
                sum
            })
            .collect();
        // Definite, whatever rounding does; and where nothing bends, steps are bounded all the same.
        let largest = diagonal.iter().copied().filter(|d| d.is_finite()).fold(0.0, f64::max);
        let slope = evaluation.gradient.iter().fold(0.0, |most: f64, g| most.max(g.abs()));
        let least = if largest > 0.0 { 1e-14 * largest } else { 1e-3 * slope };
        let least = least.max(f64::MIN_POSITIVE);
        diagonal.iter_mut().for_each(|d| *d = d.min(1e300) + least);
        let curvature = |item: usize| evaluation.field_curvatures.get(item).copied().unwrap_or(0.0);
        let own = (0..pairs.n()).map(|item| curvature(item).min(1e300) + least).collect();
        Self { pairs, free, diagonal, own, by_comparison: &evaluation.conductances, conductances }
    }

    /// The same on other items.
    pub(super) fn on<'b>(self, free: &'b [bool]) -> NewtonSystem<'b>
    where
        'a: 'b,
    {
        NewtonSystem { free, ..self }
    }

    pub(super) fn diagonal(&self) -> &[f64] {
        &self.diagonal
    }

    fn apply(&self, v: &[f64]) -> Vec<f64> {
        let starts = self.pairs.starts();
        let row = |item: usize| {
            if !self.free[item] {
                return 0.0;
            }
            let own = self.conductances[starts[item]..starts[item + 1]].iter().zip(self.pairs.of_item(item));
            self.diagonal[item] * v[item] - own.map(|(c, incident)| c * v[incident.other as usize]).sum::<f64>()
        };
        (0..v.len()).into_par_iter().with_min_len(TOGETHER).map(row).collect()
    }

    /// The solution for the right-hand side `g`, 0 at items that are not free, until the residual has fallen by `tolerance`; preconditioned
    /// by the diagonal, or by an elimination.
    pub(super) fn solve(&self, g: &[f64], tolerance: f64, most: usize, elimination: Option<&Elimination>) -> Vec<f64> {
        let n = g.len();
        let mut x = vec![0.0; n];
        let mut residual: Vec<f64> = (0..n).map(|i| if self.free[i] { g[i] } else { 0.0 }).collect();
        let factor: Option<Factor<'_>> =
            elimination.map(|order| order.factor(self.pairs, self.by_comparison, &self.own, self.free));
        let precondition = |r: &[f64]| -> Vec<f64> {
            match &factor {
                Some(factor) => factor.apply(r),
                None => r.iter().zip(&self.diagonal).map(|(r, d)| r / d).collect(),
            }
        };
        let mut z = precondition(&residual);
        let mut p = z.clone();
        let mut product = dot(&residual, &z);
        let goal = tolerance * tolerance * product;
        for _ in 0..most {
            if product <= goal || product == 0.0 {
                break;
            }
            let image = self.apply(&p);
            let curvature = dot(&p, &image);
            if curvature.is_nan() || curvature <= 0.0 {
                break;
            }
            let step = product / curvature;
            for i in 0..n {
                x[i] += step * p[i];
                residual[i] -= step * image[i];
            }
            z = precondition(&residual);
            let next = dot(&residual, &z);
            let share = next / product;
            p.iter_mut().zip(&z).for_each(|(p, z)| *p = z + share * *p);
            product = next;
        }
        x
    }
}

pub(super) fn dot(a: &[f64], b: &[f64]) -> f64 {
    a.iter().zip(b).map(|(a, b)| a * b).sum()
}
