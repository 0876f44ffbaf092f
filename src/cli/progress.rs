//! ProgressDisplay on standard error, for what takes over a second.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressDrawTarget, ProgressStyle};

/// Nothing is drawn before this.
const PATIENCE: Duration = Duration::from_millis(800);

/// A line that says what is being done; it appears after 0.8 s, on a terminal only, and leaves nothing behind.
#[derive(Debug)]
pub struct ProgressDisplay {
    bar: ProgressBar,
    wanted: bool,
}

impl ProgressDisplay {
    /// `steps`: how many, where that is known.
    pub fn new(quiet: bool, steps: Option<u64>) -> Self {
        if quiet {
            return Self { bar: ProgressBar::hidden(), wanted: false };
        }
        let bar = ProgressBar::with_draw_target(steps, ProgressDrawTarget::hidden());
        let template = match steps {
            Some(_) => "{bar:24} {pos}/{len}  {elapsed}  {wide_msg}",
            None => "{spinner} {elapsed}  {wide_msg}",
        };
        if let Ok(style) = ProgressStyle::with_template(template) {
            bar.set_style(style);
        }
        let late = bar.downgrade();
        std::thread::spawn(move || {
            std::thread::sleep(PATIENCE);
            if let Some(bar) = late.upgrade().filter(|bar| !bar.is_finished()) {
                bar.set_draw_target(ProgressDrawTarget::stderr());
                bar.enable_steady_tick(Duration::from_millis(120));
            }
        });
        Self { bar, wanted: true }
    }

    /// Whether there is a terminal to draw on.
    pub fn is_shown(&self) -> bool {
        self.wanted && std::io::stderr().is_terminal()
    }

    /// What is being done now.
    pub fn message(&self, text: impl Into<String>) {
        self.bar.set_message(text.into());
    }

    /// How many steps are done.
    pub fn done(&self, steps: u64) {
        self.bar.set_position(steps);
    }

    /// How many steps of how many are done.
    pub fn of(&self, steps: u64, total: u64) {
        self.bar.set_length(total);
        self.bar.set_position(steps);
    }

    /// Takes the line off the screen while something else is written there.
    pub fn aside(&self, write: impl FnOnce()) {
        self.bar.suspend(write);
    }

    /// The bar, for a callback that outlives a borrow.
    pub fn handle(&self) -> ProgressBar {
        self.bar.clone()
    }
}

impl Drop for ProgressDisplay {
    fn drop(&mut self) {
        self.bar.finish_and_clear();
    }
}
