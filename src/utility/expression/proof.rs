//! Is an expression concave on all of (0, 1]?

use std::cmp::Ordering;
use std::collections::BinaryHeap;

use super::interval::Interval;
use super::jet::Jet;
use super::number::Number;
use super::program::Program;
use super::rounded::Rounded;

/// Pieces examined before the question is left open, and instructions run for all of them.
const MOST_PIECES: usize = 8_000;
const MOST_INSTRUCTIONS: usize = 80_000;

/// How close to 0 a proof has to reach: solvers hold no two rewards closer. Further on, `1/x^2` is beyond the largest double.
const SMALLEST: f64 = 1e-150;

/// What is known of `U''` on an interval: (0, 1] for a utility.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Verdict {
    /// `U'' <= 0` on all of it.
    Concave,
    /// `U''` is certainly positive at this point.
    Convex { at: f64 },
    /// The enclosures of `U''` were too wide to tell.
    Open,
}

/// A piece of (0, 1] that is not decided, with the largest number that the enclosure of `U''` has there.
struct Piece {
    high: f64,
    from: f64,
    to: f64,
}

impl Piece {
    /// `None` for a piece on which `U'' <= 0` is proved.
    fn open(program: &Program, from: f64, to: f64) -> Option<Self> {
        let [_, _, curvature] = program.run(Jet::variable(Interval::new(from, to))).0;
        // Nothing known, NaN, ranks above everything.
        let high = if curvature.high.is_nan() { f64::INFINITY } else { curvature.high };
        (high > 0.0).then_some(Self { high, from, to })
    }

    /// Where to halve it: next to 0 in the logarithm.
    fn middle(&self) -> f64 {
        match self.from {
            from if from < 0.0 && self.to > 0.0 => 0.0,
            // The mirror image of a piece of positive numbers.
            from if from < 0.0 => -Self { high: self.high, from: -self.to, to: -from }.middle(),
            0.0 => self.to * if self.to > 0.1 { 0.125 } else { 2f64.powi(-24) },
            from if self.to > 2.0 * from => from.sqrt() * self.to.sqrt(),
            from => 0.5 * (from + self.to),
        }
    }
}

impl PartialEq for Piece {
    fn eq(&self, other: &Self) -> bool {
        self.cmp(other) == Ordering::Equal
    }
}

impl Eq for Piece {}

impl PartialOrd for Piece {
    fn partial_cmp(&self, other: &Self) -> Option<Ordering> {
        Some(self.cmp(other))
    }
}

impl Ord for Piece {
    fn cmp(&self, other: &Self) -> Ordering {
        self.high.total_cmp(&other.high)
    }
}

/// Encloses `U''` by interval arithmetic on pieces that are halved until each is decided, the most suspicious first.
///
/// A piece is decided by an enclosure without positive numbers, or by a point at which `U''` exceeds its rounding error.
pub(super) fn concavity(program: &Program) -> Verdict {
    concavity_between(program, 0.0, 1.0)
}

/// [`concavity`] on another interval. No nearer to 0 than 1e-150 is a proof tried where a piece of it ends there.
pub(super) fn concavity_between(program: &Program, lower: f64, upper: f64) -> Verdict {
    let mut pieces: BinaryHeap<Piece> = Piece::open(program, lower, upper).into_iter().collect();
    for _ in 0..MOST_PIECES.min(MOST_INSTRUCTIONS / program.len()) {
        let Some(piece) = pieces.pop() else { return Verdict::Concave };
        let (from, to, middle) = (piece.from, piece.to, piece.middle());
        let [_, _, at_middle] = program.run(Jet::variable(Rounded::constant(middle, 0.0))).0;
        if at_middle.value - at_middle.error > 0.0 && at_middle.value.is_finite() {
            return Verdict::Convex { at: middle };
        }
        if from == 0.0 && middle < SMALLEST {
            // The last piece.
            pieces.extend((to > SMALLEST).then(|| Piece::open(program, SMALLEST, to)).flatten());
        } else if to == 0.0 && middle > -SMALLEST {
            pieces.extend((from < -SMALLEST).then(|| Piece::open(program, from, -SMALLEST)).flatten());
        } else if middle <= from || middle >= to {
            return Verdict::Open;
        } else {
            pieces.extend(Piece::open(program, from, middle));
            pieces.extend(Piece::open(program, middle, to));
        }
    }
    Verdict::Open
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::utility::{Concavity, Expression, Utility};

    fn verdict(text: &str) -> Verdict {
        Expression::parse(text).expect(text).verdict
    }

    #[test]
    fn concave_expressions_are_proved() {
        for text in [
            "log(x)+x",
            "x-x*log(x)",
            "x^0.3-0.1x^2",
            "tanh(100x)",
            "log(1-exp(-x))",
            "log(x+0.1+0.2*log1p(x))",
            "-1/(x+0.001)^2",
            "atan(x)+sqrt(x)",
            "logsigmoid(4x)+0.001x",
            "log(sinh(x))",
            "sin(pi*x/2)",
            "-x^-30+x",
            "-(x+1e-7)^-0.5+log(x+3)",
            "asinh(3x)",
            "erf(2x)",
            "log(ndtr(x))",
            "Phi(x)",
        ] {
            assert_eq!(verdict(text), Verdict::Concave, "{text}");
            assert_eq!(Expression::parse(text).expect(text).concavity(), Concavity::Proved);
        }
    }

    #[test]
    fn a_bump_of_any_width_is_found() {
        for width in [1e-2, 1e-3, 1e-4, 1e-5, 1e-6] {
            for (base, height) in [("x", 1e-3), ("log(x)", 1e-3), ("x^0.34", 1e-4), ("log(x)-x", 1e-3)] {
                let text = format!("{base}+{height}*exp(-((x-0.70721)/{width})^2)");
                match verdict(&text) {
                    Verdict::Convex { at } => assert!((at - 0.70721).abs() < 30.0 * width, "{text}: {at}"),
                    other => panic!("{text}: {other:?}"),
                }
            }
        }
    }

    #[test]
    fn what_cannot_be_told_is_left_open() {
        // The square root of a square has an infinite enclosure at its kink.
        assert_eq!(verdict("2x-sqrt((x-0.503)^2)"), Verdict::Open);
    }
}
