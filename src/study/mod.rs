//! Studies of convergence: many utilities, each for many numbers of responses, computed piece by piece.
//!
//! A *point* is one utility and one `n`. [`run`] computes the points that a [`Store`] lacks, or one [`Shard`] of them, and
//! the store keeps each on disk as soon as it is finished. A study can so be stopped at any moment and taken up again, or
//! split over machines whose results lie in one directory.

mod definition;
mod error;
mod run;
mod shard;
mod store;

pub use definition::Study;
pub use error::StudyError;
pub use run::{Event, Outcome, run};
pub use shard::{BadShard, Shard};
pub use store::Store;
