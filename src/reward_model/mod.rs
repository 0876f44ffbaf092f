//! The reward model: a language model that scores an answer to a question.

pub mod tokenizer;
