//! Files that are compressed.

use std::io::{self, Cursor, Read};

const GZIP: &[u8] = &[0x1f, 0x8b];
const ZSTANDARD: &[u8] = &[0x28, 0xb5, 0x2f, 0xfd];

/// Whether something that begins with `head` is compressed in a form that [`unpack`] reads.
pub fn is_packed(head: &[u8]) -> bool {
    head.starts_with(GZIP) || head.starts_with(ZSTANDARD)
}

/// Reads what `reader` has, unpacked if it is gzip or Zstandard, which its first bytes tell. Several such pieces in a row
/// are read one after the other.
///
/// # Errors
/// Of the reader, and for something compressed in a build without the feature `tables`.
pub fn unpack<R: Read + 'static>(mut reader: R) -> io::Result<Box<dyn Read>> {
    let mut head = Vec::new();
    // A pipe may give less at a time.
    reader.by_ref().take(ZSTANDARD.len() as u64).read_to_end(&mut head)?;
    let (is_gzip, is_zstandard) = (head.starts_with(GZIP), head.starts_with(ZSTANDARD));
    let whole = Cursor::new(head).chain(reader);
    match (is_gzip, is_zstandard) {
        (true, _) => gzip(whole),
        (_, true) => zstandard(whole),
        _ => Ok(Box::new(whole)),
    }
}

#[cfg(feature = "tables")]
fn gzip(reader: impl Read + 'static) -> io::Result<Box<dyn Read>> {
    Ok(Box::new(flate2::read::MultiGzDecoder::new(reader)))
}

#[cfg(feature = "tables")]
fn zstandard(reader: impl Read + 'static) -> io::Result<Box<dyn Read>> {
    Ok(Box::new(zstd::stream::read::Decoder::new(reader)?))
}

#[cfg(not(feature = "tables"))]
fn gzip(_: impl Read + 'static) -> io::Result<Box<dyn Read>> {
    Err(io::Error::new(io::ErrorKind::Unsupported, "it is compressed, and this build lacks the feature `tables`"))
}

#[cfg(not(feature = "tables"))]
use gzip as zstandard;
