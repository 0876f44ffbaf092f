//! What a model is trained on, wherever it comes from.

use std::fs::File;
use std::io::{BufWriter, IntoInnerError};
use std::path::{Path, PathBuf};

use reward_collapse::experiment::PromptType;
use reward_collapse::files::OnFile;

use super::read::holds_rankings;
use super::{BuildOptions, Counts, DatasetError, Ranking, RankingFile, RowSource, Splits, build, expand};

/// Rankings of a file, or built when they are opened. Those that are built lie in a temporary file without a name, which
/// ends with the program however that ends.
#[derive(Debug)]
pub struct Rankings {
    file: RankingFile,
    built: Option<Counts>,
}

impl Rankings {
    /// Opens a file of any form that [`read()`](super::read()) takes. JSON lines of rankings are used in place; anything
    /// else is built, with `seed`.
    ///
    /// # Errors
    /// The errors of [`RankingFile::open`] and of [`build()`]; [`DatasetError::File`] if the directory of temporary files is full.
    pub fn open(path: &Path, seed: u64) -> Result<Self, DatasetError> {
        Self::open_all(&[path.to_owned()], seed)
    }

    /// Opens several files, one after the other; each may also be a pattern, as of [`expand`].
    ///
    /// # Errors
    /// As [`Rankings::open`] and [`expand`].
    pub fn open_all(paths: &[PathBuf], seed: u64) -> Result<Self, DatasetError> {
        match expand(paths)?.as_slice() {
            [path] if holds_rankings(path)? => Ok(Self { file: RankingFile::open(path)?, built: None }),
            [path] => Self::build(&RowSource::File(path.clone()), seed),
            several => Self::build(&RowSource::Files(several.to_vec()), seed),
        }
    }

    /// Builds rankings of so many rows of the embedded [`Corpus`](super::Corpus), with `seed`.
    ///
    /// # Errors
    /// [`DatasetError::NoRankings`] for no rows; [`DatasetError::File`] if the directory of temporary files is full.
    pub fn embedded(rows: u64, seed: u64) -> Result<Self, DatasetError> {
        Self::build(&RowSource::Embedded(rows), seed)
    }

    fn build(source: &RowSource, seed: u64) -> Result<Self, DatasetError> {
        let directory = std::env::temp_dir();
        let mut out = BufWriter::new(tempfile::tempfile_in(&directory).writing(&directory)?);
        let options = BuildOptions { seed, ..BuildOptions::default() };
        let counts = build(source, &options, &mut out, &directory, &mut |_, _| {})?;
        let file: File = out.into_inner().map_err(IntoInnerError::into_error).writing(&directory)?;
        Ok(Self { file: RankingFile::of(file, source.path())?, built: Some(counts) })
    }

    /// What became of the rows, if the rankings were built from some.
    pub fn built(&self) -> Option<&Counts> {
        self.built.as_ref()
    }

    /// The number of rankings, at least 1.
    #[expect(clippy::len_without_is_empty, reason = "it is never empty")]
    pub fn len(&self) -> usize {
        self.file.len()
    }

    /// Reads ranking `index`, counted from 0.
    ///
    /// # Errors
    /// The errors of [`RankingFile::get`].
    pub fn get(&self, index: usize) -> Result<Ranking, DatasetError> {
        self.file.get(index)
    }

    /// The type of the prompt of ranking `index`, counted from 0.
    ///
    /// # Errors
    /// The errors of [`RankingFile::prompt_type`].
    pub fn prompt_type(&self, index: usize) -> Result<PromptType, DatasetError> {
        self.file.prompt_type(index)
    }

    /// The types of all prompts, in their order.
    pub fn types(&self) -> Vec<PromptType> {
        self.file.types()
    }

    /// Which rankings train and which test, `test` of them where there are enough.
    ///
    /// # Errors
    /// The errors of [`RankingFile::splits`].
    pub fn splits(&self, test: usize) -> Result<Splits, DatasetError> {
        self.file.splits(test)
    }

    /// A checksum of the rankings: that of [`RankingFile::checksum`].
    pub fn checksum(&self) -> u32 {
        self.file.checksum()
    }
}
