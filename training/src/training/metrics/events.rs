//! Event files, which TensorBoard reads: records of protocol buffers, each with checksums.

use std::fs;
use std::io;
use std::path::Path;
use std::time::{SystemTime, UNIX_EPOCH};

use prost::Message;
use reward_collapse::files::{Journal, OnFile};

use super::MetricsError;

/// `tensorflow.Event`, as far as it is used here.
#[derive(Clone, PartialEq, Message)]
struct Event {
    #[prost(double, tag = "1")]
    wall_time: f64,
    #[prost(int64, tag = "2")]
    step: i64,
    #[prost(oneof = "What", tags = "3, 5, 7")]
    what: Option<What>,
}

#[derive(Clone, PartialEq, prost::Oneof)]
enum What {
    #[prost(string, tag = "3")]
    FileVersion(String),
    #[prost(message, tag = "5")]
    Summary(Summary),
    #[prost(message, tag = "7")]
    SessionLog(SessionLog),
}

#[derive(Clone, PartialEq, Message)]
struct Summary {
    #[prost(message, repeated, tag = "1")]
    value: Vec<Scalar>,
}

/// `tensorflow.Summary.Value` with a number.
#[derive(Clone, PartialEq, Message)]
struct Scalar {
    #[prost(string, tag = "1")]
    tag: String,
    #[prost(float, optional, tag = "2")]
    simple_value: Option<f32>,
}

#[derive(Clone, PartialEq, Message)]
struct SessionLog {
    #[prost(int32, tag = "1")]
    status: i32,
}

/// `tensorflow.SessionLog.START`: what was told of this step and later ones is void.
const START: i32 = 1;

/// One event file of a run; each sitting of the run has its own.
#[derive(Debug)]
pub(super) struct Events {
    /// A reader stops at a record that is not whole.
    records: Journal,
}

const PREFIX: &str = "events.out.tfevents.";

impl Events {
    /// Makes an event file in `directory`. With a step `again`, what earlier files there tell of this step and later ones
    /// is void.
    pub fn create(directory: &Path, again: Option<u64>) -> Result<Self, MetricsError> {
        let name = format!("{PREFIX}{:010}.{}", moment(directory).reading(directory)?, host());
        let mut events = Self { records: Journal::create_new(directory.join(name))? };
        let step = again.unwrap_or(0);
        // It has to be the first.
        events.add(step, What::FileVersion("brain.Event:2".into()))?;
        if again.is_some() {
            events.add(step, What::SessionLog(SessionLog { status: START }))?;
        }
        Ok(events)
    }

    /// Tells the values of some curves at `step`.
    pub fn scalars(&mut self, step: u64, scalars: &[(String, f64)]) -> Result<(), MetricsError> {
        let scalar = |(tag, value): &(String, f64)| Scalar { tag: tag.clone(), simple_value: Some(*value as f32) };
        self.add(step, What::Summary(Summary { value: scalars.iter().map(scalar).collect() }))
    }

    fn add(&mut self, step: u64, what: What) -> Result<(), MetricsError> {
        let wall_time = since_1970().as_secs_f64();
        let event = Event { wall_time, step: i64::try_from(step).unwrap_or(i64::MAX), what: Some(what) };
        Ok(self.records.append(&framed(&event.encode_to_vec()))?)
    }
}

/// A record of a TFRecord file: length, its checksum, data, its checksum.
fn framed(data: &[u8]) -> Vec<u8> {
    let length = (data.len() as u64).to_le_bytes();
    let mut record = Vec::with_capacity(data.len() + 16);
    record.extend_from_slice(&length);
    record.extend_from_slice(&checksum(&length).to_le_bytes());
    record.extend_from_slice(data);
    record.extend_from_slice(&checksum(data).to_le_bytes());
    record
}

/// CRC-32C, turned and shifted so that the checksum of data that ends with its own checksum is no special one.
fn checksum(data: &[u8]) -> u32 {
    crc32c::crc32c(data).rotate_right(15).wrapping_add(0xa282_ead8)
}

fn since_1970() -> std::time::Duration {
    SystemTime::now().duration_since(UNIX_EPOCH).unwrap_or_default()
}

/// Seconds since 1970, but after every event file in `directory`: TensorBoard reads them in the order of their names, and
/// a file that makes another void has to come after it.
fn moment(directory: &Path) -> io::Result<u64> {
    let mut moment = since_1970().as_secs();
    for entry in fs::read_dir(directory)? {
        let name = entry?.file_name();
        let seconds = name.to_str().and_then(|name| name.strip_prefix(PREFIX)?.split('.').next()?.parse::<u64>().ok());
        // Names of more than ten digits would be in another order.
        moment = moment.max(seconds.filter(|seconds| *seconds < 9_999_999_999).map_or(0, |seconds| seconds + 1));
    }
    Ok(moment)
}

/// The computer's name, in letters that can be in a file's.
fn host() -> String {
    let name = sysinfo::System::host_name().unwrap_or_default();
    let plain = |c: char| c.is_ascii_alphanumeric() || c == '-';
    let name: String = name.chars().map(|c| if plain(c) { c } else { '-' }).take(64).collect();
    if name.is_empty() { "localhost".into() } else { name }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn checksums_are_those_of_tfrecord() {
        // As `tensorboard.summary.writer.record_writer.masked_crc32c` of TensorBoard 2.21 gives them.
        assert_eq!(checksum(&24u64.to_le_bytes()), 0x224b_7fa3);
        assert_eq!(checksum(b"abc"), 0x21f1_576e);
        assert_eq!(checksum(b""), 0xa282_ead8);
    }

    #[test]
    fn a_record_is_length_data_and_checksums() {
        let record = framed(b"abc");
        assert_eq!(record.len(), 3 + 16);
        assert_eq!((&record[..8], &record[12..15]), (&3u64.to_le_bytes()[..], &b"abc"[..]));
    }
}
