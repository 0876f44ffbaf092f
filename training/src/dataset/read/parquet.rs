//! Parquet, page by page.

use std::fs::File;
use std::path::Path;
use std::sync::Arc;

use parquet::basic::Type as Physical;
use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::reader::RowIter;
use parquet::record::{Field, Row as Fields};
use parquet::schema::types::Type;

use reward_collapse::files::{self, OnFile, ParquetFault};
use serde_json::{Map, Value};

use super::record::{self, names};
use super::{Each, Record, Row};
use crate::dataset::{DatasetError, Preference};

const COLUMNS: [&str; 2] = ["input", "output"];

/// The columns that say something of each row group, a batch of rows at a time.
pub(super) fn read(file: File, path: &Path, each: Each<'_>) -> Result<u64, DatasetError> {
    let format = |reason: String| DatasetError::Format { path: path.to_owned(), reason };
    let damaged = |error: ParquetError| format(format!("it is damaged or cut short: {error}"));
    let again = file.try_clone().reading(path)?;
    let reader = SerializedFileReader::new(file).map_err(damaged)?;
    let metadata = reader.metadata().file_metadata();
    let names = metadata.schema().get_fields().iter().map(|field| (field.name().to_owned(), Value::Null)).collect();
    if Preference::is_one(&names) || record::is_ranking(&names) {
        return read_any(again, path, each);
    }
    let wanted = projection(metadata.schema(), path)?;
    let total = metadata.num_rows();
    let mut count = 0;
    // Not the reader's own iterator over all groups, which panics on one that cannot be read.
    for group in 0..reader.num_row_groups() {
        let group = reader.get_row_group(group).map_err(damaged)?;
        for fields in RowIter::from_row_group(Some(wanted.clone()), group.as_ref()).map_err(damaged)? {
            let fields = fields.map_err(damaged)?;
            count += 1;
            let row = row(&fields).map_err(|reason| DatasetError::Row { path: path.to_owned(), row: count, reason })?;
            each(Record::Row(row), (count as f64 / total.max(1) as f64).min(1.0))?;
        }
    }
    if i64::try_from(count) != Ok(total) {
        return Err(format(format!("it is damaged or cut short: it has {count} rows where it says {total}")));
    }
    Ok(count)
}

/// Rows of rankings or of preferences.
fn read_any(file: File, path: &Path, each: Each<'_>) -> Result<u64, DatasetError> {
    let known: Vec<&str> = Preference::fields().collect();
    let mut wanted =
        |names: &[&str]| Ok(names.iter().filter(|name| known.contains(name)).map(|name| (*name).to_owned()).collect());
    let mut count = 0;
    let mut one = |fields: Map<String, Value>, row: u64, rows: u64| {
        let wrong = |reason| DatasetError::Row { path: path.to_owned(), row, reason };
        let record = Record::of(fields).map_err(|unfit| wrong(unfit.reason()))?;
        count = row;
        each(record, (row as f64 / rows.max(1) as f64).min(1.0))
    };
    files::parquet_rows(file, &mut wanted, &mut one).map_err(|fault| match fault {
        ParquetFault::File(reason) => DatasetError::Format { path: path.to_owned(), reason },
        ParquetFault::Row(error) => error,
    })?;
    Ok(count)
}

/// The schema of the two columns alone, so that no other is decoded.
fn projection(schema: &Type, path: &Path) -> Result<Type, DatasetError> {
    let format = |reason: String| DatasetError::Format { path: path.to_owned(), reason };
    let mut fields = Vec::new();
    for column in COLUMNS {
        let field = schema.get_fields().iter().find(|field| field.name() == column);
        let field = field.ok_or_else(|| DatasetError::Column {
            path: path.to_owned(),
            column,
            present: names(schema.get_fields().iter().map(|field| field.name())),
        })?;
        if !field.is_primitive() || field.get_physical_type() != Physical::BYTE_ARRAY {
            return Err(format(format!("the column `{column}` is not text")));
        }
        fields.push(Arc::clone(field));
    }
    let schema = Type::group_type_builder(schema.name()).with_fields(fields).build();
    schema.map_err(|error| format(error.to_string()))
}

fn row(fields: &Fields) -> Result<Row, String> {
    let text = |column: &str| match fields.get_column_iter().find(|(name, _)| *name == column) {
        Some((_, Field::Str(text))) => Ok(text.clone()),
        // Some writers leave out that the bytes are text.
        Some((_, Field::Bytes(bytes))) => {
            String::from_utf8(bytes.data().to_vec()).map_err(|_| format!("`{column}` is not UTF-8"))
        }
        Some((_, Field::Null)) => Err(format!("`{column}` is null")),
        _ => Err(format!("`{column}` is not text")),
    };
    Ok(Row { input: text("input")?, output: text("output")? })
}
