//! Running the library: without the interpreter's lock, stopped by Ctrl-C, and in a process that was forked.

use std::ops::ControlFlow;
use std::panic::resume_unwind;
use std::process;
use std::sync::atomic::{AtomicBool, Ordering};
use std::sync::mpsc::{RecvTimeoutError, channel};
use std::sync::{Arc, Mutex, OnceLock};
use std::thread;
use std::time::Duration;

use pyo3::prelude::*;
use rayon::{ThreadPool, ThreadPoolBuilder};

use crate::errors::failure;

/// How often a waiting caller looks for signals.
const LOOK: Duration = Duration::from_millis(20);

/// The process that imported the module.
static PROCESS: OnceLock<u32> = OnceLock::new();

/// The threads of a process that was forked from it. Those of rayon's own pool stay behind in the parent: a child that waited for them
/// would wait for ever.
static FORKED: Mutex<Option<(u32, Arc<ThreadPool>)>> = Mutex::new(None);

/// Called on import.
pub fn remember_this_process() {
    PROCESS.get_or_init(process::id);
}

/// The pool of this process, if it is not the one that imported the module.
fn forked_pool() -> PyResult<Option<Arc<ThreadPool>>> {
    let id = process::id();
    if PROCESS.get() == Some(&id) {
        return Ok(None);
    }
    let create = || {
        let threads = thread::available_parallelism().map_or(1, usize::from);
        ThreadPoolBuilder::new().num_threads(threads).build().map(Arc::new).map_err(failure)
    };
    // Whoever held the lock when the process was forked does not exist here.
    let Ok(mut kept) = FORKED.try_lock() else { return create().map(Some) };
    match kept.as_ref() {
        Some((owner, pool)) if *owner == id => Ok(Some(pool.clone())),
        _ => {
            let pool = create()?;
            // Threads of another process cannot be ended from here.
            std::mem::forget(kept.replace((id, pool.clone())));
            Ok(Some(pool))
        }
    }
}

fn in_pool<T: Send>(work: impl FnOnce() -> T + Send) -> PyResult<T> {
    Ok(match forked_pool()? {
        Some(pool) => pool.install(work),
        None => work(),
    })
}

/// Runs `work` in this thread, for what takes up to some milliseconds.
pub fn briefly<T: Send>(py: Python<'_>, work: impl FnOnce() -> T + Send) -> PyResult<T> {
    py.detach(|| in_pool(work))
}

/// Says whether the caller has been interrupted.
#[derive(Debug, Clone, Default)]
pub struct Stop(Arc<AtomicBool>);

impl Stop {
    /// For observers of the library.
    pub fn control(&self) -> ControlFlow<()> {
        if self.0.load(Ordering::Relaxed) { ControlFlow::Break(()) } else { ControlFlow::Continue(()) }
    }
}

/// Runs `work` in a thread of its own, while the caller waits for it and for signals.
///
/// After a signal whose handler raises, as that of Ctrl-C does, the call ends with its exception at once; the thread ends when `work` sees that it
/// is to stop.
pub fn stoppable<T: Send + 'static>(py: Python<'_>, work: impl FnOnce(&Stop) -> T + Send + 'static) -> PyResult<T> {
    let stop = Stop::default();
    let seen = stop.clone();
    let (sender, receiver) = channel();
    let worker = thread::Builder::new()
        .name("reward-collapse".into())
        .spawn(move || {
            // The caller may have left.
            let _ = sender.send(in_pool(|| work(&seen)));
        })
        .map_err(failure)?;
    // The receiver of a channel is not shared between threads, but this closure stays in its own.
    let receiver = Mutex::new(receiver);
    loop {
        let received = py.detach(|| match receiver.lock() {
            Ok(receiver) => receiver.recv_timeout(LOOK),
            Err(_) => Err(RecvTimeoutError::Disconnected),
        });
        match received {
            Ok(result) => return result,
            Err(RecvTimeoutError::Disconnected) => match worker.join() {
                Err(panic) => resume_unwind(panic),
                Ok(()) => return Err(failure("the computation ended without a result")),
            },
            Err(RecvTimeoutError::Timeout) => {
                if let Err(interrupted) = py.check_signals() {
                    stop.0.store(true, Ordering::Relaxed);
                    return Err(interrupted);
                }
            }
        }
    }
}
