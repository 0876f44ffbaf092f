//! A data set from its source to JSON lines.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use reward_collapse::experiment::PromptType;
use reward_collapse::files::OnFile;
use serde::Serialize;

use super::{Construction, Corpus, DatasetError, Layout, Ranking, Record, Skipped, Unranked, read};

/// Where rows come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowSource {
    /// A file of any form that [`read()`] takes.
    File(PathBuf),
    /// Several such files, one after the other.
    Files(Vec<PathBuf>),
    /// The embedded [`Corpus`], of which so many rows are taken.
    Embedded(u64),
}

/// How rankings are made of rows.
#[derive(Debug, Clone, PartialEq)]
pub struct BuildOptions {
    /// Of the coin of [`Construction`], and of the embedded text.
    pub seed: u64,
    /// The type of prompts whose rows tell none.
    pub prompt_type: PromptType,
    /// What the difference of two scores is multiplied by to be the margin of their pair; `None` for no margins.
    pub margin_scale: Option<f64>,
}

impl Default for BuildOptions {
    fn default() -> Self {
        Self { seed: 0, prompt_type: PromptType::untyped(), margin_scale: None }
    }
}

/// The files that paths stand for. A path that does not exist is taken for a pattern with `*`, `?` and `[..]`; the files that fit
/// it come in the order of their names.
///
/// # Errors
/// [`DatasetError::NoFiles`], and [`DatasetError::Format`] for what is no pattern.
pub fn expand(paths: &[PathBuf]) -> Result<Vec<PathBuf>, DatasetError> {
    let mut files = Vec::new();
    for path in paths {
        let text = path.to_string_lossy();
        if path.exists() || !text.contains(['*', '?', '[']) {
            files.push(path.clone());
            continue;
        }
        let wrong = |reason: String| DatasetError::Format { path: path.clone(), reason };
        let fitting = glob::glob(&text).map_err(|error| wrong(error.to_string()))?;
        let before = files.len();
        for file in fitting {
            let file = file.map_err(|error| wrong(error.to_string()))?;
            if !file.is_dir() {
                files.push(file);
            }
        }
        if files.len() == before {
            return Err(DatasetError::NoFiles { pattern: path.clone() });
        }
    }
    Ok(files)
}

/// What became of the rows of a source.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Counts {
    /// Rows that were read.
    pub rows: u64,
    /// Rankings that were written.
    pub rankings: u64,
    /// Rows left out since their answer is too short.
    pub too_short: u64,
    /// Rows left out since their instruction is blank.
    pub no_question: u64,
    /// Rankings with an open-ended prompt.
    pub open_ended: u64,
    /// Rankings with a closed-ended prompt.
    pub closed_ended: u64,
    /// Rankings with a prompt of any other type, by type.
    #[serde(skip_serializing_if = "BTreeMap::is_empty")]
    pub other_types: BTreeMap<PromptType, u64>,
    /// Rankings made of a chosen and a rejected answer.
    pub pairs: u64,
    /// Rankings made of answers with scores.
    pub scored: u64,
    /// Rankings made of answers with ranks.
    pub ranked: u64,
    /// Rankings in which some answers tie, in rank or since they are one text.
    pub with_ties: u64,
    /// Rankings with margins.
    pub with_margins: u64,
    /// Rows left out since fewer than two of their answers have a text.
    pub single: u64,
    /// Rows left out since all their answers tie.
    pub all_tied: u64,
}

/// Writes the rankings of `source` to `out`, one line of JSON each: rows by [`Construction`], [preferences](super::Preference) in
/// the order of their grades, and what is a ranking already as it is. `out_path` names `out` in errors. `tell` is called after each row, with the counts so far and
/// the share of the source that is read, from 0 to 1.
///
/// # Errors
/// [`DatasetError::File`], [`DatasetError::NoRankings`] if nothing could be written, and those of [`read()`].
pub fn build(
    source: &RowSource,
    options: &BuildOptions,
    out: &mut dyn Write,
    out_path: &Path,
    tell: &mut dyn FnMut(&Counts, f64),
) -> Result<Counts, DatasetError> {
    let seed = options.seed;
    let mut construction = Construction::new(seed);
    let mut counts = Counts::default();
    let mut add = |record: Record, share: f64| {
        if let Some(ranking) = counts.ranking(record, &mut construction, options) {
            let mut line = serde_json::to_vec(&ranking).writing(out_path)?;
            line.push(b'\n');
            out.write_all(&line).writing(out_path)?;
        }
        tell(&counts, share);
        Ok(())
    };
    match source {
        RowSource::File(path) => {
            read(path, &mut add)?;
        }
        RowSource::Files(paths) => {
            for (path, before) in paths.iter().zip(0..) {
                let share = |share: f64| (f64::from(before) + share) / paths.len() as f64;
                read(path, &mut |record, of_file| add(record, share(of_file)))?;
            }
        }
        RowSource::Embedded(rows) => {
            for (row, number) in Corpus::new(seed).zip(1..=*rows) {
                add(Record::Row(row), number as f64 / *rows as f64)?;
            }
        }
    }
    out.flush().writing(out_path)?;
    if counts.rankings == 0 {
        let (path, rows) = (source.path().to_owned(), counts.rows);
        return Err(match counts.single + counts.all_tied {
            0 => DatasetError::NoRankings { path, rows },
            _ => DatasetError::NothingRanked { path, rows, reasons: counts.left_out().join(", ") },
        });
    }
    Ok(counts)
}

impl RowSource {
    /// What errors name.
    pub(super) fn path(&self) -> &Path {
        match self {
            RowSource::File(path) => path,
            RowSource::Files(paths) => paths.first().map_or(Path::new("no file"), PathBuf::as_path),
            RowSource::Embedded(_) => Path::new("the embedded corpus"),
        }
    }
}

impl Counts {
    /// Why rows were left out, and how many, for people.
    pub fn left_out(&self) -> Vec<String> {
        let reasons = [
            (self.too_short, "too short"),
            (self.no_question, "without a question"),
            (self.single, "with fewer than two answers"),
            (self.all_tied, "with answers that all tie"),
        ];
        reasons.iter().filter(|(count, _)| *count > 0).map(|(count, reason)| format!("{count} {reason}")).collect()
    }

    /// Counts a row, and makes a ranking of it.
    fn ranking(&mut self, record: Record, construction: &mut Construction, options: &BuildOptions) -> Option<Ranking> {
        self.rows += 1;
        let ranking = match record {
            Record::Ranking(ranking) => ranking,
            Record::Row(row) => self.kept(construction.rank(&row))?,
            Record::Preference(preference) => {
                let layout = preference.layout;
                let ranking = self.ordered(preference.ranking(&options.prompt_type, options.margin_scale))?;
                *match layout {
                    Layout::Pair => &mut self.pairs,
                    Layout::Scores => &mut self.scored,
                    Layout::Ranks => &mut self.ranked,
                } += 1;
                ranking
            }
        };
        self.rankings += 1;
        self.with_ties += u64::from(ranking.compared().count() < ranking.pairs());
        self.with_margins += u64::from(ranking.margins.is_some());
        match ranking.prompt_type.uniform() {
            Some(true) => self.open_ended += 1,
            Some(false) => self.closed_ended += 1,
            None => *self.other_types.entry(ranking.prompt_type.clone()).or_default() += 1,
        }
        Some(ranking)
    }

    fn kept(&mut self, ranking: Result<Ranking, Skipped>) -> Option<Ranking> {
        match ranking {
            Ok(ranking) => return Some(ranking),
            Err(Skipped::TooShort) => self.too_short += 1,
            Err(Skipped::NoQuestion) => self.no_question += 1,
        }
        None
    }

    fn ordered(&mut self, ranking: Result<Ranking, Unranked>) -> Option<Ranking> {
        match ranking {
            Ok(ranking) => return Some(ranking),
            Err(Unranked::NoQuestion) => self.no_question += 1,
            Err(Unranked::Single) => self.single += 1,
            Err(Unranked::Tied) => self.all_tied += 1,
        }
        None
    }
}
