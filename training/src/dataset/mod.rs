//! Rankings to train a reward model on: read, built from long answers, or made up from a seed.
//!
//! A [`Ranking`] is a question with answers from worst to best. [`read`] streams them, or the pairs of instruction and long
//! answer ([`Row`]) they are built from, out of parquet, JSON, JSON lines and the experiment's own
//! `ranking_dataset_longform.pt`; and [`Preference`]s in the forms that people keep them in. [`Construction`] cuts a row's answer into a ranking as the experiment did, [`build`] does
//! so for a whole [`RowSource`], and [`Corpus`] is a source that needs no file. Training reads [`Rankings`], which hold no
//! text in memory.

mod build;
mod construction;
mod corpus;
mod error;
mod preference;
mod ranking;
mod ranking_file;
mod rankings;
mod read;
mod splits;

pub use build::{BuildOptions, Counts, RowSource, build, expand};
pub use construction::{CLOSED_ENDED, Construction, MIN_WORDS, OPEN_ENDED, PromptForm, Skipped};
pub use corpus::Corpus;
pub use error::DatasetError;
pub use preference::{Layout, Preference, Unranked};
pub use ranking::Ranking;
pub use ranking_file::RankingFile;
pub use rankings::Rankings;
pub use read::{Record, Row, read};
pub use splits::Splits;
