//! Files that appear whole or not at all.

use std::fs::OpenOptions;
use std::io::{self, Write};
use std::path::Path;

use tempfile::NamedTempFile;

/// Writes `content` under a temporary name beside `path`, ready to take the name by [`NamedTempFile::persist`].
///
/// # Errors
/// What the system says (a directory that is missing or may not be written, a full disk), and for a `path` that is a
/// directory, a file marked read-only or a link to nothing.
pub fn stage(path: &Path, content: &[u8]) -> io::Result<NamedTempFile> {
    if path.is_symlink() && !path.exists() {
        return Err(io::Error::new(io::ErrorKind::NotFound, "it is a link to a file that does not exist"));
    }
    match path.metadata() {
        // Either would be replaced, or fail, only at the very end.
        Ok(existing) if existing.is_dir() => {
            return Err(io::Error::new(io::ErrorKind::IsADirectory, "it is a directory"));
        }
        Ok(existing) if existing.permissions().readonly() => {
            return Err(io::Error::new(io::ErrorKind::PermissionDenied, "it is read-only"));
        }
        _ => {}
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

/// Replaces `path` by `content` in one step: a failure leaves what was there before. A symbolic link is followed, and what
/// is no regular file (a pipe, a terminal, `/dev/null`) is written to as it is.
///
/// # Errors
/// As [`stage`].
pub fn write(path: &Path, content: &[u8]) -> io::Result<()> {
    let Ok(target) = path.canonicalize() else {
        stage(path, content)?.persist(path)?;
        return Ok(());
    };
    if target.is_file() || target.is_dir() {
        stage(&target, content)?.persist(&target)?;
        Ok(())
    } else {
        OpenOptions::new().write(true).open(&target)?.write_all(content)
    }
}

/// Whether [`write()`] could succeed now, without changing anything.
///
/// # Errors
/// As [`stage`].
pub fn check_writable(path: &Path) -> io::Result<()> {
    match path.canonicalize() {
        Ok(target) if !target.is_file() && !target.is_dir() => Ok(()),
        Ok(target) => stage(&target, b"").map(drop),
        Err(_) => stage(path, b"").map(drop),
    }
}
