//! The program `reward-collapse`.

// Large problems take and return gigabytes in each step: the system's allocator spends a quarter of their time in the kernel.
#[global_allocator]
static ALLOCATOR: mimalloc::MiMalloc = mimalloc::MiMalloc;

fn main() -> std::process::ExitCode {
    reward_collapse::cli::run()
}
