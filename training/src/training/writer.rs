//! Checkpoints written while training goes on.

use std::path::{Path, PathBuf};
use std::thread::JoinHandle;

use super::TrainingError;
use super::checkpoint::Snapshot;

/// A thread that writes one checkpoint at a time.
#[derive(Debug, Default)]
pub struct Writer {
    running: Option<JoinHandle<Result<PathBuf, TrainingError>>>,
}

impl Writer {
    /// Begins to write `snapshot` into `directory`. One that is still being written is waited for first, and returned.
    ///
    /// # Errors
    /// As [`Writer::wait`], and [`TrainingError::Threads`].
    pub fn begin(&mut self, directory: &Path, snapshot: Snapshot) -> Result<Option<PathBuf>, TrainingError> {
        let former = self.wait()?;
        let directory = directory.to_owned();
        let thread = std::thread::Builder::new().name("checkpoint".to_owned());
        let running = thread.spawn(move || snapshot.write(&directory));
        self.running = Some(running.map_err(|error| TrainingError::Threads(error.to_string()))?);
        Ok(former)
    }

    /// The checkpoint that has been written since, if there is one; nothing is waited for.
    ///
    /// # Errors
    /// As [`Writer::wait`].
    pub fn written(&mut self) -> Result<Option<PathBuf>, TrainingError> {
        if self.running.as_ref().is_some_and(JoinHandle::is_finished) { self.wait() } else { Ok(None) }
    }

    /// Waits for the checkpoint that is being written, if there is one.
    ///
    /// # Errors
    /// [`TrainingError::File`], such as for a full disk.
    pub fn wait(&mut self) -> Result<Option<PathBuf>, TrainingError> {
        let ended = self.running.take().map(JoinHandle::join);
        let lost = |_| TrainingError::Threads("the one that writes checkpoints is gone".to_owned());
        ended.map(|ended| ended.map_err(lost)?).transpose()
    }
}

/// What was begun is brought to its end.
impl Drop for Writer {
    fn drop(&mut self) {
        let _ = self.wait();
    }
}
