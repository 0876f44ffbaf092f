//! A page measured in points, drawn through `plotters` into SVG.

use plotters::coord::Shift;
use plotters::drawing::DrawingArea;
use plotters::element::{Circle, DashedPathElement, PathElement, Polygon, Text};
use plotters::prelude::{IntoDrawingArea, SVGBackend};
use plotters::style::text_anchor::{HPos, Pos, VPos};
use plotters::style::{Color, FontFamily, FontStyle, FontTransform, RGBColor, ShapeStyle, TextStyle, register_font};

use super::FigureError;
use super::style::{Dash, FONT, FONT_FAMILY, Marker, Shape, Stroke};

/// Backend units in a point: the backend's coordinates are whole numbers, and this makes their rounding invisible.
const UNITS: f64 = 20.0;
/// Room to draw in before the height is known.
const TALLEST: f64 = 2000.0;
/// `plotters` takes the font's line height for its size, and supposes 1.24 em of line height.
const LINE_HEIGHT: f64 = 1.24;
/// The embedded font's own line height in ems, by which measured widths are corrected.
const FONT_LINE_HEIGHT: f64 = 1.164;
/// The distance from the top of a text, as `plotters` places it, to its baseline, in ems.
const TOP_TO_BASELINE: f64 = 0.76;

/// Horizontal placement of a text with respect to its point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Align {
    Left,
    Centre,
    Right,
}

/// A page to draw on; the origin is the upper left corner.
pub(super) struct Canvas<'a> {
    area: DrawingArea<SVGBackend<'a>, Shift>,
}

/// Draws a page of `width` points and returns it as a standalone SVG document titled `title`. `content` returns the
/// height that it came to need, which only drawing a caption tells.
pub(super) fn draw(
    width: f64,
    title: &str,
    content: impl FnOnce(&Canvas<'_>) -> Result<f64, FigureError>,
) -> Result<String, FigureError> {
    register_font(FONT_FAMILY, FontStyle::Normal, FONT)
        .map_err(|_| FigureError::Drawing("the embedded font cannot be read".into()))?;
    let mut svg = String::new();
    let size = (units(width).unsigned_abs(), units(TALLEST).unsigned_abs());
    let height = {
        let canvas = Canvas { area: SVGBackend::with_string(&mut svg, size).into_drawing_area() };
        let height = content(&canvas)?;
        canvas.area.present().map_err(drawing)?;
        height
    };
    // The backend knows neither the true size nor the final height; everything after its first line stands.
    let body = svg.split_once('\n').map_or("", |(_, body)| body);
    let (w, h) = (units(width), units(height));
    Ok(format!(
        "<svg xmlns=\"http://www.w3.org/2000/svg\" width=\"{width}pt\" height=\"{height:.1}pt\" viewBox=\"0 0 {w} {h}\" \
         stroke-linejoin=\"round\" role=\"img\">\n<title>{title}</title>\n\
         <rect width=\"{w}\" height=\"{h}\" fill=\"#FFFFFF\"/>\n{body}"
    ))
}

impl Canvas<'_> {
    /// A line through points.
    pub fn line(&self, points: &[(f64, f64)], stroke: Stroke) -> Result<(), FigureError> {
        let style = ShapeStyle {
            color: stroke.colour.to_rgba(),
            filled: false,
            stroke_width: units(stroke.width).unsigned_abs(),
        };
        let points: Vec<(i32, i32)> = points.iter().copied().map(backend_point).collect();
        match stroke.dash {
            Dash::Solid => self.area.draw(&PathElement::new(points, style)),
            Dash::Pattern(on, off) => self.area.draw(&DashedPathElement::new(points, units(on), units(off), style)),
        }
        .map_err(drawing)
    }

    /// A filled polygon.
    pub fn fill(&self, corners: &[(f64, f64)], colour: RGBColor, opacity: f64) -> Result<(), FigureError> {
        let corners: Vec<(i32, i32)> = corners.iter().copied().map(backend_point).collect();
        self.area.draw(&Polygon::new(corners, colour.mix(opacity).filled())).map_err(drawing)
    }

    /// A data point.
    pub fn marker(&self, (x, y): (f64, f64), marker: Marker) -> Result<(), FigureError> {
        let Marker { shape, colour, fill, radius: r } = marker;
        let edge = Stroke::solid(colour, 1.0);
        let corners: &[(f64, f64)] = match shape {
            Shape::Circle => {
                let (centre, radius) = (backend_point((x, y)), units(r));
                if let Some(fill) = fill {
                    self.area.draw(&Circle::new(centre, radius, fill.filled())).map_err(drawing)?;
                }
                let style = ShapeStyle {
                    color: colour.to_rgba(),
                    filled: false,
                    stroke_width: units(edge.width).unsigned_abs(),
                };
                return self.area.draw(&Circle::new(centre, radius, style)).map_err(drawing);
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
        if let Some(fill) = fill {
            self.fill(&corners, fill, 1.0)?;
        }
        let closed: Vec<(f64, f64)> = corners.iter().chain(corners.iter().take(2)).copied().collect();
        self.line(&closed, edge)
    }

    /// A text whose baseline passes through the point.
    pub fn text(&self, text: &str, (x, y): (f64, f64), size: f64, align: Align) -> Result<(), FigureError> {
        self.coloured_text(text, (x, y), size, align, super::style::colour::BLACK)
    }

    /// [`Canvas::text`] in another colour than black.
    pub fn coloured_text(
        &self,
        text: &str,
        (x, y): (f64, f64),
        size: f64,
        align: Align,
        colour: RGBColor,
    ) -> Result<(), FigureError> {
        let horizontal = match align {
            Align::Left => HPos::Left,
            Align::Centre => HPos::Center,
            Align::Right => HPos::Right,
        };
        let style = text_style(size).color(&colour).pos(Pos::new(horizontal, VPos::Top));
        let at = backend_point((x, y - TOP_TO_BASELINE * size));
        self.area.draw(&Text::new(text.to_owned(), at, style)).map_err(drawing)
    }

    /// A text that reads upwards, centred on the point, its baseline vertical through it.
    pub fn upward_text(&self, text: &str, (x, y): (f64, f64), size: f64, colour: RGBColor) -> Result<(), FigureError> {
        let style =
            text_style(size).color(&colour).pos(Pos::new(HPos::Center, VPos::Top)).transform(FontTransform::Rotate270);
        let at = backend_point((x - TOP_TO_BASELINE * size, y));
        self.area.draw(&Text::new(text.to_owned(), at, style)).map_err(drawing)
    }

    /// The width of a text.
    pub fn text_width(&self, text: &str, size: f64) -> Result<f64, FigureError> {
        let (width, _) = self.area.estimate_text_size(text, &text_style(size)).map_err(drawing)?;
        Ok(f64::from(width) / UNITS * FONT_LINE_HEIGHT / LINE_HEIGHT)
    }

    /// The text, cut short where it would be wider than `width`.
    pub fn shortened(&self, text: &str, size: f64, width: f64) -> Result<String, FigureError> {
        let mut shortened = text.to_owned();
        let mut kept = text.chars().count();
        while kept > 1 && self.text_width(&shortened, size)? > width {
            kept -= 1;
            shortened = text.chars().take(kept).chain(['…']).collect();
        }
        Ok(shortened)
    }

    /// A paragraph broken into lines no wider than `width`, from the first baseline down; returns the last baseline.
    pub fn paragraph(&self, text: &str, (x, y): (f64, f64), width: f64, size: f64) -> Result<f64, FigureError> {
        let mut baseline = y;
        let mut line = String::new();
        for word in text.split(' ') {
            let longer = if line.is_empty() { word.to_owned() } else { format!("{line} {word}") };
            if !line.is_empty() && self.text_width(&longer, size)? > width {
                self.text(&line, (x, baseline), size, Align::Left)?;
                baseline += 1.4 * size;
                line = word.to_owned();
            } else {
                line = longer;
            }
        }
        self.text(&line, (x, baseline), size, Align::Left)?;
        Ok(baseline)
    }
}

fn text_style(size: f64) -> TextStyle<'static> {
    TextStyle::from((FontFamily::Name(FONT_FAMILY), size * UNITS * LINE_HEIGHT))
}

fn units(points: f64) -> i32 {
    (points * UNITS).round() as i32
}

fn backend_point((x, y): (f64, f64)) -> (i32, i32) {
    (units(x), units(y))
}

fn drawing(error: impl std::fmt::Display) -> FigureError {
    FigureError::Drawing(error.to_string())
}
