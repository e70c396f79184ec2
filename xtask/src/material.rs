//! The test material that Python writes: node tests and re-seeded models.

use std::path::PathBuf;

use anyhow::Result;

use crate::journal::Journal;
use crate::python::Environment;
use crate::stamp::Stamp;
use crate::workspace::{Workspace, non_empty_variable};

struct Group {
    folder: &'static str,
    title: &'static str,
    script: &'static str,
}

const GROUPS: [Group; 2] = [
    Group { folder: "node", title: "write the node tests", script: "node_cases.py" },
    Group { folder: "light", title: "re-seed the light models", script: "light_models.py" },
];

/// Makes what is not there yet or was made from other sources or packages; returns the folder that holds it all.
pub fn prepare(
    workspace: &Workspace,
    journal: &mut Journal,
    python: &Environment,
) -> Result<PathBuf> {
    let folder = match non_empty_variable("TACHY_TEST_DATA") {
        Some(folder) => std::path::absolute(folder)?,
        None => workspace.target().join("test-data"),
    };
    let helpers = workspace.helpers();
    for group in &GROUPS {
        let sources = ["requirements.txt", "backend_test.py", group.script];
        let stamp = Stamp::new(
            folder.join(format!("{}.stamp", group.folder)),
            &sources.map(|source| helpers.join(source)),
        )?;
        if stamp.is_current() {
            continue;
        }
        stamp.remove()?;
        let mut command = python.helper(workspace, group.script);
        journal.step(group.title, command.arg(folder.join(group.folder)))?;
        stamp.write()?;
    }
    Ok(folder)
}
