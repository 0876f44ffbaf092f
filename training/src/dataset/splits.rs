//! Which rankings are trained on and which are kept for testing.

use std::ops::Range;

/// Rankings by number, counted from 0.
///
/// The last `test` of them test and the first 8192 train, or all before those if there are fewer; in the experiment 16 test. Of fewer
/// than `2 test` the last tenth tests, rounded down but at least one, and all others train.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Splits {
    /// The rankings to train on.
    pub train: Range<usize>,
    /// The rankings to test on.
    pub test: Range<usize>,
}

impl Splits {
    /// The most rankings that train.
    pub const TRAIN: usize = 8192;
    /// How many test in the experiment.
    pub const TEST: usize = 16;

    /// Splits so many rankings, of which `test` test; `None` for fewer than 2.
    pub fn of(rows: usize, test: usize) -> Option<Self> {
        if rows < 2 {
            return None;
        }
        let test = if rows < 2 * test { (rows / 10).max(1) } else { test };
        Some(Self { train: 0..(rows - test).min(Self::TRAIN), test: rows - test..rows })
    }
}

#[cfg(test)]
mod tests {
    use super::Splits;

    #[test]
    fn the_papers_split_and_smaller_ones() {
        for (rows, train, test) in [
            (15_025, 0..8192, 15_009..15_025),
            (8208, 0..8192, 8192..8208),
            (8207, 0..8191, 8191..8207),
            (32, 0..16, 16..32),
            (31, 0..28, 28..31),
            (19, 0..18, 18..19),
            (2, 0..1, 1..2),
        ] {
            assert_eq!(Splits::of(rows, Splits::TEST), Some(Splits { train, test }), "{rows}");
        }
        assert_eq!(Splits::of(1, Splits::TEST), None);
        assert_eq!(Splits::of(0, 1), None);
        assert_eq!(Splits::of(9000, 256), Some(Splits { train: 0..8192, test: 8744..9000 }));
        assert_eq!(Splits::of(100, 256), Some(Splits { train: 0..90, test: 90..100 }));
    }
}
