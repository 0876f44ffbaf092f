//! Is an expression concave on all of (0, 1]?

use super::interval::Interval;
use super::jet::Jet;
use super::number::Number;
use super::program::Program;
use super::rounded::Rounded;

/// Pieces examined before the question is left open.
const MOST_PIECES: usize = 6000;

/// The smallest normal double. No two rewards that are told apart in doubles differ by less; down to it a proof has to reach.
const SMALLEST: f64 = f64::MIN_POSITIVE;

/// What is known of `U''` on (0, 1].
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Verdict {
    /// `U'' <= 0` on all of it.
    Concave,
    /// `U''` is certainly positive at this point.
    Convex { at: f64 },
    /// The enclosures of `U''` were too wide to tell.
    Open,
}

/// Encloses `U''` by interval arithmetic on pieces that are halved until each is decided.
///
/// Pieces next to 0 are halved in the logarithm. A piece is decided by an enclosure without positive numbers, or by a point at
/// which `U''` exceeds its rounding error.
pub(super) fn concavity(program: &Program) -> Verdict {
    let mut pieces = vec![(0.0, 1.0)];
    let mut examined = 0;
    let mut open = false;
    while let Some((from, to)) = pieces.pop() {
        examined += 1;
        let [_, _, curvature] = program.run(Jet::variable(Interval::new(from, to))).0;
        if curvature.high <= 0.0 {
            continue;
        }
        let middle = match from {
            0.0 => to * if to > 0.1 { 0.125 } else { 2f64.powi(-24) },
            from if to > 2.0 * from => (from * to).sqrt(),
            from => 0.5 * (from + to),
        };
        let [_, _, at_middle] = program.run(Jet::variable(Rounded::constant(middle, 0.0))).0;
        if at_middle.value - at_middle.error > 0.0 && at_middle.value.is_finite() {
            return Verdict::Convex { at: middle };
        }
        if middle < SMALLEST && from < SMALLEST {
            // The last piece: nothing below the smallest normal double matters.
            if from == 0.0 && to > SMALLEST {
                pieces.push((SMALLEST, to));
            }
            continue;
        }
        if examined >= MOST_PIECES || middle <= from || middle >= to {
            open = true;
            break;
        }
        pieces.push((middle, to));
        pieces.push((from, middle));
    }
    if open { Verdict::Open } else { Verdict::Concave }
}
