//! What every figure shares: colours, strokes, type sizes and the embedded font. Lengths are points (1/72 inch).

use std::fmt;

/// White space around a page.
pub(super) const MARGIN: f64 = 6.0;

/// Axis labels, legends and captions.
pub(super) const TEXT: f64 = 8.0;
/// Numbers on axes: the smallest type used.
pub(super) const SMALL: f64 = 7.0;
/// Panel titles.
pub(super) const TITLE: f64 = 9.0;

/// The font itself, reduced to Latin, Greek and mathematics: no figure depends on the fonts of a machine.
pub(super) const FONT: &[u8] = include_bytes!("../../assets/DejaVuSans.ttf");

/// A colour: red, green, blue.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Rgb(pub u8, pub u8, pub u8);

impl fmt::Display for Rgb {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "#{:02X}{:02X}{:02X}", self.0, self.1, self.2)
    }
}

/// The palette of Okabe and Ito, whose colours stay apart for every common colour blindness.
pub(super) mod colour {
    use super::Rgb;

    pub const BLACK: Rgb = Rgb(0, 0, 0);
    pub const ORANGE: Rgb = Rgb(230, 159, 0);
    pub const GREEN: Rgb = Rgb(0, 158, 115);
    pub const BLUE: Rgb = Rgb(0, 114, 178);
    pub const VERMILLION: Rgb = Rgb(213, 94, 0);
    pub const PURPLE: Rgb = Rgb(204, 121, 167);
    pub const SKY: Rgb = Rgb(86, 180, 233);
    /// Axes.
    pub const AXIS: Rgb = Rgb(70, 70, 70);
    /// Grid lines, behind everything.
    pub const GRID: Rgb = Rgb(228, 228, 228);
}

/// On and off lengths; the second way, besides colour, in which lines differ.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Dash {
    Solid,
    Pattern(f64, f64),
}

impl Dash {
    pub const LONG: Dash = Dash::Pattern(5.0, 2.2);
    pub const SHORT: Dash = Dash::Pattern(2.6, 1.6);
    pub const DOTS: Dash = Dash::Pattern(1.1, 1.3);
}

/// How a line is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Stroke {
    pub colour: Rgb,
    pub width: f64,
    pub dash: Dash,
}

impl Stroke {
    pub const fn solid(colour: Rgb, width: f64) -> Self {
        Self { colour, width, dash: Dash::Solid }
    }

    pub const fn dashed(colour: Rgb, width: f64, dash: Dash) -> Self {
        Self { colour, width, dash }
    }
}

/// The shape of a data point.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Shape {
    Circle,
    Square,
    Triangle,
    Diamond,
    DownTriangle,
    Cross,
}

/// How a data point is drawn.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) struct Marker {
    pub shape: Shape,
    pub colour: Rgb,
    /// What it is filled with; `None` lets what lies beneath show.
    pub fill: Option<Rgb>,
    /// Half the extent.
    pub radius: f64,
}

/// A utility's expression as mathematics: `-x^-0.5` becomes `−x⁻⁰·⁵`, `log(x)` becomes `log x`.
pub(super) fn mathematics(expression: &str) -> String {
    if expression == "log(x)" {
        return "log x".into();
    }
    let mut out = String::new();
    let (mut in_exponent, mut begins) = (false, false);
    for c in expression.replace("logsigmoid(", "log sigmoid(").chars() {
        if c == '^' {
            (in_exponent, begins) = (true, true);
            continue;
        }
        let raised = match c {
            // Later on it is a difference.
            '-' if begins => Some('⁻'),
            '.' => Some('·'),
            '0'..='9' => superscript_digit(c),
            _ => None,
        };
        begins = false;
        match raised {
            Some(raised) if in_exponent => out.push(raised),
            _ => {
                in_exponent = false;
                out.push(if c == '-' { '−' } else { c });
            }
        }
    }
    out
}

/// `digit·10ⁿ`, for logarithmic axes; a digit 1 goes without saying.
pub(super) fn power_of_ten(digit: u32, exponent: i32) -> String {
    let digits: String = exponent.to_string().chars().map(|c| superscript_digit(c).unwrap_or('⁻')).collect();
    if digit == 1 { format!("10{digits}") } else { format!("{digit}·10{digits}") }
}

/// A number with a true minus sign.
pub(super) fn signed(value: f64, decimals: usize) -> String {
    format!("{value:.decimals$}").replace('-', "−")
}

fn superscript_digit(c: char) -> Option<char> {
    let digits = ['⁰', '¹', '²', '³', '⁴', '⁵', '⁶', '⁷', '⁸', '⁹'];
    c.to_digit(10).and_then(|digit| digits.get(digit as usize).copied())
}

#[cfg(test)]
mod tests {
    use super::{mathematics, power_of_ten, signed};

    #[test]
    fn expressions_become_mathematics() {
        for (expression, drawn) in [
            ("x", "x"),
            ("x^0.8", "x⁰·⁸"),
            ("-x^-0.5", "−x⁻⁰·⁵"),
            ("-1/x", "−1/x"),
            ("log(x)", "log x"),
            ("log(x+0.1)", "log(x+0.1)"),
            ("logsigmoid(4x)", "log sigmoid(4x)"),
            ("x-0.25x^2", "x−0.25x²"),
            ("x^0.3-0.1x^2", "x⁰·³−0.1x²"),
            ("-x^-1.5-x^-2", "−x⁻¹·⁵−x⁻²"),
        ] {
            assert_eq!(mathematics(expression), drawn);
        }
        assert_eq!(power_of_ten(1, -3), "10⁻³");
        assert_eq!(power_of_ten(5, 2), "5·10²");
        assert_eq!(signed(-0.5, 2), "−0.50");
    }
}
