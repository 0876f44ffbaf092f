//! Text that the program makes: instructions and long answers in a made-up language.
//!
//! Words follow the Zipf-Mandelbrot law, and an answer is about what its instruction names. All of it is drawn as integers,
//! so that a seed gives the same bytes on every platform.

mod document;
mod law;
mod vocabulary;

use std::sync::{Arc, LazyLock};

use super::Row;
use crate::random::Random;
use document::Document;
use vocabulary::Vocabulary;

/// Everyone speaks the same language: a seed chooses documents and not words, so that a model trained on one seed's text can
/// read another's.
static VOCABULARY: LazyLock<Arc<Vocabulary>> = LazyLock::new(|| Arc::new(Vocabulary::new()));

/// An endless iterator over rows: an instruction of 5 to 9 words, and an answer of 100 to 300. Each row depends on the seed
/// and its number alone.
#[derive(Debug, Clone)]
pub struct Corpus {
    seed: u64,
    next: u64,
    vocabulary: Arc<Vocabulary>,
}

impl Corpus {
    /// Documents of `seed`, from the first.
    pub fn new(seed: u64) -> Self {
        Self { seed, next: 0, vocabulary: Arc::clone(&VOCABULARY) }
    }

    /// Row number `index`, counted from 0.
    pub fn row(&self, index: u64) -> Row {
        Document::new(&self.vocabulary, Random::new(self.seed, "embedded corpus", index)).row()
    }
}

impl Iterator for Corpus {
    type Item = Row;

    fn next(&mut self) -> Option<Row> {
        let row = self.row(self.next);
        self.next = self.next.wrapping_add(1);
        Some(row)
    }
}

#[cfg(test)]
mod tests {
    use std::collections::HashMap;

    use super::*;

    /// The words of an answer without punctuation and capitals.
    fn words(text: &str) -> impl Iterator<Item = String> {
        text.split(' ').map(|word| word.trim_end_matches([',', '.', '?']).to_lowercase())
    }

    /// The slope of a straight line through the points, by least squares.
    fn slope(points: &[(f64, f64)]) -> f64 {
        let n = points.len() as f64;
        let (x, y) = points.iter().fold((0.0, 0.0), |(a, b), (x, y)| (a + x / n, b + y / n));
        let over: f64 = points.iter().map(|point| (point.0 - x) * (point.1 - y)).sum();
        over / points.iter().map(|point| (point.0 - x).powi(2)).sum::<f64>()
    }

    #[test]
    fn frequencies_fall_as_one_over_the_rank() {
        let mut counts: HashMap<String, u64> = HashMap::new();
        for row in Corpus::new(3).take(2000) {
            words(&row.output).for_each(|word| *counts.entry(word).or_default() += 1);
        }
        let mut frequencies: Vec<u64> = counts.into_values().collect();
        frequencies.sort_unstable_by(|a, b| b.cmp(a));
        let points = |ranks: std::ops::Range<usize>| {
            let points = ranks.map(|rank| ((rank as f64).ln(), (frequencies[rank - 1] as f64).ln()));
            points.collect::<Vec<_>>()
        };
        let found = slope(&points(10..2000));
        assert!((-1.1..-0.9).contains(&found), "{found}");
        // The most frequent words are rarer than 1 / rank would have them, as in real text.
        let head = slope(&points(1..10));
        assert!((-0.8..-0.3).contains(&head), "{head}");
    }

    #[test]
    fn new_words_come_up_ever_more_rarely() {
        let mut seen = std::collections::HashSet::new();
        let mut tokens = 0_usize;
        let mut points = Vec::new();
        for row in Corpus::new(4).take(300) {
            for word in words(&row.output) {
                tokens += 1;
                seen.insert(word);
                if tokens.is_power_of_two() && tokens >= 256 {
                    points.push(((tokens as f64).ln(), (seen.len() as f64).ln()));
                }
            }
        }
        // Heaps' law: English has exponents of 0.4 to 0.8.
        let found = slope(&points);
        assert!((0.5..0.8).contains(&found), "{found} {points:?}");
    }

    #[test]
    fn answers_are_about_their_instruction() {
        let corpus = Corpus::new(5);
        let frames = document::TEMPLATES.join(" ");
        let frames: Vec<String> = words(&frames).collect();
        let content = |text: &str| -> std::collections::HashSet<String> {
            words(text).filter(|word| corpus.vocabulary.is_content(word) && !frames.contains(word)).collect()
        };
        let rows: Vec<Row> = corpus.clone().take(200).collect();
        let shared = |shift: usize| {
            let pairs = rows.iter().zip(rows.iter().cycle().skip(shift));
            let shared = pairs.map(|(a, b)| content(&a.input).intersection(&content(&b.output)).count());
            shared.sum::<usize>() as f64 / rows.iter().map(|row| content(&row.input).len()).sum::<usize>() as f64
        };
        let (own, other) = (shared(0), shared(1));
        assert!(own > 0.85 && other < 0.4, "{own} {other}");
    }

    #[test]
    fn rows_have_the_lengths_and_the_look_of_text() {
        let mut lengths = Vec::new();
        for row in Corpus::new(0).take(500) {
            let length = row.output.split(' ').count();
            assert!((100..=300).contains(&length), "{length}");
            lengths.push(length);
            assert!((5..=9).contains(&row.input.split(' ').count()), "{}", row.input);
            assert!(row.input.starts_with(char::is_uppercase) && row.input.ends_with(['.', '?']), "{}", row.input);
            assert!(row.output.starts_with(char::is_uppercase) && row.output.ends_with(['.', '?']), "{}", row.output);
            let plain = |c: char| c.is_ascii_alphabetic() || " ,.?".contains(c);
            assert!(row.output.chars().all(plain) && !row.output.contains("  "), "{}", row.output);
        }
        let mean = lengths.iter().sum::<usize>() as f64 / 500.0;
        assert!((190.0..210.0).contains(&mean), "{mean}");
    }

    #[test]
    fn a_seed_gives_the_same_bytes() {
        let rows = |seed| Corpus::new(seed).take(20).map(|row| row.input + &row.output).collect::<Vec<_>>();
        assert_eq!(rows(1), rows(1));
        assert_ne!(rows(1), rows(2));
        assert_eq!(Corpus::new(1).nth(7), Some(Corpus::new(1).row(7)));
        // These may never change: data sets are built again from their seed.
        assert_eq!(Corpus::new(0).row(0).input, "Write about jober and the fasthin of dramgo.");
        assert_eq!(crc32c::crc32c(rows(0).concat().as_bytes()), 3_383_845_787);
    }
}
