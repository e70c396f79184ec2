//! Progress on standard error, if that is a terminal.

use std::io::IsTerminal;
use std::time::Duration;

use indicatif::{ProgressBar, ProgressStyle};
use tachy_measure::Event;

/// A progress bar; nothing at all where standard error is not a terminal.
pub struct Progress(ProgressBar);

impl Progress {
    /// A bar of so many steps; 0 where they are not known yet.
    pub fn new(length: u64) -> Self {
        if !std::io::stderr().is_terminal() {
            return Self(ProgressBar::hidden());
        }
        let style =
            ProgressStyle::with_template("{bar:28.cyan/dim} {percent:>3}%  {elapsed}  {msg}")
                .expect("the template is valid")
                .progress_chars("━━╌");
        let bar = ProgressBar::new(length).with_style(style);
        bar.enable_steady_tick(Duration::from_millis(200));
        Self(bar)
    }

    /// Shows what happens in a comparison.
    pub fn observe(&self, event: Event<'_>) {
        match event {
            Event::Reference(device) => self.say(format!("{device} computes the reference")),
            Event::Starting { device, process } => {
                self.say(format!("{device} starts and warms up (process {})", process + 1));
            }
            Event::Case(case) => self.say(format!("{case} is next")),
            Event::Sampling { device } => self.say(format!("{device} is timed")),
            Event::Lost { device, message } => {
                self.line(&format!("{device} is out: {message}"));
            }
            Event::Progress { done, of } => self.at(done, of),
        }
    }

    /// Writes a line above the bar, if there is one.
    pub fn line(&self, line: &str) {
        self.0.println(line);
    }

    /// So much is done.
    pub fn at(&self, done: usize, of: usize) {
        self.0.set_length(of as u64);
        self.0.set_position(done as u64);
    }

    /// Writes a line to standard error for good, be that a terminal or not.
    pub fn tell(&self, line: &str) {
        self.0.suspend(|| anstream::eprintln!("{line}"));
    }

    /// Says what is going on.
    pub fn say(&self, message: String) {
        self.0.set_message(message);
    }

    /// One step more.
    pub fn step(&self) {
        self.0.inc(1);
    }
}

impl Drop for Progress {
    fn drop(&mut self) {
        self.0.finish_and_clear();
    }
}
