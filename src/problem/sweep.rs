//! Sums over pairs, in an order that does not depend on the number of threads.

use rayon::prelude::*;

/// Rows a chunk: chunks, not threads, own the partial sums, so that a result has the same bits on any machine.
const CHUNK: usize = 64;

/// Below so many rows the threads cost more than they save.
const PARALLEL_ROWS: usize = 192;

/// Calls `row(i, sums)` for `i` in `0..rows`; each call adds to `sums`, of length `width`, and the sums are added up.
pub(super) fn sum_rows(rows: usize, width: usize, row: impl Fn(usize, &mut [f64]) + Sync) -> Vec<f64> {
    if rows < PARALLEL_ROWS {
        let mut sums = vec![0.0; width];
        (0..rows).for_each(|i| row(i, &mut sums));
        return sums;
    }
    let chunks = rows.div_ceil(CHUNK);
    let partial: Vec<Vec<f64>> = (0..chunks)
        .into_par_iter()
        .map(|chunk| {
            let mut sums = vec![0.0; width];
            (chunk * CHUNK..rows.min((chunk + 1) * CHUNK)).for_each(|i| row(i, &mut sums));
            sums
        })
        .collect();
    let mut total = vec![0.0; width];
    for sums in partial {
        total.iter_mut().zip(sums).for_each(|(t, s)| *t += s);
    }
    total
}

/// A sum with its rounding error carried along (Knuth's two-sum): about twice the digits of an `f64`.
#[derive(Debug, Clone, Copy, Default, PartialEq)]
pub(crate) struct Accurate {
    sum: f64,
    error: f64,
}

impl Accurate {
    pub(crate) fn add(&mut self, term: f64) {
        let (sum, error) = two_sum(self.sum, term);
        self.sum = sum;
        self.error += error;
    }

    pub(crate) fn merge(&mut self, other: Accurate) {
        self.add(other.sum);
        self.error += other.error;
    }

    pub(crate) fn value(self) -> f64 {
        self.sum + self.error
    }
}

/// `a + b` and its rounding error, exactly.
pub(super) fn two_sum(a: f64, b: f64) -> (f64, f64) {
    let sum = a + b;
    let shadow = sum - a;
    (sum, (a - (sum - shadow)) + (b - shadow))
}

/// [`sum_rows`] with error-carrying sums.
pub(super) fn accurate_rows(rows: usize, width: usize, row: impl Fn(usize, &mut [Accurate]) + Sync) -> Vec<Accurate> {
    let chunk_size = if rows < PARALLEL_ROWS { rows.max(1) } else { CHUNK };
    let one = |chunk: usize| {
        let mut sums = vec![Accurate::default(); width];
        (chunk * chunk_size..rows.min((chunk + 1) * chunk_size)).for_each(|i| row(i, &mut sums));
        sums
    };
    let chunks = rows.div_ceil(chunk_size);
    let partial: Vec<Vec<Accurate>> =
        if chunks > 1 { (0..chunks).into_par_iter().map(one).collect() } else { (0..chunks).map(one).collect() };
    let mut total = vec![Accurate::default(); width];
    for sums in partial {
        total.iter_mut().zip(sums).for_each(|(t, s)| t.merge(s));
    }
    total
}
