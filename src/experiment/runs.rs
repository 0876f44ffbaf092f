//! Where runs lie on disk.

use std::path::{Path, PathBuf};

use super::{
    DESCRIPTION_FILE, ExperimentError, Loss, PromptType, REWARDS_FILE, RewardRow, RewardTable, RunDescription, Split,
    read_rewards,
};
use crate::files::OnFile;

/// Runs that belong together: those of one model on one set of data, say.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct RunGroup {
    /// The folder's name; `None` for runs right under the directory that was searched.
    pub name: Option<String>,
    /// A folder for each run.
    pub folders: Vec<PathBuf>,
}

/// What one run left.
#[derive(Debug, Clone, PartialEq)]
pub struct Run {
    /// Its folder.
    pub folder: PathBuf,
    /// Its `run.json`.
    pub description: RunDescription,
    /// Its `rewards.csv`.
    pub rewards: Vec<RewardRow>,
}

/// The group that comes first: the experiment that needs neither weights nor data.
const FIRST_GROUP: &str = "embedded";

impl Run {
    /// Reads both files of a folder.
    ///
    /// # Errors
    /// As [`RunDescription::read`] and [`read_rewards`].
    pub fn read(folder: &Path) -> Result<Self, ExperimentError> {
        let description = RunDescription::read(folder)?;
        let rewards = read_rewards(&folder.join(REWARDS_FILE), description.responses, description.loss.terms.head)?;
        Ok(Self { folder: folder.to_owned(), description, rewards })
    }

    /// The rewards of any model from a table, as one evaluation of a run with the given description. Responses are numbered
    /// in the order of [`PromptRewards::ascending`](super::PromptRewards::ascending).
    ///
    /// # Errors
    /// [`ExperimentError::PromptType`] for the name of a type that can be none.
    pub fn of_table(
        table: &RewardTable,
        path: &Path,
        mut description: RunDescription,
    ) -> Result<Self, ExperimentError> {
        let types = table.types().iter().map(|name| match &**name {
            "" => Ok(PromptType::untyped()),
            name => name.parse::<PromptType>(),
        });
        let types: Vec<PromptType> = types.collect::<Result<_, _>>()?;
        let step = table.step().unwrap_or_default();
        let mut rewards = Vec::with_capacity(table.rewards().len());
        description.responses = 0;
        for (number, prompt) in table.prompts().enumerate() {
            let prompt_type = types.get(prompt.type_index).cloned().unwrap_or_else(PromptType::untyped);
            description.responses = description.responses.max(prompt.n());
            rewards.extend(prompt.ascending().into_iter().zip(1..).map(|(reward, index)| RewardRow {
                step,
                // The part that figures are about.
                split: Split::Train,
                prompt: number.to_string(),
                prompt_type: prompt_type.clone(),
                index,
                reward,
            }));
        }
        Ok(Self { folder: path.to_owned(), description, rewards })
    }
}

/// The runs under `directory`: it may be one itself, have a folder for each, or have folders of such folders. A folder is a
/// run if it has a file `rewards.csv`.
///
/// Released configurations come first, in the order of [`Loss::RELEASED`]; the group `embedded` is the first of several.
///
/// # Errors
/// [`ExperimentError::File`] for a directory that cannot be read. One without runs is not an error: there is no group then.
pub fn find_runs(directory: &Path) -> Result<Vec<RunGroup>, ExperimentError> {
    if is_run(directory) {
        return Ok(vec![RunGroup { name: None, folders: vec![directory.to_owned()] }]);
    }
    let mut groups = Vec::new();
    let (mut runs, others): (Vec<PathBuf>, Vec<PathBuf>) =
        folders(directory)?.into_iter().partition(|folder| is_run(folder));
    runs.sort_by_cached_key(|run| rank(run));
    if !runs.is_empty() {
        groups.push(RunGroup { name: None, folders: runs });
    }
    for folder in others {
        // A folder that may not be read has nothing to show, and is not what was asked for.
        let mut runs: Vec<PathBuf> =
            folders(&folder).unwrap_or_default().into_iter().filter(|run| is_run(run)).collect();
        runs.sort_by_cached_key(|run| rank(run));
        if !runs.is_empty() {
            groups.push(RunGroup { name: Some(folder_name(&folder)), folders: runs });
        }
    }
    groups.sort_by_key(|group| match group.name.as_deref() {
        None => 0,
        Some(FIRST_GROUP) => 1,
        Some(_) => 2,
    });
    Ok(groups)
}

/// The name of a folder, for people.
pub fn folder_name(folder: &Path) -> String {
    folder.file_name().map_or_else(|| ".".to_owned(), |name| name.to_string_lossy().into_owned())
}

/// Whether a run is one of a loss: by the utilities and terms that its description names or, without one, by its folder's name, which
/// may also be that of the configuration file (`x_adaptive`).
///
/// # Errors
/// [`ExperimentError`] for a malformed description.
pub fn is_run_of(folder: &Path, loss: &Loss) -> Result<bool, ExperimentError> {
    if folder.join(DESCRIPTION_FILE).exists() {
        let described = RunDescription::read(folder)?.loss()?;
        let same = |prompt_type| described.of(prompt_type).ok() == loss.of(prompt_type).ok();
        return Ok(described.terms() == loss.terms() && PromptType::RELEASED.iter().all(same));
    }
    Ok(released(&folder_name(folder)) == loss.name())
}

fn is_run(folder: &Path) -> bool {
    folder.join(REWARDS_FILE).is_file()
}

/// A configuration's name is its loss's, but for the adaptive one.
fn released(folder: &str) -> &str {
    if folder == "x_adaptive" { "adaptive" } else { folder }
}

fn rank(folder: &Path) -> (usize, String) {
    let name = folder_name(folder);
    let place = Loss::RELEASED.iter().position(|known| *known == released(&name));
    (place.unwrap_or(Loss::RELEASED.len()), name)
}

/// The folders in a directory, by name.
fn folders(directory: &Path) -> Result<Vec<PathBuf>, ExperimentError> {
    let mut folders = Vec::new();
    for entry in std::fs::read_dir(directory).reading(directory)? {
        let path = entry.reading(directory)?.path();
        if path.is_dir() {
            folders.push(path);
        }
    }
    folders.sort();
    Ok(folders)
}

#[cfg(test)]
mod tests {
    use tempfile::TempDir;

    use super::*;

    #[test]
    fn runs_are_found_at_every_depth() {
        let top = TempDir::new().unwrap();
        let touch = |folder: &str| {
            std::fs::create_dir_all(top.path().join(folder)).unwrap();
            std::fs::write(top.path().join(folder).join(REWARDS_FILE), "").unwrap();
        };
        assert!(find_runs(top.path()).unwrap().is_empty());
        assert!(find_runs(&top.path().join("nowhere")).is_err());
        for folder in ["base/x", "embedded/x_adaptive", "embedded/other", "embedded/log", "embedded/x"] {
            touch(folder);
        }
        std::fs::create_dir(top.path().join("empty")).unwrap();
        let names = |group: &RunGroup| group.folders.iter().map(|run| folder_name(run)).collect::<Vec<_>>();
        let groups = find_runs(top.path()).unwrap();
        assert_eq!(
            groups.iter().map(|group| group.name.as_deref()).collect::<Vec<_>>(),
            [Some("embedded"), Some("base")]
        );
        assert_eq!(names(&groups[0]), ["x", "log", "x_adaptive", "other"]);
        let [group] = &find_runs(&top.path().join("embedded")).unwrap()[..] else { unreachable!() };
        assert!(group.name.is_none() && group.folders.len() == 4);
        let [group] = &find_runs(&top.path().join("base/x")).unwrap()[..] else { unreachable!() };
        assert_eq!(names(group), ["x"]);
        assert!(is_run_of(&top.path().join("embedded/x_adaptive"), &Loss::parse("adaptive").unwrap()).unwrap());
        assert!(!is_run_of(&top.path().join("base/x"), &Loss::parse("log").unwrap()).unwrap());
    }
}
