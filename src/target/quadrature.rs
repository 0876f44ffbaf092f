//! Integrals over a target, by the double exponential rule on pieces.

use std::f64::consts::PI;
use std::sync::LazyLock;

use super::Target;
use super::component::{Component, Place};

/// The rule on [0, 1]: distances from both ends, and weights. It resolves any power at the ends (Takahasi and Mori 1974).
static RULE: LazyLock<Vec<[f64; 3]>> = LazyLock::new(|| {
    const STEP: f64 = 1.0 / 12.0;
    const REACH: i32 = 41;
    let node = |k: i32| {
        let t = STEP * f64::from(k);
        let [left, right] = [1.0, -1.0].map(|sign| 1.0 / (1.0 + (-sign * PI * t.sinh()).exp()));
        [left, right, STEP * PI * t.cosh() * left * right]
    };
    (-REACH..=REACH).map(node).collect()
});

/// A point and its mass.
#[derive(Debug, Clone, Copy)]
pub(super) struct Weighted {
    pub(super) y: f64,
    /// `|y - x|` for the point `x` that the pieces are split at, with all its digits.
    pub(super) distance: f64,
    pub(super) mass: f64,
}

/// Points and masses with the integrals over `target` of functions that are smooth on both sides of `x`; atoms included.
pub(super) fn split_at(target: &Target, x: f64, visit: &mut impl FnMut(Weighted)) {
    for part in &target.parts {
        let mut weighted = |y: f64, distance: f64, mass: f64| visit(Weighted { y, distance, mass: part.weight * mass });
        if let Component::Steps(steps) = &part.component {
            for atom in steps.atoms() {
                weighted(atom.at, (atom.at - x).abs(), atom.mass);
            }
            for (from, to, mass) in steps.uniforms().filter(|(.., mass)| *mass > 0.0) {
                let density = mass / (to - from);
                between(&[from, to], x, |piece, [left, right], weight| {
                    weighted(piece.at(left), piece.distance(x, left, right), density * weight);
                });
            }
            continue;
        }
        let [lower, upper] = part.component.ends();
        let mut found: Vec<(f64, f64, f64)> = Vec::with_capacity(RULE.len());
        let mut last = None;
        let mut flush = |found: &mut Vec<(f64, f64, f64)>, piece: Option<Piece>| {
            let Some(piece) = piece else { return };
            let exact = part.component.cdf(piece.to) - part.component.cdf(piece.from);
            let sum: f64 = found.iter().map(|(.., mass)| mass).sum();
            // What lies nearer to the end than the rule looks belongs there all the same.
            let factor = if part.component.diverges() && sum > 0.0 { exact / sum } else { 1.0 };
            found.drain(..).for_each(|(y, distance, mass)| weighted(y, distance, factor * mass));
        };
        between(&part.splits, x, |piece, [left, right], weight| {
            if last != Some(piece) {
                flush(&mut found, last);
                last = Some(piece);
            }
            let y = piece.at(left);
            let from_lower = if piece.from == lower { piece.length() * left } else { y - lower };
            let from_upper = if piece.to == upper { piece.length() * right } else { upper - y };
            let density = part.component.density_at(Place { x: y, from_lower, from_upper });
            found.push((y, piece.distance(x, left, right), density * weight));
        });
        flush(&mut found, last);
    }
}

/// An interval that one rule covers.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Piece {
    from: f64,
    to: f64,
}

impl Piece {
    fn length(self) -> f64 {
        self.to - self.from
    }

    fn at(self, left: f64) -> f64 {
        if left < 0.5 { self.from + self.length() * left } else { self.to - self.length() * (1.0 - left) }
    }

    /// From `x`, which is not inside the piece, to the point with these shares to its left and right.
    fn distance(self, x: f64, left: f64, right: f64) -> f64 {
        if x <= self.from { (self.from - x) + self.length() * left } else { (x - self.to) + self.length() * right }
    }
}

/// Calls `visit(piece, shares, weight)` for the nodes on all pieces between the splits, and `x`.
fn between(splits: &[f64], x: f64, mut visit: impl FnMut(Piece, [f64; 2], f64)) {
    let mut all = splits.to_vec();
    let place = all.partition_point(|split| *split < x);
    if place > 0 && place < all.len() && all[place] > x {
        all.insert(place, x);
    }
    for pair in all.windows(2).filter(|pair| pair[0] < pair[1]) {
        let piece = Piece { from: pair[0], to: pair[1] };
        for &[left, right, weight] in RULE.iter() {
            visit(piece, [left, right], piece.length() * weight);
        }
    }
}
