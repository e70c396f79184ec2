//! What makes measurements of different runs comparable.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use tachy_measure::{Environment, Metric};

/// The name by which measurements of different runs belong together: the benchmark, its parameters, the metric and
/// the kind of machine.
#[derive(Debug, Clone, PartialEq, Eq, Hash, PartialOrd, Ord, Serialize, Deserialize)]
pub struct SeriesKey {
    /// The benchmark's name.
    pub benchmark: String,
    /// Its parameters.
    pub parameters: BTreeMap<String, String>,
    /// What was measured.
    pub metric: Metric,
    /// The kind of machine: see [`machine_identity`].
    pub machine: String,
}

/// `zoo:resnet-18 device=cpu threads=2: run on Example 9000, 2 processors, 16 GiB, x86_64-linux`.
impl fmt::Display for SeriesKey {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.benchmark)?;
        for (name, value) in &self.parameters {
            write!(f, " {name}={value}")?;
        }
        write!(f, ": {} on {}", self.metric.name(), self.machine)
    }
}

/// The kind of machine, as text: processor, processors that may be used, memory, graphics processors, architecture
/// and system. Two machines of one kind share their history; a machine that is updated keeps its own, because neither
/// the kernel nor any version is part of it.
pub fn machine_identity(environment: &Environment) -> String {
    let Environment { processor, logical_processors, memory, gpus, architecture, system, .. } =
        environment;
    let mut parts = Vec::new();
    if !processor.is_empty() {
        parts.push(processor.clone());
    }
    match logical_processors {
        0 => {}
        1 => parts.push("1 processor".to_owned()),
        count => parts.push(format!("{count} processors")),
    }
    if *memory > 0 {
        // What the kernel keeps for itself changes from version to version; the next even number of GiB does not.
        let gib = (*memory as f64 / f64::from(1 << 30) / 2.0).round() * 2.0;
        parts.push(format!("{} GiB", gib.max(1.0)));
    }
    parts.extend(gpus.iter().cloned());
    let family = system.split([' ', '(']).next().unwrap_or_default();
    let platform = [architecture.as_str(), family].into_iter().filter(|part| !part.is_empty());
    let platform = platform.collect::<Vec<_>>().join("-").to_lowercase();
    if !platform.is_empty() {
        parts.push(platform);
    }
    match parts.is_empty() {
        true => "an unknown machine".to_owned(),
        false => parts.join(", "),
    }
}

/// The metric's name in files and stores: `first_call`.
pub fn metric_identifier(metric: Metric) -> String {
    metric.name().replace(' ', "_")
}

/// The metric of this name, in either form: `first_call` or `first call`.
pub fn metric_of_identifier(name: &str) -> Option<Metric> {
    serde_json::from_value(name.replace(' ', "_").into()).ok()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn an_update_of_the_system_does_not_make_another_machine() {
        let before = Environment {
            system: "Linux (Debian GNU/Linux 12)".to_owned(),
            architecture: "x86_64".to_owned(),
            processor: "Example 9000".to_owned(),
            logical_processors: 2,
            memory: 16_700_000_000,
            kernel: Some("6.1".to_owned()),
            ..Environment::default()
        };
        let after = Environment {
            system: "Linux (Debian GNU/Linux 13)".to_owned(),
            memory: 16_650_000_000,
            kernel: Some("6.12".to_owned()),
            ..before.clone()
        };
        let identity = machine_identity(&before);
        assert_eq!(identity, "Example 9000, 2 processors, 16 GiB, x86_64-linux");
        assert_eq!(machine_identity(&after), identity);
        assert_eq!(machine_identity(&Environment::default()), "an unknown machine");
    }

    #[test]
    fn metrics_have_names_in_files() {
        for metric in [Metric::Run, Metric::FirstCall, Metric::PeakMemory, Metric::AllocatedBytes] {
            assert_eq!(metric_of_identifier(&metric_identifier(metric)), Some(metric));
            assert_eq!(metric_of_identifier(metric.name()), Some(metric));
        }
        assert_eq!(metric_of_identifier("speed"), None);
    }
}
