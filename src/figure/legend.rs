//! A row of symbols with their meanings.

use plotters::style::RGBColor;

use super::FigureError;
use super::canvas::{Align, Canvas};
use super::style::{Marker, PAGE_WIDTH, Stroke, TEXT};

/// The symbol of an entry.
#[derive(Debug, Clone, Copy)]
pub(super) enum Key {
    Line(Stroke),
    Point(Marker),
    /// A bar of a histogram: fill, opacity and edge.
    Bar(RGBColor, f64, Stroke),
}

const AFTER: f64 = 4.0;
const BETWEEN: f64 = 12.0;

impl Key {
    fn width(&self) -> f64 {
        match self {
            Key::Line(_) => 22.0,
            Key::Point(_) => 7.0,
            Key::Bar(..) => 9.0,
        }
    }

    fn draw(&self, canvas: &Canvas<'_>, (x, y): (f64, f64)) -> Result<(), FigureError> {
        let right = x + self.width();
        match *self {
            Key::Line(stroke) => canvas.line(&[(x, y), (right, y)], stroke),
            Key::Point(marker) => canvas.marker((x + self.width() / 2.0, y), marker),
            Key::Bar(fill, opacity, edge) => {
                let corners = [(x, y + 3.5), (x, y - 3.5), (right, y - 3.5), (right, y + 3.5), (x, y + 3.5)];
                canvas.fill(&corners, fill, opacity)?;
                canvas.line(&corners, edge)
            }
        }
    }
}

/// Draws the entries in one row, centred on the page, with their baseline at `y`.
pub(super) fn row(canvas: &Canvas<'_>, entries: &[(Key, &str)], y: f64) -> Result<(), FigureError> {
    let mut total = -BETWEEN;
    for (key, text) in entries {
        total += key.width() + AFTER + canvas.text_width(text, TEXT)? + BETWEEN;
    }
    let mut x = (PAGE_WIDTH - total) / 2.0;
    for (key, text) in entries {
        key.draw(canvas, (x, y - 0.36 * TEXT))?;
        x += key.width() + AFTER;
        canvas.text(text, (x, y), TEXT, Align::Left)?;
        x += canvas.text_width(text, TEXT)? + BETWEEN;
    }
    Ok(())
}
