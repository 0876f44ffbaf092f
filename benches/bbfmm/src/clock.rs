//! Time on the wall and on the processors, which differ where others use the machine too.

use std::time::Instant;

/// A duration.
#[derive(Clone, Copy)]
pub struct Seconds {
    pub wall: f64,
    /// Over all threads of the process; NaN where the system does not say.
    pub cpu: f64,
}

/// When something began.
pub struct Clock(Instant, f64);

impl Clock {
    /// Now.
    pub fn start() -> Self {
        Self(Instant::now(), cpu())
    }

    /// Since then.
    pub fn read(&self) -> Seconds {
        Seconds { wall: self.0.elapsed().as_secs_f64(), cpu: cpu() - self.1 }
    }
}

fn cpu() -> f64 {
    let Ok(tasks) = std::fs::read_dir("/proc/self/task") else { return f64::NAN };
    let nanoseconds = |path| -> Option<f64> { std::fs::read_to_string(path).ok()?.split(' ').next()?.parse().ok() };
    tasks.flatten().map(|task| nanoseconds(task.path().join("schedstat")).unwrap_or(f64::NAN)).sum::<f64>() * 1e-9
}
