//! A function with a continuous derivative, as polynomials on panels.

use rayon::prelude::*;

use crate::limit::legendre::{ORDER, RULE, antiderivative, derivative, evaluate, is_resolved, spectral_tail};
use crate::utility::Jet;

/// Bisections of a first panel in a row.
const DEPTH: usize = 45;

/// Panels of a table.
const MOST_PANELS: usize = 2000;

/// A function on an interval: its slope is a polynomial of degree 15 on each panel, and its value the integral of the slope.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Table {
    edges: Vec<f64>,
    panels: Vec<Panel>,
}

/// Legendre coefficients on a panel, of the function and of its derivatives by `x`.
#[derive(Debug, Clone, PartialEq)]
struct Panel {
    value: Vec<f64>,
    slope: Vec<f64>,
    curvature: Vec<f64>,
    /// The largest size of the third derivative.
    bend: f64,
}

impl Table {
    /// The function with slope `slope(x)` and value `first` at the first of the `edges`; further edges are added until slopes are
    /// resolved to `error`, or to their rounding errors.
    pub(super) fn new(edges: &[f64], first: f64, error: f64, slope: impl Fn(f64) -> f64 + Sync) -> Self {
        let pieces: Vec<(f64, f64)> = edges.windows(2).map(|pair| (pair[0], pair[1])).collect();
        let share = MOST_PANELS / pieces.len().max(1);
        let panels: Vec<Vec<(f64, f64, [f64; ORDER])>> = pieces
            .par_iter()
            .map(|&(from, to)| {
                let (mut done, mut waiting) = (Vec::new(), vec![(from, to, 0)]);
                while let Some((from, to, depth)) = waiting.pop() {
                    let (middle, half) = (0.5 * (from + to), 0.5 * (to - from));
                    let coefficients = RULE.coefficients(&RULE.nodes.map(|z| slope(middle + half * z)));
                    let is_last = depth >= DEPTH || done.len() + waiting.len() >= share.max(8);
                    let is_fine = spectral_tail(&coefficients) <= error || is_resolved(&coefficients, 1e-14);
                    if is_last || is_fine || middle <= from || middle >= to {
                        done.push((from, to, coefficients));
                    } else {
                        waiting.push((middle, to, depth + 1));
                        waiting.push((from, middle, depth + 1));
                    }
                }
                done
            })
            .collect();
        let mut table = Self { edges: vec![edges[0]], panels: Vec::new() };
        let mut at = first;
        for (from, to, slopes) in panels.into_iter().flatten() {
            let half = 0.5 * (to - from);
            let mut value: Vec<f64> = antiderivative(&slopes).iter().map(|c| half * c).collect();
            value[0] += at;
            let curvature: Vec<f64> = derivative(&slopes).iter().map(|c| c / half).collect();
            let bend = derivative(&curvature).iter().map(|c| (c / half).abs()).sum();
            at = evaluate(&value, 1.0);
            table.edges.push(to);
            table.panels.push(Panel { value, slope: slopes.to_vec(), curvature, bend });
        }
        table
    }

    pub(super) fn ends(&self) -> [f64; 2] {
        [self.edges[0], self.edges[self.edges.len() - 1]]
    }

    fn place(&self, x: f64) -> usize {
        self.edges.partition_point(|edge| *edge <= x).saturating_sub(1).min(self.panels.len() - 1)
    }

    /// Within the ends.
    pub(super) fn jet(&self, x: f64) -> Jet {
        let place = self.place(x);
        let panel = &self.panels[place];
        let z = self.position(place, x);
        Jet {
            value: evaluate(&panel.value, z),
            slope: evaluate(&panel.slope, z),
            curvature: evaluate(&panel.curvature, z),
        }
    }

    fn position(&self, place: usize, x: f64) -> f64 {
        let (from, to) = (self.edges[place], self.edges[place + 1]);
        ((x - from) / (0.5 * (to - from)) - 1.0).clamp(-1.0, 1.0)
    }

    /// Bounds on the rounding errors of value and slope at `x`.
    pub(super) fn rounding(&self, x: f64) -> (f64, f64) {
        let panel = &self.panels[self.place(x)];
        let size = |coefficients: &[f64]| coefficients.iter().map(|c| c.abs()).sum::<f64>();
        // Clenshaw's recurrence; the position is rounded, too. Values have those of all panels before.
        let (value, slope) = (size(&panel.value), size(&panel.slope));
        (64.0 * f64::EPSILON * value * (1.0 + 0.1 * self.panels.len() as f64), 256.0 * f64::EPSILON * slope)
    }

    /// A number that the second derivative is not below between two points.
    pub(super) fn least_curvature(&self, from: f64, to: f64) -> f64 {
        let mut least = f64::INFINITY;
        for place in self.place(from)..=self.place(to) {
            let (low, high) = (from.max(self.edges[place]), to.min(self.edges[place + 1]));
            let panel = &self.panels[place];
            let middle = evaluate(&panel.curvature, self.position(place, 0.5 * (low + high)));
            least = least.min(middle - panel.bend * 0.5 * (high - low).max(0.0));
        }
        least
    }

    pub(super) fn edges(&self) -> &[f64] {
        &self.edges
    }
}
