//! The beginnings of many texts in one string.

use std::hash::{DefaultHasher, Hash, Hasher};
use std::ops::Range;

/// Characters of a text that are kept. A table may have a million responses, each of thousands of characters.
const KEPT: usize = 200;

/// The beginnings of texts, and what tells whole texts apart.
#[derive(Debug, Clone, Default, PartialEq)]
pub(super) struct Texts {
    beginnings: String,
    ends: Vec<usize>,
    hashes: Vec<u64>,
}

/// The texts of the responses of one prompt, in the order of its rewards.
#[derive(Debug, Clone, Copy)]
pub struct Responses<'a> {
    texts: &'a Texts,
    first: usize,
    last: usize,
}

impl Texts {
    pub(super) fn push(&mut self, text: &str) {
        self.push_hashed(beginning(text), hash(text), text.len() > beginning(text).len());
    }

    fn push_hashed(&mut self, beginning: &str, hash: u64, is_cut: bool) {
        self.beginnings.push_str(beginning);
        if is_cut {
            self.beginnings.push('…');
        }
        self.ends.push(self.beginnings.len());
        self.hashes.push(hash);
    }

    fn get(&self, index: usize) -> &str {
        let start = index.checked_sub(1).map_or(Some(0), |before| self.ends.get(before).copied());
        let range = start.zip(self.ends.get(index).copied());
        range.and_then(|(start, end)| self.beginnings.get(start..end)).unwrap_or_default()
    }

    pub(super) fn of(&self, range: Range<usize>) -> Responses<'_> {
        Responses { texts: self, first: range.start, last: range.end }
    }

    /// The texts in another order: place `i` has what was at `order[i]`.
    pub(super) fn ordered(&self, order: &[usize]) -> Self {
        let mut ordered = Self::default();
        ordered.beginnings.reserve_exact(self.beginnings.len());
        for &index in order {
            ordered.push_hashed(self.get(index), self.hashes.get(index).copied().unwrap_or_default(), false);
        }
        ordered
    }
}

impl<'a> Responses<'a> {
    /// The number of responses.
    pub fn len(&self) -> usize {
        self.last - self.first
    }

    /// Whether there is no response.
    pub fn is_empty(&self) -> bool {
        self.last == self.first
    }

    /// The text of response `index`, counted from 0; of a long text the beginning, with `…` at its end. Empty beyond the
    /// last.
    pub fn get(&self, index: usize) -> &'a str {
        if index < self.len() { self.texts.get(self.first + index) } else { "" }
    }

    /// The texts in order.
    pub fn iter(&self) -> impl Iterator<Item = &'a str> + use<'a> {
        let texts = *self;
        (0..self.len()).map(move |index| texts.get(index))
    }

    /// Whether two responses are one text, to the last character: by a hash of 64 bits of each.
    pub fn are_same(&self, one: usize, other: usize) -> bool {
        let hash = |index: usize| (index < self.len()).then(|| self.texts.hashes.get(self.first + index)).flatten();
        hash(one).is_some() && hash(one) == hash(other)
    }
}

/// The first characters of a text.
fn beginning(text: &str) -> &str {
    let end = text.char_indices().nth(KEPT).map_or(text.len(), |(end, _)| end);
    text.get(..end).unwrap_or(text)
}

fn hash(text: &str) -> u64 {
    let mut hasher = DefaultHasher::new();
    text.hash(&mut hasher);
    hasher.finish()
}
