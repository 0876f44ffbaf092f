//! Computing what is missing of a study.

use std::ops::ControlFlow;

use super::{Shard, Store, Study, StudyError};
use crate::compare::{Convergence, ConvergenceError, ConvergenceRow};
use crate::limit::LimitLaw;

/// What a run tells as it goes on.
#[derive(Debug)]
pub enum Event<'a> {
    /// A point is begun.
    Starting {
        /// Its utility.
        utility: &'a str,
        /// Its number of responses.
        n: usize,
        /// How many points of this run are settled: kept from before, computed or failed.
        settled: usize,
        /// How many this run has.
        total: usize,
    },
    /// A point could not be computed; the others go on.
    Failed {
        /// Its utility.
        utility: &'a str,
        /// Its number of responses.
        n: usize,
        /// Why.
        error: &'a ConvergenceError,
    },
    /// Finished points could not be written; the run goes on, and writes them with the next.
    Unsaved {
        /// How many.
        points: usize,
        /// Why.
        error: &'a StudyError,
    },
}

/// A study as far as it is finished.
#[derive(Debug)]
pub struct Outcome {
    /// One for each utility with a finished point.
    pub series: Vec<Convergence>,
    /// How many points this run has.
    pub total: usize,
    /// How many could not be computed.
    pub failed: usize,
    /// How many are finished but on no disk, although they should be.
    pub unsaved: usize,
    /// Whether the observer stopped it before all points were begun.
    pub interrupted: bool,
}

/// Computes the points of `shard` that `store` lacks, smallest first, and keeps each as it is finished.
///
/// # Errors
/// [`StudyError`] for a utility without a limit law, or a store that cannot be written; both before anything is computed.
/// Later failures are told to `observer` and counted. Once it returns [`ControlFlow::Break`], no further point is begun.
pub fn run(
    studies: &[Study],
    shard: Shard,
    store: &mut Store,
    observer: &mut dyn FnMut(Event<'_>) -> ControlFlow<()>,
) -> Result<Outcome, StudyError> {
    let laws = studies.iter().map(|study| LimitLaw::of(study.utility.as_ref())).collect::<Result<Vec<_>, _>>()?;
    let names: Vec<String> = studies.iter().map(|study| study.utility.to_string()).collect();
    let of_study = |(index, study): (usize, &Study)| study.sizes.iter().map(|&n| (index, n)).collect::<Vec<_>>();
    let points: Vec<(usize, usize)> = studies.iter().enumerate().flat_map(of_study).collect();
    let points = shard.of(&points, |&(_, n)| n);

    let missing = points.iter().filter(|&&(index, n)| store.get(&names[index], n).is_none()).count();
    if missing > 0 {
        store.prepare()?;
    }
    let mut failed = 0;
    let mut settled = points.len() - missing;
    let mut interrupted = false;
    for &(index, n) in &points {
        if interrupted {
            break;
        }
        let utility = names[index].as_str();
        if store.get(utility, n).is_some() {
            continue;
        }
        if observer(Event::Starting { utility, n, settled, total: points.len() }).is_break() {
            interrupted = true;
            break;
        }
        match ConvergenceRow::compute(&studies[index].utility, &laws[index], n) {
            Ok(row) => {
                if let Err(error) = store.keep(utility, row) {
                    interrupted |= observer(Event::Unsaved { points: store.unsaved(), error: &error }).is_break();
                }
            }
            Err(error) => {
                failed += 1;
                interrupted |= observer(Event::Failed { utility, n, error: &error }).is_break();
            }
        }
        settled += 1;
    }
    if let Err(error) = store.save() {
        interrupted |= observer(Event::Unsaved { points: store.unsaved(), error: &error }).is_break();
    }

    let series = |(index, study): (usize, &Study)| {
        let own = points.iter().filter(|point| point.0 == index);
        let rows: Vec<ConvergenceRow> = own.filter_map(|&(_, n)| store.get(&names[index], n).copied()).collect();
        (!rows.is_empty()).then(|| Convergence::of(study.utility.as_ref(), &laws[index], rows))
    };
    Ok(Outcome {
        series: studies.iter().enumerate().filter_map(series).collect(),
        total: points.len(),
        failed,
        unsaved: store.unsaved(),
        interrupted,
    })
}
