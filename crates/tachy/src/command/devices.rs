//! `tachy devices`.

use clap::Args;

use super::failure::Failure;
use super::output;

/// Show the devices: which can be used, and what would bring the others.
#[derive(Debug, Args)]
pub(super) struct Devices {
    /// Print JSON
    #[arg(long)]
    json: bool,
}

impl Devices {
    pub(super) fn execute(self) -> Result<(), Failure> {
        let devices = crate::registry().devices();
        let text = if self.json {
            serde_json::to_string_pretty(&devices).expect("devices are plain data") + "\n"
        } else {
            tachy_report::devices(&devices, output::look(None))
        };
        output::write(&text, None)
    }
}
