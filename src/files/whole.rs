//! Files that appear whole or not at all.

use std::fs::{File, OpenOptions};
use std::io::{self, BufWriter, Write};
use std::path::{Path, PathBuf};

use tempfile::NamedTempFile;

use super::{FileError, OnFile};

/// How temporary names begin; a file of such a name was left by a program that was killed.
pub const TEMPORARY: &str = ".reward-collapse-";

/// Writes `content` under a temporary name beside `path`, ready to take the name by [`NamedTempFile::persist`].
///
/// # Errors
/// [`FileError`]: a directory that is missing or may not be written, a full disk, and a `path` that is a directory, a file
/// marked read-only or a link to nothing.
pub fn stage(path: &Path, content: &[u8]) -> Result<NamedTempFile, FileError> {
    let staged = || {
        let mut file = beside(path)?;
        file.write_all(content)?;
        file.as_file().sync_all()?;
        io::Result::Ok(file)
    };
    staged().writing(path)
}

/// An empty file under a temporary name beside `path`.
fn beside(path: &Path) -> io::Result<NamedTempFile> {
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
    builder.prefix(TEMPORARY);
    // A temporary file is private by default; a result is for everyone whom the umask admits.
    #[cfg(unix)]
    builder.permissions(std::os::unix::fs::PermissionsExt::from_mode(0o666));
    builder.tempfile_in(directory).map_err(without_name)
}

/// The system's reason alone: the temporary name is none that anyone asked for.
fn without_name(error: io::Error) -> io::Error {
    let text = error.to_string();
    match text.split_once(" at path ") {
        Some((reason, _)) => io::Error::new(error.kind(), reason),
        None => error,
    }
}

/// Replaces `path` by `content` in one step: a failure leaves what was there before. A symbolic link is followed, and what
/// is no regular file (a pipe, a terminal, `/dev/null`) is written to as it is.
///
/// # Errors
/// As [`stage`].
pub fn write(path: &Path, content: &[u8]) -> Result<(), FileError> {
    let mut writer = Writer::create(path)?;
    writer.write_all(content).writing(path)?;
    writer.finish()
}

/// Whether [`write()`] could succeed now, without changing anything.
///
/// # Errors
/// As [`stage`].
pub fn check_writable(path: &Path) -> Result<(), FileError> {
    match path.canonicalize() {
        Ok(target) if !target.is_file() && !target.is_dir() => Ok(()),
        Ok(target) => beside(&target).map(drop).writing(path),
        Err(_) => beside(path).map(drop).writing(path),
    }
}

/// Writes a file piece by piece under a temporary name, which [`Writer::finish`] makes its own. What is dropped before
/// leaves nothing behind. Links and what is no regular file are treated as by [`write()`].
#[derive(Debug)]
pub struct Writer {
    target: Target,
    /// As it was given, for errors.
    path: PathBuf,
}

#[derive(Debug)]
enum Target {
    Staged { file: BufWriter<NamedTempFile>, path: PathBuf },
    Device(BufWriter<File>),
}

impl Writer {
    /// Begins the file at `path`.
    ///
    /// # Errors
    /// As [`stage`].
    pub fn create(path: &Path) -> Result<Self, FileError> {
        let target = Target::of(path).writing(path)?;
        Ok(Self { target, path: path.to_owned() })
    }

    /// Synchronises the file to disk and gives it its name.
    ///
    /// # Errors
    /// [`FileError`]; what was there before is then still there.
    pub fn finish(self) -> Result<(), FileError> {
        self.target.finish().writing(&self.path)
    }
}

impl Target {
    fn of(path: &Path) -> io::Result<Self> {
        let path = path.canonicalize().unwrap_or_else(|_| path.to_owned());
        if path.is_file() || path.is_dir() || !path.exists() {
            Ok(Target::Staged { file: BufWriter::new(beside(&path)?), path })
        } else {
            Ok(Target::Device(BufWriter::new(OpenOptions::new().write(true).open(&path)?)))
        }
    }

    fn finish(self) -> io::Result<()> {
        match self {
            Target::Staged { file, path } => {
                let file = file.into_inner().map_err(io::IntoInnerError::into_error)?;
                file.as_file().sync_all()?;
                file.persist(path)?;
                Ok(())
            }
            Target::Device(mut file) => file.flush(),
        }
    }
}

impl Write for Writer {
    fn write(&mut self, bytes: &[u8]) -> io::Result<usize> {
        match &mut self.target {
            Target::Staged { file, .. } => file.write(bytes),
            Target::Device(file) => file.write(bytes),
        }
    }

    fn flush(&mut self) -> io::Result<()> {
        match &mut self.target {
            Target::Staged { file, .. } => file.flush(),
            Target::Device(file) => file.flush(),
        }
    }
}
