//! The points, and the sums over them term by term.

/// Where the `n` points lie in [0, 1].
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Points {
    /// `sin^2(pi i / (2 (n - 1)))`: the spacings go from `1/n^2` at the ends to `1/n`.
    Arcsine,
    /// `i / (n - 1)`.
    Uniform,
}

/// What is summed over `j != i`, with charges `v`.
#[derive(Clone, Copy, PartialEq, Eq)]
pub enum Sum {
    /// `v_j log |x_i - x_j|`.
    Potential,
    /// `v_j / (x_i - x_j)`.
    Slope,
    /// `v_j / (x_i - x_j)^2`.
    Curvature,
}

impl Sum {
    /// The term of two points apart by `high + low`.
    fn term(self, high: f64, low: f64) -> f64 {
        match self {
            Self::Potential => high.abs().ln() + low / high,
            Self::Slope => (1.0 - low / high) / high,
            Self::Curvature => (1.0 - 2.0 * low / high) / (high * high),
        }
    }
}

/// Points rounded to doubles, and their differences free of that rounding.
pub struct Line {
    points: Points,
    /// The positions.
    pub x: Vec<f64>,
    /// `sin(pi k / (2 (n - 1)))` for `k <= 2 (n - 1)`.
    sines: Vec<f64>,
}

impl Line {
    /// `n >= 2` of them.
    pub fn new(points: Points, n: usize) -> Self {
        let intervals = (n - 1) as f64;
        // Of the smaller of the two angles that have this sine.
        let sine = |k: usize| (std::f64::consts::FRAC_PI_2 * k.min(2 * (n - 1) - k) as f64 / intervals).sin();
        let x = match points {
            Points::Arcsine => (0..n).map(|i| sine(i).powi(2)).collect(),
            Points::Uniform => (0..n).map(|i| i as f64 / intervals).collect(),
        };
        Self { points, x, sines: (0..2 * n - 1).map(sine).collect() }
    }

    /// `x_i - x_j` before the positions are rounded.
    fn difference(&self, i: usize, j: usize) -> f64 {
        match self.points {
            // sin^2 a - sin^2 b = sin(a + b) sin(a - b).
            Points::Arcsine => {
                let size = self.sines[i + j] * self.sines[i.abs_diff(j)];
                if i > j { size } else { -size }
            }
            Points::Uniform => (i as f64 - j as f64) / (self.x.len() - 1) as f64,
        }
    }

    /// The sum for target `i`, term by term: over the rounded positions, over the exact ones, and of the moduli.
    pub fn direct(&self, sum: Sum, i: usize, charges: &[f64]) -> Direct {
        let (mut rounded, mut exact, mut moduli) = (TwoSum::default(), TwoSum::default(), 0.0);
        for j in (0..self.x.len()).filter(|&j| j != i) {
            let (a, b) = (self.x[i], self.x[j]);
            let high = a - b;
            let part = high - a;
            let low = (a - (high - part)) - (b + part);
            // Points that are one in doubles: the kernels leave them out like the point itself.
            if high != 0.0 {
                rounded.add(charges[j] * sum.term(high, low));
            }
            let term = charges[j] * sum.term(self.difference(i, j), 0.0);
            exact.add(term);
            moduli += term.abs();
        }
        Direct { rounded: rounded.value(), exact: exact.value(), moduli }
    }
}

/// What [`Line::direct`] gives.
pub struct Direct {
    /// The sum over the positions as doubles, their differences exact.
    pub rounded: f64,
    /// The sum over the positions before they are rounded.
    pub exact: f64,
    /// The sum of the moduli of the terms.
    pub moduli: f64,
}

#[derive(Default)]
struct TwoSum(f64, f64);

impl TwoSum {
    fn add(&mut self, term: f64) {
        let sum = self.0 + term;
        let part = sum - self.0;
        self.1 += (self.0 - (sum - part)) + (term - part);
        self.0 = sum;
    }

    fn value(self) -> f64 {
        self.0 + self.1
    }
}

/// Numbers that are the same on every run, from a seed (splitmix64).
pub struct Random(pub u64);

impl Random {
    fn next(&mut self) -> u64 {
        self.0 = self.0.wrapping_add(0x9e37_79b9_7f4a_7c15);
        let mut z = self.0;
        z = (z ^ (z >> 30)).wrapping_mul(0xbf58_476d_1ce4_e5b9);
        z = (z ^ (z >> 27)).wrapping_mul(0x94d0_49bb_1331_11eb);
        z ^ (z >> 31)
    }

    /// In [-1, 1).
    pub fn signed(&mut self) -> f64 {
        (self.next() >> 11) as f64 / (1u64 << 52) as f64 - 1.0
    }

    /// An index below `n`.
    pub fn below(&mut self, n: usize) -> usize {
        (self.next() % n as u64) as usize
    }
}
