//! Any expression in `x`.

use std::fmt;

use exmex::{Differentiate, Express, FlatEx};

use super::recognise::round_significant;
use super::{Origin, Utility, UtilityError, notation};

/// A utility typed as an expression in `x`, with symbolic first and second derivatives.
///
/// It is parsed but not yet known to be increasing and concave; [`super::parse`] checks that too.
#[derive(Debug, Clone)]
pub struct Expression {
    text: String,
    value: FlatEx<f64>,
    slope: FlatEx<f64>,
    curvature: FlatEx<f64>,
    origin: Origin,
}

impl Expression {
    /// Parses and differentiates `text`, and finds how it leaves `x = 0+`.
    ///
    /// # Errors
    /// [`UtilityError::Syntax`] with what to write instead.
    pub fn parse(text: &str) -> Result<Self, UtilityError> {
        let text = text.trim();
        let syntax = |reason: String| UtilityError::Syntax { expression: text.into(), reason };
        let read = notation::rewrite(text).map_err(syntax)?;
        let [value, slope, curvature] = differentiate(&read).map_err(syntax)?;
        let origin = find_origin(|x| at(&slope, x), |x| at(&curvature, x));
        Ok(Self { text: text.into(), value, slope, curvature, origin })
    }
}

/// Stack for the parser: it recurses with large frames, and a thread's default stack is too small for it.
const PARSER_STACK: usize = 256 << 20;

/// Characters of a first derivative beyond which the second is not attempted.
const MAX_SLOPE: usize = 3000;

/// The parsed expression, its derivative and its second derivative.
fn differentiate(read: &str) -> Result<[FlatEx<f64>; 3], String> {
    let work = || -> exmex::ExResult<Option<[FlatEx<f64>; 3]>> {
        let value: FlatEx<f64> = exmex::parse(read)?;
        let slope = value.clone().partial(0)?;
        // The second derivative takes time and memory that grow with the square of this.
        if slope.unparse().len() > MAX_SLOPE {
            return Ok(None);
        }
        let curvature = slope.clone().partial(0)?;
        Ok(Some([value, slope, curvature]))
    };
    std::thread::scope(|scope| {
        let parser = std::thread::Builder::new().stack_size(PARSER_STACK).spawn_scoped(scope, work);
        match parser.map(|thread| thread.join()) {
            Ok(Ok(Ok(Some(parsed)))) => Ok(parsed),
            Ok(Ok(Ok(None))) => Err("its derivative is too long; write it with fewer factors".into()),
            Ok(Ok(Err(error))) => Err(error.to_string()),
            _ => Err("the expression parser gave up on it".into()),
        }
    })
}

/// The expression's value; the parser fails only for a wrong number of variables, and there is one.
fn at(expression: &FlatEx<f64>, x: f64) -> f64 {
    expression.eval(&[x]).unwrap_or(f64::NAN)
}

/// Stands in for 0 where an expression is 0/0 there.
const NEAR_ZERO: f64 = 1e-9;

/// Distances at which the behaviour at 0 is read off, nearest first: at the nearest where rounding inside the expression
/// (a `1 - exp(-x)`, say) has not yet destroyed the derivatives.
const PROBES: [f64; 10] = [1e-120, 1e-90, 1e-60, 1e-40, 1e-25, 1e-16, 1e-12, 1e-9, 1e-7, 1e-5];

/// Finds `q` with `U'(x) ~ x^-q` as `x -> 0+`, and the factor.
///
/// `q` is read off twice, from two slopes and from the elasticity `-x U''/U'`; only a probe at which both agree is believed.
fn find_origin(slope: impl Fn(f64) -> f64, curvature: impl Fn(f64) -> f64) -> Origin {
    let at_zero = slope(0.0);
    if at_zero.is_finite() {
        return Origin::FiniteSlope(at_zero);
    }
    for x in PROBES {
        let (near, far) = (slope(x), slope(16.0 * x));
        let q = (near / far).ln() / 16f64.ln();
        let elasticity = -x * curvature(x) / near;
        if !(near.is_finite() && far > 0.0 && (q - elasticity).abs() <= 1e-6 * (1.0 + q.abs())) {
            continue;
        }
        // An exponent such as 0.5 carries a rounding error, or at a far probe what other terms add.
        let rounded = round_significant(elasticity, 6);
        let doubt = 10.0 * (q - elasticity).abs().max(1e-13);
        let q = if (rounded - elasticity).abs() <= doubt { rounded } else { elasticity };
        if q.abs() < 1e-4 {
            // Finite where 0/0 hides it; otherwise a slope that grows slower than any power, such as x - x log x.
            let converged = (near - far).abs() <= 1e-6 * near.abs();
            return if converged { Origin::FiniteSlope(near) } else { Origin::SlowSlope };
        }
        let factor = near * x.powf(q);
        return if (q - 1.0).abs() < 1e-9 {
            Origin::Log { scale: factor }
        } else if q < 1.0 {
            Origin::Power { gamma: 1.0 - q, scale: factor / (1.0 - q) }
        } else {
            Origin::Pole { sigma: q - 1.0, scale: factor / (q - 1.0) }
        };
    }
    Origin::SlowSlope
}

impl fmt::Display for Expression {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.text)
    }
}

impl Utility for Expression {
    fn value(&self, x: f64) -> f64 {
        let value = at(&self.value, x);
        if x == 0.0 && value.is_nan() {
            at(&self.value, NEAR_ZERO) - NEAR_ZERO * at(&self.slope, NEAR_ZERO)
        } else {
            value
        }
    }

    fn slope(&self, x: f64) -> f64 {
        match self.origin {
            Origin::FiniteSlope(slope) if x == 0.0 => slope,
            _ => at(&self.slope, x),
        }
    }

    fn curvature(&self, x: f64) -> f64 {
        let curvature = at(&self.curvature, x);
        if x == 0.0 && curvature.is_nan() { at(&self.curvature, NEAR_ZERO) } else { curvature }
    }

    fn origin(&self) -> Origin {
        self.origin
    }

    /// An estimate: an expression may cancel in ways that no constant bounds.
    fn slope_error(&self, slope: f64) -> f64 {
        let cancelled = match self.origin {
            Origin::FiniteSlope(at_zero) => 4.0 * at_zero,
            _ => 0.0,
        };
        64.0 * slope.abs() + cancelled
    }
}
