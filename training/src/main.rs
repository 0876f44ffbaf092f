//! The program `reward-collapse-training`, which `reward-collapse` runs for `dataset`, `train` and `score`.

// As `reward-collapse` has it.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    reward_collapse_training::cli::run()
}
