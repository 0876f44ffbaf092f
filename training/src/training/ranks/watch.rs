//! Whether the other processes live.

use std::sync::mpsc::{RecvTimeoutError, Sender, channel};
use std::sync::{Arc, Mutex, OnceLock, PoisonError};
use std::thread::JoinHandle;
use std::time::{Duration, Instant};

use super::{OnGpus, RanksError};
use crate::libtorch::Store;

/// Where a process that fails says why.
pub(super) const FAILED: &str = "failed";
/// How often each process gives a sign of life.
const BEAT: Duration = Duration::from_secs(2);
/// After so much time without one a process counts as gone.
const SILENCE: Duration = Duration::from_secs(40);
/// How long a process that computes may take to find out by itself, before it is ended.
const GRACE: Duration = Duration::from_secs(4);

/// Where a process says that it has read why another failed.
pub(super) fn heard(rank: usize) -> String {
    format!("heard/{rank}")
}

/// A thread that gives signs of life and looks for those of others. Where one is gone and the process does not notice, as in the
/// midst of a long step, it ends the process.
#[derive(Debug)]
pub(super) struct Watch {
    reason: Arc<Mutex<Option<String>>>,
    stop: Mutex<Option<(Sender<()>, JoinHandle<()>)>>,
}

impl Watch {
    pub fn start(store: Store, rank: usize, size: usize, gpus: Arc<OnceLock<OnGpus>>) -> Self {
        let (stop, stopped) = channel::<()>();
        let reason = Arc::new(Mutex::new(None));
        let shared = reason.clone();
        let thread = std::thread::spawn(move || {
            let mut others = Others::new(rank, size);
            let lost = loop {
                if let Err(reason) = others.look(&store) {
                    break reason;
                }
                match stopped.recv_timeout(BEAT) {
                    Err(RecvTimeoutError::Timeout) => {}
                    _ => return,
                }
            };
            *shared.lock().unwrap_or_else(PoisonError::into_inner) = Some(lost.clone());
            if stopped.recv_timeout(GRACE) == Err(RecvTimeoutError::Timeout) {
                eprintln!("error: {}", RanksError::Gone { rank, size, reason: lost });
                // A sum on a GPU would wait for ever, and the end of the process for the GPU.
                if let Some(gpus) = gpus.get() {
                    std::thread::spawn(|| {
                        std::thread::sleep(GRACE);
                        std::process::abort();
                    });
                    gpus.group.abort();
                }
                // What was saved stays whole.
                std::process::exit(1);
            }
        });
        Self { reason, stop: Mutex::new(Some((stop, thread))) }
    }

    /// Why the others are gone, as far as it is found out in a few beats. From then on the process ends by itself.
    pub fn reason(&self) -> Option<String> {
        let began = Instant::now();
        let mut known = None;
        while known.is_none() && began.elapsed() < 2 * BEAT {
            std::thread::sleep(Duration::from_millis(50));
            known = self.reason.lock().unwrap_or_else(PoisonError::into_inner).clone();
        }
        self.silence();
        known
    }

    /// Stops without waiting for the thread, which may wait for a store that does not answer.
    pub fn silence(&self) {
        drop(self.stop.lock().unwrap_or_else(PoisonError::into_inner).take());
    }

    /// Stops; nothing more is asked of the store.
    pub fn end(&self) {
        let taken = self.stop.lock().unwrap_or_else(PoisonError::into_inner).take();
        if let Some((stop, thread)) = taken {
            drop(stop);
            let _ = thread.join();
        }
    }
}

/// The last sign of life of each other process, and when it came.
struct Others {
    rank: usize,
    beats: u64,
    last: Vec<(String, Instant)>,
}

impl Others {
    fn new(rank: usize, size: usize) -> Self {
        Self { rank, beats: 0, last: vec![(String::new(), Instant::now()); size] }
    }

    /// Gives a sign and looks for those of others; what is wrong.
    fn look(&mut self, store: &Store) -> Result<(), String> {
        let gone = |_| "rank 0 has ended or cannot be reached".to_owned();
        let key = |rank: usize| format!("beat/{rank}");
        self.beats += 1;
        store.set(&key(self.rank), &self.beats.to_string()).map_err(gone)?;
        if store.has(FAILED).map_err(gone)? {
            let said = store.get(FAILED, BEAT).map_err(gone)?;
            let _ = store.set(&heard(self.rank), "heard");
            return Err(said);
        }
        for (rank, (last, at)) in self.last.iter_mut().enumerate().filter(|(rank, _)| *rank != self.rank) {
            let now = if store.has(&key(rank)).map_err(gone)? {
                store.get(&key(rank), BEAT).map_err(gone)?
            } else {
                String::new()
            };
            if now != *last {
                (*last, *at) = (now, Instant::now());
            } else if at.elapsed() > SILENCE {
                return Err(format!("rank {rank} has ended or cannot be reached"));
            }
        }
        Ok(())
    }
}
