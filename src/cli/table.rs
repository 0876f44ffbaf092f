//! A table of rewards, for the commands that read one.

use std::path::PathBuf;

use clap::{Args, ValueEnum};

use super::CliError;
use crate::experiment::{Columns, RewardTable, Split, TableError, TableOptions};

/// The file, and the names of its columns.
#[derive(Debug, Args)]
pub struct TableArguments {
    /// The rewards: CSV, JSON lines, JSON or parquet, also as .gz or .zst; a row for each response.
    #[arg(value_name = "FILE")]
    pub file: PathBuf,

    #[command(flatten)]
    columns: ColumnArguments,
}

/// The names of the columns, and what of the rows is read.
#[derive(Debug, Args)]
pub struct ColumnArguments {
    /// The column of the prompt, as its text or a number [default: prompt].
    #[arg(long, value_name = "NAME", help_heading = "Columns")]
    prompt_column: Option<String>,

    /// The column of the reward or logit [default: reward].
    #[arg(long, value_name = "NAME", help_heading = "Columns")]
    reward_column: Option<String>,

    /// The column of the rank, 1 for the best response [default: rank, if there is one].
    #[arg(long, value_name = "NAME", help_heading = "Columns")]
    rank_column: Option<String>,

    /// The column of the prompt's type [default: type, if there is one].
    #[arg(long, visible_alias = "by", value_name = "NAME", help_heading = "Columns")]
    type_column: Option<String>,

    /// The column of the response, as its text or a name [default: response, if there is one].
    #[arg(long, value_name = "NAME", help_heading = "Columns")]
    response_column: Option<String>,

    /// Of a file with a column `step`, the step to read [default: the last].
    #[arg(long, value_name = "STEP", help_heading = "Columns")]
    step: Option<u64>,

    /// Of a file with a column `split`, the part to read [default: both].
    #[arg(long, value_enum, value_name = "train|test", help_heading = "Columns")]
    split: Option<SplitArgument>,
}

/// `--split`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
enum SplitArgument {
    /// Prompts trained on.
    Train,
    /// Prompts held out.
    Test,
}

impl TableArguments {
    /// Reads the table.
    pub fn read(&self) -> Result<RewardTable, CliError> {
        Ok(RewardTable::read(&self.file, &self.columns.options())?)
    }
}

impl ColumnArguments {
    /// For readers of tables.
    pub fn options(&self) -> TableOptions {
        TableOptions {
            columns: Columns {
                prompt: self.prompt_column.clone(),
                reward: self.reward_column.clone(),
                rank: self.rank_column.clone(),
                prompt_type: self.type_column.clone(),
                response: self.response_column.clone(),
            },
            step: self.step,
            split: self.split.map(|split| match split {
                SplitArgument::Train => Split::Train,
                SplitArgument::Test => Split::Test,
            }),
        }
    }
}

impl From<TableError> for CliError {
    fn from(error: TableError) -> Self {
        CliError::input(&error)
    }
}
