//! Random expressions as people might type them, each with the tree that it means.
//!
//! Text and tree are built together from the leaves up, so that the reference's parser is tested too.

use rand::Rng;
use rand::rngs::StdRng;
use rand::seq::IndexedRandom;

use super::reference::{Dd, E, NAMES, PI, Tree};

/// How strongly a text holds together, the weakest first.
#[derive(Debug, Clone, Copy, PartialEq, PartialOrd)]
enum Binding {
    Sum,
    Product,
    Signed,
    Power,
    Atom,
}

/// A text and its meaning.
#[derive(Debug, Clone)]
pub struct Typed {
    pub text: String,
    pub tree: Tree,
    binding: Binding,
    /// Whether its last operator is a division or a power, after which a product needs its `*`.
    needs_star: bool,
    /// Levels of parentheses.
    depth: usize,
}

/// Within what the notation has always allowed.
const MAX_DEPTH: usize = 9;
const MAX_LENGTH: usize = 160;

/// Writes expressions in one person's style.
pub struct Typist<'a> {
    rng: &'a mut StdRng,
    space: f64,
    star: f64,
    extra_brackets: f64,
}

impl<'a> Typist<'a> {
    pub fn new(rng: &'a mut StdRng) -> Self {
        let space = *[0.0, 0.0, 0.3, 1.0].choose(rng).unwrap();
        let star = *[0.0, 0.5, 1.0].choose(rng).unwrap();
        let extra_brackets = *[0.0, 0.05, 0.3].choose(rng).unwrap();
        Self { rng, space, star, extra_brackets }
    }

    /// An expression that contains `x`.
    pub fn expression(&mut self) -> Typed {
        loop {
            let levels = self.rng.random_range(1..=4);
            let typed = match self.rng.random_range(0..4) {
                0 => self.chain(),
                1 => {
                    let inner = self.chain();
                    self.call(inner)
                }
                _ => self.nested(levels),
            };
            if typed.tree.depends_on_x() && typed.depth <= MAX_DEPTH && typed.text.len() <= MAX_LENGTH {
                return typed;
            }
        }
    }

    fn chance(&mut self, probability: f64) -> bool {
        self.rng.random_bool(probability)
    }

    fn nested(&mut self, levels: usize) -> Typed {
        if levels == 0 {
            return self.leaf();
        }
        let typed = match self.rng.random_range(0..10) {
            0..=2 => {
                let inner = self.nested(levels - 1);
                self.call(inner)
            }
            3 => {
                let base = self.nested(levels - 1);
                let exponent = if self.chance(0.1) { self.nested(levels.min(2) - 1) } else { self.exponent() };
                self.power(base, exponent)
            }
            4 => {
                let inner = self.nested(levels - 1);
                self.signed(inner)
            }
            _ => {
                let left = self.nested(levels - 1);
                let right_levels = self.rng.random_range(0..levels);
                let right = self.nested(right_levels);
                let operator = *['+', '+', '+', '-', '*', '*', '/'].choose(self.rng).unwrap();
                self.binary(operator, left, right)
            }
        };
        if self.chance(self.extra_brackets) { bracketed(typed) } else { typed }
    }

    /// Three to eight operands in a row without any bracket between: what binds first is for the reader to know.
    fn chain(&mut self) -> Typed {
        let operands = self.rng.random_range(3..=8);
        // Products and powers bind what stands at the end of the sum so far, hence two accumulators.
        let mut sum: Option<(char, Typed)> = None;
        let mut product = self.chain_factor();
        for _ in 1..operands {
            match *['+', '+', '-', '*', '*', '/'].choose(self.rng).unwrap() {
                operator @ ('*' | '/') => {
                    let factor = self.chain_factor();
                    product = self.binary(operator, product, factor);
                }
                operator => {
                    let factor = self.chain_factor();
                    let done = std::mem::replace(&mut product, factor);
                    sum = Some((operator, self.append(sum, done)));
                }
            }
        }
        self.append(sum, product)
    }

    fn append(&mut self, sum: Option<(char, Typed)>, product: Typed) -> Typed {
        match sum {
            None => product,
            Some((operator, sum)) => self.binary(operator, sum, product),
        }
    }

    fn chain_factor(&mut self) -> Typed {
        let factor = match self.rng.random_range(0..6) {
            0 => {
                let inner = self.leaf();
                self.call(inner)
            }
            1 => {
                let (left, right) = (self.leaf(), self.leaf());
                let operator = *['+', '-', '*', '/'].choose(self.rng).unwrap();
                bracketed(self.binary(operator, left, right))
            }
            _ => self.leaf(),
        };
        match self.rng.random_range(0..10) {
            0 | 1 => {
                let exponent = self.exponent();
                self.power(factor, exponent)
            }
            2 => self.signed(factor),
            _ => factor,
        }
    }

    fn leaf(&mut self) -> Typed {
        match self.rng.random_range(0..20) {
            0 => atom("pi".into(), Tree::Number(PI)),
            1 => atom("e".into(), Tree::Number(E)),
            2..=10 => self.number(),
            _ => atom("x".into(), Tree::X),
        }
    }

    fn number(&mut self) -> Typed {
        let digits = self.rng.random_range(1..=9999);
        let literal = match self.rng.random_range(0..8) {
            0 | 1 => format!("{}", self.rng.random_range(1..=9)),
            2 => format!("0.{}", self.rng.random_range(1..=9)),
            3 => format!(".{digits:04}"),
            4 => format!("{}.", self.rng.random_range(1..=20)),
            5 => format!("{}e-{}", self.rng.random_range(1..=9), self.rng.random_range(1..=4)),
            6 => format!("{}.{digits}E{}", self.rng.random_range(1..=9), self.rng.random_range(0..=1)),
            _ => format!("{}.{digits:04}", self.rng.random_range(0..=3)),
        };
        let number = Dd::from_decimal(&literal).expect("a literal");
        atom(literal, Tree::Number(number))
    }

    fn exponent(&mut self) -> Typed {
        let exponent = match self.rng.random_range(0..6) {
            0 | 1 => {
                let whole = self.rng.random_range(2..=5).to_string();
                atom(whole.clone(), Tree::Number(Dd::from_decimal(&whole).expect("a literal")))
            }
            2 => {
                let (left, right) = (self.number(), self.number());
                let operator = *['+', '/', '*'].choose(self.rng).unwrap();
                bracketed(self.binary(operator, left, right))
            }
            _ => {
                let literal = format!("{}.{}", self.rng.random_range(0..=2), self.rng.random_range(1..=99));
                atom(literal.clone(), Tree::Number(Dd::from_decimal(&literal).expect("a literal")))
            }
        };
        if self.chance(0.25) { minus(exponent) } else { exponent }
    }

    fn call(&mut self, inner: Typed) -> Typed {
        let name = *NAMES.choose(self.rng).unwrap();
        let space = if self.chance(self.space * 0.3) { " " } else { "" };
        let inside = bracketed(inner.clone());
        let tree = Tree::Call(name, inner.tree.into());
        Typed { text: format!("{name}{space}{}", inside.text), tree, ..inside }
    }

    fn power(&mut self, base: Typed, exponent: Typed) -> Typed {
        let base = at_least(Binding::Atom, base);
        // A minus may stand before an exponent that is itself no power.
        let under_minus = matches!(&exponent.tree, Tree::Minus(_)) && !exponent.text.contains(['^', '*']);
        let exponent = if under_minus && exponent.text.starts_with('-') && exponent.binding == Binding::Signed {
            exponent
        } else {
            at_least(Binding::Atom, exponent)
        };
        let sign = if self.chance(0.3) { "**" } else { "^" };
        Typed {
            text: format!("{}{sign}{}", base.text, exponent.text),
            depth: base.depth.max(exponent.depth),
            tree: Tree::Binary('^', base.tree.into(), exponent.tree.into()),
            binding: Binding::Power,
            needs_star: true,
        }
    }

    fn signed(&mut self, inner: Typed) -> Typed {
        let inner = at_least(Binding::Power, inner);
        if self.chance(0.8) {
            minus(inner)
        } else {
            Typed { text: format!("+{}", inner.text), binding: Binding::Signed, ..inner }
        }
    }

    fn binary(&mut self, operator: char, left: Typed, right: Typed) -> Typed {
        let is_sum = matches!(operator, '+' | '-');
        let (own, on_the_right) =
            if is_sum { (Binding::Sum, Binding::Product) } else { (Binding::Product, Binding::Signed) };
        let (left, mut right) = (at_least(own, left), at_least(on_the_right, right));
        let is_signed = right.text.starts_with(['+', '-']);
        // Two signs in a row are legal after `+`, `*` and `/`, but rare.
        if is_signed && (operator == '-' || right.text.starts_with('+') || self.chance(0.5)) {
            right = bracketed(right);
        }
        let implicit = operator == '*' && !left.needs_star && !self.chance(self.star) && {
            let starts = right.text.chars().next().unwrap();
            // `2e` might go on as a number.
            let is_e = right.text.starts_with('e') && !right.text.starts_with("ex");
            (starts == '(' || starts.is_alphabetic())
                && !(is_e && left.text.ends_with(|c: char| c.is_ascii_digit() || c == '.'))
        };
        let symbol = if implicit {
            let touch = left.text.ends_with(|c: char| c.is_alphabetic()) && right.text.starts_with(char::is_alphabetic);
            // A name that meets a parenthesis would be a call, were it not `x`, `pi` or `e`.
            if touch { " ".into() } else { String::new() }
        } else {
            let typed = match operator {
                '-' if self.chance(0.05) => '\u{2212}',
                '*' if self.chance(0.05) => '\u{b7}',
                other => other,
            };
            if self.chance(self.space) { format!(" {typed} ") } else { typed.to_string() }
        };
        Typed {
            text: format!("{}{symbol}{}", left.text, right.text),
            depth: left.depth.max(right.depth),
            needs_star: operator == '/' || right.needs_star,
            tree: Tree::Binary(operator, left.tree.into(), right.tree.into()),
            binding: own,
        }
    }
}

fn atom(text: String, tree: Tree) -> Typed {
    Typed { text, tree, binding: Binding::Atom, needs_star: false, depth: 0 }
}

fn minus(inner: Typed) -> Typed {
    Typed { text: format!("-{}", inner.text), tree: Tree::Minus(inner.tree.into()), binding: Binding::Signed, ..inner }
}

fn bracketed(inner: Typed) -> Typed {
    Typed {
        text: format!("({})", inner.text),
        depth: inner.depth + 1,
        binding: Binding::Atom,
        needs_star: false,
        tree: inner.tree,
    }
}

fn at_least(binding: Binding, typed: Typed) -> Typed {
    if typed.binding >= binding { typed } else { bracketed(typed) }
}
