//! Steps as they happen, and at the end what each took and what was left out.

use std::process::Command;
use std::time::{Duration, Instant};

use anyhow::{Context, Result, bail};

/// The steps done so far and the things that could not be done.
#[derive(Default)]
pub struct Journal {
    steps: Vec<(&'static str, Duration)>,
    left_out: Vec<String>,
}

impl Journal {
    /// Runs a command to its end as one step; a failed command is an error.
    pub fn step(&mut self, title: &'static str, command: &mut Command) -> Result<()> {
        println!("==> {title}");
        let started = Instant::now();
        let status = command.status().with_context(|| {
            let program = command.get_program().to_string_lossy();
            format!("{title}: {program} could not be started.")
        })?;
        self.steps.push((title, started.elapsed()));
        if !status.success() {
            bail!("{title} failed ({status}).");
        }
        Ok(())
    }

    /// Remembers what could not be done, as a full sentence with its remedy.
    pub fn leave_out(&mut self, sentence: String) {
        self.left_out.push(sentence);
    }

    /// Prints how long each step took, then what was left out.
    pub fn close(&self) {
        if !self.steps.is_empty() {
            println!("\nSteps:");
        }
        for (title, duration) in &self.steps {
            println!("  {:>7.1} s  {title}", duration.as_secs_f64());
        }
        if !self.left_out.is_empty() {
            println!("\nLeft out:");
        }
        for sentence in &self.left_out {
            println!("  {sentence}");
        }
    }
}
