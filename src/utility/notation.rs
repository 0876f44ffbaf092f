//! From the notation that people type to the one that the expression parser reads.
//!
//! The parser has no implicit multiplication, no scientific literals, and a unary minus that binds tighter than `^`
//! (it reads `-x^2` as `(-x)^2`). This pass writes `2x` as `2*x`, `1e-3` as `0.001`, a leading minus as a subtraction, and
//! expands the functions that the parser lacks. What could be read in two ways (`1/2x`, `2^3^2`) is refused.

/// Functions that the parser knows by the same name.
const FUNCTIONS: [&str; 13] =
    ["log", "ln", "log2", "log10", "exp", "sqrt", "sin", "cos", "tan", "atan", "sinh", "cosh", "tanh"];

/// Functions that are expanded: name, what replaces `name(`, and what replaces the matching `)`.
const EXPANDED: [(&str, &str, &str); 6] = [
    ("cbrt", "((", ")^0.3333333333333333)"),
    ("logsigmoid", "(0-log(1+exp(0-(", "))))"),
    ("sigmoid", "(1/(1+exp(0-(", "))))"),
    ("log1p", "log(1+(", "))"),
    ("expm1", "(exp(", ")-1)"),
    ("softplus", "log(1+exp(", "))"),
];

/// Limits that keep the parser's recursion, and the growth of second derivatives, in bounds.
const MAX_TOKENS: usize = 200;
const MAX_DEPTH: usize = 10;

#[derive(Debug, Clone, PartialEq)]
enum Token {
    Number(f64),
    Constant(f64),
    Variable,
    Function(&'static str),
    Expanded(&'static str, &'static str),
    Operator(char),
    Open,
    Close,
}

/// Rewrites `text` for the parser, or says in words what is wrong with it.
pub(super) fn rewrite(text: &str) -> Result<String, String> {
    let tokens = tokenize(text)?;
    if tokens.is_empty() {
        return Err("it is empty; write an expression in x, such as log(x) or -1/x".into());
    }
    if tokens.len() > MAX_TOKENS {
        return Err(format!("it is too long ({} symbols; the limit is {MAX_TOKENS})", tokens.len()));
    }
    let read = emit(&tokens)?;
    if tokens.contains(&Token::Variable) { Ok(read) } else { Err("it does not contain x".into()) }
}

fn tokenize(text: &str) -> Result<Vec<Token>, String> {
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
                let mut end = at;
                while end < text.len() && (text[end].is_alphanumeric() || text[end] == '_') {
                    end += 1;
                }
                let name: String = text[at..end].iter().collect();
                tokens.push(name_token(&name, text[end..].iter().find(|c| !c.is_whitespace()))?);
                at = end;
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

fn name_token(name: &str, next: Option<&char>) -> Result<Token, String> {
    let known = FUNCTIONS
        .iter()
        .map(|&function| (function, Token::Function(function)))
        .chain(EXPANDED.iter().map(|&(name, open, close)| (name, Token::Expanded(open, close))))
        .find(|(known, _)| *known == name);
    if let Some((_, token)) = known {
        return if next == Some(&'(') {
            Ok(token)
        } else {
            Err(format!("put the argument of `{name}` in parentheses: {name}(...)"))
        };
    }
    match name {
        "x" => Ok(Token::Variable),
        "pi" => Ok(Token::Constant(std::f64::consts::PI)),
        "e" => Ok(Token::Constant(std::f64::consts::E)),
        _ => Err(format!(
            "unknown name `{name}`; the variable is x, and the functions are {} and {}",
            FUNCTIONS.join(", "),
            EXPANDED.map(|(name, ..)| name).join(", ")
        )),
    }
}

/// One level of parentheses.
struct Level {
    close: &'static str,
    in_exponent: bool,
    last_operator: Option<char>,
}

impl Level {
    fn new(close: &'static str) -> Self {
        Self { close, in_exponent: false, last_operator: None }
    }
}

fn emit(tokens: &[Token]) -> Result<String, String> {
    let mut out = String::new();
    let mut levels = vec![Level::new("")];
    let mut before: Option<&Token> = None;
    for token in tokens {
        // One level is outside all parentheses.
        if levels.len() > MAX_DEPTH + 1 {
            return Err(format!("parentheses are nested more than {MAX_DEPTH} deep"));
        }
        // `levels` keeps its first entry: a `)` without its `(` is refused below before it could be removed.
        let depth = levels.len() - 1;
        let level = &mut levels[depth];
        let after_operand =
            matches!(before, Some(Token::Number(_) | Token::Constant(_) | Token::Variable | Token::Close));
        if after_operand && !matches!(token, Token::Operator(_) | Token::Close) {
            if matches!(token, Token::Number(_)) {
                return Err("a number cannot follow without an operator between".into());
            }
            if level.last_operator == Some('/') {
                return Err("a product without * after / can be read in two ways; write 1/(2*x) or (1/2)*x".into());
            }
            if level.in_exponent {
                return Err(
                    "a product without * after an exponent can be read in two ways; write e^(-2*x) or x^2*x".into()
                );
            }
            out.push('*');
            level.last_operator = Some('*');
        }
        match token {
            Token::Number(number) | Token::Constant(number) => out.push_str(&number.to_string()),
            Token::Variable => out.push('x'),
            Token::Function(name) => out.push_str(name),
            // The opening parenthesis that follows is part of the expansion.
            Token::Expanded(open, _) => out.push_str(open),
            Token::Open => match before {
                Some(Token::Expanded(_, close)) => levels.push(Level::new(close)),
                _ => {
                    out.push('(');
                    levels.push(Level::new(")"));
                }
            },
            Token::Close => {
                if !after_operand {
                    return Err("something is missing before `)`".into());
                }
                out.push_str(level.close);
                levels.pop();
                if levels.is_empty() {
                    return Err("a `)` has no matching `(`".into());
                }
            }
            Token::Operator(operator) if after_operand => {
                if *operator == '^' && level.in_exponent {
                    return Err("a^b^c can be read in two ways; write a^(b^c)".into());
                }
                level.in_exponent = *operator == '^';
                level.last_operator = Some(*operator);
                out.push(*operator);
            }
            Token::Operator('+') if !matches!(before, Some(Token::Operator('+'))) => {}
            Token::Operator('-') => match before {
                None | Some(Token::Open) => out.push_str("0-"),
                Some(Token::Operator('^')) => out.push('-'),
                Some(Token::Operator('/')) => out.push_str("(-1)/"),
                Some(Token::Operator('+' | '*')) => out.push_str("(-1)*"),
                _ => return Err("two minus signs in a row; use parentheses".into()),
            },
            Token::Operator(operator) => {
                return Err(format!("something is missing before `{operator}`"));
            }
        }
        before = Some(token);
    }
    if levels.len() > 1 {
        return Err("a `(` is not closed".into());
    }
    if matches!(before, Some(Token::Operator(_))) {
        return Err("it ends with an operator".into());
    }
    Ok(out)
}

#[cfg(test)]
mod tests {
    use super::rewrite;

    #[test]
    fn people_s_notation_becomes_the_parser_s() {
        for (typed, read) in [
            ("-1/x", "0-1/x"),
            ("-x^-0.5", "0-x^-0.5"),
            ("x - 0.25x^2", "x-0.25*x^2"),
            ("1-exp(-4x)", "1-exp(0-4*x)"),
            ("2(x+1e-3)", "2*(x+0.001)"),
            ("logsigmoid(4x)+x", "(0-log(1+exp(0-(4*x))))+x"),
            ("x**0.5", "x^0.5"),
            ("2pi*x", "2*3.141592653589793*x"),
            ("cbrt(x)", "((x)^0.3333333333333333)"),
            ("3*-x^2", "3*(-1)*x^2"),
            ("+x", "x"),
            ("x\u{2212}0.1x^2", "x-0.1*x^2"),
        ] {
            assert_eq!(rewrite(typed).as_deref(), Ok(read), "{typed}");
        }
    }

    #[test]
    fn what_has_two_readings_or_none_is_refused() {
        for typed in [
            "", "  ", "1", "log(", "x)", "log x", "1/2x", "2^x^3", "y", "x+", "*x", "()", "x 2", "x $ 2", "1..2x",
            "x - - x", "foo(x)", "1e999x", "log()", "((x)", "x,1",
        ] {
            assert!(rewrite(typed).is_err(), "{typed}");
        }
    }
}
