//! A child process seen from the harness: questions with a time limit, and its last words if it dies.

use std::io::{BufRead, BufReader, Read, Write};
use std::process::{Child, ChildStdin, Command, ExitStatus, Stdio};
use std::sync::mpsc::{Receiver, RecvTimeoutError, channel};
use std::sync::{Arc, Mutex};
use std::thread;
use std::time::Duration;

use serde::Serialize;
use serde::de::DeserializeOwned;

use crate::protocol::{Reply, Request};

/// How much of what a process wrote to standard error is kept for the message about its death.
const LAST_WORDS: usize = 2048;

/// The environment variable whose length is drawn by lot.
pub(crate) const PADDING: &str = "TACHY_PADDING";

/// Beyond a page, the place of the stack repeats itself.
pub(crate) const MOST_PADDING: usize = 4096;

/// A running child process. Dropping it kills it.
pub(crate) struct WorkerProcess {
    child: Child,
    requests: Option<ChildStdin>,
    replies: Receiver<std::io::Result<String>>,
    last_words: Arc<Mutex<Vec<u8>>>,
    words_ended: Receiver<()>,
}

/// Why there is no answer.
pub(crate) enum Silence {
    /// The process says that it failed.
    Failed { message: String, bad_input: bool, unsupported: bool },
    /// It died, hung or spoke nonsense.
    Broken(String),
}

impl Silence {
    /// What happened, as a sentence.
    pub(crate) fn message(self) -> String {
        match self {
            Silence::Failed { message, .. } | Silence::Broken(message) => message,
        }
    }
}

impl WorkerProcess {
    pub(crate) fn start(mut command: Command) -> Result<Self, Silence> {
        let mut child = command
            .stdin(Stdio::piped())
            .stdout(Stdio::piped())
            .stderr(Stdio::piped())
            .spawn()
            .map_err(|error| {
                Silence::Broken(format!("its process could not be started: {error}"))
            })?;
        let stdout = child.stdout.take().expect("standard output was piped");
        let (sender, replies) = channel();
        thread::spawn(move || {
            for line in BufReader::new(stdout).lines() {
                if sender.send(line).is_err() {
                    break;
                }
            }
        });
        let mut stderr = child.stderr.take().expect("standard error was piped");
        let last_words = Arc::new(Mutex::new(Vec::new()));
        let (ended, words_ended) = channel();
        let words = Arc::clone(&last_words);
        thread::spawn(move || {
            let mut piece = [0; 1024];
            while let Ok(length @ 1..) = stderr.read(&mut piece) {
                let mut words = words.lock().expect("nobody panics while holding it");
                words.extend_from_slice(&piece[..length]);
                let surplus = words.len().saturating_sub(LAST_WORDS);
                words.drain(..surplus);
            }
            // The harness may be gone; then nobody waits for this.
            let _ = ended.send(());
        });
        let requests = child.stdin.take();
        Ok(Self { child, requests, replies, last_words, words_ended })
    }

    /// Asks, and waits for the answer, but no longer than the limit.
    pub(crate) fn ask(&mut self, request: &Request, limit: Duration) -> Result<Reply, Silence> {
        self.tell(request);
        match self.hear(limit)? {
            Reply::Failed { message, bad_input, unsupported } => {
                Err(Silence::Failed { message, bad_input, unsupported })
            }
            reply => Ok(reply),
        }
    }

    /// Says something, for which there may be any number of answers.
    pub(crate) fn tell(&mut self, request: &impl Serialize) {
        let line = serde_json::to_string(request).expect("requests are plain data");
        let requests = self.requests.as_mut().expect("the connection is open while it lives");
        // A process that has died closes its end; its death is told with its last words, instead of an answer.
        let _ = writeln!(requests, "{line}");
    }

    /// Waits for the next answer, but no longer than the limit.
    pub(crate) fn hear<T: DeserializeOwned>(&mut self, limit: Duration) -> Result<T, Silence> {
        match self.replies.recv_timeout(limit) {
            Ok(Ok(line)) => serde_json::from_str(&line)
                .map_err(|_| Silence::Broken(format!("its process answered nonsense: {line}"))),
            Ok(Err(error)) => {
                Err(Silence::Broken(format!("the connection to its process broke: {error}")))
            }
            Err(RecvTimeoutError::Disconnected) => Err(Silence::Broken(self.death())),
            Err(RecvTimeoutError::Timeout) => {
                // Nothing can be done about a kill that fails, and dropping it tries again.
                let _ = self.child.kill();
                Err(Silence::Broken(format!(
                    "it did not answer within {} s and was stopped; `--timeout` sets the limit",
                    limit.as_secs()
                )))
            }
        }
    }

    fn death(&mut self) -> String {
        let status = match self.child.wait() {
            Ok(status) => describe(status),
            Err(error) => format!("its process is lost: {error}"),
        };
        let _ = self.words_ended.recv_timeout(Duration::from_secs(1));
        let words = self.last_words.lock().expect("nobody panics while holding it");
        let words = String::from_utf8_lossy(&words);
        let last: Vec<&str> =
            words.lines().rev().filter(|line| !line.trim().is_empty()).take(3).collect();
        match last.is_empty() {
            true => status,
            false => {
                let last: Vec<&str> = last.into_iter().rev().map(str::trim).collect();
                format!("{status}; its last words: {}", last.join(" / "))
            }
        }
    }
}

impl Drop for WorkerProcess {
    fn drop(&mut self) {
        // Closing its standard input asks it to end; an engine's clean-up may crash or hang, so it is not awaited.
        drop(self.requests.take());
        let _ = self.child.kill();
        let _ = self.child.wait();
    }
}

#[cfg(unix)]
pub(crate) fn describe(status: ExitStatus) -> String {
    use std::os::unix::process::ExitStatusExt;
    match status.signal() {
        Some(signal) => {
            let name = match signal {
                4 => " (illegal instruction)",
                6 => " (abort)",
                7 => " (bus error)",
                8 => " (arithmetic error)",
                9 => " (killed, perhaps for lack of memory)",
                11 => " (segmentation fault)",
                _ => "",
            };
            format!("its process was ended by signal {signal}{name}")
        }
        None => format!("its process ended early ({status})"),
    }
}

#[cfg(not(unix))]
pub(crate) fn describe(status: ExitStatus) -> String {
    format!("its process ended early ({status})")
}
