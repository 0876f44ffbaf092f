//! How work is divided: in pieces of a fixed size, whatever the number of threads, so that results have the same bits.

/// Blocks, or nodes, that one task handles: tasks, not threads, own partial results.
pub(super) const CHUNK: usize = 64;

/// Cuts a slice into parts of the given lengths.
pub(super) fn split<T>(mut whole: &mut [T], lengths: impl Iterator<Item = usize>) -> Vec<&mut [T]> {
    lengths.map(|length| whole.split_off_mut(..length).unwrap_or_default()).collect()
}
