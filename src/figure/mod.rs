//! Figures for a paper, each as SVG, PNG or PDF, at the width that the paper wants, with its numbers beside it as CSV and its caption as
//! text.
//!
//! Numbers flow utility -> problem -> solution -> comparison -> figure: each figure first computes a data structure and
//! then draws it. One SVG document is drawn, with letters as outlines of an embedded font, and the PNG and the PDF are made from it: they
//! agree on every machine. Colours are Okabe and Ito's, and every distinction is also one of dash or marker, so that figures survive
//! colour blindness and greyscale.

mod asymptotics;
mod bradley_terry;
mod canvas;
mod cases;
mod collapse;
mod comparison;
mod design;
mod diagnosis;
mod distributions;
mod experiment;
mod glyphs;
mod legend;
mod page;
mod panel;
mod path;
mod pdf;
mod published;
mod render;
mod style;

use std::path::PathBuf;

use serde::Serialize;
use thiserror::Error;

pub use asymptotics::asymptotics;
pub use bradley_terry::{BradleyTerryCases, BradleyTerryData, bradley_terry};
pub use cases::Cases;
pub use collapse::{CollapseData, CollapsePanel, CurveSource, Distance, collapse};
pub use comparison::{ComparisonPanel, comparison};
pub use design::design;
pub use diagnosis::diagnosis_report;
pub use distributions::{DensityBin, DistributionData, EndMass, distributions};
pub use experiment::{ExperimentData, ExperimentFigure, ExperimentRun, RunDistance, experiment, experiment_of};
pub use page::{ImageKind, Page, Width, WidthError};
pub use path::path_to_collapse;
pub use published::{PublishedPoint, published};

pub use crate::experiment::PromptType;

use crate::compare::{CompareError, TheoryError};
use crate::experiment::{ExperimentError, MissingUtility};
use crate::files::FileError;
use crate::limit::{FreeLawError, LimitError};
use crate::problem::EquilibriumError;
use crate::solution::SolveError;
use crate::utility::UtilityError;

/// The files that a figure was written to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct FigureFiles {
    /// The drawing, as far as it was wanted.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub svg: Option<PathBuf>,
    /// The same in pixels, 300 to the inch.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub png: Option<PathBuf>,
    /// The same for LaTeX.
    #[serde(skip_serializing_if = "Option::is_none")]
    pub pdf: Option<PathBuf>,
    /// What the figure shows, as plain text.
    pub caption: PathBuf,
    /// The numbers drawn.
    pub csv: Vec<PathBuf>,
}

impl FigureFiles {
    /// All of them: images, caption, numbers.
    pub fn all(&self) -> impl Iterator<Item = &PathBuf> {
        [&self.svg, &self.png, &self.pdf].into_iter().flatten().chain([&self.caption]).chain(&self.csv)
    }
}

/// Why a figure was not made.
#[derive(Debug, Error)]
#[non_exhaustive]
pub enum FigureError {
    /// A utility could not be read.
    #[error(transparent)]
    Utility(#[from] UtilityError),
    /// A finite problem could not be solved.
    #[error(transparent)]
    Solve(#[from] SolveError),
    /// A loss lacks a type of prompt that the figure shows.
    #[error(transparent)]
    MissingUtility(#[from] MissingUtility),
    /// A limit law could not be computed.
    #[error(transparent)]
    Limit(#[from] LimitError),
    /// Rewards could not be compared with their limit.
    #[error(transparent)]
    Compare(#[from] CompareError),
    /// A figure's file could not be written.
    #[error(transparent)]
    File(#[from] FileError),
    /// The files of a run are missing or malformed.
    #[error(transparent)]
    Experiment(#[from] ExperimentError),
    /// A directory has no runs, or none of those that the figure shows.
    #[error("no run under {}: expected {expected}", path.display())]
    NoRuns {
        /// The directory.
        path: PathBuf,
        /// What was looked for.
        expected: String,
    },
    /// A run whose loss has no theory.
    #[error("{}: {reason}", path.display())]
    NoTheory {
        /// The run's folder.
        path: PathBuf,
        /// Why.
        reason: Box<TheoryError>,
    },
    /// A limit law with free ends could not be computed.
    #[error(transparent)]
    FreeLaw(#[from] FreeLawError),
    /// The problem of a figure is none.
    #[error(transparent)]
    Equilibrium(#[from] EquilibriumError),
    /// A table of numbers could not be read or written.
    #[error("cannot handle a table of the figure")]
    Table(#[from] csv::Error),
    /// A width that a figure cannot have.
    #[error(transparent)]
    Width(#[from] WidthError),
    /// The drawing failed.
    #[error("cannot draw the figure: {0}")]
    Drawing(String),
}

/// Writes rows as CSV text.
fn table(header: &[&str], rows: impl IntoIterator<Item = Vec<String>>) -> Result<String, FigureError> {
    let mut writer = csv::Writer::from_writer(Vec::new());
    writer.write_record(header)?;
    for row in rows {
        writer.write_record(row)?;
    }
    let bytes = writer.into_inner().map_err(|error| FigureError::Drawing(error.to_string()))?;
    String::from_utf8(bytes).map_err(|error| FigureError::Drawing(error.to_string()))
}
