//! The command line of `reward-collapse`.

// Large problems take and return gigabytes in each step: the system's allocator spends a quarter of their time in the kernel.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

mod cli;

use std::process::ExitCode;

fn main() -> ExitCode {
    cli::run()
}
