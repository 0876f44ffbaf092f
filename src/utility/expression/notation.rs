//! From what people type to a tree.
//!
//! `2x` and `3(x+1)` are products, `**` is a power, a minus sign binds less than `^` (`-x^2` is `-(x^2)`), and `1e-3` is a number.
//! What could be read in two ways (`1/2x`, `2^3^2`) is refused.

use super::function::{Function, NAMES};
use super::node::Node;

/// Limits that keep the recursion, and the cost of an evaluation, in bounds.
const MAX_SYMBOLS: usize = 1000;
const MAX_DEPTH: usize = 50;

#[derive(Debug, Clone, Copy, PartialEq)]
pub(super) enum Token {
    Number(f64),
    Constant(f64),
    Variable,
    Function(Function),
    Operator(char),
    Open,
    Close,
}

/// Reads `text`, or says in words what is wrong with it.
pub(super) fn parse(text: &str) -> Result<Node, String> {
    let tokens = tokenize(text)?;
    if tokens.is_empty() {
        return Err("it is empty; write an expression in x, such as log(x) or -1/x".into());
    }
    if tokens.len() > MAX_SYMBOLS {
        return Err(format!("it is too long ({} symbols; the limit is {MAX_SYMBOLS})", tokens.len()));
    }
    let mut parser = Parser { tokens: &tokens, at: 0, depth: 0 };
    let tree = parser.sum()?;
    match parser.peek() {
        None if !tokens.contains(&Token::Variable) => Err("it does not contain x".into()),
        None => Ok(tree),
        Some(_) => Err("a `)` has no matching `(`".into()),
    }
}

pub(super) fn tokenize(text: &str) -> Result<Vec<Token>, String> {
    let text: Vec<char> = text
        .replace("**", "^")
        .chars()
        .map(|c| match c {
            '\u{2212}' => '-',
            '\u{b7}' | '\u{d7}' => '*',
            c => c,
        })
        .collect();
    let mut tokens = Vec::new();
    let mut at = 0;
    while at < text.len() {
        let c = text[at];
        match c {
            c if c.is_whitespace() => at += 1,
            '(' => {
                tokens.push(Token::Open);
                at += 1;
            }
            ')' => {
                tokens.push(Token::Close);
                at += 1;
            }
            '+' | '-' | '*' | '/' | '^' => {
                tokens.push(Token::Operator(c));
                at += 1;
            }
            c if c.is_ascii_digit() || c == '.' => {
                let end = number_end(&text, at);
                let literal: String = text[at..end].iter().collect();
                let number: f64 = literal.parse().map_err(|_| format!("`{literal}` is not a number"))?;
                if !number.is_finite() {
                    return Err(format!("`{literal}` is too large"));
                }
                tokens.push(Token::Number(number));
                at = end;
            }
            c if c.is_alphabetic() || c == '_' => {
                let end = name_end(&text, at);
                let name: String = text[at..end].iter().collect();
                let token = name_token(&name)?;
                tokens.push(token);
                at = end;
                if let Token::Function(_) = token
                    && text[end..].iter().find(|c| !c.is_whitespace()) != Some(&'(')
                {
                    at = bare_variable(&text, end)
                        .ok_or_else(|| format!("put the argument of `{name}` in parentheses: {name}(...)"))?;
                    tokens.extend([Token::Open, Token::Variable, Token::Close]);
                }
            }
            c => return Err(format!("`{c}` has no meaning here")),
        }
    }
    Ok(tokens)
}

fn number_end(text: &[char], start: usize) -> usize {
    let digits = |mut at: usize| {
        while at < text.len() && (text[at].is_ascii_digit() || text[at] == '.') {
            at += 1;
        }
        at
    };
    let end = digits(start);
    if matches!(text.get(end), Some('e' | 'E')) {
        let sign = usize::from(matches!(text.get(end + 1), Some('+' | '-')));
        if text.get(end + 1 + sign).is_some_and(char::is_ascii_digit) {
            return digits(end + 1 + sign);
        }
    }
    end
}

/// Where a name ends; one with a dot, such as `np.log`, is one name.
fn name_end(text: &[char], start: usize) -> usize {
    let mut end = start;
    while let Some(&c) = text.get(end) {
        let is_dot = c == '.' && text.get(end + 1).is_some_and(|next| next.is_alphabetic());
        if !(c.is_alphanumeric() || c == '_' || is_dot) {
            break;
        }
        end += 1;
    }
    end
}

/// Where the `x` of `log x` ends, if a sum or the end follows it: `log x^2` and `log x y` can be read in two ways.
fn bare_variable(text: &[char], start: usize) -> Option<usize> {
    let skip = |at: usize| at + text[at..].iter().take_while(|c| c.is_whitespace()).count();
    let at = skip(start);
    let end = name_end(text, at);
    let follows = text.get(skip(end));
    (text[at..end] == ['x'] && matches!(follows, None | Some('+' | '-' | ')'))).then_some(end)
}

fn name_token(name: &str) -> Result<Token, String> {
    if let Some((_, function)) = NAMES.iter().find(|(known, _)| *known == name) {
        return Ok(Token::Function(*function));
    }
    match name {
        "x" => Ok(Token::Variable),
        "pi" => Ok(Token::Constant(std::f64::consts::PI)),
        "e" => Ok(Token::Constant(std::f64::consts::E)),
        _ => Err(unknown(name)),
    }
}

/// What to write in place of a name that is not known.
fn unknown(name: &str) -> String {
    // A library's name before the function's, capitals and underscores are what people bring along.
    let plain = |name: &str| name.rsplit('.').next().unwrap_or(name).to_lowercase().replace('_', "");
    let typed = plain(name);
    let known = NAMES.iter().map(|(known, _)| *known).chain(["x", "pi"]);
    let nearest = known.min_by_key(|known| strsim::damerau_levenshtein(&plain(known), &typed));
    let meant = nearest.filter(|known| {
        let distance = strsim::damerau_levenshtein(&plain(known), &typed);
        distance == 0 || distance <= 2 && 2 * distance < known.len()
    });
    let name = super::shorten(name);
    match meant {
        Some(meant) => format!("unknown name `{name}`; did you mean `{meant}`?"),
        None => format!(
            "unknown name `{name}`; the variable is x, and the functions are {}",
            NAMES.map(|(name, _)| name).join(", ")
        ),
    }
}

/// Recursive descent: a sum of products of powers of operands.
struct Parser<'a> {
    tokens: &'a [Token],
    at: usize,
    /// Open parentheses.
    depth: usize,
}

impl Parser<'_> {
    fn peek(&self) -> Option<Token> {
        self.tokens.get(self.at).copied()
    }

    fn takes(&mut self, operators: &str) -> Option<char> {
        match self.peek() {
            Some(Token::Operator(operator)) if operators.contains(operator) => {
                self.at += 1;
                Some(operator)
            }
            _ => None,
        }
    }

    fn sum(&mut self) -> Result<Node, String> {
        let mut sum = self.signed(Self::product)?;
        while let Some(operator) = self.takes("+-") {
            match (operator, self.peek()) {
                ('-', Some(Token::Operator('-'))) => return Err("two minus signs in a row; use parentheses".into()),
                ('+', Some(Token::Operator('+'))) => return Err("something is missing before `+`".into()),
                _ => {}
            }
            let term = self.signed(Self::product)?;
            sum = if operator == '+' { Node::sum(sum, term) } else { Node::difference(sum, term) };
        }
        Ok(sum)
    }

    /// What follows a sign, or nothing, with its sign.
    fn signed(&mut self, read: fn(&mut Self) -> Result<Node, String>) -> Result<Node, String> {
        let sign = self.takes("+-");
        match (sign, self.peek()) {
            (Some('-'), Some(Token::Operator('-'))) => Err("two minus signs in a row; use parentheses".into()),
            (Some('+'), Some(Token::Operator('-'))) | (Some('-'), Some(Token::Operator('+'))) => {
                self.at += 1;
                Ok(Node::negative(read(self)?))
            }
            (Some('-'), _) => Ok(Node::negative(read(self)?)),
            _ => read(self),
        }
    }

    fn product(&mut self) -> Result<Node, String> {
        let (mut product, mut after_exponent) = self.factor()?;
        let mut after_division = false;
        loop {
            if let Some(operator) = self.takes("*/") {
                let (factor, exponent) = self.signed_factor()?;
                after_exponent = exponent;
                after_division = operator == '/';
                product = if after_division { Node::quotient(product, factor) } else { Node::product(product, factor) };
                continue;
            }
            match self.peek() {
                None | Some(Token::Operator(_) | Token::Close) => return Ok(product),
                Some(Token::Number(_)) => return Err("a number cannot follow without an operator between".into()),
                Some(_) if after_division => {
                    return Err("a product without * after / can be read in two ways; write 1/(2*x) or (1/2)*x".into());
                }
                Some(_) if after_exponent => {
                    return Err(
                        "a product without * after an exponent can be read in two ways; write e^(-2*x) or x^2*x".into(),
                    );
                }
                Some(_) => {
                    let (factor, exponent) = self.factor()?;
                    after_exponent = exponent;
                    product = Node::product(product, factor);
                }
            }
        }
    }

    /// A factor after `*` or `/`, which may have a sign, and whether it ends with an exponent.
    fn signed_factor(&mut self) -> Result<(Node, bool), String> {
        let sign = self.takes("+-");
        if sign == Some('-') && self.peek() == Some(Token::Operator('-')) {
            return Err("two minus signs in a row; use parentheses".into());
        }
        let (factor, exponent) = self.factor()?;
        Ok((if sign == Some('-') { Node::negative(factor) } else { factor }, exponent))
    }

    /// An operand with its exponent, if it has one.
    fn factor(&mut self) -> Result<(Node, bool), String> {
        let base = self.operand()?;
        if self.takes("^").is_none() {
            return Ok((base, false));
        }
        let sign = self.takes("+-");
        let exponent = self.operand()?;
        if self.peek() == Some(Token::Operator('^')) {
            return Err("a^b^c can be read in two ways; write a^(b^c)".into());
        }
        let exponent = if sign == Some('-') { Node::negative(exponent) } else { exponent };
        Ok((Node::raised(base, exponent), true))
    }

    fn operand(&mut self) -> Result<Node, String> {
        let Some(token) = self.peek() else {
            return Err(if self.depth > 0 { "a `(` is not closed" } else { "it ends with an operator" }.into());
        };
        self.at += 1;
        match token {
            Token::Number(number) | Token::Constant(number) => Ok(Node::number(number)),
            Token::Variable => Ok(Node::Variable),
            Token::Open => self.closed(),
            Token::Function(function) => {
                // The tokenizer has seen to it that a parenthesis follows.
                self.at += 1;
                Ok(Node::applied(function, self.closed()?))
            }
            Token::Close => Err("something is missing before `)`".into()),
            Token::Operator(operator) => Err(format!("something is missing before `{operator}`")),
        }
    }

    /// The rest of what stands in parentheses.
    fn closed(&mut self) -> Result<Node, String> {
        self.depth += 1;
        if self.depth > MAX_DEPTH {
            return Err(format!("parentheses are nested more than {MAX_DEPTH} deep"));
        }
        let inside = self.sum()?;
        if self.peek() != Some(Token::Close) {
            return Err("a `(` is not closed".into());
        }
        self.at += 1;
        self.depth -= 1;
        Ok(inside)
    }
}

#[cfg(test)]
mod tests {
    use super::super::program::Program;
    use super::parse;

    fn at(typed: &str, x: f64) -> f64 {
        let tree = parse(typed).unwrap_or_else(|reason| panic!("{typed}: {reason}"));
        Program::new(&tree).run(x)
    }

    #[test]
    fn people_s_notation_means_what_they_mean() {
        let x: f64 = 0.37;
        for (typed, value) in [
            ("-1/x", -1.0 / x),
            ("-x^-0.5", -x.powf(-0.5)),
            ("x - 0.25x^2", x - 0.25 * x * x),
            ("1-exp(-4x)", -(-4.0 * x).exp_m1()),
            ("2(x+1e-3)", 2.0 * (x + 0.001)),
            ("logsigmoid(4x)+x", x - (-4.0 * x).exp().ln_1p()),
            ("x**0.5", x.sqrt()),
            ("2pi*x", 2.0 * std::f64::consts::PI * x),
            ("cbrt(x)", x.cbrt()),
            ("3*-x^2", -3.0 * x * x),
            ("x/-x^2*3", -3.0 / x),
            ("+x", x),
            ("log x", x.ln()),
            ("3+2log x - sqrt x", 3.0 + 2.0 * x.ln() - x.sqrt()),
            ("-(log x)", -x.ln()),
            ("x\u{2212}0.1x^2", x - 0.1 * x * x),
            ("x-x-x", -x),
            ("x/x/x", 1.0 / x),
            ("2^-x", 2f64.powf(-x)),
            ("x^(x)", x.powf(x)),
            ("e^(-2*x)", (-2.0 * x).exp()),
            ("x +-x^2", x - x * x),
            ("2x(x+1)3.0^x", f64::NAN),
            ("log(x+0.1+0.5*x)", (1.5 * x + 0.1).ln()),
            ("log(x+1+1)", (x + 2.0).ln()),
            ("sqrt(x+x^0.5+2)", (x + x.sqrt() + 2.0).sqrt()),
        ] {
            if value.is_nan() {
                assert!(parse(typed).is_err(), "{typed}");
            } else {
                approx::assert_relative_eq!(at(typed, x), value, max_relative = 1e-15);
            }
        }
    }

    #[test]
    fn a_name_that_is_nearly_right_is_put_right() {
        for (typed, meant) in [
            ("Log(x)", "log"),
            ("log_sigmoid(x)", "logsigmoid"),
            ("np.log(x)", "log"),
            ("F.logsigmoid(4x)", "logsigmoid"),
            ("torch.special.ndtr(x)", "ndtr"),
            ("sgmoid(x)", "sigmoid"),
            ("X", "x"),
        ] {
            let reason = parse(typed).unwrap_err();
            assert!(reason.ends_with(&format!("did you mean `{meant}`?")), "{typed}: {reason}");
        }
        assert!(parse("gamma(x)").unwrap_err().contains("the functions are log, ln"));
    }

    #[test]
    fn what_has_two_readings_or_none_is_refused() {
        for typed in [
            "",
            "  ",
            "1",
            "log(",
            "x)",
            "log x^2",
            "log 2x",
            "log x(x+1)",
            "log x*2",
            "log",
            "log y",
            "1/2x",
            "2^x^3",
            "y",
            "x+",
            "*x",
            "()",
            "x 2",
            "x $ 2",
            "1..2x",
            "x - - x",
            "--x",
            "x++x",
            "foo(x)",
            "1e999x",
            "log()",
            "((x)",
            "x,1",
            "x^2x",
            "x^",
            "x*/x",
        ] {
            assert!(parse(typed).is_err(), "{typed}");
        }
        let nested = |depth: usize| format!("{}x{}", "(".repeat(depth), ")".repeat(depth));
        assert!(parse(&nested(50)).is_ok() && parse(&nested(51)).is_err() && parse(&nested(400)).is_err());
    }
}
