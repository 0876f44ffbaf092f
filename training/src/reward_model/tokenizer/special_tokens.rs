//! What goes around texts, and how they are cut to make room for it.

use tokenizers::{Encoding, Token, Tokenizer};

/// A place in what a model reads, with its segment.
#[derive(Debug, Clone, Copy, PartialEq)]
enum Place {
    Special(u32, u8),
    First(u8),
    Second(u8),
}

/// The special tokens around a text or a pair of texts.
#[derive(Debug, Clone, PartialEq)]
pub(super) struct SpecialTokens {
    places: Vec<Place>,
}

/// Ids that no vocabulary has.
const FIRST: u32 = u32::MAX;
const SECOND: u32 = u32::MAX - 1;

impl SpecialTokens {
    /// What `tokenizer` puts around one text, or around a `pair`.
    ///
    /// # Errors
    /// What the library says.
    pub fn of(tokenizer: &Tokenizer, pair: bool) -> tokenizers::Result<Self> {
        let text = |id, segment| Encoding::from_tokens(vec![Token::new(id, String::new(), (0, 0))], segment);
        let whole = tokenizer.post_process(text(FIRST, 0), pair.then(|| text(SECOND, 1)), true)?;
        let places = whole.get_ids().iter().zip(whole.get_type_ids()).map(|(&id, &segment)| {
            let segment = u8::from(segment > 0);
            match id {
                FIRST => Place::First(segment),
                SECOND => Place::Second(segment),
                id => Place::Special(id, segment),
            }
        });
        Ok(Self { places: places.collect() })
    }

    /// How many tokens go around the texts.
    pub fn len(&self) -> usize {
        self.places.iter().filter(|place| matches!(place, Place::Special(..))).count()
    }

    /// The texts with the special tokens around them.
    pub fn put(&self, first: &[u32], second: &[u32]) -> super::Encoding {
        let length = self.len() + first.len() + second.len();
        let (mut ids, mut segments) = (Vec::with_capacity(length), Vec::with_capacity(length));
        for &place in &self.places {
            let (part, segment) = match place {
                Place::Special(ref id, segment) => (std::slice::from_ref(id), segment),
                Place::First(segment) => (first, segment),
                Place::Second(segment) => (second, segment),
            };
            ids.extend_from_slice(part);
            segments.resize(ids.len(), segment);
        }
        super::Encoding { ids, segments }
    }
}

/// The lengths to which texts of `first` and `second` tokens are cut so that both fit in `room`: the longer one alone as long
/// as it stays the longer one, then both to half of the room, where an odd token goes to the one that was longer, and to
/// the second if neither was. This is the library's `longest_first`.
pub(super) fn longest_first(first: usize, second: usize, room: usize) -> (usize, usize) {
    if first.saturating_add(second) <= room {
        return (first, second);
    }
    let shorter = first.min(second);
    let (shorter, longer) = if shorter <= room / 2 { (shorter, room - shorter) } else { (room / 2, room - room / 2) };
    if first > second { (longer, shorter) } else { (shorter, longer) }
}

#[cfg(test)]
mod tests {
    use super::*;
    use tokenizers::{TruncationParams, truncate_encodings};

    #[test]
    fn cuts_as_the_library_does() {
        let text = |length: usize| {
            Encoding::from_tokens((0..length).map(|_| Token::new(7, String::new(), (0, 0))).collect(), 0)
        };
        for (first, second, room) in
            (0..9).flat_map(|a| (0..9).flat_map(move |b| (0..20).map(move |room| (a, b, room))))
        {
            let cut = TruncationParams { max_length: room, ..TruncationParams::default() };
            let (a, b) = truncate_encodings(text(first), Some(text(second)), &cut).unwrap();
            let expected = (a.get_ids().len(), b.map_or(0, |b| b.get_ids().len()));
            assert_eq!(longest_first(first, second, room), expected, "{first} and {second} in {room}");
        }
    }
}
