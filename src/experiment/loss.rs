//! The losses of the experiment.

use std::collections::BTreeMap;
use std::fmt;
use std::sync::Arc;

use serde::{Deserialize, Serialize};
use thiserror::Error;

use super::{Head, PromptType};
use crate::design::DesignFile;
use crate::problem::{Field, FieldError, Support};
use crate::utility::{Linear, OnLine, SharedUtility, UtilityError, parse};

/// A utility of the experiment, twice: the paper names `log x` and `-1/x`, and its code trains them at `x + 0.1`.
#[derive(Debug, Clone)]
pub struct UtilityPair {
    /// As the paper names it, and draws its predictions for.
    pub named: SharedUtility,
    /// As the released code trains it: what a reward model interpolates.
    pub trained: SharedUtility,
    /// The field of a design, as [`Field::parse_any`] reads it: it belongs to this utility, and need not be concave.
    pub field: Option<String>,
}

/// What stands between the utility and the field of a design in a text.
const WITH_FIELD: &str = " with field ";

/// The released names of one utility, with the utility as named and as trained.
const NAMES: [(&str, &str, &str); 4] = [
    ("x", "x", "x"),
    ("log", "log(x)", "log(x+0.1)"),
    ("x_inv", "-1/x", "-1/(x+0.1)"),
    ("logsigmoid", "logsigmoid(4x)", "logsigmoid(4x)"),
];

/// The prompt-aware scheme's name, and its names for open-ended and closed-ended prompts.
const ADAPTIVE: &str = "adaptive";
const ADAPTIVE_PARTS: [&str; 2] = ["x_inv", "x"];

impl UtilityPair {
    /// A released name other than `adaptive`, or an expression, which is trained as it is named; or that of a design, as
    /// [`UtilityPair::text_of_design`] writes it.
    ///
    /// # Errors
    /// [`UtilityError`] for what is neither.
    pub fn parse(text: &str) -> Result<Self, UtilityError> {
        let text = text.trim();
        if text == ADAPTIVE {
            return Err(UtilityError::Syntax {
                expression: text.to_owned(),
                reason:
                    "it stands for two utilities, and one is wanted here: x, log, x_inv, logsigmoid or an expression"
                        .to_owned(),
            });
        }
        match NAMES.iter().find(|(name, ..)| *name == text) {
            Some((_, named, trained)) => Self::of(named, trained),
            None => {
                let (text, field) = match text.split_once(WITH_FIELD) {
                    Some((utility, field)) => (utility, Some(field.trim().to_owned())),
                    None => (text, None),
                };
                let utility = parse(text)?;
                Ok(Self { named: utility.clone(), trained: utility, field })
            }
        }
    }

    /// The pair of two expressions.
    ///
    /// # Errors
    /// [`UtilityError`] if either cannot be read.
    pub fn of(named: &str, trained: &str) -> Result<Self, UtilityError> {
        Ok(Self { named: parse(named)?, trained: parse(trained)?, field: None })
    }

    /// The text of a design's utility, with its field: `log(x+0.1) with field potential(beta(2,5); log(x+0.1))`.
    pub fn text_of_design(design: &DesignFile) -> String {
        let utility = design.utility_text();
        match &design.field {
            Some(field) => format!("{utility}{WITH_FIELD}{field}"),
            None => utility.to_owned(),
        }
    }

    /// The field of the design on the rewards that `head` allows.
    ///
    /// # Errors
    /// [`FieldError`] for a text that is no field.
    pub fn field(&self, head: Head) -> Result<Option<Field>, FieldError> {
        let support = LossTerms { head, ..LossTerms::default() }.support();
        self.field.as_deref().map(|text| Field::parse_any(text, support)).transpose()
    }

    /// Whether what was trained is what is named.
    pub fn is_exact(&self) -> bool {
        self.named.to_string() == self.trained.to_string()
    }
}

impl PartialEq for UtilityPair {
    fn eq(&self, other: &Self) -> bool {
        let texts = |pair: &Self| (pair.named.to_string(), pair.trained.to_string(), pair.field.clone());
        texts(self) == texts(other)
    }
}

/// What a loss has beside its utilities. The default is the paper's: a sigmoid, and nothing else.
#[derive(Debug, Clone, Default, PartialEq, Serialize, Deserialize)]
pub struct LossTerms {
    /// How a logit becomes a reward.
    #[serde(default, skip_serializing_if = "is_default")]
    pub head: Head,
    /// The label smoothing `q`, from 0 to less than 1/2: `U(x)` becomes `(1 - q) U(x) + q U(-x)`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub smoothing: f64,
    /// The centring coefficient `c`, from 0: each pair also pays `c (r_i + r_j)^2`, as with TRL's
    /// `center_rewards_coefficient`.
    #[serde(default, skip_serializing_if = "is_default")]
    pub centering: f64,
    /// The field `V`, a concave expression in a reward: `2/n sum_i V(r_i)` is taken from the loss of a prompt.
    #[serde(default, skip_serializing_if = "is_default")]
    pub field: Option<String>,
}

fn is_default<T: Default + PartialEq>(value: &T) -> bool {
    *value == T::default()
}

impl LossTerms {
    /// Keys of a written loss that are no types of prompts.
    pub const KEYS: [&str; 6] = ["utility", "head", "smoothing", "centering", "field", "design"];

    /// Whether they are the paper's.
    pub fn is_default(&self) -> bool {
        is_default(self)
    }

    /// Whether all are in their domain.
    ///
    /// # Errors
    /// [`UtilityError::Parameter`].
    pub fn check(&self) -> Result<(), UtilityError> {
        let Self { smoothing, centering, .. } = *self;
        let wrong = |family, name, value, domain| Err(UtilityError::Parameter { family, name, value, domain });
        if !(0.0..0.5).contains(&smoothing) {
            return wrong("label smoothing", "q", smoothing, "0 <= q < 1/2");
        }
        if !(centering.is_finite() && centering >= 0.0) {
            return wrong("centring", "c", centering, "c >= 0");
        }
        Ok(())
    }

    /// The interval of rewards that the head allows.
    pub fn support(&self) -> Support {
        match self.head {
            Head::Sigmoid => Support::UNIT,
            Head::Raw => Support::LINE,
        }
    }

    /// Whether all rewards of a prompt may be shifted together: raw logits, and nothing but their differences counts.
    pub fn is_free_to_shift(&self) -> bool {
        self.head == Head::Raw && self.centering == 0.0 && self.field.is_none()
    }

    /// The utility that is trained on all real reward differences, with the smoothing.
    ///
    /// # Errors
    /// [`UtilityError::InfiniteSlope`] for a utility that pairs in the wrong order cannot be trained on.
    pub fn on_line(&self, pair: &UtilityPair) -> Result<OnLine, UtilityError> {
        OnLine::new(pair.trained.clone(), self.smoothing)
    }

    /// The field on the rewards that the head allows.
    ///
    /// # Errors
    /// [`FieldError`] for a text that is no expression, or not concave there.
    pub fn field(&self) -> Result<Option<Field>, FieldError> {
        self.field.as_deref().map(|text| Field::parse(text, self.support())).transpose()
    }
}

/// What the terms add to the name of a loss: nothing for the paper's, `, raw, smoothing 0.1` for others.
impl fmt::Display for LossTerms {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        let Self { head, smoothing, centering, field } = self;
        if *head != Head::default() {
            write!(f, ", {head}")?;
        }
        if *smoothing != 0.0 {
            write!(f, ", smoothing {smoothing}")?;
        }
        if *centering != 0.0 {
            write!(f, ", centring {centering}")?;
        }
        if let Some(field) = field {
            write!(f, ", field {field}")?;
        }
        Ok(())
    }
}

/// What a run trains on: one utility for all prompts or one for each type of prompt, and the terms that all prompts share.
///
/// ```
/// use reward_collapse::experiment::{Loss, PromptType};
/// let adaptive = Loss::parse("adaptive")?;
/// let open = adaptive.of(&PromptType::open_ended())?;
/// assert_eq!((open.named.to_string(), open.trained.to_string()), ("-1/x".into(), "-1/(x+0.1)".into()));
/// assert_eq!(adaptive.of(&PromptType::closed_ended())?.trained.to_string(), "x");
/// assert!(adaptive.of(&"creative".parse()?).is_err());
/// # Ok::<(), Box<dyn std::error::Error>>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Loss {
    name: String,
    utilities: Utilities,
    terms: LossTerms,
}

#[derive(Debug, Clone, PartialEq)]
enum Utilities {
    /// One for all prompts, of whatever type.
    Same(UtilityPair),
    ByType(BTreeMap<PromptType, UtilityPair>),
}

/// A type of prompt for which a loss has no utility.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("the loss has no utility for prompts of the type `{prompt_type}`; it has one for {known}")]
pub struct MissingUtility {
    /// The type.
    pub prompt_type: PromptType,
    /// The types that the loss has, for people.
    pub known: String,
}

impl Loss {
    /// The released configurations, in the order of figures.
    pub const RELEASED: [&str; 5] = ["x", "log", "x_inv", "logsigmoid", ADAPTIVE];

    /// A released name (`x`, `log`, `x_inv`, `logsigmoid`, `adaptive`), or an expression, which is trained as it is named.
    ///
    /// # Errors
    /// [`UtilityError`] for what is neither.
    pub fn parse(text: &str) -> Result<Self, UtilityError> {
        let name = text.trim().to_owned();
        if name == ADAPTIVE {
            let pairs = PromptType::RELEASED.into_iter().zip(ADAPTIVE_PARTS);
            let pairs = pairs.map(|(prompt_type, text)| Ok((prompt_type, UtilityPair::parse(text)?)));
            return Ok(Self::by_type(name, pairs.collect::<Result<Vec<_>, UtilityError>>()?));
        }
        let pair = UtilityPair::parse(&name)?;
        Ok(Self::same(name, pair))
    }

    /// A utility for each type of prompt, each a released name other than `adaptive`, or an expression. The loss's name lists
    /// them.
    ///
    /// # Errors
    /// [`UtilityError`] for what is neither.
    pub fn parse_by_type<'a>(texts: impl IntoIterator<Item = (&'a PromptType, &'a str)>) -> Result<Self, UtilityError> {
        let mut names = Vec::new();
        let mut pairs = BTreeMap::new();
        for (prompt_type, text) in texts {
            names.push(format!("{} {}", prompt_type.label(), text.trim()));
            pairs.insert(prompt_type.clone(), UtilityPair::parse(text)?);
        }
        Ok(Self::by_type(names.join(", "), pairs))
    }

    /// One utility for all prompts, under a name of one's own.
    pub fn same(name: impl Into<String>, pair: UtilityPair) -> Self {
        Self { name: name.into(), utilities: Utilities::Same(pair), terms: LossTerms::default() }
    }

    /// A utility for each type of prompt, under a name of one's own.
    pub fn by_type(name: impl Into<String>, pairs: impl IntoIterator<Item = (PromptType, UtilityPair)>) -> Self {
        let utilities = Utilities::ByType(pairs.into_iter().collect());
        Self { name: name.into(), utilities, terms: LossTerms::default() }
    }

    /// The same utilities with other terms.
    ///
    /// # Errors
    /// As [`LossTerms::check`].
    pub fn with(self, terms: LossTerms) -> Result<Self, UtilityError> {
        terms.check()?;
        Ok(Self { terms, ..self })
    }

    /// What there is beside the utilities.
    pub fn terms(&self) -> &LossTerms {
        &self.terms
    }

    /// The utility for a type of prompt.
    ///
    /// # Errors
    /// [`MissingUtility`] for a type that a loss by type lacks.
    pub fn of(&self, prompt_type: &PromptType) -> Result<&UtilityPair, MissingUtility> {
        match &self.utilities {
            Utilities::Same(pair) => Ok(pair),
            Utilities::ByType(pairs) => pairs.get(prompt_type).ok_or_else(|| MissingUtility {
                prompt_type: prompt_type.clone(),
                known: PromptType::listed(pairs.keys()),
            }),
        }
    }

    /// The one utility of all prompts; `None` for a loss by type.
    pub fn of_all(&self) -> Option<&UtilityPair> {
        match &self.utilities {
            Utilities::Same(pair) => Some(pair),
            Utilities::ByType(_) => None,
        }
    }

    /// The types of prompts that it names, in their order, each with its utility; none where one utility is that of all.
    pub fn types(&self) -> impl Iterator<Item = (&PromptType, &UtilityPair)> {
        let pairs = match &self.utilities {
            Utilities::Same(_) => None,
            Utilities::ByType(pairs) => Some(pairs),
        };
        pairs.into_iter().flatten()
    }

    /// Its name: as released, the expression, or that of each type.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the utility depends on the type of prompt.
    pub fn is_prompt_aware(&self) -> bool {
        let mut pairs = self.types().map(|(_, pair)| pair);
        pairs.next().is_some_and(|first| pairs.any(|pair| pair != first))
    }
}

impl Default for Loss {
    /// `U = x` for all prompts.
    fn default() -> Self {
        let linear: SharedUtility = Arc::new(Linear);
        Self::same("x", UtilityPair { named: linear.clone(), trained: linear, field: None })
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}{}", self.name, self.terms)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(loss: &Loss, prompt_type: &PromptType) -> [String; 2] {
        let pair = loss.of(prompt_type).unwrap();
        [pair.named.to_string(), pair.trained.to_string()]
    }

    #[test]
    fn released_names_are_trained_at_a_distance() {
        for (name, named, trained) in NAMES {
            let loss = Loss::parse(name).unwrap();
            assert_eq!(loss.name(), name);
            for prompt_type in PromptType::RELEASED.into_iter().chain(["exam".parse().unwrap()]) {
                assert_eq!(texts(&loss, &prompt_type), [named, trained]);
            }
            assert!(!loss.is_prompt_aware());
        }
        assert!(Loss::RELEASED.into_iter().all(|name| Loss::parse(name).is_ok()));
    }

    #[test]
    fn anything_else_is_an_expression() {
        let [open, closed] = PromptType::RELEASED;
        let loss = Loss::parse(" 1-exp(-4x) ").unwrap();
        assert_eq!(texts(&loss, &open), ["1-exp(-4x)", "1-exp(-4x)"]);
        assert!(loss.of(&open).unwrap().is_exact());
        let loss = Loss::parse_by_type([(&open, "log"), (&closed, "x")]).unwrap();
        assert_eq!(texts(&loss, &open), ["log(x)", "log(x+0.1)"]);
        assert_eq!(texts(&loss, &closed), ["x", "x"]);
        assert_eq!(loss.name(), "open-ended log, closed-ended x");
        assert!(loss.is_prompt_aware());
        assert!(Loss::parse("x^2").is_err() && Loss::parse("x_squared").is_err());
        let error = Loss::parse_by_type([(&open, "adaptive"), (&closed, "x")]).unwrap_err().to_string();
        assert!(error.contains("two utilities"), "{error}");
    }

    #[test]
    fn a_type_that_the_loss_lacks_is_named() {
        let [exam, creative] = ["exam", "creative"].map(|name| name.parse::<PromptType>().unwrap());
        let loss = Loss::parse_by_type([(&exam, "x"), (&creative, "x")]).unwrap();
        assert!(!loss.is_prompt_aware() && loss.of_all().is_none());
        assert_eq!(loss.types().map(|(prompt_type, _)| prompt_type).collect::<Vec<_>>(), [&creative, &exam]);
        let error = loss.of(&PromptType::open_ended()).unwrap_err().to_string();
        assert!(error.contains("`open_ended`") && error.ends_with("`creative`, `exam`"), "{error}");
    }
}
