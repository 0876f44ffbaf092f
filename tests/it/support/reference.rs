//! A second opinion on typed expressions, which shares nothing with the library.
//!
//! It has its own tokeniser, its own parser by precedence climbing, and arithmetic of 31 digits. Besides `U`, `U'` and
//! `U''` it reports what an honest evaluation in doubles may be off by.

mod double_double;
mod functions;
mod jet;

pub use double_double::{Dd, E, PI, dd};
pub use functions::NAMES;
pub use jet::Jet;

/// What was typed.
#[derive(Debug, Clone, PartialEq)]
pub enum Tree {
    X,
    Number(Dd),
    Minus(Box<Tree>),
    Call(&'static str, Box<Tree>),
    Binary(char, Box<Tree>, Box<Tree>),
}

/// How exactly to compute.
#[derive(Debug, Clone, Copy, PartialEq)]
pub enum Precision {
    /// 31 digits throughout.
    Full,
    /// Every intermediate result is rounded to a double: what the library may be expected to reach.
    Doubles,
}

impl Tree {
    /// Reads the notation; the error says why it is not legal.
    pub fn read(text: &str) -> Result<Self, String> {
        let tokens = tokenize(text)?;
        let mut reader = Reader { tokens: &tokens, at: 0 };
        let tree = reader.sum()?;
        if reader.at < tokens.len() {
            return Err(format!("{:?} is left over", tokens[reader.at]));
        }
        Ok(tree)
    }

    /// `U`, `U'` and `U''` at `x`, with their error bounds.
    pub fn at(&self, x: f64) -> Jet {
        self.evaluate(x, Precision::Full)
    }

    pub fn evaluate(&self, x: f64, precision: Precision) -> Jet {
        let jet = match self {
            Tree::X => Jet::variable(x),
            Tree::Number(number) => Jet::constant(*number),
            Tree::Minus(inner) => inner.evaluate(x, precision).negated(),
            Tree::Call(name, inner) => functions::apply(name, inner.evaluate(x, precision)),
            Tree::Binary(operator, left, right) => {
                let (a, b) = (left.evaluate(x, precision), right.evaluate(x, precision));
                match operator {
                    '+' => a.plus(b),
                    '-' => a.plus(b.negated()),
                    '*' => a.times(b),
                    '/' => a.times(functions::apply(functions::INVERSE, b)),
                    _ if right.depends_on_x() => functions::general_power(a, b),
                    _ => functions::power(a, b),
                }
            }
        };
        if precision == Precision::Doubles { jet.rounded() } else { jet }
    }

    /// The same with every number rounded to a double, as the library takes it.
    pub fn with_doubles(&self) -> Self {
        match self {
            Tree::X => Tree::X,
            Tree::Number(number) => Tree::Number(dd(number.hi)),
            Tree::Minus(inner) => Tree::Minus(inner.with_doubles().into()),
            Tree::Call(name, inner) => Tree::Call(name, inner.with_doubles().into()),
            Tree::Binary(operator, left, right) => {
                Tree::Binary(*operator, left.with_doubles().into(), right.with_doubles().into())
            }
        }
    }

    pub fn depends_on_x(&self) -> bool {
        match self {
            Tree::X => true,
            Tree::Number(_) => false,
            Tree::Minus(inner) | Tree::Call(_, inner) => inner.depends_on_x(),
            Tree::Binary(_, left, right) => left.depends_on_x() || right.depends_on_x(),
        }
    }
}

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Number(Dd),
    Name(String),
    /// An operator or a parenthesis.
    Sign(char),
}

fn tokenize(text: &str) -> Result<Vec<Token>, String> {
    let mut tokens = Vec::new();
    let mut rest = text.trim_start();
    while let Some(first) = rest.chars().next() {
        let length = if first.is_ascii_digit() || first == '.' {
            let length = number_length(rest);
            let number = Dd::from_decimal(&rest[..length]).ok_or_else(|| format!("bad number at {rest}"))?;
            tokens.push(Token::Number(number));
            length
        } else if first.is_ascii_alphabetic() {
            let length = rest.find(|c: char| !c.is_ascii_alphanumeric()).unwrap_or(rest.len());
            tokens.push(Token::Name(rest[..length].into()));
            length
        } else if rest.starts_with("**") {
            tokens.push(Token::Sign('^'));
            2
        } else {
            tokens.push(Token::Sign(match first {
                '\u{2212}' => '-',
                '\u{b7}' | '\u{d7}' => '*',
                '+' | '-' | '*' | '/' | '^' | '(' | ')' => first,
                _ => return Err(format!("{first} means nothing")),
            }));
            first.len_utf8()
        };
        rest = rest[length..].trim_start();
    }
    Ok(tokens)
}

/// Digits, and an exponent if digits follow the `e`: in `2e - 3` the `e` is the constant.
fn number_length(text: &str) -> usize {
    let digits = |from: usize| text[from..].find(|c: char| !c.is_ascii_digit()).map_or(text.len(), |n| from + n);
    let mut length = digits(0);
    if text[length..].starts_with('.') {
        length = digits(length + 1);
    }
    if text[length..].starts_with(['e', 'E']) {
        let from = length + 1 + usize::from(text[length + 1..].starts_with(['+', '-']));
        if digits(from) > from {
            return digits(from);
        }
    }
    length
}

struct Reader<'a> {
    tokens: &'a [Token],
    at: usize,
}

impl Reader<'_> {
    fn takes(&mut self, sign: char) -> bool {
        let found = self.tokens.get(self.at) == Some(&Token::Sign(sign));
        self.at += usize::from(found);
        found
    }

    fn takes_one_of(&mut self, signs: &[char]) -> Option<char> {
        signs.iter().copied().find(|&sign| self.takes(sign))
    }

    fn sum(&mut self) -> Result<Tree, String> {
        let mut left = self.product()?;
        while let Some(operator) = self.takes_one_of(&['+', '-']) {
            if self.tokens.get(self.at) == Some(&Token::Sign(operator)) {
                return Err("the same sign twice".into());
            }
            left = Tree::Binary(operator, left.into(), self.product()?.into());
        }
        Ok(left)
    }

    /// Factors from left to right; two that touch are multiplied.
    fn product(&mut self) -> Result<Tree, String> {
        let (mut left, mut raised) = self.signed_power()?;
        let mut divided = false;
        loop {
            let operator = self.takes_one_of(&['*', '/']);
            if operator.is_none() {
                match self.tokens.get(self.at) {
                    Some(Token::Name(_)) | Some(Token::Sign('(')) => {}
                    Some(Token::Number(_)) => return Err("a number follows an operand".into()),
                    _ => return Ok(left),
                }
                if divided || raised {
                    return Err("a product without * has two readings here".into());
                }
            }
            divided = operator == Some('/');
            let right;
            (right, raised) = self.signed_power()?;
            left = Tree::Binary(operator.unwrap_or('*'), left.into(), right.into());
        }
    }

    /// A power under at most one sign, and whether it is a power.
    fn signed_power(&mut self) -> Result<(Tree, bool), String> {
        let sign = self.takes_one_of(&['+', '-']);
        let base = self.operand()?;
        let raised = self.takes('^');
        let tree = if raised {
            let minus = self.takes('-');
            let exponent = self.operand()?;
            let exponent = if minus { Tree::Minus(exponent.into()) } else { exponent };
            if self.takes('^') {
                return Err("a power of a power has two readings".into());
            }
            Tree::Binary('^', base.into(), exponent.into())
        } else {
            base
        };
        Ok((if sign == Some('-') { Tree::Minus(tree.into()) } else { tree }, raised))
    }

    fn operand(&mut self) -> Result<Tree, String> {
        let token = self.tokens.get(self.at).ok_or("the end comes too early")?;
        self.at += 1;
        let name = match token {
            Token::Number(number) => return Ok(Tree::Number(*number)),
            Token::Sign('(') => return self.bracketed(),
            Token::Sign(sign) => return Err(format!("{sign} in place of an operand")),
            Token::Name(name) => name.as_str(),
        };
        match name {
            "x" => Ok(Tree::X),
            "pi" => Ok(Tree::Number(double_double::PI)),
            "e" => Ok(Tree::Number(double_double::E)),
            _ => {
                let known = NAMES.iter().find(|known| **known == name).ok_or(format!("{name} is unknown"))?;
                if !self.takes('(') {
                    return Err(format!("{name} without its parenthesis"));
                }
                Ok(Tree::Call(known, self.bracketed()?.into()))
            }
        }
    }

    /// What stands between an opening parenthesis, already read, and the closing one.
    fn bracketed(&mut self) -> Result<Tree, String> {
        let inner = self.sum()?;
        if self.takes(')') { Ok(inner) } else { Err("a parenthesis is not closed".into()) }
    }
}

#[cfg(test)]
mod tests {
    use super::{Precision, Tree};

    /// Values by hand or by mpmath.
    #[test]
    fn the_reference_reads_the_notation() {
        for (text, x, value) in [
            ("-x^2", 3.0, -9.0),
            ("(-x)^2", 3.0, 9.0),
            ("2x^2", 3.0, 18.0),
            ("3(x+1)(x-1)", 3.0, 24.0),
            ("10-4-3-x", 1.0, 2.0),
            ("24/4/3*x", 5.0, 10.0),
            ("2-3*4+x", 1.0, -9.0),
            ("2*-x^2", 3.0, -18.0),
            ("x/-2", 3.0, -1.5),
            ("x^-2", 2.0, 0.25),
            ("x**3", 2.0, 8.0),
            ("1.5e2x", 2.0, 300.0),
            ("2e - 2e + x", 3.0, 3.0),
            ("sqrt(x)cbrt(x*x)", 64.0, 128.0),
            ("x(x+1)", 3.0, 12.0),
            ("+x\u{2212}1\u{b7}2\u{d7}3", 7.0, 1.0),
            ("x^(1+1)", 3.0, 9.0),
            ("log2(x)+log10(100)", 8.0, 5.0),
            ("exp(log(x))+ln(e)", 8.0, 9.0),
            ("x^x", 2.0, 4.0),
        ] {
            let tree = Tree::read(text).unwrap_or_else(|error| panic!("{text}: {error}"));
            let came = tree.at(x).at[0].hi;
            assert!((came - value).abs() <= 1e-14 * value.abs(), "{text}: {came}, not {value}");
        }
    }

    #[test]
    fn the_reference_refuses_what_has_two_readings_or_none() {
        for text in
            ["", "x)", "(x", "1/2x", "x^2x", "2^3^x", "x 2", "log x", "sin()", "x+", "y", "x--x", "..2", "x^-2x"]
        {
            assert!(Tree::read(text).is_err(), "{text}");
        }
    }

    #[test]
    fn cancellation_widens_the_bound_and_nothing_else_does() {
        let relative = |text: &str, x: f64| {
            let jet = Tree::read(text).unwrap().at(x);
            [0, 1, 2].map(|k| jet.error[k] / jet.at[k].abs())
        };
        assert!(relative("log(x+0.1+0.2*log1p(x))", 0.3).iter().all(|e| *e < 1e-14));
        assert!(relative("(1-exp(-x))/x", 1e-6)[0] > 1e-12);
        assert!(relative("-expm1(-x)/x", 1e-6)[0] < 1e-15);
        let hopeless = Tree::read("log(1e20+x-1e20)").unwrap().evaluate(0.5, Precision::Full);
        assert_eq!(hopeless.error[0], f64::INFINITY);
    }
}
