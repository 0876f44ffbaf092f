//! Preferences as people keep them, and the rankings that they are.

mod dialogue;

use reward_collapse::experiment::PromptType;
use serde::Serialize;
use serde_json::{Map, Value};

use super::Ranking;
use dialogue::{Text, split, text_of};

/// The names of the fields that hold the prompt, the first that is there.
const PROMPT: [&str; 4] = ["prompt", "question", "instruction", "input"];
/// Of an answer that is an object, its text.
const ANSWER: [&str; 6] = ["answer", "response", "text", "content", "completion", "output"];
/// Of an answer that is an object, its score.
const SCORE: [&str; 3] = ["overall_score", "score", "reward"];
/// Lists of answers.
const ANSWERS: [&str; 3] = ["completions", "responses", "answers"];
/// The scores of a chosen and of a rejected answer.
const PAIR_SCORES: [[&str; 2]; 2] = [["score_chosen", "score_rejected"], ["chosen_score", "rejected_score"]];

/// How a row tells which answers are better.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Layout {
    /// `chosen` and `rejected`.
    Pair,
    /// A score for each answer.
    Scores,
    /// A rank for each answer, 1 for the best.
    Ranks,
}

/// Answers to one question, each with how good it is: the greater the better, and equal ones tie.
#[derive(Debug, Clone, PartialEq)]
pub struct Preference {
    /// The prompt.
    pub question: String,
    /// In the order of the row.
    pub answers: Vec<String>,
    /// For each answer.
    pub grades: Vec<f64>,
    /// How the grades were told.
    pub layout: Layout,
    /// By how much the chosen answer should be better, for a pair.
    pub margin: Option<f64>,
    /// The differences of scores that margins can be made of, worst answer first; only where there are scores.
    scores: Option<Vec<f64>>,
    /// The prompt's type, where the row tells.
    pub prompt_type: Option<PromptType>,
}

/// Why a row gives no ranking.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Unranked {
    /// Its prompt is blank.
    NoQuestion,
    /// Fewer than two of its answers have a text.
    Single,
    /// All its answers tie.
    Tied,
}

impl Preference {
    /// Whether fields are those of a preference, rather than of a ranking or of a row with a long answer.
    pub(super) fn is_one(fields: &Map<String, Value>) -> bool {
        let has = |name: &str| fields.contains_key(name);
        let are_objects =
            |name: &str| matches!(fields.get(name), Some(Value::Array(list)) if list.iter().any(Value::is_object));
        has("chosen") && has("rejected")
            || has("completions")
            || has("responses")
            || has("answers") && (are_objects("answers") || has("ranks") && !has("question"))
    }

    /// The names of all fields that may tell something.
    pub(super) fn fields() -> impl Iterator<Item = &'static str> {
        let more = ["chosen", "rejected", "margin", "scores", "ranks", "type", "uniform"];
        PROMPT.into_iter().chain(ANSWERS).chain(PAIR_SCORES.into_iter().flatten()).chain(more)
    }

    /// Reads the fields of a row.
    ///
    /// # Errors
    /// What is wrong with them.
    pub(super) fn of(fields: &Map<String, Value>) -> Result<Self, String> {
        let prompt_type = prompt_type(fields)?;
        let preference = if fields.contains_key("chosen") && fields.contains_key("rejected") {
            Self::of_pair(fields)?
        } else {
            Self::of_list(fields)?
        };
        Ok(Self { prompt_type, ..preference })
    }

    fn of_pair(fields: &Map<String, Value>) -> Result<Self, String> {
        let part = |name: &str| {
            let value = fields.get(name).filter(|value| !value.is_null());
            Text::of(value.ok_or_else(|| format!("`{name}` is null"))?).map_err(|reason| format!("`{name}` {reason}"))
        };
        let (chosen, rejected) = (part("chosen")?, part("rejected")?);
        let (question, [rejected, chosen]) = split(prompt(fields)?, rejected, chosen)?;
        let margin = fields.get("margin").filter(|value| !value.is_null());
        let margin = margin.map(|value| number(value, "margin")).transpose()?;
        let scores =
            PAIR_SCORES.into_iter().find(|[chosen, _]| fields.get(*chosen).is_some_and(|value| !value.is_null()));
        let scores = scores.map(|[chosen, rejected]| {
            let score = |name: &str| number(fields.get(name).unwrap_or(&Value::Null), name);
            Ok::<_, String>(vec![score(rejected)?, score(chosen)?])
        });
        Ok(Self {
            question,
            answers: vec![rejected, chosen],
            grades: vec![0.0, 1.0],
            layout: Layout::Pair,
            margin,
            scores: scores.transpose()?,
            prompt_type: None,
        })
    }

    fn of_list(fields: &Map<String, Value>) -> Result<Self, String> {
        let question =
            prompt(fields)?.ok_or_else(|| format!("there is no prompt: expected one of `{}`", PROMPT.join("`, `")))?;
        let name = ANSWERS.into_iter().find(|name| fields.contains_key(*name)).unwrap_or(ANSWERS[0]);
        let Some(Value::Array(list)) = fields.get(name) else { return Err(format!("`{name}` is no list")) };
        let mut answers = Vec::with_capacity(list.len());
        let mut told = Vec::with_capacity(list.len());
        for (place, item) in list.iter().enumerate() {
            let of = |reason: String| format!("{} of `{name}`: {reason}", place + 1);
            match item {
                Value::Object(item) => {
                    let text = ANSWER.into_iter().find_map(|name| item.get(name));
                    let text =
                        text.ok_or_else(|| of(format!("there is no text: expected one of `{}`", ANSWER.join("`, `"))))?;
                    answers.push(text_of(text).map_err(&of)?);
                    let score = SCORE.into_iter().find_map(|name| Some((name, item.get(name)?)));
                    told.push(match (score, item.get("rank")) {
                        (Some((name, score)), _) => Some((Layout::Scores, number(score, name).map_err(&of)?)),
                        (None, Some(rank)) => Some((Layout::Ranks, number(rank, "rank").map_err(&of)?)),
                        (None, None) => None,
                    });
                }
                item => {
                    answers.push(text_of(item).map_err(&of)?);
                    told.push(None);
                }
            }
        }
        let (layout, told) = match (told.iter().copied().collect::<Option<Vec<_>>>(), list_of(fields)?) {
            (Some(told), None) if !told.is_empty() => {
                let layout = told[0].0;
                if told.iter().any(|(own, _)| *own != layout) {
                    return Err(format!("some of `{name}` have a score, and others a rank"));
                }
                (layout, told.into_iter().map(|(_, told)| told).collect())
            }
            (_, Some((layout, list))) => (layout, list),
            (Some(_), None) => (Layout::Scores, Vec::new()),
            (None, None) => {
                return Err(format!(
                    "not all of `{name}` have a score or a rank, and there is no list `scores` or `ranks`"
                ));
            }
        };
        if told.len() != answers.len() {
            return Err(format!("{} answers, and {} scores or ranks", answers.len(), told.len()));
        }
        let grades = match layout {
            Layout::Ranks => told.iter().map(|rank| -rank).collect(),
            _ => told.clone(),
        };
        let scores = (layout == Layout::Scores).then_some(told);
        Ok(Self { question, answers, grades, layout, margin: None, scores, prompt_type: None })
    }

    /// The ranking, of type `usual` where the row does not tell: worst answer first, with ties. Answers without a text are left
    /// out, and of a text that is there twice in a row of equals nothing is lost: the two tie. With `margin_scale` the difference
    /// of two scores, times that, is the margin of their pair.
    pub(super) fn ranking(self, usual: &PromptType, margin_scale: Option<f64>) -> Result<Ranking, Unranked> {
        if self.question.trim().is_empty() {
            return Err(Unranked::NoQuestion);
        }
        let with_text = |place: &usize| self.answers.get(*place).is_some_and(|text| !text.trim().is_empty());
        let mut order: Vec<usize> = (0..self.answers.len()).filter(with_text).collect();
        order.sort_by(|&one, &other| self.grades[one].total_cmp(&self.grades[other]));
        if order.len() < 2 {
            return Err(Unranked::Single);
        }
        // From the best down: 1, and one more for each answer that is better.
        let grade = |place: usize| self.grades[place];
        let rank = |place: usize| 1.0 + order.iter().filter(|&&other| grade(other) > grade(place)).count() as f64;
        let ranks: Vec<f64> = order.iter().map(|&place| rank(place)).collect();
        let has_ties = ranks.windows(2).any(|pair| pair[0] == pair[1]);
        let pairs = || (0..order.len()).flat_map(|i| (i + 1..order.len()).map(move |j| (i, j)));
        let margins = match (self.margin, &self.scores, margin_scale) {
            (Some(margin), ..) => Some(vec![margin]),
            (None, Some(scores), Some(scale)) => {
                Some(pairs().map(|(i, j)| scale * (scores[order[j]] - scores[order[i]])).collect())
            }
            _ => None,
        };
        let ranking = Ranking {
            question: self.question,
            answers: order.iter().map(|&place| self.answers[place].clone()).collect(),
            prompt_type: self.prompt_type.unwrap_or_else(|| usual.clone()),
            scores: None,
            ranks: has_ties.then_some(ranks),
            margins,
        };
        if ranking.compared().next().is_none() { Err(Unranked::Tied) } else { Ok(ranking) }
    }
}

/// The prompt, where there is one.
fn prompt(fields: &Map<String, Value>) -> Result<Option<String>, String> {
    let found = PROMPT.into_iter().find_map(|name| Some((name, fields.get(name).filter(|value| !value.is_null())?)));
    found.map(|(name, value)| text_of(value).map_err(|reason| format!("`{name}` {reason}"))).transpose()
}

fn prompt_type(fields: &Map<String, Value>) -> Result<Option<PromptType>, String> {
    match (fields.get("type"), fields.get("uniform")) {
        (Some(Value::String(name)), _) | (None, Some(Value::String(name))) => {
            name.parse().map(Some).map_err(|error: reward_collapse::experiment::PromptTypeError| error.to_string())
        }
        (None | Some(Value::Null), Some(Value::Bool(uniform))) => Ok(Some(PromptType::from_uniform(*uniform))),
        (None | Some(Value::Null), None | Some(Value::Null)) => Ok(None),
        _ => Err("`type` is not the name of a type".into()),
    }
}

/// The list of scores or ranks beside a list of answers.
fn list_of(fields: &Map<String, Value>) -> Result<Option<(Layout, Vec<f64>)>, String> {
    let found = [("scores", Layout::Scores), ("ranks", Layout::Ranks)].into_iter();
    let mut found = found.filter_map(|(name, layout)| Some((name, layout, fields.get(name)?)));
    let Some((name, layout, value)) = found.find(|(.., value)| !value.is_null()) else { return Ok(None) };
    let Value::Array(list) = value else { return Err(format!("`{name}` is no list")) };
    let list = list.iter().map(|value| number(value, name)).collect::<Result<_, _>>()?;
    Ok(Some((layout, list)))
}

/// A finite number, also one that is written as text.
fn number(value: &Value, name: &str) -> Result<f64, String> {
    let number = match value {
        Value::Number(number) => number.as_f64(),
        Value::String(text) => text.trim().parse().ok(),
        _ => None,
    };
    number.filter(|number| number.is_finite()).ok_or_else(|| format!("`{name}` is {value}, not a finite number"))
}
