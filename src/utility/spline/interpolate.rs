//! A spline through points, concave where the points are.

use super::{Node, Spline, SplineError};

impl Spline {
    /// The spline through points `(x, value)`, ascending in `x`; concave if they are.
    ///
    /// Slopes at the points are those of the cubic spline with a continuous second derivative, whose two outermost pieces on each side are
    /// one cubic. Where the points are concave each slope is taken between the slopes of the two chords that meet there; a piece
    /// whose cubic would still be convex somewhere becomes two parabolas with one more knot, which can always be concave (Schumaker 1983).
    /// Three points on a line, up to rounding, are joined by that line; a corner of two lines is rounded off over a thousandth of them.
    ///
    /// # Errors
    /// [`SplineError`] for fewer than two points, or points that are not finite or do not ascend.
    pub fn through(points: &[(f64, f64)]) -> Result<Self, SplineError> {
        check(points)?;
        let chords: Vec<f64> =
            points.windows(2).map(|pair| (pair[1].1 - pair[0].1) / (pair[1].0 - pair[0].0)).collect();
        let mut slopes = smooth_slopes(points, &chords);
        let first = |slope: f64| Node { x: points[0].0, value: points[0].1, slope };
        if convex_at(points).is_some() {
            let pieces = chords.iter().zip(slopes.windows(2)).zip(points.windows(2));
            let ends = pieces.map(|((chord, slopes), pair)| cubic(pair, *chord, slopes[0], slopes[1]));
            return Self::from_pieces(first(slopes[0]), &ends.collect::<Vec<_>>());
        }
        let is_line = lines(points);
        let corners = bend_down(&mut slopes, &chords, &is_line);
        let mut ends = Vec::with_capacity(chords.len());
        for (i, pair) in points.windows(2).enumerate() {
            let length = pair[1].0 - pair[0].0;
            if is_line[i] {
                // Half of a corner's width is taken from each of its lines.
                if corners[i] {
                    let width = corner_width(points, i);
                    ends.push((pair[0].0 + width, bend(&chords, i, width), bend(&chords, i, width)));
                }
                let width = if corners[i + 1] { corner_width(points, i + 1) } else { 0.0 };
                ends.push((pair[1].0 - width, 0.0, 0.0));
                if corners[i + 1] {
                    ends.push((pair[1].0, bend(&chords, i + 1, width), bend(&chords, i + 1, width)));
                }
                continue;
            }
            let (to, left, right) = cubic(pair, chords[i], slopes[i], slopes[i + 1]);
            if left <= 0.0 && right <= 0.0 {
                ends.push((to, left, right));
            } else {
                ends.extend(two_parabolas(pair[0].0, length, to, chords[i], [slopes[i], slopes[i + 1]]));
            }
        }
        Self::from_pieces(first(slopes[0]), &ends)
    }
}

/// The cubic with these slopes: its right end and its curvatures.
fn cubic(pair: &[(f64, f64)], chord: f64, low: f64, high: f64) -> (f64, f64, f64) {
    let length = pair[1].0 - pair[0].0;
    (pair[1].0, (6.0 * chord - 4.0 * low - 2.0 * high) / length, (2.0 * low + 4.0 * high - 6.0 * chord) / length)
}

/// Pieces that concave points force to be straight: those of three points on a line.
fn lines(points: &[(f64, f64)]) -> Vec<bool> {
    let mut is_line = vec![points.len() == 2; points.len() - 1];
    for (i, p) in points.windows(3).enumerate() {
        let (turn, rounding) = turn(p);
        if turn >= -rounding {
            is_line[i] = true;
            is_line[i + 1] = true;
        }
    }
    is_line
}

/// Takes slopes to where concave pieces can have them, and says at which points two lines meet.
fn bend_down(slopes: &mut [f64], chords: &[f64], is_line: &[bool]) -> Vec<bool> {
    /// Share of the turn at a point that is left to each side.
    const LEAST: f64 = 0.05;
    let last = chords.len();
    let mut corners = vec![false; slopes.len()];
    for i in 1..last {
        let (before, after) = (chords[i - 1], chords[i]);
        slopes[i] = match (is_line[i - 1], is_line[i]) {
            (false, false) => {
                let room = LEAST * (before - after);
                slopes[i].clamp(after + room, (before - room).max(after + room))
            }
            (true, false) => before,
            (false, true) => after,
            (true, true) => {
                corners[i] = after < before;
                after
            }
        };
    }
    slopes[0] = if is_line[0] {
        chords[0]
    } else if slopes[0] > chords[0] {
        slopes[0]
    } else {
        2.0 * chords[0] - slopes[1]
    };
    slopes[last] = if is_line[last - 1] {
        chords[last - 1]
    } else if slopes[last] < chords[last - 1] {
        slopes[last]
    } else {
        2.0 * chords[last - 1] - slopes[last - 1]
    };
    // The parts of one line differ by rounding only.
    (0..corners.len()).for_each(|i| corners[i] = corners[i] && chords[i] < chords[i - 1]);
    corners
}

fn corner_width(points: &[(f64, f64)], at: usize) -> f64 {
    1e-3 * (points[at].0 - points[at - 1].0).min(points[at + 1].0 - points[at].0)
}

/// The curvature of a rounded corner.
fn bend(chords: &[f64], at: usize, width: f64) -> f64 {
    (chords[at] - chords[at - 1]) / (2.0 * width)
}

/// By how much the slope turns up at the middle one of three points, and how much of it may be rounding.
fn turn(p: &[(f64, f64)]) -> (f64, f64) {
    let (first, second) = (p[1].0 - p[0].0, p[2].0 - p[1].0);
    let turn = (p[2].1 - p[1].1) / second - (p[1].1 - p[0].1) / first;
    // Each value is rounded, and so is each difference.
    let size = p.iter().map(|(_, value)| value.abs()).fold(0.0, f64::max);
    (turn, 4.0 * f64::EPSILON * size * (first.recip() + second.recip()))
}

/// Where points are convex beyond what rounding does to them: the interval of the first three such points.
pub(crate) fn convex_at(points: &[(f64, f64)]) -> Option<(f64, f64)> {
    let convex = |p: &[(f64, f64)]| {
        let (turn, rounding) = turn(p);
        turn > rounding
    };
    points.windows(3).find(|p| convex(p)).map(|p| (p[0].0, p[2].0))
}

fn check(points: &[(f64, f64)]) -> Result<(), SplineError> {
    if points.len() < 2 {
        return Err(SplineError::TooFew { found: points.len() });
    }
    if let Some(index) = points.iter().position(|(x, value)| !(x.is_finite() && value.is_finite())) {
        return Err(SplineError::NotFinite { index: index + 1 });
    }
    match points.windows(2).position(|pair| pair[1].0 <= pair[0].0) {
        Some(at) => Err(SplineError::NotAscending { index: at + 2, x: points[at + 1].0, before: points[at].0 }),
        None => Ok(()),
    }
}

/// Slopes of the cubic spline with a continuous second derivative; of the parabola for three points.
fn smooth_slopes(points: &[(f64, f64)], chords: &[f64]) -> Vec<f64> {
    let n = points.len();
    let h: Vec<f64> = points.windows(2).map(|pair| pair[1].0 - pair[0].0).collect();
    match n {
        2 => return vec![chords[0]; 2],
        3 => {
            let turn = (chords[1] - chords[0]) / (h[0] + h[1]);
            return vec![chords[0] - turn * h[0], chords[0] + turn * h[0], chords[1] + turn * h[1]];
        }
        _ => {}
    }
    // Rows (below, diagonal, above, right): at the ends the third derivative goes on across the second knot.
    let end = |h0: f64, h1: f64, d0: f64, d1: f64| {
        (h1, h0 + h1, ((h0 + 2.0 * (h0 + h1)) * h1 * d0 + h0 * h0 * d1) / (h0 + h1))
    };
    let mut rows = vec![[0.0; 4]; n];
    let (diagonal, above, right) = end(h[0], h[1], chords[0], chords[1]);
    rows[0] = [0.0, diagonal, above, right];
    for i in 1..n - 1 {
        rows[i] = [h[i], 2.0 * (h[i - 1] + h[i]), h[i - 1], 3.0 * (h[i] * chords[i - 1] + h[i - 1] * chords[i])];
    }
    let (diagonal, below, right) = end(h[n - 2], h[n - 3], chords[n - 2], chords[n - 3]);
    rows[n - 1] = [below, diagonal, 0.0, right];
    // Elimination without pivots: all but the first and last row are dominated by their diagonal.
    for i in 1..n {
        let factor = rows[i][0] / rows[i - 1][1];
        rows[i][1] -= factor * rows[i - 1][2];
        rows[i][3] -= factor * rows[i - 1][3];
    }
    let mut slopes = vec![0.0; n];
    for i in (0..n).rev() {
        let next = slopes.get(i + 1).copied().unwrap_or(0.0);
        slopes[i] = (rows[i][3] - rows[i][2] * next) / rows[i][1];
    }
    slopes
}

/// Two parabolas between two slopes, of which the first is above the chord and the second below: right ends and curvatures.
fn two_parabolas(from: f64, length: f64, to: f64, chord: f64, [low, high]: [f64; 2]) -> [(f64, f64, f64); 2] {
    let (fall, rest) = ((low - chord).max(0.0), (chord - high).max(0.0));
    // With the knot there the slope at it may be the chord's own: the two mean slopes then have the mean that the chord asks for.
    let share = (rest / (fall + rest)).clamp(1e-9, 1.0 - 1e-9);
    let knot = from + share * length;
    let (first, second) = (-fall / (knot - from), -rest / (to - knot));
    [(knot, first, first), (to, second, second)]
}

#[cfg(test)]
mod tests {
    use super::super::Spline;
    use super::convex_at;
    use crate::utility::Concavity;

    #[test]
    fn a_smooth_function_is_met_to_fourth_order() {
        let error = |count: u32| {
            let points: Vec<(f64, f64)> =
                (0..=count).map(|k| 3.0 * f64::from(k) / f64::from(count)).map(|x| (x, -(x - 1.0f64).cosh())).collect();
            let spline = Spline::through(&points).unwrap();
            assert_eq!(spline.concavity(), Ok(Concavity::Proved));
            let at = |k: u32| 3.0 * f64::from(k) / 997.0;
            (0..=997).map(at).map(|x| (spline.jet(x).value + (x - 1.0).cosh()).abs()).fold(0.0, f64::max)
        };
        let (coarse, fine) = (error(20), error(40));
        assert!(fine < 2e-5 && coarse / fine > 10.0, "{coarse} {fine}");
    }

    #[test]
    fn any_concave_points_make_a_concave_spline_through_them() {
        // Kinks, lines and uneven steps.
        let slopes = [9.0, 9.0, 3.0, 2.9999, 2.9998, 0.0, 0.0, -0.5, -40.0, -40.0, -41.0];
        let steps = [1.0, 0.01, 2.0, 0.5, 0.001, 1.0, 3.0, 0.1, 0.1, 0.2, 5.0];
        let mut points = vec![(-3.0, 7.0)];
        for (slope, step) in slopes.into_iter().zip(steps) {
            let &(x, y) = points.last().unwrap();
            points.push((x + step, y + slope * step));
        }
        assert_eq!(convex_at(&points), None);
        let spline = Spline::through(&points).unwrap();
        assert_eq!(spline.concavity(), Ok(Concavity::Proved));
        for (x, y) in points {
            assert!((spline.jet(x).value - y).abs() < 1e-12 * y.abs().max(1.0), "{x}");
        }
    }

    #[test]
    fn points_that_are_not_concave_are_found() {
        let points = [(0.0, 0.0), (1.0, 1.0), (2.0, 1.5), (3.0, 2.5), (4.0, 2.5)];
        assert_eq!(convex_at(&points), Some((1.0, 3.0)));
        assert!(Spline::through(&points).unwrap().concavity().is_err());
    }
}
