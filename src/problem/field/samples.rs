//! A field from samples.

use std::fs;
use std::path::Path;

use super::FieldError;
use crate::files::{OnFile, line_at};
use crate::utility::convex_at;

/// Rows `x,V` of a CSV file, with or without a header, ascending in `x`.
pub(super) fn read(path: &Path) -> Result<Vec<(f64, f64)>, FieldError> {
    let text = fs::read(path).reading(path);
    let text = text.map_err(|error| FieldError::Unreadable(format!("{error}: {}", error.source)))?;
    let mut reader =
        csv::ReaderBuilder::new().has_headers(false).flexible(true).trim(csv::Trim::All).from_reader(&*text);
    let mut points: Vec<(f64, f64)> = Vec::new();
    for (row, record) in reader.records().enumerate() {
        let fault = |offset: u64, reason: String| FieldError::Row {
            path: path.to_owned(),
            line: line_at(&text, offset),
            reason,
        };
        let record =
            record.map_err(|error| fault(error.position().map_or(0, csv::Position::byte), error.to_string()))?;
        let offset = record.position().map_or(0, csv::Position::byte);
        let fields: Vec<Option<f64>> = record.iter().map(|field| field.parse().ok()).collect();
        match fields.as_slice() {
            [Some(x), Some(value)] if x.is_finite() && value.is_finite() => {
                if let Some((before, _)) = points.last().filter(|(before, _)| before >= x) {
                    return Err(fault(offset, format!("x = {x} is not above the {before} of the row before")));
                }
                points.push((*x, *value));
            }
            // A header.
            [None, None] if row == 0 => {}
            _ => return Err(fault(offset, "a sample is two finite numbers, x and V".into())),
        }
    }
    if points.len() < 2 {
        return Err(FieldError::Unreadable(format!(
            "{} has {} samples of the field, and two are needed",
            path.display(),
            points.len()
        )));
    }
    Ok(points)
}

/// Names the interval on which samples are convex.
pub(super) fn check_concave(path: &Path, points: &[(f64, f64)]) -> Result<(), FieldError> {
    match convex_at(points) {
        Some((from, to)) => Err(FieldError::Samples { path: path.to_owned(), from, to }),
        None => Ok(()),
    }
}
