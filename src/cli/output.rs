//! Where results go and in which form.

use std::ffi::OsStr;
use std::io::Write;
use std::path::{Path, PathBuf};

use crate::files;
use crate::solution::{Interpolation, Method};
use crate::utility::Concavity;
use clap::{Args, ValueEnum};
use serde::Serialize;
use tabled::builder::Builder;
use tabled::settings::Style;
use tabled::settings::object::Segment;
use tabled::settings::{Alignment, Padding};

use super::CliError;

/// The form of a result.
#[derive(Debug, Clone, Copy, PartialEq, Eq, ValueEnum)]
pub enum Format {
    /// A table for people.
    Table,
    /// JSON for programs.
    Json,
    /// Rows under a header, for programs and spreadsheets.
    Csv,
}

/// `--format` and `--out`.
#[derive(Debug, Args)]
pub struct OutputArguments {
    /// The form of the result [default: that of the ending of --out, .json or .csv, else table].
    #[arg(long, value_enum, help_heading = "Output")]
    format: Option<Format>,

    /// Write to a file instead of standard output; it appears whole or not at all.
    #[arg(long, value_name = "FILE", help_heading = "Output")]
    out: Option<PathBuf>,
}

impl OutputArguments {
    /// The form that was asked for, or that the name of the file tells.
    pub fn format(&self) -> Format {
        let ending = self.out.as_deref().and_then(Path::extension).and_then(OsStr::to_str).unwrap_or_default();
        self.format.unwrap_or(match ending.to_ascii_lowercase().as_str() {
            "json" => Format::Json,
            "csv" => Format::Csv,
            _ => Format::Table,
        })
    }

    /// Refuses an `--out` that can't be written before any time is spent on the result.
    pub fn check(&self) -> Result<(), CliError> {
        let Some(path) = &self.out else { return Ok(()) };
        Ok(files::check_writable(path)?)
    }

    /// The same, and refuses one of the files that are read.
    pub fn check_beside<'a>(&self, inputs: impl IntoIterator<Item = &'a Path>) -> Result<(), CliError> {
        self.out.as_deref().map_or(Ok(()), |out| keep(inputs, out, "--out"))?;
        self.check()
    }

    /// Where the text goes, if not to standard output.
    #[cfg(feature = "figures")]
    pub fn path(&self) -> Option<&Path> {
        self.out.as_deref()
    }

    /// Writes the finished text.
    pub fn write(&self, text: &str) -> Result<(), CliError> {
        match &self.out {
            Some(path) => Ok(files::write(path, text.as_bytes())?),
            None => print(text),
        }
    }
}

/// Refuses to write over a file that is read; `option` says what names `out`.
pub fn keep<'a>(inputs: impl IntoIterator<Item = &'a Path>, out: &Path, option: &str) -> Result<(), CliError> {
    let same = |input: &Path| match (input.canonicalize(), out.canonicalize()) {
        (Ok(input), Ok(out)) => input == out && input.is_file(),
        _ => false,
    };
    match inputs.into_iter().find(|input| same(input)) {
        Some(input) => {
            let text = format!(
                "{option} {} would replace a file that is read, {}; choose another name",
                out.display(),
                input.display()
            );
            Err(CliError::Input(text))
        }
        None => Ok(()),
    }
}

/// Writes the finished text to standard output.
pub fn print(text: &str) -> Result<(), CliError> {
    match std::io::stdout().lock().write_all(text.as_bytes()) {
        // The reader of a pipe, such as `head`, has seen enough.
        Err(error) if error.kind() == std::io::ErrorKind::BrokenPipe => Ok(()),
        Err(error) => Err(CliError::Failure(format!("cannot write to standard output: {error}"))),
        Ok(()) => Ok(()),
    }
}

/// A value as indented JSON.
pub fn json(value: &impl Serialize) -> Result<String, CliError> {
    let text = serde_json::to_string_pretty(value).map_err(|error| CliError::failure(&error))?;
    Ok(text + "\n")
}

/// Rows of CSV under a header.
pub fn csv<R: Serialize>(header: &[&str], rows: impl IntoIterator<Item = R>) -> Result<String, CliError> {
    let failed = |error: &dyn std::fmt::Display| CliError::Failure(format!("cannot write CSV: {error}"));
    let mut writer = csv::WriterBuilder::new().has_headers(false).from_writer(Vec::new());
    writer.write_record(header).map_err(|e| failed(&e))?;
    for row in rows {
        writer.serialize(row).map_err(|e| failed(&e))?;
    }
    let bytes = writer.into_inner().map_err(|e| failed(&e))?;
    String::from_utf8(bytes).map_err(|e| failed(&e))
}

/// `name  value` lines.
pub fn facts(rows: &[(&str, String)]) -> String {
    let width = rows.iter().map(|(name, _)| name.len()).max().unwrap_or(0);
    rows.iter().map(|(name, value)| format!("{name:width$}  {value}\n")).collect()
}

/// Right-aligned columns under a header and a rule.
pub fn columns(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> String {
    let mut builder = Builder::default();
    builder.push_record(header.iter().copied());
    rows.into_iter().for_each(|row| builder.push_record(row));
    let mut table = builder.build();
    table.with(Style::psql().remove_vertical());
    table.modify(Segment::all(), Alignment::right());
    table.modify(Segment::all(), Padding::new(1, 1, 0, 0));
    // No blanks at the ends of lines.
    table.to_string().lines().map(|line| format!("{}\n", line.trim_end())).collect()
}

/// A number for people: six decimals, or scientific where that would show none of its digits; 0 and 1 stand for themselves.
pub fn number(x: f64) -> String {
    match x {
        0.0 => "0".into(),
        1.0 => "1".into(),
        x if x.is_infinite() => if x > 0.0 { "inf" } else { "-inf" }.into(),
        x if x.is_nan() => "-".into(),
        x if (1e-4..1e6).contains(&x.abs()) => format!("{x:.6}"),
        x => format!("{x:.4e}"),
    }
}

/// A number for people, with as many digits at any size.
pub fn scientific(x: f64) -> String {
    if x.is_finite() { format!("{x:.4e}") } else { number(x) }
}

/// A number of a row of CSV: empty where there is none.
pub fn defined(x: f64) -> Option<f64> {
    (!x.is_nan()).then_some(x)
}

/// A bound for people: two digits, rounded up so that it stays a bound.
pub fn bound(x: f64) -> String {
    match x {
        0.0 => "0".into(),
        x if x.is_nan() => "none".into(),
        x => format!("{:.1e}", 1.05 * x),
    }
}

/// A number of things: `1 iteration`, `2 iterations`.
pub fn count(n: u64, thing: &str) -> String {
    format!("{n} {thing}{}", if n == 1 { "" } else { "s" })
}

/// Seconds for people.
pub fn seconds(s: f64) -> String {
    match s {
        s if s < 1e-3 => format!("{:.0} us", 1e6 * s),
        s if s < 1.0 => format!("{:.1} ms", 1e3 * s),
        s => format!("{s:.1} s"),
    }
}

/// What a table says of the work of a solve.
pub fn solved_in(s: f64, method: Method, iterations: u64) -> (&'static str, String) {
    ("solved in", format!("{} ({method} method, {})", seconds(s), count(iterations, "iteration")))
}

/// How the errors of interpolation are known, for people; nothing where there are none.
pub fn interpolation(interpolation: Interpolation) -> Option<(&'static str, String)> {
    let words = match interpolation {
        Interpolation::None => return None,
        Interpolation::Bounded => "its errors are bounded, and part of the gap",
        Interpolation::Measured => "its errors are measured, not bounded: the gap assumes them",
    };
    Some(("interpolation", words.to_owned()))
}

/// How it is known that the utility is concave, for people.
pub fn concavity(concavity: Concavity) -> &'static str {
    match concavity {
        Concavity::Proved => "proved",
        Concavity::Sampled => "sampled at 900 points, not proved: the gap assumes it",
        Concavity::Refuted => "no: the field is convex somewhere",
    }
}
