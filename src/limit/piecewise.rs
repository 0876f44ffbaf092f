//! An atom at each end and a piecewise polynomial density between.
//!
//! A law on any interval is described whole, by edges that run from its lower to its upper end.

use super::legendre::{antiderivative, evaluate};
use super::lower_half::LowerHalf;

/// The law `a (delta_0 + delta_1) + p(x) dx` with `p` a polynomial on each of several panels of [0, 1/2].
#[derive(Debug, Clone)]
pub(super) struct Piecewise {
    atom: f64,
    panels: Vec<Panel>,
}

/// Legendre coefficients of `p` and of its first two antiderivatives, with `F` and `G` at the left edge.
#[derive(Debug, Clone)]
struct Panel {
    from: f64,
    to: f64,
    cdf: f64,
    cdf_integral: f64,
    density: Vec<f64>,
    mass: Vec<f64>,
    mass_integral: Vec<f64>,
}

impl Panel {
    fn new(from: f64, to: f64, cdf: f64, cdf_integral: f64, density: Vec<f64>) -> Self {
        let mass = antiderivative(&density);
        let mass_integral = antiderivative(&mass);
        Self { from, to, cdf, cdf_integral, density, mass, mass_integral }
    }

    /// Half the length: the derivative of `x` with respect to `z`.
    fn stretch(&self) -> f64 {
        0.5 * (self.to - self.from)
    }

    fn local(&self, x: f64) -> f64 {
        (x - self.from) / self.stretch() - 1.0
    }

    fn cdf_at(&self, z: f64) -> f64 {
        self.cdf + self.stretch() * evaluate(&self.mass, z)
    }

    fn cdf_integral_at(&self, z: f64) -> f64 {
        let stretch = self.stretch();
        self.cdf_integral + stretch * ((1.0 + z) * self.cdf + stretch * evaluate(&self.mass_integral, z))
    }

    /// Solves `F(x) = u` within the panel: Newton's method from the chord, guarded by a bracket.
    fn invert(&self, u: f64) -> f64 {
        const STEPS: usize = 100;
        let (mut below, mut above) = (-1.0, 1.0);
        let (low, high) = (self.cdf, self.cdf_at(1.0));
        let mut z = if high > low { 2.0 * (u - low) / (high - low) - 1.0 } else { -1.0 };
        for _ in 0..STEPS {
            let excess = self.cdf_at(z) - u;
            if excess < 0.0 {
                below = z
            } else {
                above = z
            }
            let newton = z - excess / (self.stretch() * evaluate(&self.density, z));
            let next = if newton >= below && newton <= above { newton } else { 0.5 * (below + above) };
            let moved = (next - z).abs();
            z = next;
            if moved <= 2.0 * f64::EPSILON {
                break;
            }
        }
        self.from + self.stretch() * (1.0 + z)
    }
}

impl Piecewise {
    /// `edges` run from 0 to 1/2, or over all of the support; `atom` is at the first of them; `densities[i]` holds the Legendre coefficients of `p` between edges `i` and `i + 1`.
    pub(super) fn new(atom: f64, edges: &[f64], densities: Vec<Vec<f64>>) -> Self {
        let (mut cdf, mut cdf_integral) = (atom, 0.0);
        let mut panels = Vec::with_capacity(densities.len());
        for (edge, density) in edges.windows(2).zip(densities) {
            let panel = Panel::new(edge[0], edge[1], cdf, cdf_integral, density);
            (cdf, cdf_integral) = (panel.cdf_at(1.0), panel.cdf_integral_at(1.0));
            panels.push(panel);
        }
        Self { atom, panels }
    }

    fn panel_at(&self, x: f64) -> &Panel {
        let after = self.panels.partition_point(|panel| panel.from <= x);
        &self.panels[after.saturating_sub(1)]
    }
}

impl LowerHalf for Piecewise {
    fn density(&self, x: f64) -> f64 {
        let panel = self.panel_at(x);
        evaluate(&panel.density, panel.local(x))
    }

    fn cdf(&self, x: f64) -> f64 {
        let panel = self.panel_at(x);
        panel.cdf_at(panel.local(x))
    }

    fn cdf_integral(&self, x: f64) -> f64 {
        let panel = self.panel_at(x);
        panel.cdf_integral_at(panel.local(x))
    }

    fn quantile(&self, u: f64) -> f64 {
        if u <= self.atom {
            return self.panels[0].from;
        }
        let after = self.panels.partition_point(|panel| panel.cdf < u);
        let panel = &self.panels[after.saturating_sub(1)];
        panel.invert(u).min(panel.to)
    }
}
