//! Prompts and answers out of texts and dialogues.

use serde_json::Value;

/// What introduces an answer in a dialogue that is one text, as in Anthropic's hh-rlhf.
const ANSWER_MARK: &str = "\n\nAssistant:";

/// A text, or a list of messages.
pub(super) enum Text {
    Plain(String),
    /// Role and content of each.
    Messages(Vec<(String, String)>),
}

impl Text {
    pub(super) fn of(value: &Value) -> Result<Self, String> {
        match value {
            Value::String(text) => Ok(Self::Plain(text.clone())),
            Value::Array(list) => list.iter().map(message).collect::<Result<_, _>>().map(Self::Messages),
            Value::Object(_) => message(value).map(|message| Self::Messages(vec![message])),
            other => Err(format!("is {other}, neither a text nor a list of messages")),
        }
    }

    fn plain(self) -> String {
        match self {
            Self::Plain(text) => text,
            Self::Messages(messages) => written(&messages),
        }
    }
}

/// The text of a value; of several messages the dialogue.
pub(super) fn text_of(value: &Value) -> Result<String, String> {
    Text::of(value).map(Text::plain)
}

fn message(value: &Value) -> Result<(String, String), String> {
    let part = |name: &str| value.get(name).and_then(Value::as_str).map(str::to_owned);
    part("role")
        .zip(part("content"))
        .ok_or_else(|| format!("has {value}, which is no message with `role` and `content`"))
}

/// One message by itself is its content; several are a dialogue in the form of hh-rlhf.
fn written(messages: &[(String, String)]) -> String {
    if let [(_, content)] = messages {
        return content.clone();
    }
    let said = messages.iter().map(|(role, content)| {
        let name = match role.as_str() {
            "user" => "Human",
            "assistant" => "Assistant",
            "system" => "System",
            other => other,
        };
        format!("{name}: {content}")
    });
    said.collect::<Vec<_>>().join("\n\n")
}

/// The question and both answers: what the prompt says or, without one, what both dialogues have in common up to where an
/// answer begins.
pub(super) fn split(prompt: Option<String>, rejected: Text, chosen: Text) -> Result<(String, [String; 2]), String> {
    match (prompt, rejected, chosen) {
        (prompt, Text::Messages(rejected), Text::Messages(chosen)) => {
            let common = rejected.iter().zip(&chosen).take_while(|(one, other)| one == other).count();
            // Two equal dialogues differ in nothing; their last message is the answer all the same.
            let common = common.min(rejected.len().saturating_sub(1)).min(chosen.len().saturating_sub(1));
            let before = rejected.get(..common).unwrap_or_default();
            let question = match prompt {
                Some(prompt) => prompt,
                None if before.is_empty() => return Err(no_dialogue()),
                None => written(before),
            };
            let answer = |messages: &[(String, String)]| written(messages.get(common..).unwrap_or_default());
            Ok((question, [answer(&rejected), answer(&chosen)]))
        }
        (Some(prompt), rejected, chosen) => {
            let answers = [rejected, chosen].map(Text::plain);
            // Some data sets repeat the prompt in both.
            let is_repeated = !prompt.is_empty() && answers.iter().all(|answer| answer.starts_with(&prompt));
            let answers =
                if is_repeated { answers.map(|text| text[prompt.len()..].trim_start().to_owned()) } else { answers };
            Ok((prompt, answers))
        }
        (None, rejected, chosen) => {
            let answers = [rejected, chosen].map(Text::plain);
            let [one, other] = &answers;
            let same = one.bytes().zip(other.bytes()).take_while(|(one, other)| one == other).count();
            // The mark itself must be in both.
            let ends = one.match_indices(ANSWER_MARK).map(|(at, mark)| at + mark.len());
            let end = ends.take_while(|end| *end <= same).last().ok_or_else(no_dialogue)?;
            let answer = |text: &str| text.get(end..).unwrap_or_default().trim_start().to_owned();
            let question = one.get(..end).unwrap_or_default().trim();
            Ok((question.trim_end_matches("Assistant:").trim_end().to_owned(), [answer(one), answer(other)]))
        }
    }
}

fn no_dialogue() -> String {
    "there is no `prompt`, and `chosen` and `rejected` do not begin with the same dialogue up to an answer".to_owned()
}
