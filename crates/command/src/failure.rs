//! What ends a command early, and with which exit code.

use std::fmt;
use std::process::ExitCode;

use tachy_measure::CompareError;
use tachy_measure::duel::DuelError;
use tachy_measure::gate::GateError;
use tachy_store::StoreError;

/// Why a command ends early.
#[derive(Debug)]
pub enum Failure {
    /// A check failed or an engine did: exit code 1.
    Check(String),
    /// The usage or the input is bad: exit code 2.
    Input(String),
    /// Somebody stopped it, and what was known was told: exit code 130, as shells have it.
    Interrupted,
    /// Whoever reads the output has closed it: exit code 0, as for any other tool in a pipe.
    OutputClosed,
}

impl Failure {
    /// Bad usage or input.
    pub fn input(message: impl fmt::Display) -> Self {
        Self::Input(message.to_string())
    }

    /// Tells it on standard error, unless there is nothing to tell, and gives what the program ends with.
    pub fn tell(&self) -> ExitCode {
        if !matches!(self, Failure::OutputClosed | Failure::Interrupted) {
            anstream::eprintln!("\u{1b}[1;31merror\u{1b}[0m: {self}");
        }
        ExitCode::from(self.exit_code())
    }

    /// What the program ends with.
    pub fn exit_code(&self) -> u8 {
        match self {
            Failure::Check(_) => 1,
            Failure::Input(_) => 2,
            Failure::Interrupted => 130,
            Failure::OutputClosed => 0,
        }
    }
}

impl fmt::Display for Failure {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Failure::Check(message) | Failure::Input(message) => f.write_str(message),
            Failure::Interrupted | Failure::OutputClosed => Ok(()),
        }
    }
}

impl From<tachy_runtime::Error> for Failure {
    fn from(error: tachy_runtime::Error) -> Self {
        use tachy_runtime::Error;
        match error {
            Error::Engine { .. } | Error::UnsupportedOperator { .. } => {
                Failure::Check(error.to_string())
            }
            error => Failure::Input(error.to_string()),
        }
    }
}

impl From<CompareError> for Failure {
    fn from(error: CompareError) -> Self {
        match error {
            CompareError::NoReference { .. } => Failure::Check(error.to_string()),
            error => Failure::Input(error.to_string()),
        }
    }
}

impl From<DuelError> for Failure {
    fn from(error: DuelError) -> Self {
        Failure::Input(format!("{error}."))
    }
}

impl From<GateError> for Failure {
    fn from(error: GateError) -> Self {
        match error {
            // What does not build is a finding about the code, as what is slower is.
            GateError::Build { .. } => Failure::Check(format!("{error}.")),
            error => Failure::Input(format!("{error}.")),
        }
    }
}

impl From<StoreError> for Failure {
    fn from(error: StoreError) -> Self {
        match error {
            StoreError::Damaged { .. } | StoreError::Locked { .. } | StoreError::Full { .. } => {
                Failure::Check(sentence(&error.to_string()))
            }
            error => Failure::Input(sentence(&error.to_string())),
        }
    }
}

/// With a full stop.
fn sentence(text: &str) -> String {
    if text.ends_with('.') { text.to_owned() } else { format!("{text}.") }
}
