//! A rectangle with two axes.

use super::FigureError;
use super::canvas::{Align, Canvas};
use super::style::{SMALL, Stroke, TEXT, TITLE, colour, power_of_ten, signed};

const TICK: f64 = 2.5;

/// One axis: its range, and where it is marked.
#[derive(Debug, Clone, Default)]
pub(super) struct Axis {
    pub from: f64,
    pub to: f64,
    /// Where, and what is written there; an empty text marks without a number.
    pub ticks: Vec<(f64, String)>,
    /// Shorter marks without grid lines.
    pub minor: Vec<f64>,
    pub label: String,
}

impl Axis {
    /// A linear axis with a mark at every multiple of `step`.
    pub fn linear((from, to): (f64, f64), step: f64, decimals: usize, label: &str) -> Self {
        let (first, last) = ((from / step - 1e-9).ceil() as i64, (to / step + 1e-9).floor() as i64);
        let ticks = (first..=last).map(|k| (k as f64 * step, signed(k as f64 * step, decimals))).collect();
        Self { from, to, ticks, minor: Vec::new(), label: label.into() }
    }

    /// A linear axis with about `marks` marks, at multiples of 1, 2 or 5 times a power of ten.
    pub fn rounded((from, to): (f64, f64), marks: f64, label: &str) -> Self {
        let unit = 10f64.powf(((to - from) / marks).log10().floor());
        let step = [1.0, 2.0, 5.0].map(|k| k * unit).into_iter().find(|step| (to - from) / step <= marks);
        let step = step.unwrap_or(10.0 * unit);
        let decimals = (-(step * 1.000_001).log10().floor()).max(0.0) as usize;
        Self::linear((from, to), step, decimals, label)
    }

    /// An axis of logarithms (base 10): values are passed to [`Panel::at`] as logarithms, and written as powers of ten,
    /// or as multiples of them on an axis too short for two.
    pub fn logarithmic((from, to): (f64, f64), label: &str) -> Self {
        let marks = |digits: &[u32]| -> Vec<(f64, String)> {
            (from.floor() as i32..=to.ceil() as i32)
                .flat_map(|k| digits.iter().map(move |&digit| (f64::from(k) + f64::from(digit).log10(), digit, k)))
                .filter(|(at, ..)| (from..=to).contains(at))
                .map(|(at, digit, k)| (at, power_of_ten(digit, k)))
                .collect()
        };
        let ticks = [&[1][..], &[1, 3], &[1, 2, 3, 5, 7]].into_iter().map(marks).find(|ticks| ticks.len() >= 2);
        let minor = marks(&[2, 3, 4, 5, 6, 7, 8, 9]);
        let minor: Vec<f64> = minor.into_iter().map(|(at, _)| at).collect();
        // On an axis this short, every mark is named.
        let ticks = ticks.unwrap_or_else(|| marks(&[1, 2, 3, 4, 5, 6, 7, 8, 9]));
        Self { from, to, ticks, minor, label: label.into() }
    }

    fn fraction(&self, value: f64) -> f64 {
        (value - self.from) / (self.to - self.from)
    }

    /// The same marks without numbers or label, for a panel that shares its neighbour's axis.
    pub fn silent(mut self) -> Self {
        self.ticks.iter_mut().for_each(|(_, text)| text.clear());
        self.label.clear();
        self
    }
}

/// A rectangle on the page with an axis below and one at its left.
#[derive(Debug, Clone)]
pub(super) struct Panel {
    pub left: f64,
    pub top: f64,
    pub width: f64,
    pub height: f64,
    pub x: Axis,
    pub y: Axis,
}

impl Panel {
    /// Where a pair of values lies on the page.
    pub fn at(&self, (x, y): (f64, f64)) -> (f64, f64) {
        (self.left + self.width * self.x.fraction(x), self.top + self.height * (1.0 - self.y.fraction(y)))
    }

    fn bottom(&self) -> f64 {
        self.top + self.height
    }

    /// Grid, axes, marks, labels and the title.
    pub fn frame(&self, canvas: &Canvas<'_>, title: &str) -> Result<(), FigureError> {
        let grid = Stroke::solid(colour::GRID, 0.5);
        let axis = Stroke::solid(colour::AXIS, 0.7);
        let (right, bottom) = (self.left + self.width, self.bottom());
        for (value, _) in &self.x.ticks {
            let (x, _) = self.at((*value, self.y.from));
            canvas.line(&[(x, self.top), (x, bottom)], grid)?;
        }
        for (value, _) in &self.y.ticks {
            let (_, y) = self.at((self.x.from, *value));
            canvas.line(&[(self.left, y), (right, y)], grid)?;
        }
        canvas.line(&[(self.left, self.top), (self.left, bottom), (right, bottom)], axis)?;
        let marks = |axis: &Axis| -> Vec<(f64, f64, String)> {
            let major = axis.ticks.iter().map(|(value, text)| (*value, TICK, text.clone()));
            major.chain(axis.minor.iter().map(|&value| (value, 0.6 * TICK, String::new()))).collect()
        };
        for (value, length, text) in marks(&self.x) {
            let (x, _) = self.at((value, self.y.from));
            canvas.line(&[(x, bottom), (x, bottom + length)], axis)?;
            if !text.is_empty() {
                canvas.text(&text, (x, bottom + TICK + 1.0 + SMALL), SMALL, Align::Centre)?;
            }
        }
        let mut widest = 0.0_f64;
        for (value, length, text) in marks(&self.y) {
            let (_, y) = self.at((self.x.from, value));
            canvas.line(&[(self.left - length, y), (self.left, y)], axis)?;
            if !text.is_empty() {
                canvas.text(&text, (self.left - TICK - 2.0, y + 0.36 * SMALL), SMALL, Align::Right)?;
                widest = widest.max(canvas.text_width(&text, SMALL)?);
            }
        }
        let centre = self.left + self.width / 2.0;
        if !self.x.label.is_empty() {
            canvas.text(&self.x.label, (centre, bottom + TICK + 3.5 + SMALL + TEXT), TEXT, Align::Centre)?;
        }
        if !self.y.label.is_empty() {
            let x = self.left - TICK - 6.0 - widest;
            canvas.upward_text(&self.y.label, (x, self.top + self.height / 2.0), TEXT, colour::BLACK)?;
        }
        canvas.text(title, (centre, self.top - 5.0), TITLE, Align::Centre)
    }

    /// An axis at the right with a scale of its own, in its own colour; returns a panel that measures by it.
    pub fn second_scale(
        &self,
        canvas: &Canvas<'_>,
        scale: Axis,
        ink: plotters::style::RGBColor,
    ) -> Result<Panel, FigureError> {
        let panel = Panel { y: scale, ..self.clone() };
        let right = self.left + self.width;
        let stroke = Stroke::solid(ink, 0.7);
        canvas.line(&[(right, self.top), (right, self.bottom())], stroke)?;
        let mut widest = 0.0_f64;
        for (value, text) in &panel.y.ticks {
            let (_, y) = panel.at((panel.x.from, *value));
            canvas.line(&[(right, y), (right + TICK, y)], stroke)?;
            canvas.coloured_text(text, (right + TICK + 2.0, y + 0.36 * SMALL), SMALL, Align::Left, ink)?;
            widest = widest.max(canvas.text_width(text, SMALL)?);
        }
        if !panel.y.label.is_empty() {
            let x = right + TICK + 5.0 + widest + 0.76 * TEXT;
            canvas.upward_text(&panel.y.label, (x, self.top + self.height / 2.0), TEXT, ink)?;
        }
        Ok(panel)
    }
}

/// The part of a curve below `top`, which it may leave at either end only.
pub(super) fn clipped(curve: &[(f64, f64)], top: f64) -> Vec<(f64, f64)> {
    let mut inside = Vec::new();
    for pair in curve.windows(2) {
        let [from, to] = [pair[0], pair[1]];
        let crossing = || (from.0 + (to.0 - from.0) * (top - from.1) / (to.1 - from.1), top);
        match (from.1 <= top, to.1 <= top) {
            (true, true) => inside.push(from),
            (true, false) => inside.extend([from, crossing()]),
            (false, true) => inside.push(crossing()),
            (false, false) => {}
        }
    }
    inside.extend(curve.last().filter(|last| last.1 <= top));
    inside
}

#[cfg(test)]
mod tests {
    use super::clipped;

    #[test]
    fn a_curve_is_cut_where_it_crosses_the_top() {
        let curve = [(0.0, 4.0), (1.0, 2.0), (2.0, 0.0), (3.0, 2.0)];
        assert_eq!(clipped(&curve, 1.0), [(1.5, 1.0), (2.0, 0.0), (2.5, 1.0)]);
        assert_eq!(clipped(&curve, 5.0), curve);
    }
}
