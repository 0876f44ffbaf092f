//! Counts of what libtorch does, for tests (`count.cpp`).

use std::ffi::c_void;

unsafe extern "C" {
    fn reward_collapse_count_begin() -> *mut c_void;
    fn reward_collapse_count_end(count: *mut c_void, found: *mut i64);
}

/// What libtorch did on this thread.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Work {
    /// Operations, those within others included.
    pub operations: i64,
    /// Operations that are not within others.
    pub calls: i64,
    /// How often memory was asked for.
    pub pieces: i64,
    /// How much, in bytes.
    pub bytes: i64,
    /// The most of it that was held at a time.
    pub peak: i64,
}

/// Counts while `act` runs.
pub fn count<T>(act: impl FnOnce() -> T) -> (T, Work) {
    let mut found = [0; 5];
    // SAFETY: the counter is begun and ended once each, on this thread.
    let count = unsafe { reward_collapse_count_begin() };
    let outcome = act();
    // SAFETY: as above; five numbers are written.
    unsafe { reward_collapse_count_end(count, found.as_mut_ptr()) };
    let [operations, pieces, bytes, peak, calls] = found;
    (outcome, Work { operations, calls, pieces, bytes, peak })
}
