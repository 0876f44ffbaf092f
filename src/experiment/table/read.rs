//! Reading a table of rewards from a file.

use std::borrow::Cow;
use std::fmt;
use std::fs::File;
use std::io::{BufReader, Cursor, ErrorKind, Read};
use std::path::Path;

use serde::Deserialize;
use serde::de::value::{MapAccessDeserializer, SeqAccessDeserializer};
use serde::de::{DeserializeSeed, Deserializer, Error, IgnoredAny, MapAccess, SeqAccess, Visitor};
use serde_json::{Map, Value};

use super::cell::{Cell, Cells};
use super::columns::Slot;
use super::{Columns, RewardTable, TableBuilder, TableError, TableOptions, TableRow};
use crate::experiment::PromptType;
use crate::files::{self, Lines, Numbered, OnFile};

impl RewardTable {
    /// Reads a table from a file: CSV (with commas, semicolons or tabs), JSON lines, or JSON; with the feature `tables`
    /// parquet too, and gzip and Zstandard. What a file is tells its content, whatever its name.
    ///
    /// A row has the reward of one response, or, where the format has lists, a list of rewards with one of ranks and one of
    /// responses. The files that training writes are read as they are: of `rewards.csv` the last step; there
    /// `response_index` is 1 for the worst response, and takes the place of ranks.
    ///
    /// # Errors
    /// [`TableError`], with the line that is wrong: a reward that is missing or not finite, a response that is there twice.
    pub fn read(path: &Path, options: &TableOptions) -> Result<Self, TableError> {
        let format = |reason: String| TableError::Format { path: path.to_owned(), reason };
        let file = File::open(path).reading(path)?;
        if file.metadata().reading(path)?.is_dir() {
            return Err(files::FileError::reading(path, std::io::Error::from(ErrorKind::IsADirectory)).into());
        }
        let mut reader = files::unpack(file).reading(path)?;
        let mut head = Vec::new();
        reader.by_ref().take(4096).read_to_end(&mut head).reading(path)?;
        let text = head.strip_prefix(files::BYTE_ORDER_MARK).unwrap_or(&head).trim_ascii_start().to_owned();
        let mut rows = Rows::new(options);
        let whole = Cursor::new(head).chain(reader);
        let by_line = match text.first_chunk() {
            Some(b"PAR1") => read_parquet(path, &mut rows).map(|()| false),
            _ => match text.first() {
                None => return Err(TableError::Empty { path: path.to_owned() }),
                Some(b'[') => read_json(BufReader::new(whole), path, &mut rows).map(|()| false),
                Some(b'{') => read_lines(BufReader::new(whole), path, &mut rows).map(|()| true),
                _ => read_csv(whole, &text, path, &mut rows).map(|()| true),
            },
        }?;
        let wrong = |(place, reason)| match by_line {
            true => TableError::Line { path: path.to_owned(), line: place, reason },
            false => TableError::Row { path: path.to_owned(), row: place, reason },
        };
        if let (Some(step), Some(latest), true) = (options.step, rows.latest, rows.builder.is_empty()) {
            return Err(format(format!("there is no step {step}; the last is {latest}")));
        }
        if let (Some(split), true, true) = (options.split, rows.other_split, rows.builder.is_empty()) {
            return Err(format(format!("there is no row of the split `{split}`")));
        }
        rows.builder.finish().map_err(wrong)?.ok_or_else(|| TableError::Empty { path: path.to_owned() })
    }
}

/// The rows of a file, as they become those of a table.
struct Rows<'o> {
    options: &'o TableOptions,
    builder: TableBuilder,
    /// The largest step so far.
    latest: Option<u64>,
    /// Whether rows were left out for their split.
    other_split: bool,
}

impl<'o> Rows<'o> {
    fn new(options: &'o TableOptions) -> Self {
        Self { options, builder: TableBuilder::default(), latest: None, other_split: false }
    }

    fn columns(&self) -> &'o Columns {
        &self.options.columns
    }

    /// Adds the row in line `place`.
    fn add(&mut self, cells: &Cells<'_>, place: u64) -> Result<(), String> {
        if let Some(rows) = cells.unfolded() {
            let rows = rows?;
            if rows.is_empty() {
                return Err(format!("`{}` is an empty list", self.columns().name(Slot::Reward)));
            }
            return rows.iter().try_for_each(|row| self.add(row, place));
        }
        let columns = self.columns();
        let name = |slot| columns.name(slot);
        let reward = cells.get(Slot::Reward).number(name(Slot::Reward))?;
        let reward = reward.ok_or_else(|| format!("there is no {}", name(Slot::Reward)))?;
        let rank = cells.get(Slot::Rank).number(name(Slot::Rank))?;
        let index = cells.get(Slot::ResponseIndex).whole(name(Slot::ResponseIndex))?;
        let step = cells.get(Slot::Step).whole(name(Slot::Step))?;
        let split = cells.get(Slot::Split).text();
        if step.is_none() && (self.latest.is_some() || self.options.step.is_some()) {
            return Err(format!("there is no {}", name(Slot::Step)));
        }
        if split.is_none() && self.options.split.is_some() {
            return Err(format!("there is no {}", name(Slot::Split)));
        }
        let is_later = step > self.latest;
        self.latest = self.latest.max(step);
        match self.options.step {
            Some(wanted) if step != Some(wanted) => return Ok(()),
            Some(_) => self.builder.step = step,
            None if step < self.latest => return Ok(()),
            None if is_later => {
                self.builder.clear();
                self.builder.step = step;
            }
            None => {}
        }
        if self.options.split.is_some_and(|wanted| split.as_deref().is_some_and(|own| own.trim() != wanted.name())) {
            self.other_split = true;
            return Ok(());
        }
        let text = cells.get(Slot::Prompt).text().filter(|text| !text.trim().is_empty());
        let text = text.ok_or_else(|| format!("there is no {}", name(Slot::Prompt)))?;
        // Both parts of a run number their prompts from 0.
        let prompt = match (&split, self.options.split) {
            (Some(split), None) => Cow::Owned(format!("{split} {text}")),
            _ => text,
        };
        let open_ended = cells.get(Slot::OpenEnded).truth(name(Slot::OpenEnded))?;
        let prompt_type = cells.get(Slot::Type).text();
        let prompt_type =
            prompt_type.or_else(|| Some(Cow::Owned(PromptType::from_uniform(open_ended?).name().to_owned())));
        let response = cells.get(Slot::Response).text();
        let row = TableRow {
            prompt: &prompt,
            prompt_type: prompt_type.as_deref().unwrap_or_default().trim(),
            reward,
            rank,
            response: response.as_deref(),
        };
        match (rank, index) {
            (None, Some(index)) => self.builder.push_numbered(row, index, place),
            _ => self.builder.push_at(row, place),
        }
    }

    /// The columns that must be there, are there.
    fn check<'a>(&self, present: impl Iterator<Item = &'a str> + Clone) -> Result<(), String> {
        let columns = self.columns();
        let is_absent =
            |slot: &Slot| columns.is_needed(*slot) && !present.clone().any(|name| name == columns.name(*slot));
        match Slot::ALL.into_iter().find(is_absent) {
            Some(slot) => Err(columns.missing(slot, present)),
            None => Ok(()),
        }
    }
}

fn read_csv(reader: impl Read, head: &[u8], path: &Path, rows: &mut Rows<'_>) -> Result<(), TableError> {
    let numbered = Numbered::new(files::with_end(reader));
    let numbers = numbered.numbers();
    let wrong =
        |offset: u64, reason: String| TableError::Line { path: path.to_owned(), line: numbers.line_of(offset), reason };
    let mut settings = csv::ReaderBuilder::new();
    let mut reader = settings.flexible(true).has_headers(false).delimiter(delimiter(head)).from_reader(numbered);
    let refused = |error: csv::Error| {
        let offset = error.position().map_or(0, csv::Position::byte);
        match error.into_kind() {
            csv::ErrorKind::Io(error) => TableError::from(files::FileError::reading(path, error)),
            csv::ErrorKind::Utf8 { .. } => wrong(offset, "it is not UTF-8".to_owned()),
            other => wrong(offset, format!("it is no CSV: {other:?}")),
        }
    };
    let mut record = csv::StringRecord::new();
    let offset_of = |record: &csv::StringRecord| record.position().map_or(0, csv::Position::byte);
    let is_row = |more: bool, record: &csv::StringRecord| {
        let last = record.iter().next_back().map(str::as_bytes);
        match files::end(record.len(), last) {
            files::End::InQuotes => Err(wrong(offset_of(record), files::NEVER_CLOSED.to_owned())),
            files::End::Here => Ok(false),
            files::End::NotYet => Ok(more),
        }
    };
    let more = reader.read_record(&mut record).map_err(&refused)?;
    if !is_row(more, &record)? {
        return Ok(());
    }
    let names: Vec<String> = record.iter().map(|name| name.trim().to_owned()).collect();
    rows.check(names.iter().map(String::as_str)).map_err(|reason| wrong(offset_of(&record), reason))?;
    let is_wanted = |name: &String| Slot::ALL.into_iter().any(|slot| rows.columns().name(slot) == name);
    let twice = |(at, name): (usize, &String)| is_wanted(name) && names[..at].contains(name);
    if let Some((_, name)) = names.iter().enumerate().find(|&column| twice(column)) {
        return Err(wrong(offset_of(&record), format!("there are two columns `{name}`")));
    }
    let place = |slot: Slot| Some((slot, names.iter().position(|name| name == rows.columns().name(slot))?));
    let places: Vec<(Slot, usize)> = Slot::ALL.into_iter().filter_map(place).collect();
    loop {
        let more = reader.read_record(&mut record).map_err(&refused)?;
        if !is_row(more, &record)? {
            return Ok(());
        }
        let line = numbers.line_of(offset_of(&record));
        let added = if record.len() == names.len() {
            let mut cells = Cells::default();
            for &(slot, place) in &places {
                cells.set(slot, Cell::of_text(record.get(place).unwrap_or_default()));
            }
            rows.add(&cells, line)
        } else {
            Err(format!("{} fields where the header has {}", record.len(), names.len()))
        };
        added.map_err(|reason| TableError::Line { path: path.to_owned(), line, reason })?;
    }
}

/// The delimiter that the header has most of.
fn delimiter(head: &[u8]) -> u8 {
    let header = head.split(|byte| matches!(byte, b'\n' | b'\r')).next().unwrap_or_default();
    let count = |delimiter: u8| header.iter().filter(|byte| **byte == delimiter).count();
    // Of equals the last counts.
    [b'\t', b';', b','].into_iter().max_by_key(|&delimiter| count(delimiter)).unwrap_or(b',')
}

fn read_lines(reader: impl std::io::BufRead, path: &Path, rows: &mut Rows<'_>) -> Result<(), TableError> {
    let mut lines = Lines::new(reader);
    while let Some(line) = lines.next_line().reading(path)? {
        let wrong = |reason| TableError::Line { path: path.to_owned(), line: line.number, reason };
        let mut deserializer = serde_json::Deserializer::from_slice(line.bytes);
        let seed = RowSeed { columns: rows.columns() };
        let cells = seed.deserialize(&mut deserializer).and_then(|cells| deserializer.end().map(|()| cells));
        let cells = cells.map_err(|error| wrong(files::without_position(&error)))?;
        rows.add(&cells, line.number).map_err(|reason| wrong(in_line(reason, &cells, line.bytes, rows)))?;
    }
    Ok(())
}

/// The reason why a row was refused. For a field that is missing, the names of those that are there say more.
fn in_line(reason: String, cells: &Cells<'_>, line: &[u8], rows: &Rows<'_>) -> String {
    if [Slot::Prompt, Slot::Reward].iter().all(|&slot| *cells.get(slot) != Cell::Missing) {
        return reason;
    }
    let fields: Map<String, Value> = serde_json::from_slice(line).unwrap_or_default();
    rows.check(fields.keys().map(String::as_str)).err().unwrap_or(reason)
}

fn read_json(mut reader: impl std::io::BufRead, path: &Path, rows: &mut Rows<'_>) -> Result<(), TableError> {
    files::skip_mark(&mut reader).reading(path)?;
    let mut deserializer = serde_json::Deserializer::from_reader(reader);
    let mut count = 0;
    let list = ListSeed { rows, count: &mut count };
    let result = list.deserialize(&mut deserializer).and_then(|()| deserializer.end());
    result.map_err(|error| match error.classify() {
        serde_json::error::Category::Io => files::FileError::reading(path, error).into(),
        _ => TableError::Line {
            path: path.to_owned(),
            line: error.line() as u64,
            reason: format!("record {count}: {}", files::without_position(&error)),
        },
    })
}

/// An object, of which the wanted fields are kept.
struct RowSeed<'c> {
    columns: &'c Columns,
}

impl<'de> DeserializeSeed<'de> for RowSeed<'_> {
    type Value = Cells<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Cells<'de>, D::Error> {
        deserializer.deserialize_map(self)
    }
}

impl<'de> Visitor<'de> for RowSeed<'_> {
    type Value = Cells<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("an object")
    }

    fn visit_map<A: MapAccess<'de>>(self, mut map: A) -> Result<Cells<'de>, A::Error> {
        let mut cells = Cells::default();
        while let Some(wanted) = map.next_key_seed(KeySeed { columns: self.columns })? {
            if wanted == [false; Slot::ALL.len()] {
                map.next_value::<IgnoredAny>()?;
                continue;
            }
            let cell = map.next_value_seed(CellSeed)?;
            for (slot, _) in Slot::ALL.into_iter().zip(wanted).filter(|(_, is_wanted)| *is_wanted) {
                cells.set(slot, cell.clone());
            }
        }
        Ok(cells)
    }
}

/// Which slots a field fills.
struct KeySeed<'c> {
    columns: &'c Columns,
}

impl<'de> DeserializeSeed<'de> for KeySeed<'_> {
    type Value = [bool; Slot::ALL.len()];

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Self::Value, D::Error> {
        deserializer.deserialize_identifier(self)
    }
}

impl Visitor<'_> for KeySeed<'_> {
    type Value = [bool; Slot::ALL.len()];

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("the name of a field")
    }

    fn visit_str<E: Error>(self, name: &str) -> Result<Self::Value, E> {
        Ok(Slot::ALL.map(|slot| self.columns.name(slot) == name))
    }
}

/// One field.
struct CellSeed;

impl<'de> DeserializeSeed<'de> for CellSeed {
    type Value = Cell<'de>;

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<Cell<'de>, D::Error> {
        deserializer.deserialize_any(self)
    }
}

impl<'de> Visitor<'de> for CellSeed {
    type Value = Cell<'de>;

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a value")
    }

    fn visit_unit<E: Error>(self) -> Result<Cell<'de>, E> {
        Ok(Cell::Missing)
    }

    fn visit_bool<E: Error>(self, truth: bool) -> Result<Cell<'de>, E> {
        Ok(Cell::Value(truth.into()))
    }

    fn visit_i64<E: Error>(self, number: i64) -> Result<Cell<'de>, E> {
        Ok(Cell::Value(number.into()))
    }

    fn visit_u64<E: Error>(self, number: u64) -> Result<Cell<'de>, E> {
        Ok(Cell::Value(number.into()))
    }

    fn visit_f64<E: Error>(self, number: f64) -> Result<Cell<'de>, E> {
        Ok(Cell::Value(number.into()))
    }

    fn visit_borrowed_str<E: Error>(self, text: &'de str) -> Result<Cell<'de>, E> {
        Ok(Cell::Text(Cow::Borrowed(text)))
    }

    fn visit_str<E: Error>(self, text: &str) -> Result<Cell<'de>, E> {
        Ok(Cell::Text(Cow::Owned(text.to_owned())))
    }

    fn visit_seq<A: SeqAccess<'de>>(self, list: A) -> Result<Cell<'de>, A::Error> {
        Value::deserialize(SeqAccessDeserializer::new(list)).map(Cell::Value)
    }

    fn visit_map<A: MapAccess<'de>>(self, map: A) -> Result<Cell<'de>, A::Error> {
        Value::deserialize(MapAccessDeserializer::new(map)).map(Cell::Value)
    }
}

/// A list of objects, each added before the next is read.
struct ListSeed<'r, 'o> {
    rows: &'r mut Rows<'o>,
    count: &'r mut u64,
}

impl<'de> DeserializeSeed<'de> for ListSeed<'_, '_> {
    type Value = ();

    fn deserialize<D: Deserializer<'de>>(self, deserializer: D) -> Result<(), D::Error> {
        deserializer.deserialize_seq(self)
    }
}

impl<'de> Visitor<'de> for ListSeed<'_, '_> {
    type Value = ();

    fn expecting(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("a list of objects")
    }

    fn visit_seq<A: SeqAccess<'de>>(self, mut list: A) -> Result<(), A::Error> {
        loop {
            *self.count += 1;
            let seed = RowSeed { columns: self.rows.columns() };
            let Some(cells) = list.next_element_seed(seed)? else { return Ok(()) };
            self.rows.add(&cells, *self.count).map_err(A::Error::custom)?;
        }
    }
}

#[cfg(feature = "tables")]
fn read_parquet(path: &Path, rows: &mut Rows<'_>) -> Result<(), TableError> {
    let format = |reason: String| TableError::Format { path: path.to_owned(), reason };
    // Its table of contents stands at the end.
    let file = File::open(path).reading(path)?;
    let columns = rows.columns();
    let is_wanted = |name: &str| Slot::ALL.into_iter().any(|slot| columns.name(slot) == name);
    let rows = std::cell::RefCell::new(rows);
    let mut wanted = |present: &[&str]| {
        rows.borrow().check(present.iter().copied()).map_err(format)?;
        Ok(present.iter().filter(|name| is_wanted(name)).map(|name| (*name).to_owned()).collect())
    };
    let mut each = |fields: Map<String, Value>, row: u64, _: u64| {
        let mut cells = Cells::default();
        for (name, value) in fields {
            cells.set_named(columns, &name, &Cell::from(value));
        }
        let added = rows.borrow_mut().add(&cells, row);
        added.map_err(|reason| TableError::Row { path: path.to_owned(), row, reason })
    };
    files::parquet_rows(file, &mut wanted, &mut each).map_err(|fault| match fault {
        files::ParquetFault::File(reason) => format(reason),
        files::ParquetFault::Row(error) => error,
    })
}

#[cfg(not(feature = "tables"))]
fn read_parquet(path: &Path, _: &mut Rows<'_>) -> Result<(), TableError> {
    let reason = "it is parquet, and this build lacks the feature `tables`".to_owned();
    Err(TableError::Format { path: path.to_owned(), reason })
}
