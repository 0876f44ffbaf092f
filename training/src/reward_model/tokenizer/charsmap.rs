//! SentencePiece's rules for characters.

use tokenizers::normalizers::precompiled::Precompiled;

const MALFORMED: &str = "its rules for characters (precompiled_charsmap) are malformed";

/// Reads a `precompiled_charsmap`: the length of a trie in bytes, the trie, and the replacements, each ended by a zero.
///
/// The library follows the trie's links and the places of replacements without a look at where they lead, so every state
/// that a text can reach is visited here first.
///
/// # Errors
/// What is wrong with it, in words.
pub(super) fn read(map: &[u8]) -> Result<Precompiled, String> {
    check(map).ok_or(MALFORMED)?;
    Precompiled::from(map).map_err(|error| format!("{MALFORMED}: {error}"))
}

/// `None` if a link or a replacement lies outside the map.
fn check(map: &[u8]) -> Option<()> {
    let (length, rest) = map.split_first_chunk::<4>()?;
    let (trie, replacements) = rest.split_at_checked(usize::try_from(u32::from_le_bytes(*length)).ok()?)?;
    let replacements = str::from_utf8(replacements).ok()?;
    let (units, []) = trie.as_chunks::<4>() else { return None };
    let units: Vec<u32> = units.iter().map(|unit| u32::from_le_bytes(*unit)).collect();

    let root = offset(*units.first()?);
    let mut seen = vec![false; units.len()];
    let mut states = vec![root];
    while let Some(state) = states.pop() {
        // The 256 units beside a state are those that its bytes lead to.
        if (state | 0xFF) >= units.len() {
            return None;
        }
        if std::mem::replace(&mut seen[state], true) {
            continue;
        }
        for byte in 1..=255u8 {
            let place = state ^ usize::from(byte);
            let unit = units[place];
            if unit & (1 << 31 | 0xFF) != u32::from(byte) {
                continue;
            }
            let next = place ^ offset(unit);
            if unit >> 8 & 1 == 1 {
                let start = *units.get(next)? & !(1 << 31);
                replacements.get(usize::try_from(start).ok()?..)?;
            }
            states.push(next);
        }
    }
    Some(())
}

/// How far a unit's children lie from it.
fn offset(unit: u32) -> usize {
    ((unit >> 10) as usize) << ((unit & 1 << 9) >> 6)
}
