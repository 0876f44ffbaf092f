//! The words of the made-up language, by rank.

use std::collections::HashSet;

use super::law::Law;
use crate::random::Random;

/// Real function words, the most frequent first: they hold sentences together, and about a third of all words are theirs.
const FUNCTION_WORDS: [&str; 40] = [
    "the", "of", "and", "to", "a", "in", "is", "that", "it", "for", "as", "with", "be", "on", "by", "are", "this",
    "from", "or", "at", "which", "an", "not", "can", "its", "more", "when", "into", "than", "but", "has", "all",
    "these", "their", "if", "other", "some", "only", "then", "so",
];

/// Function words and made-up words together.
const SIZE: usize = 5000;

const ONSETS: [&str; 28] = [
    "b", "c", "d", "f", "g", "h", "j", "l", "m", "n", "p", "r", "s", "t", "v", "w", "br", "ch", "cl", "dr", "fl", "gr",
    "pl", "pr", "sh", "st", "th", "tr",
];
const NUCLEI: [&str; 9] = ["a", "e", "i", "o", "u", "a", "e", "ai", "ou"];
const CODAS: [&str; 12] = ["", "", "", "", "n", "r", "l", "s", "t", "m", "nd", "st"];

/// All words, the most frequent first, and the law of their frequencies.
#[derive(Debug)]
pub(super) struct Vocabulary {
    words: Vec<String>,
    law: Law,
}

impl Vocabulary {
    /// It is always the same.
    pub fn new() -> Self {
        let mut random = Random::new(0, "vocabulary", 0);
        let mut words: Vec<String> = FUNCTION_WORDS.map(str::to_owned).to_vec();
        let mut taken: HashSet<String> = words.iter().cloned().collect();
        while words.len() < SIZE {
            let word = made_up(&mut random, words.len());
            if word.len() > 2 && taken.insert(word.clone()) {
                words.push(word);
            }
        }
        Self { law: Law::new(words.len()), words }
    }

    /// Draws any word.
    pub fn draw(&self, random: &mut Random) -> &str {
        self.word(self.law.draw(random, 0))
    }

    /// Draws a word that is no function word.
    pub fn draw_content(&self, random: &mut Random) -> &str {
        self.word(self.law.draw(random, FUNCTION_WORDS.len()))
    }

    /// Whether it is no function word.
    pub fn is_content(&self, word: &str) -> bool {
        !FUNCTION_WORDS.contains(&word)
    }

    fn word(&self, rank: usize) -> &str {
        self.words.get(rank).map_or("", String::as_str)
    }
}

/// Syllables of an onset, a nucleus and perhaps a coda. Frequent words are short, as in every language.
fn made_up(random: &mut Random, rank: usize) -> String {
    let (least, more) = match rank {
        0..200 => (1, 1),
        200..1500 => (1, 2),
        _ => (2, 2),
    };
    let mut word = String::new();
    for _ in 0..least + random.below(more) {
        for part in [&ONSETS[..], &NUCLEI[..], &CODAS[..]] {
            word.push_str(random.pick(part).copied().unwrap_or_default());
        }
    }
    word
}
