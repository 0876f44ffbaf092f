//! The letters of the embedded font, as outlines.

use std::collections::BTreeMap;
use std::fmt::Write;

use skrifa::instance::{LocationRef, Size};
use skrifa::outline::{DrawSettings, OutlinePen};
use skrifa::{FontRef, GlyphId, MetadataProvider};

use super::FigureError;
use super::style::FONT;

/// The font, with the outlines of the letters used so far.
pub(super) struct Glyphs {
    font: FontRef<'static>,
    units_per_em: f64,
    outlines: BTreeMap<u32, String>,
}

impl Glyphs {
    pub fn new() -> Result<Self, FigureError> {
        let font = FontRef::new(FONT).map_err(|error| FigureError::Drawing(error.to_string()))?;
        let units_per_em = f64::from(font.metrics(Size::unscaled(), LocationRef::default()).units_per_em);
        Ok(Self { font, units_per_em, outlines: BTreeMap::new() })
    }

    /// Lengths of the font are in this part of a type size.
    pub fn units_per_em(&self) -> f64 {
        self.units_per_em
    }

    /// The letters of a line of text with an outline, each with its place, and the line's width, in units of the font. A letter that
    /// the font lacks is an empty box.
    pub fn line(&mut self, text: &str) -> (Vec<(u32, f64)>, f64) {
        let mut placed = Vec::new();
        let mut width = 0.0;
        for letter in text.chars() {
            let glyph = self.glyph(letter);
            if !self.outline(glyph).is_empty() {
                placed.push((glyph.to_u32(), width));
            }
            width += self.advance(glyph);
        }
        (placed, width)
    }

    /// The width of a line of text, in units of the font.
    pub fn width(&self, text: &str) -> f64 {
        text.chars().map(|letter| self.advance(self.glyph(letter))).sum()
    }

    /// The outlines of all letters used, as SVG.
    pub fn definitions(&self) -> String {
        let used = self.outlines.iter().filter(|(_, outline)| !outline.is_empty());
        used.map(|(glyph, outline)| format!("<path id=\"g{glyph}\" d=\"{outline}\"/>\n")).collect()
    }

    fn glyph(&self, letter: char) -> GlyphId {
        // A space that no line breaks at looks like any other.
        let letter = if letter == '\u{a0}' { ' ' } else { letter };
        self.font.charmap().map(letter).unwrap_or_default()
    }

    fn advance(&self, glyph: GlyphId) -> f64 {
        let metrics = self.font.glyph_metrics(Size::unscaled(), LocationRef::default());
        f64::from(metrics.advance_width(glyph).unwrap_or_default())
    }

    fn outline(&mut self, glyph: GlyphId) -> &str {
        let font = &self.font;
        self.outlines.entry(glyph.to_u32()).or_insert_with(|| {
            let mut pen = Pen(String::new());
            if let Some(outline) = font.outline_glyphs().get(glyph) {
                let settings = DrawSettings::unhinted(Size::unscaled(), LocationRef::default());
                // The font is embedded, and its outlines are sound.
                let _ = outline.draw(settings, &mut pen);
            }
            pen.0
        })
    }
}

/// Writes an outline as the path of SVG, whose vertical axis points down.
struct Pen(String);

impl Pen {
    fn add(&mut self, command: char, points: &[(f32, f32)]) {
        self.0.push(command);
        for (k, (x, y)) in points.iter().enumerate() {
            let between = if k == 0 { "" } else { " " };
            // A string takes whatever is written to it.
            let _ = write!(self.0, "{between}{} {}", x.round() as i32, -y.round() as i32);
        }
    }
}

impl OutlinePen for Pen {
    fn move_to(&mut self, x: f32, y: f32) {
        self.add('M', &[(x, y)]);
    }

    fn line_to(&mut self, x: f32, y: f32) {
        self.add('L', &[(x, y)]);
    }

    fn quad_to(&mut self, cx: f32, cy: f32, x: f32, y: f32) {
        self.add('Q', &[(cx, cy), (x, y)]);
    }

    fn curve_to(&mut self, ax: f32, ay: f32, bx: f32, by: f32, x: f32, y: f32) {
        self.add('C', &[(ax, ay), (bx, by), (x, y)]);
    }

    fn close(&mut self) {
        self.0.push('Z');
    }
}

#[cfg(test)]
mod tests {
    use super::Glyphs;

    #[test]
    fn the_font_has_what_figures_write() {
        let mut glyphs = Glyphs::new().unwrap();
        for text in ["reward 0.25", "U(x) = −x⁻⁰·⁵", "n → ∞", "W₁", "|mean − ½|", "±1 sd", "ε √n", "“…”’"]
        {
            let letters = text.chars().filter(|letter| !letter.is_whitespace()).count();
            let (placed, width) = glyphs.line(text);
            assert_eq!(placed.len(), letters, "{text}");
            assert!(placed.iter().all(|(glyph, at)| *glyph != 0 && *at < width), "{text}");
            assert_eq!(width, glyphs.width(text));
        }
    }
}
