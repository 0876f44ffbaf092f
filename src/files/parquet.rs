//! Rows of parquet files, without the Arrow libraries.

use std::fs::File;
use std::sync::Arc;

use parquet::errors::ParquetError;
use parquet::file::reader::{FileReader, SerializedFileReader};
use parquet::record::reader::RowIter;
use parquet::record::{Field, Row};
use parquet::schema::types::Type;
use serde_json::{Map, Number, Value};

/// Chooses among the names of columns.
type Wanted<'a, E> = dyn FnMut(&[&str]) -> Result<Vec<String>, E> + 'a;

/// Takes a row, its number from 1 and the number of rows.
type EachRow<'a, E> = dyn FnMut(Map<String, Value>, u64, u64) -> Result<(), E> + 'a;

/// Gives each row to `each`, with its number from 1 and the number of rows: its columns among those that `wanted` accepts.
/// A number that is not finite, which JSON does not have, is given as its text.
///
/// # Errors
/// What is wrong with the file as `Err(Fault::File)`, and what `each` returns.
pub fn parquet_rows<E>(file: File, wanted: &mut Wanted<'_, E>, each: &mut EachRow<'_, E>) -> Result<(), Fault<E>> {
    let reader = SerializedFileReader::new(file).map_err(damaged)?;
    let metadata = reader.metadata().file_metadata();
    let schema = metadata.schema();
    let names: Vec<&str> = schema.get_fields().iter().map(|field| field.name()).collect();
    let wanted = wanted(&names).map_err(Fault::Row)?;
    // So that no other column is decoded.
    let fields = schema.get_fields().iter().filter(|field| wanted.iter().any(|name| name == field.name()));
    let fields: Vec<Arc<Type>> = fields.cloned().collect();
    let wanted = Type::group_type_builder(schema.name()).with_fields(fields).build().map_err(damaged)?;
    let total = u64::try_from(metadata.num_rows()).unwrap_or_default();
    let mut count = 0;
    // Not the reader's own iterator over all groups, which panics on one that cannot be read.
    for group in 0..reader.num_row_groups() {
        let group = reader.get_row_group(group).map_err(damaged)?;
        for row in RowIter::from_row_group(Some(wanted.clone()), group.as_ref()).map_err(damaged)? {
            count += 1;
            let row = fields_of(&row.map_err(damaged)?);
            let row = row.map_err(|reason| Fault::File(format!("row {count}: {reason}")))?;
            each(row, count, total).map_err(Fault::Row)?;
        }
    }
    if count == total {
        Ok(())
    } else {
        Err(Fault::File(format!("it is damaged or cut short: it has {count} rows where it says {total}")))
    }
}

/// Why not all rows were read.
#[derive(Debug)]
pub enum Fault<E> {
    /// The file itself.
    File(String),
    /// What is to be done with a row.
    Row(E),
}

fn damaged<E>(error: ParquetError) -> Fault<E> {
    Fault::File(format!("it is damaged or cut short: {error}"))
}

fn fields_of(row: &Row) -> Result<Map<String, Value>, String> {
    let fields = row.get_column_iter();
    fields
        .map(|(name, field)| Ok((name.clone(), value(field).ok_or_else(|| format!("`{name}` is not UTF-8"))?)))
        .collect()
}

/// A field as JSON has it; `None` for bytes that are no text.
fn value(field: &Field) -> Option<Value> {
    Some(match field {
        Field::Null => Value::Null,
        Field::Bool(truth) => Value::Bool(*truth),
        Field::Byte(number) => Value::from(*number),
        Field::Short(number) => Value::from(*number),
        Field::Int(number) => Value::from(*number),
        Field::Long(number) => Value::from(*number),
        Field::UByte(number) => Value::from(*number),
        Field::UShort(number) => Value::from(*number),
        Field::UInt(number) => Value::from(*number),
        Field::ULong(number) => Value::from(*number),
        Field::Float16(number) => real(f64::from(f32::from(*number))),
        Field::Float(number) => real(f64::from(*number)),
        Field::Double(number) => real(*number),
        Field::Str(text) => Value::String(text.clone()),
        // Some writers leave out that the bytes are text.
        Field::Bytes(bytes) => Value::String(String::from_utf8(bytes.data().to_vec()).ok()?),
        Field::ListInternal(list) => Value::Array(list.elements().iter().map(value).collect::<Option<_>>()?),
        Field::Group(row) => Value::Object(fields_of(row).ok()?),
        // Decimals, dates and maps: as they are written.
        other => other.to_string().parse().map_or_else(|_| Value::String(other.to_string()), real),
    })
}

fn real(number: f64) -> Value {
    Number::from_f64(number).map_or_else(|| Value::String(number.to_string()), Value::Number)
}
