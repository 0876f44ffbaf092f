//! Sums over pairs, in an order that does not depend on the number of threads.

use rayon::prelude::*;

/// Rows a chunk: chunks, not threads, own the partial sums, so that a result has the same bits on any machine.
const CHUNK: usize = 64;

/// Below so many rows the threads cost more than they save.
const PARALLEL_ROWS: usize = 192;

/// What partial sums are made of.
pub(super) trait Sum: Copy + Default + Send {
    /// Adds another partial sum.
    fn merge(&mut self, other: Self);
}

impl Sum for f64 {
    fn merge(&mut self, other: Self) {
        *self += other;
    }
}

/// Calls `row(i, sums)` for `i` in `0..rows`; each call adds to `sums`, of length `width`, and the sums are added up.
pub(super) fn sum_rows<S: Sum>(rows: usize, width: usize, row: impl Fn(usize, &mut [S]) + Sync) -> Vec<S> {
    let over = |range: std::ops::Range<usize>| {
        let mut sums = vec![S::default(); width];
        range.for_each(|i| row(i, &mut sums));
        sums
    };
    if rows < PARALLEL_ROWS {
        return over(0..rows);
    }
    let chunks = (0..rows.div_ceil(CHUNK)).into_par_iter();
    let partial: Vec<Vec<S>> = chunks.map(|chunk| over(chunk * CHUNK..rows.min((chunk + 1) * CHUNK))).collect();
    let mut total = vec![S::default(); width];
    for sums in partial {
        total.iter_mut().zip(sums).for_each(|(t, s)| t.merge(s));
    }
    total
}

/// A sum with its rounding error carried along (Knuth's two-sum): about twice the digits of an `f64`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(super) struct Accurate {
    sum: f64,
    error: f64,
}

impl Accurate {
    pub(super) fn add(&mut self, term: f64) {
        let (sum, error) = two_sum(self.sum, term);
        self.sum = sum;
        self.error += error;
    }

    pub(super) fn value(self) -> f64 {
        self.sum + self.error
    }

    pub(super) fn negated(self) -> Self {
        Self { sum: -self.sum, error: -self.error }
    }
}

impl Sum for Accurate {
    fn merge(&mut self, other: Self) {
        self.add(other.sum);
        self.error += other.error;
    }
}

/// `a + b` and its rounding error, exactly.
pub(crate) fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let shadow = sum - a;
    (sum, (a - (sum - shadow)) + (b - shadow))
}
