//! Laws whose distribution function is made of straight lines and jumps.

use crate::limit::Atom;

/// A law with a constant density between places, and atoms at them.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct Steps {
    /// Ascending.
    places: Vec<f64>,
    /// `F` just below each place, and at it.
    below: Vec<f64>,
    at: Vec<f64>,
    /// `int F` up to each place.
    integral: Vec<f64>,
}

impl Steps {
    /// From ascending places, with `F` below and at each.
    fn new(places: Vec<f64>, below: Vec<f64>, at: Vec<f64>) -> Self {
        let mut integral = vec![0.0; places.len()];
        for i in 1..places.len() {
            integral[i] = integral[i - 1] + 0.5 * (at[i - 1] + below[i]) * (places[i] - places[i - 1]);
        }
        Self { places, below, at, integral }
    }

    /// `from < to`.
    pub(super) fn uniform(from: f64, to: f64) -> Self {
        Self::new(vec![from, to], vec![0.0, 1.0], vec![0.0, 1.0])
    }

    /// Atoms whose masses are positive and have the sum 1, in any order; `None` without any.
    pub(super) fn discrete(mut atoms: Vec<Atom>) -> Option<Self> {
        atoms.sort_by(|a, b| a.at.total_cmp(&b.at));
        let total: f64 = atoms.iter().map(|atom| atom.mass).sum();
        let (mut places, mut below, mut at) = (Vec::<f64>::new(), Vec::new(), Vec::new());
        let mut sum = 0.0;
        for atom in atoms {
            if places.last() != Some(&atom.at) {
                places.push(atom.at);
                below.push(sum / total);
                at.push(0.0);
            }
            sum += atom.mass;
            *at.last_mut()? = sum / total;
        }
        *at.last_mut()? = 1.0;
        Some(Self::new(places, below, at))
    }

    /// The law whose quantile function runs in straight lines between the sorted values: of `m` of them the `k`-th is the quantile of
    /// `(k-1)/(m-1)`, and a value that comes `t` times has an atom of mass `(t-1)/(m-1)`. `None` without any.
    pub(super) fn empirical(mut values: Vec<f64>) -> Option<Self> {
        values.sort_by(f64::total_cmp);
        let last = values.len().checked_sub(1)?;
        if last == 0 {
            return Self::discrete(vec![Atom { at: values[0], mass: 1.0 }]);
        }
        let (mut places, mut below, mut at) = (Vec::<f64>::new(), Vec::new(), Vec::new());
        for (k, value) in values.into_iter().enumerate() {
            let share = k as f64 / last as f64;
            if places.last() == Some(&value) {
                *at.last_mut()? = share;
            } else {
                places.push(value);
                below.push(share);
                at.push(share);
            }
        }
        Some(Self::new(places, below, at))
    }

    pub(super) fn places(&self) -> &[f64] {
        &self.places
    }

    pub(super) fn ends(&self) -> [f64; 2] {
        [self.places[0], self.places[self.places.len() - 1]]
    }

    /// Its uniform pieces, with their masses.
    pub(super) fn uniforms(&self) -> impl Iterator<Item = (f64, f64, f64)> {
        (1..self.places.len()).map(|i| (self.places[i - 1], self.places[i], self.below[i] - self.at[i - 1]))
    }

    pub(super) fn atoms(&self) -> Vec<Atom> {
        let own = self.places.iter().zip(self.below.iter().zip(&self.at));
        own.map(|(&at, (below, upto))| Atom { at, mass: upto - below }).filter(|atom| atom.mass > 0.0).collect()
    }

    /// The place at or below `x`.
    fn place(&self, x: f64) -> Option<usize> {
        self.places.partition_point(|place| *place <= x).checked_sub(1)
    }

    /// The density right of a place.
    fn density_after(&self, place: usize) -> f64 {
        match self.places.get(place + 1) {
            Some(next) => (self.below[place + 1] - self.at[place]) / (next - self.places[place]),
            None => 0.0,
        }
    }

    /// At a place the density to its right; at the last one that to its left.
    pub(super) fn density(&self, x: f64) -> f64 {
        let last = self.places.len() - 1;
        match self.place(x) {
            Some(place) if place == last && x == self.places[last] && last > 0 => self.density_after(last - 1),
            Some(place) => self.density_after(place),
            None => 0.0,
        }
    }

    pub(super) fn least_density(&self, from: f64, to: f64) -> f64 {
        let [first, last] = self.ends();
        if from < first || to > last {
            return 0.0;
        }
        let start = self.place(from).unwrap_or(0);
        let end = self.places.partition_point(|place| *place < to).max(start + 1);
        (start..end).map(|place| self.density_after(place)).fold(f64::INFINITY, f64::min)
    }

    pub(super) fn cdf(&self, x: f64) -> f64 {
        match self.place(x) {
            None => 0.0,
            Some(place) => self.at[place] + self.density_after(place) * (x - self.places[place]),
        }
    }

    pub(super) fn cdf_below(&self, x: f64) -> f64 {
        match self.place(x) {
            Some(place) if self.places[place] == x => self.below[place],
            _ => self.cdf(x),
        }
    }

    pub(super) fn cdf_integral(&self, x: f64) -> f64 {
        match self.place(x) {
            None => 0.0,
            Some(place) => {
                let step = x - self.places[place];
                self.integral[place] + step * (self.at[place] + 0.5 * self.density_after(place) * step)
            }
        }
    }

    fn moment(&self, of_atom: impl Fn(f64) -> f64, of_uniform: impl Fn(f64, f64) -> f64) -> f64 {
        let atoms: f64 = self.atoms().iter().map(|atom| atom.mass * of_atom(atom.at)).sum();
        atoms + self.uniforms().map(|(from, to, mass)| mass * of_uniform(from, to)).sum::<f64>()
    }

    pub(super) fn mean(&self) -> f64 {
        self.moment(|x| x, |from, to| 0.5 * (from + to))
    }

    pub(super) fn variance(&self) -> f64 {
        let mean = self.mean();
        let uniform = |from: f64, to: f64| (0.5 * (from + to) - mean).powi(2) + (to - from).powi(2) / 12.0;
        self.moment(|x| (x - mean).powi(2), uniform)
    }
}
