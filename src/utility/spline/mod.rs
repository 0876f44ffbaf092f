//! Piecewise cubic functions, and a utility that is one.

mod interpolate;
mod utility;

pub(crate) use interpolate::convex_at;

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

pub use utility::SplineUtility;

use super::{Concavity, Errors, Jet};

/// A function with a continuous derivative whose second derivative is linear between knots, and 0 before the first knot and after the
/// last one.
///
/// It is given by its curvatures at both ends of each piece, and by value and slope at the first knot: the function is the exact double
/// integral of these numbers. It is therefore concave exactly where they are not positive, with no rounding to argue about.
///
/// ```
/// use reward_collapse::utility::{Concavity, Spline};
/// let spline = Spline::through(&[(0.0, 0.0), (1.0, 1.0), (2.0, 1.5)])?;
/// assert_eq!(spline.concavity(), Ok(Concavity::Proved));
/// assert!((spline.jet(1.0).value - 1.0).abs() < 1e-15);
/// # Ok::<(), reward_collapse::utility::SplineError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Spline {
    pieces: Vec<Piece>,
    last: Node,
    /// Bounds on the rounding errors of values and slopes at the knots.
    errors: Errors,
}

/// A piece between two knots.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Piece {
    from: Node,
    /// The curvature at its left end.
    left: f64,
    /// The curvature at its right end.
    right: f64,
}

/// A knot, with value and slope there.
#[derive(Debug, Clone, Copy, PartialEq)]
struct Node {
    x: f64,
    value: f64,
    slope: f64,
}

/// Why numbers make no spline.
#[derive(Debug, Clone, PartialEq, Error)]
#[non_exhaustive]
pub enum SplineError {
    /// There are too few.
    #[error("a spline needs two points or more, and there are {found}")]
    TooFew {
        /// How many there are.
        found: usize,
    },
    /// A knot, or what belongs to it, is not a finite number.
    #[error("point {index} of the spline, counted from 1, is not finite")]
    NotFinite {
        /// Which.
        index: usize,
    },
    /// A knot is not greater than the one before.
    #[error("the points of a spline must ascend in x: point {index} is at {x}, and the one before at {before}")]
    NotAscending {
        /// Which, counted from 1.
        index: usize,
        /// Where it is.
        x: f64,
        /// Where the one before is.
        before: f64,
    },
    /// A text that is none.
    #[error(
        "cannot read the spline `{text}`: write spline(VALUE, SLOPE; X:CURVATURE, X:CURVATURE, ...), value and slope at the first X"
    )]
    Syntax {
        /// The text, shortened.
        text: String,
    },
}

impl Spline {
    /// From value and slope at the first knot, and knots with the curvature there, linear between them.
    ///
    /// # Errors
    /// [`SplineError`] unless there are two or more, finite and ascending.
    pub fn from_curvatures(value: f64, slope: f64, knots: &[(f64, f64)]) -> Result<Self, SplineError> {
        let pieces: Vec<(f64, f64, f64)> = knots.windows(2).map(|pair| (pair[1].0, pair[0].1, pair[1].1)).collect();
        let Some(&(first, _)) = knots.first() else { return Err(SplineError::TooFew { found: 0 }) };
        Self::from_pieces(Node { x: first, value, slope }, &pieces)
    }

    /// From the first knot, and for each piece its right end and the curvatures at its left and right end.
    fn from_pieces(first: Node, ends: &[(f64, f64, f64)]) -> Result<Self, SplineError> {
        if ends.is_empty() {
            return Err(SplineError::TooFew { found: 1 });
        }
        if !(first.x.is_finite() && first.value.is_finite() && first.slope.is_finite()) {
            return Err(SplineError::NotFinite { index: 1 });
        }
        let mut node = first;
        let mut pieces = Vec::with_capacity(ends.len());
        let mut errors = Errors { value: 0.0, slope: 0.0 };
        for (place, &(to, left, right)) in ends.iter().enumerate() {
            let index = place + 2;
            if !(to.is_finite() && left.is_finite() && right.is_finite()) {
                return Err(SplineError::NotFinite { index });
            }
            if to <= node.x {
                return Err(SplineError::NotAscending { index, x: to, before: node.x });
            }
            let piece = Piece { from: node, left, right };
            pieces.push(piece);
            let jet = piece.at(to - node.x, to - node.x);
            let (value, slope) = piece.rounding(to - node.x, jet);
            errors = Errors { value: errors.value + value + (to - node.x) * errors.slope, slope: errors.slope + slope };
            node = Node { x: to, value: jet.value, slope: jet.slope };
        }
        Ok(Self { pieces, last: node, errors })
    }

    /// The first and the last knot.
    pub fn ends(&self) -> [f64; 2] {
        [self.pieces[0].from.x, self.last.x]
    }

    /// All knots, ascending.
    pub fn knots(&self) -> impl Iterator<Item = f64> {
        self.pieces.iter().map(|piece| piece.from.x).chain([self.last.x])
    }

    /// Value, slope and curvature; at a knot the curvature of the piece to its right. Beyond the ends it goes on along its tangent.
    pub fn jet(&self, x: f64) -> Jet {
        let first = self.pieces[0].from;
        if x < first.x {
            return along(first, x);
        }
        if x >= self.last.x {
            let beyond = along(self.last, x);
            // At the last knot itself the curvature from the left is what a reader of tables expects.
            let curvature = if x == self.last.x { self.pieces[self.pieces.len() - 1].right } else { 0.0 };
            return Jet { curvature, ..beyond };
        }
        let place = self.place(x);
        let (piece, next) = (&self.pieces[place], self.pieces.get(place + 1).map_or(self.last, |piece| piece.from));
        piece.at(x - piece.from.x, next.x - piece.from.x)
    }

    /// Bounds on the rounding errors of value and slope at an exact `x`.
    pub fn errors(&self, x: f64) -> Errors {
        let [from, to] = self.ends();
        let reach = if x < from { from - x } else { (x - to).max(0.0) } + (to - from);
        let jet = self.jet(x);
        let piece = &self.pieces[self.place(x.clamp(from, to))];
        let (value, slope) = piece.rounding(self.longest(), jet);
        Errors {
            value: self.errors.value + value + reach * (self.errors.slope + f64::EPSILON * jet.slope.abs()),
            slope: self.errors.slope + slope,
        }
    }

    fn longest(&self) -> f64 {
        let knots: Vec<f64> = self.knots().collect();
        knots.windows(2).map(|pair| pair[1] - pair[0]).fold(0.0, f64::max)
    }

    /// The piece at `x`, or the nearest.
    fn place(&self, x: f64) -> usize {
        self.pieces.partition_point(|piece| piece.from.x <= x).saturating_sub(1)
    }

    /// The largest curvature between two points.
    pub fn largest_curvature(&self, lower: f64, upper: f64) -> f64 {
        let [from, to] = self.ends();
        let outside = if lower < from || upper > to { 0.0 } else { f64::NEG_INFINITY };
        let mut largest = outside;
        for place in self.place(lower)..=self.place(upper) {
            largest = largest.max(self.pieces[place].left).max(self.pieces[place].right);
        }
        largest
    }

    /// Whether the curvature is 0 at single points at most.
    pub fn is_strictly_concave(&self) -> bool {
        self.pieces.iter().all(|piece| piece.left <= 0.0 && piece.right <= 0.0 && piece.left + piece.right < 0.0)
    }

    /// How it is known that it is concave, which is by the signs of its coefficients; an interval on which it is not, as an error.
    pub fn concavity(&self) -> Result<Concavity, (f64, f64)> {
        let convex = |piece: &Piece| piece.left > 0.0 || piece.right > 0.0;
        let Some(first) = self.pieces.iter().position(convex) else { return Ok(Concavity::Proved) };
        let count = self.pieces[first..].iter().take_while(|piece| convex(piece)).count();
        let to = self.pieces.get(first + count).map_or(self.last.x, |piece| piece.from.x);
        Err((self.pieces[first].from.x, to))
    }
}

fn along(node: Node, x: f64) -> Jet {
    Jet { value: node.value + node.slope * (x - node.x), slope: node.slope, curvature: 0.0 }
}

impl Piece {
    /// At distance `t` from its left end, where the piece is `length` long.
    fn at(&self, t: f64, length: f64) -> Jet {
        let rise = (self.right - self.left) / length;
        Jet {
            value: self.from.value + t * (self.from.slope + t * (0.5 * self.left + t * rise / 6.0)),
            slope: self.from.slope + t * (self.left + 0.5 * t * rise),
            curvature: self.left + t * rise,
        }
    }

    /// Rounding errors of [`Piece::at`], beside those of the left knot's own numbers.
    fn rounding(&self, length: f64, jet: Jet) -> (f64, f64) {
        let bend = self.left.abs().max(self.right.abs());
        let slope = 4.0 * f64::EPSILON * (self.from.slope.abs().max(jet.slope.abs()) + 4.0 * length * bend);
        let value =
            4.0 * f64::EPSILON * (self.from.value.abs().max(jet.value.abs()) + length * length * bend) + length * slope;
        (value, slope)
    }
}

/// The text that reads back as the same function: `spline(VALUE, SLOPE; X:CURVATURE, ...)`. Two knots at one `X` would be a jump of the
/// curvature: such a piece has both.
impl fmt::Display for Spline {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let first = self.pieces[0].from;
        write!(f, "spline({}, {}; {}:{}", first.value, first.slope, first.x, self.pieces[0].left)?;
        for (place, piece) in self.pieces.iter().enumerate() {
            let next = self.pieces.get(place + 1);
            let x = next.map_or(self.last.x, |next| next.from.x);
            write!(f, ", {x}:{}", piece.right)?;
            if let Some(next) = next.filter(|next| next.left != piece.right) {
                write!(f, "/{}", next.left)?;
            }
        }
        write!(f, ")")
    }
}

impl FromStr for Spline {
    type Err = SplineError;

    /// Reads what `Display` writes; a knot `X:A/B` has the curvature `A` at its left and `B` at its right.
    fn from_str(text: &str) -> Result<Self, SplineError> {
        let syntax = || SplineError::Syntax { text: text.chars().take(80).collect() };
        let inside = text.trim().strip_prefix("spline(").and_then(|rest| rest.strip_suffix(')')).ok_or_else(syntax)?;
        let (start, knots) = inside.split_once(';').ok_or_else(syntax)?;
        let number = |text: &str| text.trim().parse::<f64>().map_err(|_| syntax());
        let (value, slope) = start.split_once(',').ok_or_else(syntax)?;
        let (value, slope) = (number(value)?, number(slope)?);
        let mut ends = Vec::new();
        let mut first = None;
        let mut left = 0.0;
        for knot in knots.split(',') {
            let (x, curvature) = knot.split_once(':').ok_or_else(syntax)?;
            let x = number(x)?;
            let (here, after) = match curvature.split_once('/') {
                Some((here, after)) => (number(here)?, number(after)?),
                None => (number(curvature)?, number(curvature)?),
            };
            if first.is_none() {
                first = Some(Node { x, value, slope });
            } else {
                ends.push((x, left, here));
            }
            left = after;
        }
        Self::from_pieces(first.ok_or_else(syntax)?, &ends)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn derivatives_are_those_of_finite_differences_and_texts_read_back() {
        let spline = Spline::from_curvatures(0.5, 2.0, &[(-1.0, -1.0), (0.0, -3.0), (0.5, 0.0), (2.0, -0.25)]).unwrap();
        assert_eq!(spline.to_string().parse::<Spline>().unwrap(), spline);
        for x in [-2.0, -1.0, -0.5, 0.1, 0.5, 1.3, 2.0, 4.0] {
            let h = 1e-6;
            let slope = (spline.jet(x + h).value - spline.jet(x - h).value) / (2.0 * h);
            // At a knot the curvature may jump, and the difference is off by its jump times h.
            assert!((spline.jet(x).slope - slope).abs() < 2e-6, "{x}");
        }
        assert_eq!(spline.concavity(), Ok(Concavity::Proved));
        let convex = Spline::from_curvatures(0.0, 1.0, &[(0.0, -1.0), (1.0, 0.1), (2.0, -1.0), (3.0, -1.0)]).unwrap();
        assert_eq!(convex.concavity(), Err((0.0, 2.0)));
    }

    #[test]
    fn bad_splines_are_refused() {
        for text in
            ["spline()", "spline(0,1;0:0)", "spline(0,1;0:0,0:1)", "spline(0,1;0:0,inf:1)", "spline(0;0:0,1:1)", "x"]
        {
            assert!(text.parse::<Spline>().is_err(), "{text}");
        }
    }
}
