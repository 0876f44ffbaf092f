//! Symbols with their meanings.

use super::FigureError;
use super::canvas::{Align, Canvas};
use super::style::{MARGIN, Marker, Rgb, Stroke, TEXT};

/// The symbol of an entry.
#[derive(Debug, Clone, Copy)]
pub(super) enum Key {
    Line(Stroke),
    Point(Marker),
    /// A bar of a histogram: fill, opacity and edge.
    Bar(Rgb, f64, Stroke),
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

    fn draw(&self, canvas: &Canvas, (x, y): (f64, f64)) -> Result<(), FigureError> {
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

/// The baseline of the first row, and the distance of rows.
const FIRST: f64 = 12.0;
const LINE: f64 = 13.0;

/// Draws the entries at the top of the page in as many rows as they need, each centred; returns the last baseline.
pub(super) fn rows(canvas: &Canvas, entries: &[(Key, &str)]) -> Result<f64, FigureError> {
    rows_from(canvas, entries, FIRST)
}

/// [`rows`] from another baseline.
pub(super) fn rows_from(canvas: &Canvas, entries: &[(Key, &str)], mut y: f64) -> Result<f64, FigureError> {
    let width = |(key, text): &(Key, &str)| key.width() + AFTER + canvas.text_width(text, TEXT);
    let room = canvas.width() - 2.0 * MARGIN;
    let mut rest = entries;
    while !rest.is_empty() {
        let mut total = 0.0;
        let mut count = 0;
        for entry in rest {
            let longer = total + width(entry) + if count == 0 { 0.0 } else { BETWEEN };
            if count > 0 && longer > room {
                break;
            }
            (total, count) = (longer, count + 1);
        }
        let (row, further) = rest.split_at(count);
        let mut x = (canvas.width() - total) / 2.0;
        for entry @ (key, text) in row {
            key.draw(canvas, (x, y - 0.36 * TEXT))?;
            canvas.text(text, (x + key.width() + AFTER, y), TEXT, Align::Left)?;
            x += width(entry) + BETWEEN;
        }
        rest = further;
        if !rest.is_empty() {
            y += LINE;
        }
    }
    Ok(y)
}
