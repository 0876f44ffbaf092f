//! What `asymptotics --study` and `figure asymptotics` share: a study's definition, its results, and running it.

use std::ops::ControlFlow;
use std::path::{Path, PathBuf};

use crate::study::{Event, Outcome, Shard, Store, Study, StudyError};
use crate::utility::parse;

use super::progress::ProgressDisplay;
use super::{CliError, error};

/// Where finished points are kept unless `--results` says otherwise.
pub const RESULTS: &str = "figures/asymptotics";

/// The studies of a file, or of `simulations/asymptotics.toml`, with other utilities or sizes where given.
pub fn studies(file: Option<&Path>, utilities: &[String], sizes: &[usize]) -> Result<Vec<Study>, CliError> {
    let mut studies = match file {
        Some(path) => Study::read(path)?,
        None => Study::defaults()?,
    };
    if !utilities.is_empty() {
        let sizes = studies.first().map(|study| study.sizes.clone()).unwrap_or_default();
        let study = |text: &String| Ok(Study { utility: parse(text)?, sizes: sizes.clone() });
        studies = utilities.iter().map(study).collect::<Result<_, CliError>>()?;
    }
    if !sizes.is_empty() {
        let mut sizes = sizes.to_vec();
        sizes.sort_unstable();
        sizes.dedup();
        studies.iter_mut().for_each(|study| study.sizes.clone_from(&sizes));
    }
    Ok(studies)
}

/// Which points to compute and where to keep them.
pub struct Plan {
    pub studies: Vec<Study>,
    /// The directory of finished points; `None` keeps none.
    pub results: Option<PathBuf>,
    pub shard: Shard,
    /// Whether to set earlier points aside.
    pub fresh: bool,
}

impl Plan {
    /// Computes what is missing. Failures of single points are reported as they happen, and counted.
    pub fn run(&self, quiet: bool) -> Result<Outcome, CliError> {
        let mut store = match &self.results {
            None => Store::in_memory(),
            Some(directory) => {
                if self.fresh {
                    for path in Store::set_aside(directory)? {
                        error::warn(&format!("earlier points are now in {}", path.display()), quiet);
                    }
                }
                Store::open(directory, self.shard)?
            }
        };
        store.warnings().iter().for_each(|warning| error::warn(warning, quiet));
        let progress = ProgressDisplay::new(quiet, Some(0));
        let outcome = crate::study::run(&self.studies, self.shard, &mut store, &mut |event| {
            match event {
                Event::Starting { utility, n, settled, total } => {
                    progress.of(settled as u64, total as u64);
                    progress.message(format!("{utility}, n = {n}"));
                }
                Event::Failed { utility, n, error } => {
                    progress.aside(|| error::report(&format!("`{utility}`, n = {n}: {}", error::with_causes(error))));
                }
                Event::Unsaved { points, error } => progress.aside(|| {
                    let reason = error::with_causes(error);
                    error::report(&format!("{reason}; {points} finished points wait to be written with the next"));
                }),
            }
            ControlFlow::Continue(())
        });
        Ok(outcome?)
    }

    /// The failure that the exit status tells of, once everything else is written.
    pub fn verdict(&self, outcome: &Outcome) -> Result<(), CliError> {
        let Outcome { total, failed, unsaved, .. } = *outcome;
        let mut faults = Vec::new();
        if failed > 0 {
            faults.push(format!("{failed} of {total} points could not be computed"));
        }
        if unsaved > 0 {
            faults.push(format!("{unsaved} finished points could not be kept"));
        }
        if faults.is_empty() { Ok(()) } else { Err(CliError::Failure(faults.join(", and "))) }
    }
}

impl From<StudyError> for CliError {
    fn from(error: StudyError) -> Self {
        match error {
            StudyError::Utility(error) => error.into(),
            StudyError::Limit(error) => error.into(),
            _ => CliError::input(&error),
        }
    }
}
