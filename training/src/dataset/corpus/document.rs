//! An instruction and an answer to it.

use super::super::Row;
use super::vocabulary::Vocabulary;
use crate::random::Random;

/// Instructions; a brace pair stands for a topic.
pub(super) const TEMPLATES: [&str; 8] = [
    "Describe the {} of {}.",
    "Compare {} with {} and {}.",
    "How can {} be used for {}?",
    "Give an account of {} in {}.",
    "Write about {} and the {} of {}.",
    "What is the difference between {} and {}?",
    "Explain how {} and {} are related to {}.",
    "Why does the {} depend on {} and {}?",
];

/// How many words a document is about. They come from the same law as any others, so that topics leave the law of the
/// whole corpus as it is.
const TOPICS: usize = 8;

/// One content word in so many is a topic.
const TOPIC_EVERY: u64 = 4;

/// One document in the making.
pub(super) struct Document<'a> {
    vocabulary: &'a Vocabulary,
    random: Random,
    topics: Vec<&'a str>,
}

impl<'a> Document<'a> {
    pub fn new(vocabulary: &'a Vocabulary, mut random: Random) -> Self {
        let mut topics = Vec::with_capacity(TOPICS);
        while topics.len() < TOPICS {
            let topic = vocabulary.draw_content(&mut random);
            if !topics.contains(&topic) {
                topics.push(topic);
            }
        }
        Self { vocabulary, random, topics }
    }

    pub fn row(mut self) -> Row {
        Row { input: self.instruction(), output: self.answer() }
    }

    fn instruction(&mut self) -> String {
        let template = self.random.pick(&TEMPLATES).copied().unwrap_or_default();
        let topics = self.topics.iter();
        topics.fold(template.to_owned(), |text, topic| text.replacen("{}", topic, 1))
    }

    /// Sentences of 6 to 21 words, 100 to 300 words in all.
    fn answer(&mut self) -> String {
        let mut left = 100 + self.random.below(201) as usize;
        let mut text = String::new();
        while left > 0 {
            let drawn = 6 + self.random.below(13) as usize;
            // No sentence of one or two words is left for the end.
            let length = if left < drawn + 3 { left } else { drawn };
            self.sentence(&mut text, length);
            left -= length;
        }
        text
    }

    fn sentence(&mut self, text: &mut String, length: usize) {
        let mut before = "";
        for at in 0..length {
            if !text.is_empty() {
                text.push(' ');
            }
            // A sentence does not end in a function word.
            let word = self.word(before, at + 1 == length);
            if at == 0 {
                text.extend(word.chars().take(1).map(|letter| letter.to_ascii_uppercase()));
                text.extend(word.chars().skip(1));
            } else {
                text.push_str(word);
            }
            let inside = at > 1 && at + 3 < length;
            if inside && self.vocabulary.is_content(word) && self.random.below(8) == 0 {
                text.push(',');
            }
            before = word;
        }
        text.push(if self.random.below(16) == 0 { '?' } else { '.' });
    }

    /// The next word, which is not the one before.
    fn word(&mut self, before: &str, content: bool) -> &'a str {
        let vocabulary = self.vocabulary;
        loop {
            let any =
                if content { vocabulary.draw_content(&mut self.random) } else { vocabulary.draw(&mut self.random) };
            let topical = vocabulary.is_content(any) && self.random.below(TOPIC_EVERY) == 0;
            let word = if topical { self.random.pick(&self.topics).copied().unwrap_or(any) } else { any };
            if word != before {
                return word;
            }
        }
    }
}
