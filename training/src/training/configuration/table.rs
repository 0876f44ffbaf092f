//! A key in one place: its field, its default, and how its value is read.

use strsim::damerau_levenshtein;

use super::error::Problem;
use super::value::Given;

/// A structure whose fields are keys of a file.
pub(super) trait Table {
    /// The keys.
    const KEYS: &'static [&'static str];

    /// Sets the field `key`; what is no key is refused.
    fn set(&mut self, key: &str, given: Given<'_>) -> Result<(), Problem>;
}

/// Declares a structure, its defaults and its [`Table`]: `field: type = default, how a value is read`. Fields after the second
/// semicolon are no keys.
macro_rules! table {
    (
        $(#[$of_struct:meta])*
        $visibility:vis struct $name:ident {
            $( $(#[$of_field:meta])* $key:ident: $type:ty = $default:expr, $read:expr; )*
            $( ; $( $(#[$of_other:meta])* $other:ident: $other_type:ty = $other_default:expr; )* )?
        }
    ) => {
        $(#[$of_struct])*
        $visibility struct $name {
            $( $(#[$of_field])* pub $key: $type, )*
            $( $( $(#[$of_other])* $other: $other_type, )* )?
        }

        impl $name {
            fn defaults() -> Self {
                Self { $( $key: $default, )* $( $( $other: $other_default, )* )? }
            }
        }

        impl Table for $name {
            const KEYS: &'static [&'static str] = &[ $( stringify!($key), )* ];

            fn set(&mut self, key: &str, given: Given<'_>) -> Result<(), Problem> {
                // Its type is that of a function, so that closures need not name theirs.
                fn read<'a, T>(given: Given<'a>, how: fn(Given<'a>) -> Result<T, Problem>) -> Result<T, Problem> {
                    how(given)
                }
                match key {
                    $( stringify!($key) => self.$key = read(given, $read)?, )*
                    _ => return Err(unknown(given.key, key, Self::KEYS)),
                }
                Ok(())
            }
        }
    };
}

pub(super) use table;

/// That there is no such key at `path`, whose last part is `key`; with the nearest of `known`, or all of them.
pub(super) fn unknown(path: &str, key: &str, known: &[&str]) -> Problem {
    let hint = match nearest(key, known) {
        Some(near) => format!("did you mean `{near}`?"),
        None => format!("the keys are {}", known.join(", ")),
    };
    Problem::UnknownKey { key: path.to_owned(), hint }
}

/// The known key that differs least from `key`, if by no more than a third of its letters.
pub(super) fn nearest<'a>(key: &str, known: &[&'a str]) -> Option<&'a str> {
    // A long text is no misspelt key, and comparing takes time proportional to its length.
    if key.len() > 64 {
        return None;
    }
    let key = key.to_lowercase().replace(['-', ' '], "_");
    let (distance, near) = known.iter().map(|known| (damerau_levenshtein(&key, known), *known)).min()?;
    (distance <= (near.len() / 3).max(1)).then_some(near)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn near_misses_are_told() {
        let known = ["learning_rate", "max_steps", "seed"];
        let hint = |key: &str| unknown(key, key, &known).to_string();
        assert_eq!(hint("learning_rat"), "unknown key `learning_rat`: did you mean `learning_rate`?");
        assert!(hint("Learning-Rate").ends_with("did you mean `learning_rate`?"));
        assert!(hint("max_step").ends_with("did you mean `max_steps`?"));
        assert!(hint("zzzz").ends_with("the keys are learning_rate, max_steps, seed"));
        assert!(hint(&"x".repeat(100_000)).contains("the keys are"));
    }
}
