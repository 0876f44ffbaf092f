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

    /// An axis of responses from 1 to `n`: each is marked where there are few, and else the first, the last and round numbers.
    pub fn responses(n: usize, label: &str) -> Self {
        const EACH: usize = 10;
        let range = (0.5, n as f64 + 0.5);
        if n <= EACH {
            return Self::linear(range, 1.0, 0, label);
        }
        let mut axis = Self::rounded(range, EACH as f64, label);
        let step = axis.ticks.get(..2).map_or(1.0, |ticks| ticks[1].0 - ticks[0].0);
        let (first, last) = (1.0, n as f64);
        axis.ticks.retain(|(at, _)| at.fract() == 0.0 && *at >= first + 0.5 * step && *at <= last - 0.5 * step);
        axis.ticks.insert(0, (first, "1".into()));
        axis.ticks.push((last, n.to_string()));
        axis
    }

    /// Of the numbers written, every so many that none touches its neighbour, given the size of each along the axis.
    fn thinned(&self, length: f64, sizes: &[f64]) -> Vec<bool> {
        const BETWEEN: f64 = 2.5;
        let written: Vec<usize> = (0..self.ticks.len()).filter(|&i| !self.ticks[i].1.is_empty()).collect();
        let at = |i: usize| length * self.fraction(self.ticks[i].0);
        let fits = |step: usize| {
            let shown: Vec<usize> = written.iter().copied().step_by(step).collect();
            shown
                .windows(2)
                .all(|pair| (at(pair[1]) - at(pair[0])).abs() >= 0.5 * (sizes[pair[0]] + sizes[pair[1]]) + BETWEEN)
        };
        let step = (1..=written.len().max(1)).find(|&step| fits(step)).unwrap_or(1);
        let mut shown = vec![false; self.ticks.len()];
        written.into_iter().step_by(step).for_each(|i| shown[i] = true);
        shown
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
    pub fn frame(&self, canvas: &Canvas, title: &str) -> Result<(), FigureError> {
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
        let widths: Vec<f64> = self.x.ticks.iter().map(|(_, text)| canvas.text_width(text, SMALL)).collect();
        let shown = self.x.thinned(self.width, &widths);
        for (((value, text), width), shown) in self.x.ticks.iter().zip(widths).zip(shown) {
            let (x, _) = self.at((*value, self.y.from));
            canvas.line(&[(x, bottom), (x, bottom + TICK)], axis)?;
            if shown {
                // At the edge of the page a number moves in.
                let x = x.min(canvas.width() - 0.5 * width - 1.0);
                canvas.text(text, (x, bottom + TICK + 1.0 + SMALL), SMALL, Align::Centre)?;
            }
        }
        for &value in &self.x.minor {
            let (x, _) = self.at((value, self.y.from));
            canvas.line(&[(x, bottom), (x, bottom + 0.6 * TICK)], axis)?;
        }
        let heights = vec![SMALL; self.y.ticks.len()];
        let shown = self.y.thinned(self.height, &heights);
        let mut widest = 0.0_f64;
        for ((value, text), shown) in self.y.ticks.iter().zip(shown) {
            let (_, y) = self.at((self.x.from, *value));
            canvas.line(&[(self.left - TICK, y), (self.left, y)], axis)?;
            if shown {
                canvas.text(text, (self.left - TICK - 2.0, y + 0.36 * SMALL), SMALL, Align::Right)?;
                widest = widest.max(canvas.text_width(text, SMALL));
            }
        }
        for &value in &self.y.minor {
            let (_, y) = self.at((self.x.from, value));
            canvas.line(&[(self.left - 0.6 * TICK, y), (self.left, y)], axis)?;
        }
        let centre = self.left + self.width / 2.0;
        if !self.x.label.is_empty() {
            canvas.text(&self.x.label, (centre, bottom + TICK + 3.5 + SMALL + TEXT), TEXT, Align::Centre)?;
        }
        if !self.y.label.is_empty() {
            let x = self.left - TICK - 6.0 - widest;
            canvas.upward_text(&self.y.label, (x, self.top + self.height / 2.0), TEXT, colour::BLACK)?;
        }
        let (title, size) = self.fitted(canvas, title);
        if title.is_empty() { Ok(()) } else { canvas.text(&title, (centre, self.top - 5.0), size, Align::Centre) }
    }

    /// The title in the largest type in which it fits, without `U(x) =` if need be, or else cut short.
    fn fitted(&self, canvas: &Canvas, title: &str) -> (String, f64) {
        let room = self.width + 8.0;
        let short = title.replace("U(x) = ", "");
        let candidates = [(title, TITLE), (title, TEXT), (&*short, TITLE), (&*short, TEXT), (&*short, SMALL)];
        let fitting = candidates.into_iter().find(|(text, size)| canvas.text_width(text, *size) <= room);
        let fitting = fitting.map(|(text, size)| (text.to_owned(), size));
        fitting.unwrap_or_else(|| (canvas.shortened(&short, SMALL, room), SMALL))
    }

    /// Lines of small type in the middle, from the top down.
    pub fn notes(&self, canvas: &Canvas, lines: &[String]) -> Result<(), FigureError> {
        let x = self.left + self.width / 2.0;
        let broken = lines.iter().flat_map(|line| canvas.broken(line, SMALL, 0.8 * self.width));
        for (i, line) in broken.enumerate() {
            canvas.text(&line, (x, self.top + 8.0 + 1.3 * SMALL * i as f64), SMALL, Align::Centre)?;
        }
        Ok(())
    }
}

/// Panels of one width side by side.
#[derive(Debug, Clone, Copy)]
pub(super) struct Columns {
    pub count: usize,
    /// The left edge of the first.
    pub left: f64,
    /// The width of each.
    pub width: f64,
    gap: f64,
}

impl Columns {
    /// As many of `panels` side by side as leave each the width `least`, and no more rows than these columns need. `left` and `right`
    /// are the room beside them, `gap` that between.
    pub fn fit(page: f64, panels: usize, least: f64, (left, gap, right): (f64, f64, f64)) -> Self {
        let room = page - left - right;
        let most = ((room + gap) / (least + gap)).floor().max(1.0) as usize;
        let rows = panels.max(1).div_ceil(most);
        let count = panels.max(1).div_ceil(rows);
        Self { count, left, width: (room - gap * (count - 1) as f64) / count as f64, gap }
    }

    /// The left edge of the panel number `i`, which is in the row `i / count`.
    pub fn left_of(&self, i: usize) -> f64 {
        self.left + (self.width + self.gap) * (i % self.count) as f64
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
    use super::{Axis, Columns, clipped};

    #[test]
    fn panels_fill_the_page_in_full_rows() {
        for (page, panels, count) in [(486.0, 4, 4), (350.0, 4, 2), (234.0, 4, 2), (234.0, 5, 2), (90.0, 3, 1)] {
            let columns = Columns::fit(page, panels, 84.0, (36.0, 13.0, 6.0));
            assert_eq!(columns.count, count, "{page}");
            let right = columns.left_of(count - 1) + columns.width;
            assert!((right - (page - 6.0)).abs() < 1e-9);
        }
    }

    #[test]
    fn numbers_of_responses_keep_apart() {
        for n in [1, 2, 8, 10, 11, 16, 64, 200, 1000] {
            let axis = Axis::responses(n, "");
            assert_eq!((axis.ticks[0].0, axis.ticks[axis.ticks.len() - 1].0), (1.0, n as f64), "{n}");
            let sizes: Vec<f64> = axis.ticks.iter().map(|(_, text)| 4.5 * text.len() as f64).collect();
            let shown = axis.thinned(80.0, &sizes);
            let places: Vec<(f64, f64)> = axis
                .ticks
                .iter()
                .zip(&sizes)
                .zip(shown)
                .filter(|(_, shown)| *shown)
                .map(|((tick, size), _)| (80.0 * axis.fraction(tick.0), *size))
                .collect();
            assert!(places.windows(2).all(|pair| pair[1].0 - pair[0].0 > 0.5 * (pair[0].1 + pair[1].1)), "{n}");
        }
    }

    #[test]
    fn a_curve_is_cut_where_it_crosses_the_top() {
        let curve = [(0.0, 4.0), (1.0, 2.0), (2.0, 0.0), (3.0, 2.0)];
        assert_eq!(clipped(&curve, 1.0), [(1.5, 1.0), (2.0, 0.0), (2.5, 1.0)]);
        assert_eq!(clipped(&curve, 5.0), curve);
    }
}
