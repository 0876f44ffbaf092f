//! Laws as people write them.

use std::path::Path;
use std::str::FromStr;

use super::{Beta, Component, Normal, Part, Steps, Target, TargetError};
use crate::files::OnFile;
use crate::limit::Atom;

/// How far a sum of masses may be from 1.
const SLACK: f64 = 1e-9;

impl FromStr for Target {
    type Err = TargetError;

    fn from_str(text: &str) -> Result<Self, TargetError> {
        let text = text.trim();
        let mut parts = Vec::new();
        let mut names = Vec::new();
        for term in terms(text) {
            let (weight, law) = match term.split_once('*') {
                Some((weight, law)) if !weight.contains('(') => {
                    let weight = weight.trim();
                    (weight.parse::<f64>().map_err(|_| syntax(text, format!("`{weight}` is no weight")))?, law.trim())
                }
                _ => (1.0, term),
            };
            if !(weight.is_finite() && weight >= 0.0) {
                return Err(not_a_law(text, format!("the weight {weight} is not 0 or more")));
            }
            let (component, name) = component(law, text)?;
            names.push((weight, name));
            if weight > 0.0 {
                let splits = component.splits();
                parts.push(Part { weight, component, splits });
            }
        }
        let total: f64 = parts.iter().map(|part| part.weight).sum();
        if (total - 1.0).abs() > SLACK {
            return Err(not_a_law(text, format!("the weights have the sum {total}, and not 1")));
        }
        parts.iter_mut().for_each(|part| part.weight /= total);
        let text = match names.as_slice() {
            [(_, name)] => name.clone(),
            names => names.iter().map(|(weight, name)| format!("{weight}*{name}")).collect::<Vec<_>>().join("+"),
        };
        Ok(Self { text, parts })
    }
}

fn syntax(text: &str, reason: impl Into<String>) -> TargetError {
    TargetError::Syntax { text: text.chars().take(120).collect(), reason: reason.into() }
}

fn not_a_law(text: &str, reason: impl Into<String>) -> TargetError {
    TargetError::NotALaw { text: text.chars().take(120).collect(), reason: reason.into() }
}

/// What stands between plus signs outside of parentheses.
fn terms(text: &str) -> Vec<&str> {
    let (mut depth, mut start) = (0i32, 0);
    let mut terms = Vec::new();
    for (at, symbol) in text.char_indices() {
        match symbol {
            '(' => depth += 1,
            ')' => depth -= 1,
            '+' if depth == 0 => {
                terms.push(text[start..at].trim());
                start = at + 1;
            }
            _ => {}
        }
    }
    terms.push(text[start..].trim());
    terms
}

/// One law, and the text that reads back as it.
fn component(law: &str, whole: &str) -> Result<(Component, String), TargetError> {
    let (name, arguments) = match law.split_once('(') {
        Some((name, rest)) => {
            let inside =
                rest.strip_suffix(')').ok_or_else(|| syntax(whole, format!("`{law}` has no closing parenthesis")))?;
            (name.trim(), Some(inside.trim()))
        }
        None => (law, None),
    };
    let numbers = |count: usize| -> Result<Vec<f64>, TargetError> {
        let found: Option<Vec<f64>> = arguments.unwrap_or_default().split(',').map(|x| x.trim().parse().ok()).collect();
        let found = found.filter(|found| found.len() == count);
        found.ok_or_else(|| syntax(whole, format!("{name} takes {count} numbers")))
    };
    let component = match name {
        "beta" => {
            let numbers = numbers(2)?;
            let beta = Beta::new(numbers[0], numbers[1]);
            Component::Beta(beta.ok_or_else(|| not_a_law(whole, "the shapes of a beta law are positive"))?)
        }
        "normal" => {
            let numbers = numbers(2)?;
            let normal = Normal::new(numbers[0], numbers[1]);
            Component::Normal(normal.ok_or_else(|| not_a_law(whole, "the deviation of a normal law is positive"))?)
        }
        "uniform" => {
            let [from, to] = match arguments {
                None | Some("") => [0.0, 1.0],
                Some(_) => numbers(2).map(|numbers| [numbers[0], numbers[1]])?,
            };
            if !(from < to && from.is_finite() && to.is_finite()) {
                return Err(not_a_law(whole, "a uniform law has two finite ends, the smaller first"));
            }
            Component::Steps(Steps::uniform(from, to))
        }
        "atoms" => atoms(arguments.unwrap_or_default(), whole)?,
        "empirical" => return empirical(arguments.unwrap_or_default(), whole),
        _ => return Err(syntax(whole, format!("`{name}` is no law"))),
    };
    let text = arguments.map_or_else(|| name.to_owned(), |inside| format!("{name}({})", inside.replace(' ', "")));
    Ok((component, text))
}

fn atoms(list: &str, whole: &str) -> Result<Component, TargetError> {
    let mut atoms = Vec::new();
    for entry in list.split(',') {
        let pair =
            entry.split_once(':').and_then(|(at, mass)| Some((at.trim().parse().ok()?, mass.trim().parse().ok()?)));
        let (at, mass): (f64, f64) = pair.ok_or_else(|| syntax(whole, format!("`{entry}` is no PLACE:MASS")))?;
        if !(at.is_finite() && mass.is_finite() && mass >= 0.0) {
            return Err(not_a_law(whole, format!("the atom {at}:{mass} has no finite place, or a mass below 0")));
        }
        if mass > 0.0 {
            atoms.push(Atom { at, mass });
        }
    }
    let total: f64 = atoms.iter().map(|atom| atom.mass).sum();
    if (total - 1.0).abs() > SLACK {
        return Err(not_a_law(whole, format!("the masses have the sum {total}, and not 1")));
    }
    Steps::discrete(atoms).map(Component::Steps).ok_or_else(|| not_a_law(whole, "it has no atom"))
}

/// A list of numbers, or a file of them. Its text is the list, so that it needs the file no more.
fn empirical(inside: &str, whole: &str) -> Result<(Component, String), TargetError> {
    let list: Option<Vec<f64>> = inside.split(',').map(|x| x.trim().parse::<f64>().ok()).collect();
    let values = match list {
        Some(values) => values,
        None => read(Path::new(inside))?,
    };
    if values.iter().any(|value| !value.is_finite()) {
        return Err(not_a_law(whole, "a reward of the empirical law is not finite"));
    }
    let text: Vec<String> = values.iter().map(f64::to_string).collect();
    let steps = Steps::empirical(values).ok_or_else(|| not_a_law(whole, "the empirical law has no rewards"))?;
    Ok((Component::Steps(steps), format!("empirical({})", text.join(","))))
}

/// One number a line; a first line that is none is a header, and blank lines are none.
fn read(path: &Path) -> Result<Vec<f64>, TargetError> {
    let unreadable = |error: crate::files::FileError| TargetError::Unreadable(format!("{error}: {}", error.source));
    let text = std::fs::read_to_string(path).reading(path).map_err(unreadable)?;
    let mut values = Vec::new();
    for (line, field) in (1..).zip(text.lines()).map(|(line, field)| (line, field.trim())) {
        match field.parse::<f64>() {
            Ok(value) if value.is_finite() => values.push(value),
            _ if field.is_empty() || line == 1 && field.parse::<f64>().is_err() => {}
            _ => {
                let reason = format!(
                    "`{}` is no finite number; write one reward a line",
                    field.chars().take(40).collect::<String>()
                );
                return Err(TargetError::Line { path: path.to_owned(), line, reason });
            }
        }
    }
    if values.is_empty() {
        return Err(TargetError::Unreadable(format!("{} has no rewards: write one a line", path.display())));
    }
    Ok(values)
}
