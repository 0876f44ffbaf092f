//! What Python's `torch.save` wrote: a list of dicts, pickled.

use std::fs::File;
use std::io::{BufReader, Read};
use std::path::Path;

use serde::de::DeserializeSeed;
use serde_pickle::{DeOptions, Deserializer, Error, ErrorCode, Value};
use zip::ZipArchive;

use super::record::Records;
use super::{Each, Stream};
use crate::dataset::DatasetError;

/// What files before torch 1.6 begin with, in hexadecimal.
const MAGIC: &str = "1950a86a20f9469cfc6c";

/// A zip archive with the pickle in `data.pkl`.
pub(super) fn read_zip(file: File, path: &Path, each: Each<'_>) -> Result<u64, DatasetError> {
    let format = |reason: String| DatasetError::Format { path: path.to_owned(), reason };
    let mut archive = ZipArchive::new(BufReader::new(file))
        .map_err(|error| format(format!("it is no whole zip archive: {error}")))?;
    let index = (0..archive.len()).find(|&index| {
        let name = archive.name_for_index(index).and_then(Result::ok);
        name.is_some_and(|name| name == "data.pkl" || name.ends_with("/data.pkl"))
    });
    let index = index.ok_or_else(|| format("it is a zip archive without data.pkl, not a file of torch.save".into()))?;
    let entry = archive.by_index(index).map_err(|error| format(format!("its data.pkl cannot be read: {error}")))?;
    list(&mut Deserializer::new(entry, DeOptions::new()), path, each, &|| 1.0)
}

/// The older form: a magic number, a version, facts about the system, and then the object, each pickled.
pub(super) fn read_legacy(stream: Stream, path: &Path, each: Each<'_>) -> Result<u64, DatasetError> {
    let Stream { reader, progress } = stream;
    let mut pickles = Deserializer::new(reader, DeOptions::new());
    let magic = pickles.deserialize_value();
    if !matches!(&magic, Ok(Value::Int(number)) if number.to_str_radix(16) == MAGIC) {
        let reason = "it is pickled, but not by torch.save".into();
        return Err(DatasetError::Format { path: path.to_owned(), reason });
    }
    for _ in ["version", "system"] {
        pickles.reset_memo();
        pickles.deserialize_value().map_err(|error| unreadable(&error, path))?;
    }
    pickles.reset_memo();
    list(&mut pickles, path, each, &|| progress.share())
}

fn list<R: Read>(
    pickles: &mut Deserializer<R>,
    path: &Path,
    each: Each<'_>,
    share: &dyn Fn() -> f64,
) -> Result<u64, DatasetError> {
    let (mut count, mut failure) = (0, None);
    let mut each = |record| each(record, share());
    let records = Records { each: &mut each, count: &mut count, failure: &mut failure };
    let result = records.deserialize(pickles);
    match (failure, result) {
        (Some(failure), _) => Err(failure),
        (None, Ok(())) => Ok(count),
        (None, Err(error)) if count == 0 => Err(unreadable(&error, path)),
        (None, Err(error)) => {
            let reason = match &error {
                // The deserialiser has values and no references, and has given the list away.
                Error::Syntax(ErrorCode::Recursive) => {
                    "it refers to a list of an earlier row, or to itself; save copies, such as `list(answers)`".into()
                }
                error => shortened(&error.to_string()),
            };
            Err(DatasetError::Row { path: path.to_owned(), row: count, reason })
        }
    }
}

/// The error of an object that is not even a list.
fn unreadable(error: &Error, path: &Path) -> DatasetError {
    let cut = matches!(error, Error::Io(_) | Error::Eval(ErrorCode::EOFWhileParsing, _));
    let reason = if cut {
        format!("it is damaged or cut short: {error}")
    } else {
        format!(
            "it is a file of torch.save, but of something else than a list of dicts: {}",
            shortened(&error.to_string())
        )
    };
    DatasetError::Format { path: path.to_owned(), reason }
}

/// Some of the deserialiser's messages quote what they found, whole.
fn shortened(text: &str) -> String {
    const LONGEST: usize = 160;
    match text.char_indices().nth(LONGEST) {
        Some((end, _)) => format!("{}..", &text[..end]),
        None => text.to_owned(),
    }
}
