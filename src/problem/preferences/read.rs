//! Comparisons from CSV.

use std::collections::HashMap;
use std::fs::File;
use std::io::Read;
use std::path::Path;

use csv::ByteRecord;

use super::{Comparison, Preferences, PreferencesError};
use crate::files::{self, End, OnFile, line_at};

/// The columns, in their order where there is no header.
const COLUMNS: [&str; 5] = ["winner", "loser", "count", "margin", "tie"];

/// Names of columns in data of preferences, and what they are here.
const ALSO: [(&str, &str); 2] = [("chosen", "winner"), ("rejected", "loser")];

/// Columns that a file without a header may have: what a last one of truths means is not plain to see.
const UNNAMED: usize = 4;

/// What is wrong, and where its record is taken up, in bytes.
type Fault = (u64, String);

pub(super) fn read(path: &Path) -> Result<Preferences, PreferencesError> {
    let mut text = Vec::new();
    let file = File::open(path).reading(path)?;
    files::unpack(file).and_then(|mut reader| reader.read_to_end(&mut text)).reading(path)?;
    let start = text.strip_prefix(files::BYTE_ORDER_MARK).unwrap_or(&text).trim_ascii_start();
    if start.starts_with(b"{") || start.starts_with(b"PAR1") {
        let reason = "comparisons are read from CSV, with the columns winner and loser".to_owned();
        return Err(PreferencesError::Row { path: path.to_owned(), line: 1, reason });
    }
    let rows = parse(&text).map_err(|(offset, reason)| PreferencesError::Row {
        path: path.to_owned(),
        line: line_at(&text, offset),
        reason,
    })?;
    Preferences::merged(rows.items, rows.comparisons).ok_or_else(|| PreferencesError::Empty { path: path.to_owned() })
}

#[derive(Default)]
struct Rows {
    items: Vec<String>,
    index: HashMap<String, u32>,
    comparisons: Vec<Comparison>,
}

fn parse(text: &[u8]) -> Result<Rows, Fault> {
    let mut reader = csv::ReaderBuilder::new().has_headers(false).flexible(true).from_reader(files::with_end(text));
    let mut rows = Rows::default();
    let mut layout: Option<Layout> = None;
    // One record for all rows: there may be a million.
    let mut record = ByteRecord::new();
    loop {
        let more = reader.read_byte_record(&mut record).map_err(|error| fault(&error))?;
        let offset = record.position().map_or(0, csv::Position::byte);
        match files::end(record.len(), record.iter().next_back()) {
            End::InQuotes => return Err((offset, files::NEVER_CLOSED.to_owned())),
            End::NotYet if more => {}
            _ => return Ok(rows),
        }
        let at = |reason: String| (offset, reason);
        match &layout {
            Some(layout) => rows.add(layout, &record).map_err(at)?,
            None => match Layout::of_header(&record).map_err(at)? {
                Some(header) => layout = Some(header),
                None => {
                    let unnamed = Layout::unnamed(record.len()).map_err(at)?;
                    let hint = |reason| at(format!("{reason} (a header has names among {} only)", COLUMNS.join(", ")));
                    rows.add(&unnamed, &record).map_err(hint)?;
                    layout = Some(unnamed);
                }
            },
        }
    }
}

fn fault(error: &csv::Error) -> Fault {
    (error.position().map_or(0, csv::Position::byte), error.to_string())
}

/// Which field holds what.
struct Layout {
    fields: usize,
    winner: usize,
    loser: usize,
    count: Option<usize>,
    margin: Option<usize>,
    tie: Option<usize>,
}

impl Layout {
    /// The layout that a header tells of; `None` for a row that is none.
    fn of_header(record: &ByteRecord) -> Result<Option<Self>, String> {
        let name = |field: &[u8]| {
            let text = field.trim_ascii();
            let text = ALSO
                .iter()
                .find(|(own, _)| text.eq_ignore_ascii_case(own.as_bytes()))
                .map_or(text, |(_, name)| name.as_bytes());
            COLUMNS.iter().position(|column| text.eq_ignore_ascii_case(column.as_bytes()))
        };
        let Some(names) = record.iter().map(name).collect::<Option<Vec<usize>>>() else { return Ok(None) };
        let mut places = [None; COLUMNS.len()];
        for (place, &column) in names.iter().enumerate() {
            if places[column].replace(place).is_some() {
                return Err(format!("there are two columns `{}`", COLUMNS[column]));
            }
        }
        let [winner, loser, count, margin, tie] = places;
        let needed = |place: Option<usize>, column: &str| place.ok_or_else(|| format!("there is no column `{column}`"));
        let (winner, loser) = (needed(winner, "winner")?, needed(loser, "loser")?);
        Ok(Some(Self { fields: names.len(), winner, loser, count, margin, tie }))
    }

    fn unnamed(fields: usize) -> Result<Self, String> {
        if !(2..=UNNAMED).contains(&fields) {
            return Err(format!(
                "{fields} columns; without a header, expected {}, of which the last two may be left out",
                COLUMNS[..UNNAMED].join(",")
            ));
        }
        let from = |place: usize| (fields > place).then_some(place);
        Ok(Self { fields, winner: 0, loser: 1, count: from(2), margin: from(3), tie: None })
    }
}

impl Rows {
    fn add(&mut self, layout: &Layout, record: &ByteRecord) -> Result<(), String> {
        if record.len() != layout.fields {
            return Err(format!("{} columns where the first row has {}", record.len(), layout.fields));
        }
        let text = |place: usize| {
            let field = record.get(place).unwrap_or_default();
            std::str::from_utf8(field).map(str::trim).map_err(|_| "the row is not UTF-8".to_owned())
        };
        let winner = self.item(text(layout.winner)?, "winner")?;
        let loser = self.item(text(layout.loser)?, "loser")?;
        if winner == loser {
            return Err(format!("`{}` against itself", self.items[winner as usize]));
        }
        let count = layout.count.map_or(Ok(1.0), |place| count(text(place)?))?;
        let margin = layout.margin.map_or(Ok(0.0), |place| margin(text(place)?))?;
        let is_tie = layout.tie.map_or(Ok(false), |place| truth(text(place)?))?;
        if !is_tie {
            self.comparisons.push(Comparison { winner, loser, count, margin });
        } else if margin == 0.0 {
            self.comparisons.push(Comparison { winner, loser, count: 0.5 * count, margin });
            self.comparisons.push(Comparison { winner: loser, loser: winner, count: 0.5 * count, margin });
        } else {
            return Err("a tie can't have a margin".to_owned());
        }
        Ok(())
    }

    fn item(&mut self, name: &str, column: &str) -> Result<u32, String> {
        if let Some(&index) = self.index.get(name) {
            return Ok(index);
        }
        if name.is_empty() {
            return Err(format!("the {column} has no name"));
        }
        let index = u32::try_from(self.items.len()).map_err(|_| "too many items".to_owned())?;
        self.items.push(name.to_owned());
        self.index.insert(name.to_owned(), index);
        Ok(index)
    }
}

fn count(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        _ if text.is_empty() => Err("there is no count".to_owned()),
        Ok(count) if count >= 0.0 && count.is_finite() => Ok(count),
        Ok(_) => Err(format!("the count {text} is not a finite number, 0 or above")),
        Err(_) => Err(format!("the count `{text}` is not a number")),
    }
}

fn margin(text: &str) -> Result<f64, String> {
    match text.parse::<f64>() {
        _ if text.is_empty() => Err("there is no margin".to_owned()),
        // Adding 0 makes -0 equal to 0 in every order.
        Ok(margin) if margin.is_finite() => Ok(margin + 0.0),
        Ok(_) => Err(format!("the margin {text} is not finite")),
        Err(_) => Err(format!("the margin `{text}` is not a number")),
    }
}

fn truth(text: &str) -> Result<bool, String> {
    let is = |word: &str| text.eq_ignore_ascii_case(word);
    match text {
        _ if is("true") || is("1") => Ok(true),
        _ if is("false") || is("0") || text.is_empty() => Ok(false),
        _ => Err(format!("tie is `{text}`, neither true nor false")),
    }
}
