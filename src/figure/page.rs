//! What a figure is drawn as: its width, its kinds of image, and where its caption goes.

use std::str::FromStr;

use serde::Serialize;
use thiserror::Error;

/// How figures are drawn.
#[derive(Debug, Clone, PartialEq)]
pub struct Page {
    /// The width; the height follows from what is drawn. Type has the same size in points at every width.
    pub width: Width,
    /// The kinds of image that are written.
    pub images: Vec<ImageKind>,
    /// Whether the caption is set under the drawing, too. It is always written beside it, as plain text.
    pub caption: bool,
}

impl Default for Page {
    fn default() -> Self {
        Self { width: Width::TEXT, images: vec![ImageKind::Svg, ImageKind::Png], caption: false }
    }
}

/// A kind of image.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "lowercase")]
pub enum ImageKind {
    /// Lines and outlines, for browsers and for editing.
    Svg,
    /// 300 pixels to the inch.
    Png,
    /// Lines and outlines, for LaTeX.
    Pdf,
}

impl ImageKind {
    /// The ending of its files' names.
    pub fn ending(self) -> &'static str {
        match self {
            Self::Svg => "svg",
            Self::Png => "png",
            Self::Pdf => "pdf",
        }
    }
}

/// The width of a figure, in points (1/72 inch), from 80 mm to 500 mm.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
pub struct Width(f64);

impl Width {
    /// The width of the text in a paper of two columns, 6.75 inches.
    pub const TEXT: Self = Self(6.75 * 72.0);
    /// The width of a column in such a paper, 3.25 inches.
    pub const COLUMN: Self = Self(3.25 * 72.0);
    const LEAST: f64 = 80.0 * MILLIMETRE;
    const MOST: f64 = 500.0 * MILLIMETRE;

    /// A number of points.
    ///
    /// # Errors
    /// [`WidthError::Range`] for less than 80 mm, where type of a legible size does not fit, and for more than 500 mm.
    pub fn points(points: f64) -> Result<Self, WidthError> {
        if (Self::LEAST..=Self::MOST).contains(&points) { Ok(Self(points)) } else { Err(WidthError::Range) }
    }

    /// The number of points.
    pub fn get(self) -> f64 {
        self.0
    }
}

const MILLIMETRE: f64 = 72.0 / 25.4;
/// Points in each unit; `px` is that of SVG and CSS, 1/96 inch.
const UNITS: [(&str, f64); 5] =
    [("in", 72.0), ("mm", MILLIMETRE), ("cm", 10.0 * MILLIMETRE), ("pt", 1.0), ("px", 0.75)];

/// A number with a unit: `3.25in`, `82.5mm`, `8.5cm`, `234pt` or `312px`.
impl FromStr for Width {
    type Err = WidthError;

    fn from_str(text: &str) -> Result<Self, WidthError> {
        let malformed = || WidthError::Malformed { text: text.to_owned() };
        let (number, unit) = UNITS
            .into_iter()
            .find_map(|(name, unit)| Some((text.trim().strip_suffix(name)?, unit)))
            .ok_or_else(malformed)?;
        let number: f64 = number.trim().parse().map_err(|_| malformed())?;
        Self::points(number * unit)
    }
}

/// Why a width is none.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[non_exhaustive]
pub enum WidthError {
    /// Not a number with a unit.
    #[error("`{text}` is no width: write a number with in, mm, cm, pt or px, such as 3.25in or 82.5mm")]
    Malformed {
        /// What was given.
        text: String,
    },
    /// Too narrow or too wide.
    #[error("a figure is from 80mm (3.15in) to 500mm (19.7in) wide")]
    Range,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn widths_have_units() {
        for (text, points) in
            [("3.25in", 234.0), ("254mm", 720.0), ("25.4 cm", 720.0), ("300pt", 300.0), ("400px", 300.0)]
        {
            assert!((text.parse::<Width>().unwrap().get() - points).abs() < 1e-9, "{text}");
        }
        for text in ["3.25", "in", "wide", "3 feet", ""] {
            assert!(matches!(text.parse::<Width>(), Err(WidthError::Malformed { .. })), "{text}");
        }
        for text in ["2in", "79.9mm", "-5in", "60cm", "NaNin", "infin"] {
            assert!(text.parse::<Width>().is_err(), "{text}");
        }
    }
}
