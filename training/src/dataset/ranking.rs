//! A question and its ranked answers.

use reward_collapse::experiment::PromptType;
use serde::{Deserialize, Serialize};

/// A question with answers from worst to best; one line of a data set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Ranking {
    /// The prompt.
    pub question: String,
    /// The responses, worst first. In the experiment longer is better, so that the shortest is first.
    pub answers: Vec<String>,
    /// The prompt's type; in the file `uniform`, which is true for open-ended prompts.
    #[serde(rename = "uniform", with = "as_uniform")]
    pub prompt_type: PromptType,
    /// A weight for each pair `(i, j)` of answers with `i < j`, by `i` and then by `j`; all the same unless given.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub scores: Option<Vec<f64>>,
}

/// A type of prompt as the truth value of the released data.
mod as_uniform {
    use reward_collapse::experiment::PromptType;
    use serde::{Deserialize, Deserializer, Serializer};

    pub(super) fn serialize<S: Serializer>(prompt_type: &PromptType, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_bool(prompt_type.is_open_ended())
    }

    pub(super) fn deserialize<'de, D: Deserializer<'de>>(deserializer: D) -> Result<PromptType, D::Error> {
        bool::deserialize(deserializer).map(PromptType::from_uniform)
    }
}

impl Ranking {
    /// The number of pairs of answers, `n(n-1)/2`.
    pub fn pairs(&self) -> usize {
        self.answers.len() * self.answers.len().saturating_sub(1) / 2
    }

    /// Whether it can be trained on.
    ///
    /// # Errors
    /// What is wrong: a blank question, fewer than two answers, an empty answer, or scores that are not one finite
    /// non-negative number a pair.
    pub fn check(&self) -> Result<(), String> {
        if self.question.trim().is_empty() {
            return Err("`question` is blank".into());
        }
        if self.answers.len() < 2 {
            return Err(format!("`answers` has {}, and a ranking needs at least 2", self.answers.len()));
        }
        if let Some(empty) = self.answers.iter().position(String::is_empty) {
            return Err(format!("answer {} is empty", empty + 1));
        }
        let Some(scores) = &self.scores else { return Ok(()) };
        if scores.len() != self.pairs() {
            return Err(format!(
                "`scores` has {}, and {} answers have {} pairs",
                scores.len(),
                self.answers.len(),
                self.pairs()
            ));
        }
        match scores.iter().find(|score| !(score.is_finite() && **score >= 0.0)) {
            Some(score) => Err(format!("the score {score} is not a finite number from 0")),
            None => Ok(()),
        }
    }

    /// Reads a line of a data set.
    ///
    /// # Errors
    /// What is wrong with it.
    pub(super) fn parse(line: &[u8]) -> Result<Self, String> {
        let ranking: Self = serde_json::from_slice(line).map_err(|error| super::read::without_position(&error))?;
        ranking.check()?;
        Ok(ranking)
    }
}

#[cfg(test)]
mod tests {
    use super::Ranking;

    #[test]
    fn a_line_is_read_and_written() {
        let line = r#"{"question":"Why?","answers":["a","a b","a b c"],"uniform":true,"scores":[1.0,0.5,0.0]}"#;
        let ranking = Ranking::parse(line.as_bytes()).unwrap();
        assert_eq!(serde_json::to_string(&ranking).unwrap(), line);
        let plain = r#"{"question":"Why?","answers":["a","a b"],"uniform":false}"#;
        let ranking = Ranking::parse(plain.as_bytes()).unwrap();
        assert_eq!((ranking.pairs(), &ranking.scores), (1, &None));
        assert_eq!(serde_json::to_string(&ranking).unwrap(), plain);
    }

    #[test]
    fn what_is_wrong_is_told() {
        for (line, words) in [
            (r#"{"question":" ","answers":["a","b"],"uniform":true}"#, "`question` is blank"),
            (r#"{"question":"Q","answers":["a"],"uniform":true}"#, "has 1, and a ranking needs at least 2"),
            (r#"{"question":"Q","answers":["a",""],"uniform":true}"#, "answer 2 is empty"),
            (r#"{"question":"Q","answers":["a","b"]}"#, "missing field `uniform`"),
            (r#"{"question":"Q","answers":["a",7],"uniform":true}"#, "invalid type"),
            (r#"{"question":"Q","answers":["a","b"],"uniform":true,"scores":[1,2]}"#, "2 answers have 1 pairs"),
            (r#"{"question":"Q","answers":["a","b"],"uniform":true,"scores":[-1]}"#, "the score -1 is not"),
            (r#"{"question":"Q","answers""#, "EOF"),
        ] {
            let error = Ranking::parse(line.as_bytes()).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
    }
}
