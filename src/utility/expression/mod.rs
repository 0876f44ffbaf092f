//! Any expression in `x`.
//!
//! One tree, as typed, serves for everything: evaluated in doubles it gives `U`; in jets, `U'` and `U''` by forward-mode
//! differentiation; in doubles with a running error bound, how far rounding may have taken these; in intervals, the proof
//! that `U` is concave; and by algebra, its [shape](super::shape).

mod curve;
mod fold;
mod function;
mod interval;
mod jet;
mod lanes;
mod near_zero;
mod node;
mod notation;
mod number;
mod origin;
mod program;
mod proof;
mod rounded;
mod second_reading;
mod series;

use std::fmt;

pub(crate) use curve::Curve;
pub use fold::Operation;
pub(super) use function::Function;
pub(super) use node::Node;

use super::{Concavity, Derivative, Errors, Jet, Origin, Utility, UtilityError};
use lanes::{LANES, Lanes};
use near_zero::NearZero;
use number::Number;
use program::Program;
use proof::Verdict;
use rounded::Rounded;

/// A utility typed as an expression in `x`.
///
/// It is parsed but not yet known to be increasing and concave; [`super::parse`] checks that too.
#[derive(Debug, Clone)]
pub struct Expression {
    text: String,
    tree: Node,
    program: Program,
    near_zero: Option<NearZero>,
    origin: Origin,
    verdict: Verdict,
}

/// Points at which both readings of an expression are compared.
const SECOND_POINTS: usize = 8;

/// Numbers between 0 and 1, evenly spread, that depend on a text: no fault hides from all texts.
pub(super) fn points_of(text: &str, count: usize) -> impl Iterator<Item = f64> {
    let seed = text.bytes().fold(0u32, |hash, byte| hash.wrapping_mul(31).wrapping_add(byte.into()));
    // The fractional parts of multiples of the golden ratio are spread evenly from any start.
    (0..count).map(move |k| (f64::from(seed) / f64::from(u32::MAX) + 0.618_033_988_749_895 * k as f64).fract())
}

/// Characters of an expression that a message repeats.
const SHOWN: usize = 120;

/// A text as a message shows it.
pub(super) fn shorten(text: &str) -> String {
    match text.char_indices().nth(SHOWN) {
        None => text.into(),
        Some((end, _)) => format!("{}...", &text[..end]),
    }
}

impl Expression {
    /// Parses `text`, looks for a proof that it is concave, and finds how it leaves `x = 0+`.
    ///
    /// # Errors
    /// [`UtilityError::Syntax`] with what to write instead.
    ///
    /// ```
    /// use reward_collapse::utility::{Expression, Utility};
    /// let u = Expression::parse("log(x + 0.1 + 0.2*log1p(x))")?;
    /// assert_eq!(u.value(0.9).to_string(), "0.12077480228685422");
    /// # Ok::<(), reward_collapse::utility::UtilityError>(())
    /// ```
    pub fn parse(text: &str) -> Result<Self, UtilityError> {
        let text = text.trim();
        let syntax = |reason: String| UtilityError::Syntax { expression: shorten(text), reason };
        let expression = Self::new(text, notation::parse(text).map_err(syntax)?);
        expression.compare_with_second_reading()?;
        Ok(expression)
    }

    fn new(text: &str, tree: Node) -> Self {
        let program = Program::new(&tree);
        let near_zero = NearZero::of(&program);
        // An expression that is evaluated by a measured series is not proved by what is known of the typed form elsewhere.
        let verdict = match (proof::concavity(&program), &near_zero) {
            (Verdict::Concave, Some(_)) => Verdict::Open,
            (verdict, _) => verdict,
        };
        let mut expression = Self { text: text.into(), tree, program, near_zero, origin: Origin::SlowSlope, verdict };
        let at_zero = expression.jet(0.0).slope;
        expression.origin = origin::find_origin(at_zero, |x| expression.jet(x));
        expression
    }

    /// Holds the tree against another reading of the same text, at points that depend on the text.
    fn compare_with_second_reading(&self) -> Result<(), UtilityError> {
        // Closer to 0 the second reading, which knows no `expm1`, would lose digits.
        let points: Vec<f64> = points_of(&self.text, SECOND_POINTS).map(|u| 0.05 + 0.95 * u).collect();
        let values: Vec<f64> = points.iter().map(|&x| self.program.run(x)).collect();
        let largest = values.iter().filter(|value| value.is_finite()).fold(0.0, |m: f64, value| m.max(value.abs()));
        for (&x, &first) in points.iter().zip(&values) {
            let Some(second) = second_reading::value(&self.text, x) else { continue };
            let allowed = 1e-7 * (first.abs() + second.abs()) + 1e-10 * largest + 1e3 * self.errors(x).value;
            if (first - second).abs() > allowed && first.is_finite() && second.is_finite() {
                return Err(UtilityError::TwoReadings {
                    utility: shorten(&self.text),
                    at: x,
                    readings: [first, second],
                });
            }
        }
        Ok(())
    }

    /// The expression without a typed factor and a typed constant, `factor * base + constant`: neither changes the rewards, but
    /// either may cost digits, or take derivatives out of the range of doubles. `None` where there is neither.
    pub(super) fn without_factor_and_constant(&self) -> Option<(Self, f64, f64)> {
        let typed = |node: &Node| match *node {
            Node::Constant(c, 0.0) => Some(c),
            _ => None,
        };
        let (sum, constant) = match &self.tree {
            Node::Add(a, b) => match (typed(a), typed(b)) {
                (None, Some(c)) => (a.as_ref(), c),
                (Some(c), None) => (b.as_ref(), c),
                _ => (&self.tree, 0.0),
            },
            Node::Sub(a, b) => typed(b).map_or((&self.tree, 0.0), |c| (a.as_ref(), -c)),
            tree => (tree, 0.0),
        };
        let (base, factor) = match sum {
            Node::Mul(a, b) => match (typed(a), typed(b)) {
                (None, Some(c)) if c > 0.0 => (a.as_ref(), c),
                (Some(c), None) if c > 0.0 => (b.as_ref(), c),
                _ => (sum, 1.0),
            },
            sum => (sum, 1.0),
        };
        (factor != 1.0 || constant != 0.0).then(|| (Self::new(&self.text, base.clone()), factor, constant))
    }

    /// The expression as a tree.
    pub(super) fn tree(&self) -> &Node {
        &self.tree
    }

    /// A point at which `U''` is certainly positive, if one was found.
    pub(super) fn convex_at(&self) -> Option<f64> {
        match self.verdict {
            Verdict::Convex { at } => Some(at),
            _ => None,
        }
    }

    fn near_zero(&self, x: f64) -> Option<&NearZero> {
        self.near_zero.as_ref().filter(|near| near.contains(x))
    }
}

impl Function {
    /// The value at a double.
    pub(super) fn at(self, x: f64) -> f64 {
        self.value(x)
    }
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Utility for Expression {
    fn value(&self, x: f64) -> f64 {
        match self.near_zero(x) {
            Some(near) => near.jet(x).value,
            None => {
                let value = self.program.run(x);
                // 0 times infinity, as in `x^2 log(x)`; a continuous function is the same a smallest double further on.
                if x == 0.0 && value.is_nan() { self.program.run(f64::MIN_POSITIVE) } else { value }
            }
        }
    }

    fn slope(&self, x: f64) -> f64 {
        self.jet(x).slope
    }

    fn curvature(&self, x: f64) -> f64 {
        self.jet(x).curvature
    }

    fn jet(&self, x: f64) -> Jet {
        if let Some(near) = self.near_zero(x) {
            return near.jet(x);
        }
        let [value, slope, curvature] = self.program.run(jet::Jet::variable(x)).0;
        match self.origin {
            // What the limit is, where the expression itself is 0/0 or 0 times infinity.
            Origin::FiniteSlope(at_zero) if x == 0.0 => Jet { value: self.value(0.0), slope: at_zero, curvature },
            _ => Jet { value, slope, curvature },
        }
    }

    fn map(&self, derivative: Derivative, points: &mut [f64]) {
        let one = |x: f64| match derivative {
            Derivative::Value => self.value(x),
            Derivative::Slope => self.jet(x).slope,
            Derivative::Curvature => self.jet(x).curvature,
        };
        let together = |points: [f64; LANES]| match derivative {
            Derivative::Value => self.program.run(Lanes(points)).0,
            Derivative::Slope => self.program.run(jet::Jet::variable(Lanes(points))).0[1].0,
            Derivative::Curvature => self.program.run(jet::Jet::variable(Lanes(points))).0[2].0,
        };
        let (chunks, rest) = points.as_chunks_mut::<LANES>();
        for chunk in chunks {
            // Those close to 0 have ways of their own.
            let plain = chunk.iter().all(|x| *x != 0.0 && self.near_zero(*x).is_none());
            *chunk = if plain { together(*chunk) } else { chunk.map(one) };
        }
        rest.iter_mut().for_each(|x| *x = one(*x));
    }

    fn origin(&self) -> Origin {
        self.origin
    }

    /// The running error bound of the evaluation; an estimate where a series stands in for 0/0.
    fn errors(&self, x: f64) -> Errors {
        if let Some(near) = self.near_zero(x) {
            return near.errors(x);
        }
        let at = |x: f64| {
            let [value, slope, _] = self.program.run(jet::Jet::variable(Rounded::constant(x, 0.0))).0;
            Errors { value: value.error, slope: slope.error }
        };
        let errors = at(x);
        match self.origin {
            Origin::FiniteSlope(_) if x == 0.0 && !(errors.value + errors.slope).is_finite() => at(f64::MIN_POSITIVE),
            _ => errors,
        }
    }

    fn concavity(&self) -> Concavity {
        if self.verdict == Verdict::Concave { Concavity::Proved } else { Concavity::Sampled }
    }

    /// An expression whose `U''` has finite enclosures everywhere is analytic on (0, 1]: were `U''` zero on an interval, it would
    /// be zero everywhere, and the expression a polynomial of degree 1, which is recognised as such.
    fn is_strictly_concave(&self) -> bool {
        self.verdict == Verdict::Concave
    }
}
