//! Rankings out of long answers, as the experiment built them.

use reward_collapse::experiment::PromptType;

use super::{Ranking, Row};
use crate::random::Random;

/// An answer must have so many pieces between single spaces.
pub const MIN_WORDS: usize = 100;

/// What is asked and which beginnings of an answer are ranked.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct PromptForm {
    /// What is appended to the instruction.
    pub suffix: &'static str,
    /// The number of words of each answer, ascending.
    pub lengths: [usize; 8],
}

/// Open-ended prompts.
pub const OPEN_ENDED: PromptForm =
    PromptForm { suffix: " Write the answer in an open-ended way.", lengths: [10, 20, 30, 40, 50, 60, 70, 80] };

/// Closed-ended prompts: the lengths fall into short and long.
pub const CLOSED_ENDED: PromptForm =
    PromptForm { suffix: " Write either a short answer or a long answer.", lengths: [16, 22, 28, 34, 56, 62, 68, 74] };

impl PromptForm {
    /// The form of open-ended prompts, or of closed-ended ones.
    pub fn of(open_ended: bool) -> Self {
        if open_ended { OPEN_ENDED } else { CLOSED_ENDED }
    }
}

/// Why a row gives no ranking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Skipped {
    /// Its answer has fewer than [`MIN_WORDS`] words.
    TooShort,
    /// Its instruction is blank.
    NoQuestion,
}

/// Turns rows into rankings: a coin flip for each row that is kept makes its prompt open-ended or closed-ended, and the
/// first words of its answer are ranked by their number.
#[derive(Debug, Clone)]
pub struct Construction {
    coin: Random,
}

impl Construction {
    /// The coin is ChaCha with 8 rounds, keyed by `seed`: the same flips on every platform.
    pub fn new(seed: u64) -> Self {
        Self { coin: Random::new(seed, "prompt type", 0) }
    }

    /// The ranking of the next row.
    ///
    /// Words are what single spaces separate: of two spaces the second begins an empty word, and a line break ends none.
    ///
    /// # Errors
    /// [`Skipped`] for a row that is left out; the coin is then not flipped.
    pub fn rank(&mut self, row: &Row) -> Result<Ranking, Skipped> {
        if row.input.trim().is_empty() {
            return Err(Skipped::NoQuestion);
        }
        // A word ends at each space, and the last at the end.
        let spaces = row.output.bytes().enumerate().filter(|(_, byte)| *byte == b' ').map(|(at, _)| at);
        let ends: Vec<usize> = spaces.chain([row.output.len()]).take(MIN_WORDS).collect();
        if ends.len() < MIN_WORDS {
            return Err(Skipped::TooShort);
        }
        let open_ended = self.coin.coin();
        let prompt_type = PromptType::from_uniform(open_ended);
        let PromptForm { suffix, lengths } = PromptForm::of(open_ended);
        let answers = lengths.iter().map(|&words| row.output[..ends[words - 1]].to_owned()).collect();
        Ok(Ranking {
            question: row.input.clone() + suffix,
            answers,
            prompt_type,
            scores: None,
            ranks: None,
            margins: None,
        })
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn row(output: String) -> Row {
        Row { input: "Say something.".into(), output }
    }

    /// As the released code does it, word by word.
    fn first(output: &str, words: usize) -> String {
        output.split(' ').take(words).collect::<Vec<_>>().join(" ")
    }

    #[test]
    fn words_are_what_single_spaces_separate() {
        let mut construction = Construction::new(0);
        let odd = format!("  two\nlines\tand  a gap, {} Ünïcödé", "word ".repeat(95));
        for output in [odd, "x ".repeat(99), " ".repeat(99), "déjà vu ".repeat(80)] {
            assert!(output.split(' ').count() >= MIN_WORDS);
            let ranking = construction.rank(&row(output.clone())).unwrap();
            let kind = PromptForm::of(ranking.prompt_type.is_open_ended());
            assert_eq!(ranking.question, format!("Say something.{}", kind.suffix));
            assert_eq!(ranking.answers, kind.lengths.map(|words| first(&output, words)));
            ranking.check().unwrap();
        }
    }

    #[test]
    fn short_rows_are_skipped_and_flip_no_coin() {
        let long = row("word ".repeat(100));
        let flips = |interrupted: bool| {
            let mut construction = Construction::new(7);
            (0..64)
                .map(|_| {
                    if interrupted {
                        assert_eq!(construction.rank(&row("x ".repeat(98))), Err(Skipped::TooShort));
                        assert_eq!(construction.rank(&row("one\n".repeat(200))), Err(Skipped::TooShort));
                        assert_eq!(
                            construction.rank(&Row { input: "\n".into(), ..long.clone() }),
                            Err(Skipped::NoQuestion)
                        );
                    }
                    construction.rank(&long).unwrap().prompt_type.is_open_ended()
                })
                .collect::<Vec<_>>()
        };
        assert_eq!(flips(false), flips(true));
        let open = flips(false).iter().filter(|open| **open).count();
        assert!((16..=48).contains(&open), "about half of 64: {open}");
    }

    #[test]
    fn the_seed_decides() {
        let long = row("word ".repeat(100));
        let flips = |seed| {
            let mut construction = Construction::new(seed);
            (0..24)
                .map(|_| if construction.rank(&long).unwrap().prompt_type.is_open_ended() { 'o' } else { 'c' })
                .collect::<String>()
        };
        assert_ne!(flips(0), flips(1));
        // These may never change: data sets are built again from their seed.
        assert_eq!(flips(0), "cooooococcocccccoocooccc");
    }
}
