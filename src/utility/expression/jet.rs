//! Forward-mode differentiation: value, slope and curvature together.

use super::function::Function;
use super::number::Number;

/// What the operations of an expression act on: plain numbers for a value, jets for derivatives.
pub(super) trait Algebra: Copy {
    fn constant(value: f64, error: f64) -> Self;
    fn add(self, other: Self) -> Self;
    fn sub(self, other: Self) -> Self;
    fn mul(self, other: Self) -> Self;
    fn div(self, other: Self) -> Self;
    fn neg(self) -> Self;
    /// A power whose exponent is known up to `error`.
    fn power(self, p: f64, error: f64) -> Self;
    fn apply(self, function: Function) -> Self;
    /// Times a constant.
    fn scale(self, c: f64, error: f64) -> Self;
    /// Over a constant.
    fn over(self, c: f64, error: f64) -> Self;
    /// A constant over this.
    fn under(self, c: f64, error: f64) -> Self;
}

impl<N: Number> Algebra for N {
    fn constant(value: f64, error: f64) -> Self {
        N::constant(value, error)
    }

    fn add(self, other: Self) -> Self {
        N::add(self, other)
    }

    fn sub(self, other: Self) -> Self {
        N::sub(self, other)
    }

    fn mul(self, other: Self) -> Self {
        N::mul(self, other)
    }

    fn div(self, other: Self) -> Self {
        N::div(self, other)
    }

    fn neg(self) -> Self {
        N::neg(self)
    }

    fn power(self, p: f64, error: f64) -> Self {
        let power = N::power(self, p);
        if error == 0.0 { power } else { power.widen(1.01 * error * self.log_size()) }
    }

    fn apply(self, function: Function) -> Self {
        function.value(self)
    }

    fn scale(self, c: f64, error: f64) -> Self {
        N::constant(c, error).mul(self)
    }

    fn over(self, c: f64, error: f64) -> Self {
        self.div(N::constant(c, error))
    }

    fn under(self, c: f64, error: f64) -> Self {
        N::constant(c, error).div(self)
    }
}

/// A function's value with its first two derivatives in `x`.
#[derive(Debug, Clone, Copy)]
pub(super) struct Jet<N>(pub(super) [N; 3]);

impl<N: Number> Jet<N> {
    /// `x` itself.
    pub(super) fn variable(x: N) -> Self {
        Self([x, N::constant(1.0, 0.0), N::constant(0.0, 0.0)])
    }

    /// The chain rule: `f` has the value and derivatives given.
    fn chain(self, [f, df, ddf]: [N; 3]) -> Self {
        let [_, slope, curvature] = self.0;
        Self([f, df.mul(slope), ddf.mul(slope.square()).add(df.mul(curvature))])
    }
}

impl<N: Number> Algebra for Jet<N> {
    fn constant(value: f64, error: f64) -> Self {
        let zero = N::constant(0.0, 0.0);
        Self([N::constant(value, error), zero, zero])
    }

    fn add(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i].add(other.0[i])))
    }

    fn sub(self, other: Self) -> Self {
        Self(std::array::from_fn(|i| self.0[i].sub(other.0[i])))
    }

    fn mul(self, other: Self) -> Self {
        let ([a, da, dda], [b, db, ddb]) = (self.0, other.0);
        let cross = N::constant(2.0, 0.0).mul(da.mul(db));
        Self([a.mul(b), da.mul(b).add(a.mul(db)), dda.mul(b).add(cross).add(a.mul(ddb))])
    }

    fn div(self, other: Self) -> Self {
        let ([a, da, dda], [b, db, ddb]) = (self.0, other.0);
        let q = a.div(b);
        let dq = da.sub(q.mul(db)).div(b);
        let cross = N::constant(2.0, 0.0).mul(dq.mul(db));
        Self([q, dq, dda.sub(cross).sub(q.mul(ddb)).div(b)])
    }

    fn neg(self) -> Self {
        Self(self.0.map(N::neg))
    }

    fn power(self, p: f64, error: f64) -> Self {
        let powers = self.0[0].powers(p);
        if error == 0.0 {
            return self.chain(powers);
        }
        // The error is that of a rounding: what it does is taken to first order, with a margin.
        let of_power = 1.01 * error * self.0[0].log_size();
        let of_factors = [0.0, error / p.abs(), error / p.abs() + error / (p - 1.0).abs()];
        let [value, slope, curvature] = powers;
        self.chain([
            value.widen(of_power),
            slope.widen(of_power + 1.01 * of_factors[1]),
            curvature.widen(of_power + 1.01 * of_factors[2]),
        ])
    }

    fn apply(self, function: Function) -> Self {
        self.chain(function.derivatives(self.0[0]))
    }

    // A constant has no derivatives, so that an infinite value of one factor does not meet a zero derivative of the other.

    fn scale(self, c: f64, error: f64) -> Self {
        Self(self.0.map(|derivative| N::constant(c, error).mul(derivative)))
    }

    fn over(self, c: f64, error: f64) -> Self {
        Self(self.0.map(|derivative| derivative.div(N::constant(c, error))))
    }

    fn under(self, c: f64, error: f64) -> Self {
        let value = N::constant(c, error).div(self.0[0]);
        let slope = value.div(self.0[0]).neg();
        self.chain([value, slope, N::constant(-2.0, 0.0).mul(slope.div(self.0[0]))])
    }
}
