//! JSON and JSON lines.

use std::io::BufReader;
use std::path::Path;

use reward_collapse::files::{self, FileError, OnFile};
use serde::de::DeserializeSeed;
use serde_json::error::Category;

use super::record::{Record, Records};
use super::{Each, Lines, Stream, without_position};
use crate::dataset::DatasetError;

/// An array of objects.
pub(super) fn read(stream: Stream, path: &Path, each: Each<'_>) -> Result<u64, DatasetError> {
    let Stream { reader, progress } = stream;
    let mut reader = BufReader::new(reader);
    files::skip_mark(&mut reader).reading(path)?;
    let mut deserializer = serde_json::Deserializer::from_reader(reader);
    let (mut count, mut failure) = (0, None);
    let mut each = |record| each(record, progress.share());
    let records = Records { each: &mut each, count: &mut count, failure: &mut failure };
    let result = records.deserialize(&mut deserializer).and_then(|()| {
        count += 1;
        deserializer.end()
    });
    match (failure, result) {
        (Some(failure), _) => Err(failure),
        (None, Ok(())) => Ok(count - 1),
        (None, Err(error)) if error.classify() == Category::Io => Err(FileError::reading(path, error).into()),
        (None, Err(error)) => Err(DatasetError::Line {
            path: path.to_owned(),
            line: error.line() as u64,
            reason: format!("record {count}: {}", without_position(&error)),
        }),
    }
}

/// An object a line.
pub(super) fn read_lines(stream: Stream, path: &Path, each: Each<'_>) -> Result<u64, DatasetError> {
    let Stream { reader, progress } = stream;
    let mut lines = Lines::new(BufReader::new(reader), path);
    let mut count = 0;
    while let Some(line) = lines.next()? {
        let wrong = |reason| DatasetError::Line { path: path.to_owned(), line: line.number, reason };
        let fields = serde_json::from_slice(line.bytes).map_err(|error| wrong(without_position(&error)))?;
        let record = Record::of(fields).map_err(|unfit| wrong(unfit.reason()))?;
        each(record, progress.share())?;
        count += 1;
    }
    Ok(count)
}
