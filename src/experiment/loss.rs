//! The losses of the experiment.

use std::fmt;

use super::Prompts;
use crate::utility::{SharedUtility, UtilityError, parse};

/// A utility of the experiment, twice: the paper names `log x` and `-1/x`, and its code trains them at `x + 0.1`.
#[derive(Debug, Clone)]
pub struct UtilityPair {
    /// As the paper names it, and draws its predictions for.
    pub named: SharedUtility,
    /// As the released code trains it: what a reward model interpolates.
    pub trained: SharedUtility,
}

/// The released names of one utility, with the utility as named and as trained.
const NAMES: [(&str, &str, &str); 4] = [
    ("x", "x", "x"),
    ("log", "log(x)", "log(x+0.1)"),
    ("x_inv", "-1/x", "-1/(x+0.1)"),
    ("logsigmoid", "logsigmoid(4x)", "logsigmoid(4x)"),
];

/// The prompt-aware scheme's name, and its names for open-ended and closed-ended prompts.
const ADAPTIVE: &str = "adaptive";
const ADAPTIVE_PARTS: (&str, &str) = ("x_inv", "x");

impl UtilityPair {
    /// A released name other than `adaptive`, or an expression, which is trained as it is named.
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
                let utility = parse(text)?;
                Ok(Self { named: utility.clone(), trained: utility })
            }
        }
    }

    /// The pair of two expressions.
    ///
    /// # Errors
    /// [`UtilityError`] if either cannot be read.
    pub fn of(named: &str, trained: &str) -> Result<Self, UtilityError> {
        Ok(Self { named: parse(named)?, trained: parse(trained)? })
    }

    /// Whether what was trained is what is named.
    pub fn is_exact(&self) -> bool {
        self.named.to_string() == self.trained.to_string()
    }
}

impl PartialEq for UtilityPair {
    fn eq(&self, other: &Self) -> bool {
        let texts = |pair: &Self| [pair.named.to_string(), pair.trained.to_string()];
        texts(self) == texts(other)
    }
}

/// What a run trains on: a utility for each type of prompt.
///
/// ```
/// use reward_collapse::experiment::{Loss, Prompts};
/// let adaptive = Loss::parse("adaptive")?;
/// assert_eq!(adaptive.of(Prompts::Open).named.to_string(), "-1/x");
/// assert_eq!(adaptive.of(Prompts::Open).trained.to_string(), "-1/(x+0.1)");
/// assert_eq!(adaptive.of(Prompts::Closed).trained.to_string(), "x");
/// # Ok::<(), reward_collapse::utility::UtilityError>(())
/// ```
#[derive(Debug, Clone, PartialEq)]
pub struct Loss {
    name: String,
    open: UtilityPair,
    closed: UtilityPair,
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
            let (open, closed) = ADAPTIVE_PARTS;
            return Ok(Self::new(name, UtilityPair::parse(open)?, UtilityPair::parse(closed)?));
        }
        let pair = UtilityPair::parse(&name)?;
        Ok(Self::new(name, pair.clone(), pair))
    }

    /// A utility for each type of prompt, each a released name other than `adaptive`, or an expression.
    ///
    /// # Errors
    /// [`UtilityError`] for what is neither.
    pub fn by_prompt(open: &str, closed: &str) -> Result<Self, UtilityError> {
        let name = format!("open-ended {}, closed-ended {}", open.trim(), closed.trim());
        Ok(Self::new(name, UtilityPair::parse(open)?, UtilityPair::parse(closed)?))
    }

    /// A loss under a name of one's own.
    pub fn new(name: impl Into<String>, open: UtilityPair, closed: UtilityPair) -> Self {
        Self { name: name.into(), open, closed }
    }

    /// The utility for a type of prompt.
    pub fn of(&self, prompts: Prompts) -> &UtilityPair {
        match prompts {
            Prompts::Open => &self.open,
            Prompts::Closed => &self.closed,
        }
    }

    /// Its name: as released, the expression, or both parts.
    pub fn name(&self) -> &str {
        &self.name
    }

    /// Whether the utility depends on the type of prompt.
    pub fn is_prompt_aware(&self) -> bool {
        self.open != self.closed
    }
}

impl fmt::Display for Loss {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.name)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn texts(loss: &Loss, prompts: Prompts) -> [String; 2] {
        let pair = loss.of(prompts);
        [pair.named.to_string(), pair.trained.to_string()]
    }

    #[test]
    fn released_names_are_trained_at_a_distance() {
        for (name, named, trained) in NAMES {
            let loss = Loss::parse(name).unwrap();
            assert_eq!(loss.name(), name);
            for prompts in Prompts::BOTH {
                assert_eq!(texts(&loss, prompts), [named, trained]);
            }
            assert!(!loss.is_prompt_aware());
        }
        assert!(Loss::RELEASED.into_iter().all(|name| Loss::parse(name).is_ok()));
    }

    #[test]
    fn anything_else_is_an_expression() {
        let loss = Loss::parse(" 1-exp(-4x) ").unwrap();
        assert_eq!(texts(&loss, Prompts::Open), ["1-exp(-4x)", "1-exp(-4x)"]);
        assert!(loss.of(Prompts::Open).is_exact());
        let loss = Loss::by_prompt("log", "x").unwrap();
        assert_eq!(texts(&loss, Prompts::Open), ["log(x)", "log(x+0.1)"]);
        assert_eq!(texts(&loss, Prompts::Closed), ["x", "x"]);
        assert!(loss.is_prompt_aware());
        assert!(Loss::parse("x^2").is_err() && Loss::parse("x_squared").is_err());
        let error = Loss::by_prompt("adaptive", "x").unwrap_err().to_string();
        assert!(error.contains("two utilities"), "{error}");
    }
}
