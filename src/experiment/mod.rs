//! What the training experiment is, apart from training: its losses, and the files that describe a run.
//!
//! A run leaves two files that the figures read: `run.json` ([`RunDescription`]) says what was trained, and `rewards.csv`
//! ([`RewardRow`]) has the rewards of each evaluation. A [`Loss`] gives for each type of prompt ([`PromptType`]) two
//! utilities: the one that the paper names, and the one that its code trained. Its [`Head`] makes rewards of logits.
//!
//! A [`RewardTable`] has the rewards of any model, from a file of any of several forms.

mod description;
mod error;
mod head;
mod loss;
mod prompt_type;
mod rewards;
mod runs;
mod table;

pub use description::{DESCRIPTION_FILE, LossDescription, PairDescription, RESPONSES, RunDescription};
pub use error::ExperimentError;
pub use head::Head;
pub use loss::{Loss, LossTerms, MissingUtility, UtilityPair};
pub use prompt_type::{PromptType, PromptTypeError};
pub use rewards::{REWARDS_FILE, RewardRow, Split, TypeColumn, append_rewards, keep_rewards, read_rewards};
pub use runs::{Run, RunGroup, find_runs, folder_name, is_run_of};
pub use table::{Columns, PromptRewards, Responses, RewardTable, TableBuilder, TableError, TableOptions, TableRow};
