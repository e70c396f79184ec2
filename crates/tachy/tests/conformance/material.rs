//! The cases that `cargo xtask data` prepares.

use std::collections::BTreeSet;
use std::path::PathBuf;

use serde::Deserialize;

/// The folder that `TACHY_TEST_DATA` names.
pub struct Material {
    folder: PathBuf,
}

/// One node test or light model.
pub struct TestCase {
    pub name: String,
    pub folder: PathBuf,
    /// The operators' names, a domain other than ONNX's own in front; none for a light model.
    pub operators: BTreeSet<String>,
    /// The element types of inputs and outputs, as ONNX spells them, in lower case; none for a light model.
    pub dtypes: BTreeSet<String>,
}

#[derive(Deserialize)]
struct Index {
    tests: Vec<IndexEntry>,
}

#[derive(Deserialize)]
struct IndexEntry {
    name: String,
    operators: Vec<IndexOperator>,
    inputs: Vec<String>,
    outputs: Vec<String>,
}

#[derive(Deserialize)]
struct IndexOperator {
    domain: String,
    operator: String,
}

impl Material {
    pub fn find() -> Option<Self> {
        std::env::var_os("TACHY_TEST_DATA").map(|folder| Self { folder: folder.into() })
    }

    /// The node tests whose every operator is listed in the catalogue.
    pub fn node_cases_of_supported_operators(&self) -> Vec<TestCase> {
        let supported: BTreeSet<String> = tachy::graph::onnx::operators()
            .into_iter()
            .map(|operator| qualified(operator.domain, operator.name))
            .collect();
        let path = self.folder.join("node/index.json");
        let text = std::fs::read_to_string(&path)
            .unwrap_or_else(|error| panic!("{}: {error}", path.display()));
        let index: Index = serde_json::from_str(&text).expect("the index is as xtask writes it");
        index
            .tests
            .into_iter()
            .map(|entry| TestCase {
                folder: self.folder.join("node").join(&entry.name),
                operators: entry
                    .operators
                    .iter()
                    .map(|operator| qualified(&operator.domain, &operator.operator))
                    .collect(),
                dtypes: entry.inputs.into_iter().chain(entry.outputs).collect(),
                name: entry.name,
            })
            .filter(|case| case.operators.is_subset(&supported))
            .collect()
    }

    pub fn light_cases(&self) -> Vec<TestCase> {
        let folders = tachy::measure::find_cases(&self.folder.join("light"));
        let case = |folder: PathBuf| TestCase {
            name: folder.file_name().unwrap_or_default().to_string_lossy().into_owned(),
            folder,
            operators: BTreeSet::new(),
            dtypes: BTreeSet::new(),
        };
        folders.expect("the material is readable").into_iter().map(case).collect()
    }
}

fn qualified(domain: &str, name: &str) -> String {
    match domain {
        "" | "ai.onnx" => name.to_owned(),
        domain => format!("{domain}::{name}"),
    }
}
