//! A page measured in points, written as SVG.

use std::cell::{Cell, RefCell};
use std::fmt::Write;

use super::FigureError;
use super::glyphs::Glyphs;
use super::style::{Dash, Marker, Rgb, Shape, Stroke};

/// Horizontal placement of a text with respect to its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Centre,
    Right,
}

/// A page to draw on; the origin is the upper left corner.
pub(super) struct Canvas {
    width: f64,
    body: RefCell<String>,
    glyphs: RefCell<Glyphs>,
    texts: Cell<usize>,
}

/// Draws a page of `width` points and returns it as a standalone SVG document titled `title`. `content` returns the
/// height that it came to need.
///
/// Texts are outlines of the embedded font's letters, so that the page looks alike in every program; each is a group labelled with
/// its words.
pub(super) fn draw(
    width: f64,
    title: &str,
    content: impl FnOnce(&Canvas) -> Result<f64, FigureError>,
) -> Result<String, FigureError> {
    let canvas = Canvas { width, body: RefCell::default(), glyphs: RefCell::new(Glyphs::new()?), texts: Cell::new(0) };
    let height = number(content(&canvas)?);
    let (width, body, letters) = (number(width), canvas.body.into_inner(), canvas.glyphs.into_inner().definitions());
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" xmlns:xlink=\"http://www.w3.org/1999/xlink\" width=\"{width}pt\" \
         height=\"{height}pt\" viewBox=\"0 0 {width} {height}\" stroke-linejoin=\"round\" role=\"img\">\n\
         <title>{}</title>\n<defs>\n{letters}</defs>\n\
         <rect width=\"{width}\" height=\"{height}\" fill=\"#FFFFFF\"/>\n{body}</svg>\n",
        escaped(title)
    ))
}

impl Canvas {
    /// The page's width.
    pub fn width(&self) -> f64 {
        self.width
    }

    fn write(&self, element: std::fmt::Arguments<'_>) -> Result<(), FigureError> {
        let mut body = self.body.borrow_mut();
        body.write_fmt(element).map_err(|error| FigureError::Drawing(error.to_string()))
    }

    /// A line through points.
    pub fn line(&self, points: &[(f64, f64)], stroke: Stroke) -> Result<(), FigureError> {
        if points.is_empty() {
            return Ok(());
        }
        let dash = match stroke.dash {
            Dash::Solid => String::new(),
            Dash::Pattern(on, off) => format!(" stroke-dasharray=\"{on} {off}\""),
        };
        let (points, colour, width) = (listed(points), stroke.colour, number(stroke.width));
        self.write(format_args!(
            "<polyline points=\"{points}\" fill=\"none\" stroke=\"{colour}\" stroke-width=\"{width}\"{dash}/>\n"
        ))
    }

    /// A filled polygon.
    pub fn fill(&self, corners: &[(f64, f64)], colour: Rgb, opacity: f64) -> Result<(), FigureError> {
        if corners.is_empty() {
            return Ok(());
        }
        let opacity = if opacity < 1.0 { format!(" fill-opacity=\"{opacity}\"") } else { String::new() };
        self.write(format_args!("<polygon points=\"{}\" fill=\"{colour}\"{opacity}/>\n", listed(corners)))
    }

    /// A data point.
    pub fn marker(&self, (x, y): (f64, f64), marker: Marker) -> Result<(), FigureError> {
        let Marker { shape, colour, fill, radius: r } = marker;
        let edge = Stroke::solid(colour, 1.0);
        let corners: &[(f64, f64)] = match shape {
            Shape::Circle => {
                let fill = fill.map_or_else(|| "none".to_owned(), |fill| fill.to_string());
                let (x, y, r, width) = (number(x), number(y), number(r), number(edge.width));
                return self.write(format_args!(
                    "<circle cx=\"{x}\" cy=\"{y}\" r=\"{r}\" fill=\"{fill}\" stroke=\"{colour}\" stroke-width=\"{width}\"/>\n"
                ));
            }
            Shape::Cross => {
                self.line(&[(x - r, y - r), (x + r, y + r)], edge)?;
                return self.line(&[(x - r, y + r), (x + r, y - r)], edge);
            }
            Shape::Square => &[(-0.89, -0.89), (0.89, -0.89), (0.89, 0.89), (-0.89, 0.89)],
            Shape::Triangle => &[(0.0, -1.2), (1.1, 0.75), (-1.1, 0.75)],
            Shape::DownTriangle => &[(0.0, 1.2), (1.1, -0.75), (-1.1, -0.75)],
            Shape::Diamond => &[(0.0, -1.25), (1.25, 0.0), (0.0, 1.25), (-1.25, 0.0)],
        };
        let corners: Vec<(f64, f64)> = corners.iter().map(|&(dx, dy)| (x + r * dx, y + r * dy)).collect();
        let fill = fill.map_or_else(|| "none".to_owned(), |fill| fill.to_string());
        let (points, width) = (listed(&corners), number(edge.width));
        self.write(format_args!(
            "<polygon points=\"{points}\" fill=\"{fill}\" stroke=\"{colour}\" stroke-width=\"{width}\"/>\n"
        ))
    }

    /// A vertical bar from one value to another, with short caps.
    pub fn error_bar(&self, (x, from): (f64, f64), to: f64, stroke: Stroke) -> Result<(), FigureError> {
        const CAP: f64 = 1.4;
        self.line(&[(x, from), (x, to)], stroke)?;
        [from, to].into_iter().try_for_each(|y| self.line(&[(x - CAP, y), (x + CAP, y)], stroke))
    }

    /// A text whose baseline passes through the point.
    pub fn text(&self, text: &str, at: (f64, f64), size: f64, align: Align) -> Result<(), FigureError> {
        self.coloured_text(text, at, size, align, super::style::colour::BLACK)
    }

    /// [`Canvas::text`] in another colour than black.
    pub fn coloured_text(
        &self,
        text: &str,
        at: (f64, f64),
        size: f64,
        align: Align,
        colour: Rgb,
    ) -> Result<(), FigureError> {
        self.letters(text, at, size, align, colour, "")
    }

    /// A text that reads upwards, centred on the point, its baseline vertical through it.
    pub fn upward_text(&self, text: &str, at: (f64, f64), size: f64, colour: Rgb) -> Result<(), FigureError> {
        self.letters(text, at, size, Align::Centre, colour, " rotate(-90)")
    }

    fn letters(
        &self,
        text: &str,
        (x, y): (f64, f64),
        size: f64,
        align: Align,
        colour: Rgb,
        turn: &str,
    ) -> Result<(), FigureError> {
        let (outlines, width, unit) = {
            let mut glyphs = self.glyphs.borrow_mut();
            let (outlines, width) = glyphs.line(text);
            (outlines, width, size / glyphs.units_per_em())
        };
        let number_of_text = self.texts.get() + 1;
        self.texts.set(number_of_text);
        let shift = match align {
            Align::Left => 0.0,
            Align::Centre => -0.5 * width,
            Align::Right => -width,
        };
        let uses: String = outlines
            .iter()
            .map(|&(glyph, at)| format!("<use xlink:href=\"#g{glyph}\" x=\"{}\"/>", (at + shift).round()))
            .collect();
        let (x, y) = (number(x), number(y));
        let words = escaped(&text.replace('\u{a0}', " "));
        self.write(format_args!(
            "<g id=\"t{number_of_text}\" aria-label=\"{words}\" font-size=\"{size}\" fill=\"{colour}\" \
             transform=\"translate({x} {y}){turn} scale({unit:.6})\">{uses}</g>\n"
        ))
    }

    /// The width of a text.
    pub fn text_width(&self, text: &str, size: f64) -> f64 {
        let glyphs = self.glyphs.borrow();
        glyphs.width(text) * size / glyphs.units_per_em()
    }

    /// The text, cut short where it would be wider than `width`.
    pub fn shortened(&self, text: &str, size: f64, width: f64) -> String {
        let mut shortened = text.to_owned();
        let mut kept = text.chars().count();
        while kept > 1 && self.text_width(&shortened, size) > width {
            kept -= 1;
            shortened = text.chars().take(kept).chain(['…']).collect();
        }
        shortened
    }

    /// A text broken at its spaces into lines no wider than `width`, if need be.
    pub fn broken(&self, text: &str, size: f64, width: f64) -> Vec<String> {
        let mut lines = Vec::new();
        let mut line = String::new();
        // What is wider than a line by itself has to be broken where it would rather not be.
        let fitting = |word: &'_ str| self.text_width(word, size) <= width;
        let words =
            text.split(' ').flat_map(|word| if fitting(word) { vec![word] } else { word.split('\u{a0}').collect() });
        for word in words {
            let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
            if !line.is_empty() && self.text_width(&longer, size) > width {
                lines.push(std::mem::replace(&mut line, word.to_owned()));
            } else {
                line = longer;
            }
        }
        lines.push(line);
        lines
    }

    /// A paragraph broken into lines no wider than `width`, from the first baseline down; returns the last baseline.
    pub fn paragraph(&self, text: &str, (x, y): (f64, f64), width: f64, size: f64) -> Result<f64, FigureError> {
        let mut baseline = y - 1.4 * size;
        for line in self.broken(text, size, width) {
            baseline += 1.4 * size;
            self.text(&line, (x, baseline), size, Align::Left)?;
        }
        Ok(baseline)
    }
}

/// To a hundredth of a point, without trailing zeros.
fn number(value: f64) -> String {
    let text = format!("{value:.2}");
    let text = text.trim_end_matches('0').trim_end_matches('.');
    if text == "-0" { "0".to_owned() } else { text.to_owned() }
}

fn listed(points: &[(f64, f64)]) -> String {
    let points: Vec<String> = points.iter().map(|&(x, y)| format!("{},{}", number(x), number(y))).collect();
    points.join(" ")
}

fn escaped(text: &str) -> String {
    text.replace('&', "&amp;").replace('<', "&lt;").replace('"', "&quot;")
}
