//! Which rankings are trained on and which are kept for testing.

use std::ops::Range;

/// Rankings by number, counted from 0.
///
/// As in the experiment the last 16 test and the first 8192 train, or all before the last 16 if there are fewer. Of fewer
/// than 32 the last tenth tests, rounded down but at least one, and all others train.
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
    /// How many test where there are 32 and more.
    pub const TEST: usize = 16;

    /// Splits so many rankings; `None` for fewer than 2.
    pub fn of(rows: usize) -> Option<Self> {
        let test = match rows {
            0 | 1 => return None,
            2..32 => (rows / 10).max(1),
            _ => Self::TEST,
        };
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
            assert_eq!(Splits::of(rows), Some(Splits { train, test }), "{rows}");
        }
        assert_eq!(Splits::of(1), None);
        assert_eq!(Splits::of(0), None);
    }
}
