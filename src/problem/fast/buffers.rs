//! Memory that is used again.

use std::sync::{Mutex, MutexGuard, PoisonError};

/// Vectors that served, for the next product: for large ones the system takes longer to provide memory than they are used.
#[derive(Debug, Default)]
pub(super) struct Buffers(Mutex<Vec<Vec<f64>>>);

impl Buffers {
    /// Most vectors kept.
    const MOST: usize = 4;

    fn lock(&self) -> MutexGuard<'_, Vec<Vec<f64>>> {
        self.0.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Zeros.
    pub(super) fn take(&self, length: usize) -> Vec<f64> {
        let mut kept = self.lock();
        let Some(at) = kept.iter().position(|vector| vector.capacity() >= length && vector.capacity() < 2 * length)
        else {
            return vec![0.0; length];
        };
        let mut vector = kept.swap_remove(at);
        drop(kept);
        vector.clear();
        vector.resize(length, 0.0);
        vector
    }

    pub(super) fn give(&self, vector: Vec<f64>) {
        let mut kept = self.lock();
        if kept.len() < Self::MOST {
            kept.push(vector);
        }
    }
}
