//! Files that appear whole or not at all.

use std::io::{self, Write};
use std::path::Path;

use tempfile::NamedTempFile;

/// Writes `content` under a temporary name beside `path`, ready to take the name by [`NamedTempFile::persist`].
///
/// # Errors
/// What the system says: a directory that is missing or may not be written, a full disk.
pub fn stage(path: &Path, content: &[u8]) -> io::Result<NamedTempFile> {
    // Taking the name of a directory would fail only at the very end.
    if path.is_dir() {
        return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a directory"));
    }
    let directory = match path.parent() {
        Some(parent) if !parent.as_os_str().is_empty() => parent,
        _ => Path::new("."),
    };
    let mut builder = tempfile::Builder::new();
    builder.prefix(".reward-collapse-");
    // A temporary file is private by default; a result is for everyone whom the umask admits.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    let mut file = builder.tempfile_in(directory)?;
    file.write_all(content)?;
    file.as_file().sync_all()?;
    Ok(file)
}

/// Replaces `path` by `content` in one step: a failure leaves what was there before.
///
/// # Errors
/// As [`stage`].
pub fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    stage(path, content)?.persist(path).map_err(|error| error.error)?;
    Ok(())
}

/// Whether [`write()`] could succeed now, without changing anything.
///
/// # Errors
/// As [`stage`].
pub fn check_writable(path: &Path) -> io::Result<()> {
    stage(path, b"").map(drop)
}
