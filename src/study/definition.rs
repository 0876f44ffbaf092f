//! What a study computes.

use std::path::Path;

use serde::Deserialize;

use super::StudyError;
use crate::files::OnFile;
use crate::utility::{SharedUtility, parse};

/// A utility and the numbers of responses for which to solve.
#[derive(Debug, Clone)]
pub struct Study {
    /// The utility.
    pub utility: SharedUtility,
    /// The numbers of responses, ascending.
    pub sizes: Vec<usize>,
}

/// A study's file.
#[derive(Deserialize)]
#[serde(deny_unknown_fields)]
struct Definition {
    utilities: Vec<String>,
    n: Vec<usize>,
}

impl Study {
    /// The studies of `simulations/asymptotics.toml`: ten utilities, from 10 to a million responses.
    ///
    /// # Errors
    /// As [`Study::read`], never in practice.
    pub fn defaults() -> Result<Vec<Self>, StudyError> {
        let name = "simulations/asymptotics.toml";
        Self::parse(include_str!("../../simulations/asymptotics.toml"), Path::new(name))
    }

    /// Reads a study's file: TOML with `utilities`, a list of expressions, and `n`, a list of numbers of responses.
    ///
    /// # Errors
    /// [`StudyError::File`], [`StudyError::Definition`] for what is no such file, [`StudyError::Utility`] for an expression.
    pub fn read(path: &Path) -> Result<Vec<Self>, StudyError> {
        let text = std::fs::read_to_string(path).reading(path)?;
        Self::parse(&text, path)
    }

    fn parse(text: &str, path: &Path) -> Result<Vec<Self>, StudyError> {
        let wrong = |reason: String| StudyError::Definition { path: path.to_owned(), reason };
        let Definition { utilities, n: mut sizes } = toml::from_str(text).map_err(|error| {
            let line = error.span().map_or(1, |span| 1 + text[..span.start].matches('\n').count());
            wrong(format!("line {line}: {}", error.message()))
        })?;
        sizes.sort_unstable();
        sizes.dedup();
        if utilities.is_empty() || sizes.first().is_none_or(|n| *n == 0) {
            return Err(wrong("it needs at least one utility, and numbers of responses from 1".into()));
        }
        let study = |text: &String| Ok(Self { utility: parse(text)?, sizes: sizes.clone() });
        utilities.iter().map(study).collect()
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn parsed(text: &str) -> Result<Vec<Study>, String> {
        Study::parse(text, Path::new("study.toml")).map_err(|error| error.to_string())
    }

    #[test]
    fn the_default_study_is_one_file() {
        let studies = Study::defaults().expect("it is part of the program");
        assert_eq!(studies.len(), 10);
        assert!(studies.iter().all(|study| study.sizes.first() == Some(&10)));
        assert!(studies.iter().all(|study| study.sizes.last() == Some(&1_000_000)));
    }

    #[test]
    fn what_is_wrong_is_told_with_its_line() {
        let good = parsed("utilities = ['x']\nn = [8, 4, 8]").expect("a study");
        assert_eq!(good[0].sizes, [4, 8]);
        for (text, words) in [
            ("utilities = ['x']\nsizes = [8]", "study.toml, line 2: unknown field `sizes`"),
            ("utilities = ['x']\nn = [8", "line 2"),
            ("utilities = []\nn = [8]", "at least one utility"),
            ("utilities = ['x']\nn = [0, 8]", "from 1"),
            ("utilities = ['x^2']\nn = [8]", "not concave"),
        ] {
            for end in ["\n", "\r\n"] {
                let error = parsed(&text.replace('\n', end)).expect_err(text);
                assert!(error.contains(words), "{error}");
            }
        }
    }
}
