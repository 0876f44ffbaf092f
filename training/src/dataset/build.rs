//! A data set from its source to JSON lines.

use std::collections::BTreeMap;
use std::io::Write;
use std::path::{Path, PathBuf};

use reward_collapse::experiment::PromptType;
use reward_collapse::files::OnFile;
use serde::Serialize;

use super::{Construction, Corpus, DatasetError, Ranking, Record, Skipped, read};

/// Where rows come from.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum RowSource {
    /// A file of any form that [`read()`] takes.
    File(PathBuf),
    /// The embedded [`Corpus`], of which so many rows are taken.
    Embedded(u64),
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
}

/// Writes the rankings of `source` to `out`, one line of JSON each: rows by [`Construction`] with `seed`, and what is a
/// ranking already as it is. `out_path` names `out` in errors. `tell` is called after each row, with the counts so far and
/// the share of the source that is read, from 0 to 1.
///
/// # Errors
/// [`DatasetError::File`], [`DatasetError::NoRankings`] if nothing could be written, and those of [`read()`].
pub fn build(
    source: &RowSource,
    seed: u64,
    out: &mut dyn Write,
    out_path: &Path,
    tell: &mut dyn FnMut(&Counts, f64),
) -> Result<Counts, DatasetError> {
    let mut construction = Construction::new(seed);
    let mut counts = Counts::default();
    let mut add = |record: Record, share: f64| {
        if let Some(ranking) = counts.ranking(record, &mut construction) {
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
        RowSource::Embedded(rows) => {
            for (row, number) in Corpus::new(seed).zip(1..=*rows) {
                add(Record::Row(row), number as f64 / *rows as f64)?;
            }
        }
    }
    out.flush().writing(out_path)?;
    if counts.rankings == 0 {
        return Err(DatasetError::NoRankings { path: source.path().to_owned(), rows: counts.rows });
    }
    Ok(counts)
}

impl RowSource {
    /// What errors name.
    pub(super) fn path(&self) -> &Path {
        match self {
            RowSource::File(path) => path,
            RowSource::Embedded(_) => Path::new("the embedded corpus"),
        }
    }
}

impl Counts {
    /// Counts a row, and makes a ranking of it.
    fn ranking(&mut self, record: Record, construction: &mut Construction) -> Option<Ranking> {
        self.rows += 1;
        let ranking = match record {
            Record::Ranking(ranking) => ranking,
            Record::Row(row) => self.kept(construction.rank(&row))?,
        };
        self.rankings += 1;
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
}
