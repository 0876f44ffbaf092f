//! A question and its ranked answers.

use reward_collapse::experiment::PromptType;
use serde::{Deserialize, Serialize};

/// A question with answers from worst to best; one line of a data set.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(try_from = "Written", into = "Written")]
pub struct Ranking {
    /// The prompt.
    pub question: String,
    /// The responses, worst first. In the experiment longer is better, so that the shortest is first.
    pub answers: Vec<String>,
    /// The prompt's type. In the file it is `uniform`, true for open-ended and false for closed-ended prompts, or `type` with
    /// the name of any type; a name may also stand under `uniform`.
    pub prompt_type: PromptType,
    /// A weight for each pair `(i, j)` of answers with `i < j`, by `i` and then by `j`; all the same unless given.
    pub scores: Option<Vec<f64>>,
    /// The rank of each answer where some tie: 1 for the best, and equal for ties. Without ranks each answer beats those before.
    pub ranks: Option<Vec<f64>>,
    /// By how much the reward of the better answer of each pair should be larger, in the order of `scores`; 0 unless given.
    pub margins: Option<Vec<f64>>,
}

/// The fields of a line.
#[derive(Serialize, Deserialize)]
struct Written {
    question: String,
    answers: Vec<String>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    uniform: Option<Uniform>,
    #[serde(default, rename = "type", skip_serializing_if = "Option::is_none")]
    prompt_type: Option<PromptType>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    scores: Option<Vec<f64>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    ranks: Option<Vec<f64>>,
    #[serde(default, skip_serializing_if = "Option::is_none")]
    margins: Option<Vec<f64>>,
}

/// A type of prompt as the truth value of the released data, or by its name.
#[derive(Serialize, Deserialize)]
#[serde(untagged, expecting = "`uniform` is neither true, nor false, nor the name of a type of prompt")]
enum Uniform {
    Flag(bool),
    Name(PromptType),
}

impl TryFrom<Written> for Ranking {
    type Error = String;

    fn try_from(written: Written) -> Result<Self, String> {
        let Written { question, answers, uniform, prompt_type, scores, ranks, margins } = written;
        let uniform = uniform.map(|uniform| match uniform {
            Uniform::Flag(uniform) => PromptType::from_uniform(uniform),
            Uniform::Name(name) => name,
        });
        let prompt_type = match (uniform, prompt_type) {
            (Some(one), Some(other)) if one != other => {
                return Err(format!(
                    "`uniform` says that the prompt is of the type `{one}`, and `type` says `{other}`"
                ));
            }
            (Some(prompt_type), _) | (None, Some(prompt_type)) => prompt_type,
            (None, None) => return Err("missing field `uniform` (true, false or the name of a type), or `type`".into()),
        };
        Ok(Self { question, answers, prompt_type, scores, ranks, margins })
    }
}

impl From<Ranking> for Written {
    fn from(Ranking { question, answers, prompt_type, scores, ranks, margins }: Ranking) -> Self {
        let uniform = prompt_type.uniform().map(Uniform::Flag);
        let prompt_type = uniform.is_none().then_some(prompt_type);
        Self { question, answers, uniform, prompt_type, scores, ranks, margins }
    }
}

impl Ranking {
    /// The number of pairs of answers, `n(n-1)/2`.
    pub fn pairs(&self) -> usize {
        self.answers.len() * self.answers.len().saturating_sub(1) / 2
    }

    /// The pairs `(i, j)`, `i < j`, in which `j` is better, each with its place among all pairs. Answers tie that have one rank, and
    /// those that are one text: neither beats the other.
    pub fn compared(&self) -> impl Iterator<Item = (usize, usize, usize)> {
        let n = self.answers.len();
        let pairs = (0..n).flat_map(move |worse| (worse + 1..n).map(move |better| (worse, better)));
        let pairs = pairs.enumerate().map(|(place, (worse, better))| (place, worse, better));
        pairs.filter(|&(_, worse, better)| {
            let rank = |place: usize| self.ranks.as_ref().and_then(|ranks| ranks.get(place));
            let is_tie = self.ranks.is_some() && rank(worse) == rank(better);
            !is_tie && self.answers.get(worse) != self.answers.get(better)
        })
    }

    /// The rank of each answer: 1 for the best, and one more for each answer that is better. Those that tie have one rank.
    pub fn ranks(&self) -> Vec<f64> {
        let n = self.answers.len();
        let mut ranks = vec![0.0; n];
        for place in (0..n).rev() {
            let given = self.ranks.as_ref().and_then(|ranks| ranks.get(place).copied());
            let is_same = self.answers.get(place) == self.answers.get(place + 1);
            ranks[place] = match given {
                _ if is_same => ranks[place + 1],
                Some(rank) => rank,
                None => (n - place) as f64,
            };
        }
        ranks
    }

    /// Whether it can be trained on.
    ///
    /// # Errors
    /// What is wrong: a blank question, fewer than two answers, an empty answer, scores that are not one finite
    /// non-negative number a pair, margins that are not one finite number a pair, or ranks that do not fall from one answer to the next.
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
        for (name, numbers) in [("scores", &self.scores), ("margins", &self.margins)] {
            if let Some(numbers) = numbers.as_ref().filter(|numbers| numbers.len() != self.pairs()) {
                let (given, answers) = (numbers.len(), self.answers.len());
                return Err(format!("`{name}` has {given}, and {answers} answers have {} pairs", self.pairs()));
            }
        }
        if let Some(score) = self.scores.iter().flatten().find(|score| !(score.is_finite() && **score >= 0.0)) {
            return Err(format!("the score {score} is not a finite number from 0"));
        }
        if let Some(margin) = self.margins.iter().flatten().find(|margin| !margin.is_finite()) {
            return Err(format!("the margin {margin} is not a finite number"));
        }
        let Some(ranks) = &self.ranks else { return Ok(()) };
        if ranks.len() != self.answers.len() {
            return Err(format!("`ranks` has {}, and there are {} answers", ranks.len(), self.answers.len()));
        }
        // Not a number is in no order.
        match ranks.windows(2).all(|pair| pair[0] >= pair[1]) && ranks.iter().all(|rank| rank.is_finite()) {
            true => Ok(()),
            false => Err("`ranks` has to fall, or stay, from one answer to the next: the worst comes first".into()),
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
    fn types_have_any_name() {
        let line = |field: &str| format!(r#"{{"question":"Why?","answers":["a","a b"],{field}}}"#);
        for (field, kept) in [
            (r#""type":"creative""#, r#""type":"creative""#),
            (r#""uniform":"creative""#, r#""type":"creative""#),
            (r#""uniform":"creative","type":"creative""#, r#""type":"creative""#),
            (r#""type":"open-ended""#, r#""uniform":true"#),
            (r#""uniform":false,"type":"closed_ended""#, r#""uniform":false"#),
        ] {
            let ranking = Ranking::parse(line(field).as_bytes()).unwrap();
            assert_eq!(serde_json::to_string(&ranking).unwrap(), line(kept));
        }
        for (field, words) in [
            (r#""uniform":true,"type":"creative""#, "`type` says `creative`"),
            (r#""uniform":1"#, "neither true, nor false"),
            (r#""type":" ""#, "blank"),
            (r#""type":null"#, "missing field `uniform`"),
        ] {
            let error = Ranking::parse(line(field).as_bytes()).unwrap_err();
            assert!(error.contains(words), "{error}");
        }
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
