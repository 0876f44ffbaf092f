//! A study's parts.

use std::fmt;
use std::str::FromStr;

use thiserror::Error;

/// Part `index` of `count`, counted from 1, as one job of a cluster's array runs it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Shard {
    index: usize,
    count: usize,
}

/// A text that names no part.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Error)]
#[error("a shard is I/K with 1 <= I <= K, such as 2/8")]
pub struct BadShard;

impl Shard {
    /// The whole study.
    pub const WHOLE: Shard = Shard { index: 1, count: 1 };

    /// Part `index` of `count`, counted from 1.
    ///
    /// # Errors
    /// [`BadShard`] unless `1 <= index <= count`.
    pub fn new(index: usize, count: usize) -> Result<Self, BadShard> {
        if (1..=count).contains(&index) { Ok(Self { index, count }) } else { Err(BadShard) }
    }

    /// The file that keeps this part's points.
    pub(super) fn file_name(self) -> String {
        match self {
            Shard::WHOLE => "points.jsonl".into(),
            Shard { index, count } => format!("points-{index}-of-{count}.jsonl"),
        }
    }

    /// This part of `points`, smallest size first.
    ///
    /// The time of a point grows with its size, so the points are dealt out like cards, largest first: no two parts differ
    /// by more than one point of any size.
    pub fn of<P: Clone>(self, points: &[P], size: impl Fn(&P) -> usize) -> Vec<P> {
        let mut dealt: Vec<&P> = points.iter().collect();
        dealt.sort_by_key(|point| std::cmp::Reverse(size(point)));
        let mut own: Vec<P> = dealt.into_iter().skip(self.index - 1).step_by(self.count).cloned().collect();
        own.sort_by_key(size);
        own
    }
}

impl fmt::Display for Shard {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.index, self.count)
    }
}

impl FromStr for Shard {
    type Err = BadShard;

    fn from_str(text: &str) -> Result<Self, BadShard> {
        let number = |text: &str| text.parse().map_err(|_| BadShard);
        let (index, count) = text.split_once('/').ok_or(BadShard)?;
        Self::new(number(index)?, number(count)?)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn shards_are_read() {
        assert_eq!("2/8".parse(), Shard::new(2, 8));
        assert_eq!("1/1".parse(), Ok(Shard::WHOLE));
        assert_eq!(Shard::new(3, 4).map(|shard| shard.to_string()), Ok("3/4".into()));
        for bad in ["0/4", "5/4", "x", "", "/", "1/", "-1/4", "1/0", "1/2/3", "1.5/2", "99999999999999999999/2"] {
            assert_eq!(bad.parse::<Shard>(), Err(BadShard), "{bad}");
        }
    }

    #[test]
    fn every_point_is_in_exactly_one_part_of_like_cost() {
        let points: Vec<(usize, usize)> = (0..5).flat_map(|u| [10, 100, 1000].map(|n| (u, n))).collect();
        for count in [1, 2, 3, 7, 20] {
            let parts: Vec<Vec<(usize, usize)>> =
                (1..=count).map(|i| Shard { index: i, count }.of(&points, |point| point.1)).collect();
            let mut all: Vec<(usize, usize)> = parts.concat();
            all.sort_unstable();
            assert_eq!(all, points, "{count}");
            for part in &parts {
                assert!(part.is_sorted_by_key(|point| point.1));
            }
            for n in [10, 100, 1000] {
                let counts = parts.iter().map(|part| part.iter().filter(|point| point.1 == n).count());
                assert!(counts.clone().max() <= counts.min().map(|least| least + 1), "{count} {n}");
            }
        }
    }
}
