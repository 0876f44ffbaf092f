//! The functions of the notation, each with its first three derivatives.

use super::double_double::{Dd, LN_2, LN_10, dd};
use super::jet::{Jet, Outer};

/// Every name that may stand before a parenthesis.
pub const NAMES: [&str; 19] = [
    "log",
    "ln",
    "log2",
    "log10",
    "exp",
    "sqrt",
    "cbrt",
    "sin",
    "cos",
    "tan",
    "atan",
    "sinh",
    "cosh",
    "tanh",
    "logsigmoid",
    "sigmoid",
    "log1p",
    "expm1",
    "softplus",
];

/// One over the argument, which has no name in the notation.
pub const INVERSE: &str = "1/";

/// Roundings that a good library needs for one function.
const LIBRARY: f64 = 3.0;

/// The function `name` of a jet.
pub fn apply(name: &str, g: Jet) -> Jet {
    let x = g.at[0];
    let outer = |at: [Dd; 4], scale: f64| Outer { at, scale, roundings: LIBRARY };
    let logarithm = |base: Dd| {
        let s = dd(1.0) / base;
        outer([x.ln() * s, s / x, -s / (x * x), s * 2.0 / (x * x * x)], x.abs())
    };
    let softplus = |x: Dd| {
        let (s, t) = (x.sigmoid(), (-x).sigmoid());
        outer([x.softplus(), s, s * t, s * t * (t - s)], 1.0)
    };
    g.through(&match name {
        "log" | "ln" => logarithm(dd(1.0)),
        "log2" => logarithm(LN_2),
        "log10" => logarithm(LN_10),
        "log1p" => {
            let y = dd(1.0) + x;
            outer([x.ln_1p(), dd(1.0) / y, -(dd(1.0) / (y * y)), dd(2.0) / (y * y * y)], y.abs())
        }
        "exp" => outer([x.exp(); 4], 1.0),
        "expm1" => outer([x.exp_m1(), x.exp(), x.exp(), x.exp()], 1.0),
        "sqrt" => power_of(x, 0.5, x.sqrt()),
        "cbrt" => {
            let root = x.cbrt();
            let first = root / (x * 3.0);
            let second = -first * 2.0 / (x * 3.0);
            outer([root, first, second, -second * 5.0 / (x * 3.0)], x.abs())
        }
        "sin" => {
            let (s, c) = x.sin_cos();
            outer([s, c, -s, -c], 1.0)
        }
        "cos" => {
            let (s, c) = x.sin_cos();
            outer([c, -s, -c, s], 1.0)
        }
        "tan" => {
            let (s, c) = x.sin_cos();
            let (t, d) = (s / c, dd(1.0) / (c * c));
            outer([t, d, t * d * 2.0, d * (d + t * t * 2.0) * 2.0], c.abs())
        }
        "atan" => {
            let d = dd(1.0) / (dd(1.0) + x * x);
            outer([x.atan(), d, -x * d * d * 2.0, (x * x * 3.0 - dd(1.0)) * d * d * d * 2.0], 1.0)
        }
        "sinh" => outer([x.sinh(), x.cosh(), x.sinh(), x.cosh()], 1.0),
        "cosh" => outer([x.cosh(), x.sinh(), x.cosh(), x.sinh()], 1.0),
        "tanh" => {
            let (t, c) = (x.tanh(), x.cosh());
            let d = dd(1.0) / (c * c);
            outer([t, d, -t * d * 2.0, d * (t * t * 2.0 - d) * 2.0], 1.0)
        }
        "sigmoid" => {
            let (s, t) = (x.sigmoid(), (-x).sigmoid());
            outer([s, s * t, s * t * (t - s), s * t * (dd(1.0) - s * t * 6.0)], 1.0)
        }
        "softplus" => softplus(x),
        // -softplus(-x), whose odd derivatives keep their sign.
        "logsigmoid" => {
            let [value, first, second, third] = softplus(-x).at;
            outer([-value, first, -second, third], 1.0)
        }
        INVERSE => {
            let y = dd(1.0) / x;
            outer([y, -y * y, y * y * y * 2.0, -y * y * y * y * 6.0], x.abs())
        }
        _ => panic!("the reference does not know the function {name}"),
    })
}

/// `x^p` and its derivatives from the value.
fn power_of(x: Dd, p: f64, value: Dd) -> Outer {
    let p = dd(p);
    let first = value * p / x;
    let second = first * (p - dd(1.0)) / x;
    Outer { at: [value, first, second, second * (p - dd(2.0)) / x], scale: x.abs(), roundings: LIBRARY }
}

/// `base^exponent` where the exponent does not depend on the variable.
///
/// A negative base needs a whole exponent.
pub fn power(base: Jet, exponent: Jet) -> Jet {
    let (x, p) = (base.at[0], exponent.at[0]);
    let whole = p.lo == 0.0 && p.hi.fract() == 0.0 && p.hi.abs() <= 1024.0;
    let value = if whole {
        let power = x.powi(p.hi.abs() as u32);
        if p.hi < 0.0 { dd(1.0) / power } else { power }
    } else {
        (x.ln() * p).exp()
    };
    let first = value * p / x;
    let second = first * (p - dd(1.0)) / x;
    let outer = Outer {
        at: [value, first, second, second * (p - dd(2.0)) / x],
        scale: x.abs() / (1.0 + p.abs()),
        // Repeated multiplication rounds as often as it multiplies.
        roundings: LIBRARY + if whole { p.abs() } else { 0.0 },
    };
    let (log, p) = (x.hi.abs().ln(), p.hi);
    let by_exponent = [
        value.hi * log,
        value.hi / x.hi * (1.0 + (p * log).abs()),
        value.hi / (x.hi * x.hi) * ((2.0 * p - 1.0).abs() + (p * (p - 1.0) * log).abs()),
    ];
    base.through(&outer).with_doubt(&base, exponent.error[0], by_exponent)
}

/// `base^exponent` where both depend on the variable.
pub fn general_power(base: Jet, exponent: Jet) -> Jet {
    apply("exp", exponent.times(apply("log", base)))
}

#[cfg(test)]
mod tests {
    use super::*;

    /// Every derivative against a difference quotient in double-double, good to about 20 digits.
    #[test]
    fn derivatives_are_those_of_the_values() {
        let h = 1e-6;
        for name in NAMES.into_iter().chain([INVERSE]) {
            for at in [0.03, 0.4, 1.3, 5.0] {
                let jet = |x: f64| apply(name, Jet::variable(x));
                let (below, here, above) = (jet(at - h), jet(at), jet(at + h));
                // The doubles at - h and at + h are not exactly that far apart.
                let span = dd(at + h) - dd(at - h);
                for k in 0..2 {
                    let quotient = (above.at[k] - below.at[k]) / span;
                    let gap = (quotient - here.at[k + 1]).abs();
                    assert!(gap <= 1e-6 * (here.at[k + 1].abs() + here.at[k].abs()), "{name} at {at}, {k}: {gap}");
                }
            }
        }
    }
}
