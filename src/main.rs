//! The command line of `reward-collapse`.

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
