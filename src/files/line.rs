//! Lines of a text, whatever ends them.

/// The first place in `text` from `offset` on that ends no line. Readers of tables tell where they stood before a record,
/// which may be within the end of the line above, or before blank lines.
pub fn past_line_ends(text: &[u8], offset: u64) -> usize {
    let offset = usize::try_from(offset).unwrap_or(usize::MAX).min(text.len());
    let rest = &text[offset..];
    offset + rest.iter().position(|byte| !matches!(byte, b'\n' | b'\r')).unwrap_or(rest.len())
}

/// The number, counted from 1, of the line of `text` that a reader of tables takes up at `offset`. A line ends with `\n`,
/// with `\r\n` or with `\r`.
pub fn line_at(text: &[u8], offset: u64) -> u64 {
    let before = &text[..past_line_ends(text, offset)];
    let ends_line = |(byte, next): &(&u8, Option<&u8>)| match **byte {
        b'\n' => true,
        b'\r' => *next != Some(&b'\n'),
        _ => false,
    };
    let next = before.iter().skip(1).map(Some).chain([None]);
    1 + before.iter().zip(next).filter(ends_line).count() as u64
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn lines_are_counted_whatever_ends_them() {
        for end in ["\n", "\r\n", "\r"] {
            let text = ["one", "two", "", "four"].join(end);
            let place = |word: &str| text.find(word).unwrap_or_default();
            for (line, word) in [(1, "one"), (2, "two"), (4, "four")] {
                assert_eq!(line_at(text.as_bytes(), place(word) as u64), line, "{text:?}");
            }
            // From the end of the second line on, and from within it.
            for offset in place("two") + 3..place("four") {
                assert_eq!(line_at(text.as_bytes(), offset as u64), 4, "{text:?}, {offset}");
            }
        }
        assert_eq!(line_at(b"", 0), 1);
        assert_eq!(line_at(b"one\n", 99), 2);
        assert_eq!(line_at(b"one\ntwo\n", 4), 2);
    }
}
