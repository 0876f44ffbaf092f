//! `reward-collapse dataset`, `train` and `score`: run by the program of the training package.

use std::ffi::OsString;
use std::io::ErrorKind;
use std::path::PathBuf;
use std::process::Command;

use clap::Args;

use super::CliError;

/// The program that has these commands. It needs libtorch, which solving a problem does not.
const PROGRAM: &str = "reward-collapse-training";

/// Whatever stands behind the command's name.
#[derive(Debug, Args)]
pub struct Arguments {
    /// Arguments of the command; `--help` lists them.
    #[arg(value_name = "ARGUMENTS", trailing_var_arg = true, allow_hyphen_values = true)]
    arguments: Vec<OsString>,
}

/// Runs `reward-collapse-training COMMAND ARGUMENTS`, as `cargo` and `git` run theirs: on Unix in place of this process, so
/// that signals, the terminal and the exit status are its own.
pub fn run(command: &str, arguments: &Arguments, quiet: bool) -> Result<(), CliError> {
    let program = beside_this_program().unwrap_or_else(|| PROGRAM.into());
    let mut process = Command::new(&program);
    process.args(quiet.then_some("--quiet")).arg(command).args(&arguments.arguments);
    let error = execute(&mut process)?;
    Err(CliError::Input(match error.kind() {
        ErrorKind::NotFound => format!(
            "`{command}` needs the program {PROGRAM}, which is neither beside this one nor on the PATH: \
             `make training` builds it, and fetches libtorch (550 MB) for it"
        ),
        _ => format!("cannot run {}: {error}", program.display()),
    }))
}

/// The program in the folder of this one, where `cargo` and `make` leave both.
fn beside_this_program() -> Option<PathBuf> {
    let name = format!("{PROGRAM}{}", std::env::consts::EXE_SUFFIX);
    let path = std::env::current_exe().ok()?.parent()?.join(name);
    path.is_file().then_some(path)
}

/// Becomes the process; returns only what kept it from being started.
#[cfg(unix)]
fn execute(process: &mut Command) -> Result<std::io::Error, CliError> {
    use std::os::unix::process::CommandExt;
    Ok(process.exec())
}

/// Runs the process and ends with its exit status; returns only what kept it from being started.
#[cfg(not(unix))]
fn execute(process: &mut Command) -> Result<std::io::Error, CliError> {
    match process.status() {
        Ok(status) => std::process::exit(status.code().unwrap_or(1)),
        Err(error) => Ok(error),
    }
}
