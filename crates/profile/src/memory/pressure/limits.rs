//! Limits of control groups, of both versions.

use std::path::{Component, Path, PathBuf};

use super::signals::{Limit, Signals};

/// Version 1 says "no limit" with the greatest multiple of a page.
const UNLIMITED: u64 = 1 << 62;

/// The files of one version.
struct Version {
    /// Where the groups are, from the root.
    mount: &'static str,
    limit: &'static str,
    used: &'static str,
    /// The line of `memory.stat` with the bytes that are dropped first.
    idle: &'static str,
}

const FIRST: Version = Version {
    mount: "sys/fs/cgroup/memory",
    limit: "memory.limit_in_bytes",
    used: "memory.usage_in_bytes",
    idle: "total_inactive_file",
};

const SECOND: Version = Version {
    mount: "sys/fs/cgroup",
    limit: "memory.max",
    used: "memory.current",
    idle: "inactive_file",
};

/// Adds the limits of the groups that the process is in, and of all groups around those.
pub(super) fn read(root: &Path, signals: &mut Signals) {
    let Ok(groups) = std::fs::read_to_string(root.join("proc/self/cgroup")) else { return };
    for line in groups.lines() {
        let mut parts = line.splitn(3, ':');
        let (Some(_), Some(controllers), Some(group)) = (parts.next(), parts.next(), parts.next())
        else {
            signals
                .unreadable
                .push(format!("`/proc/self/cgroup` has a line that names no group: `{line}`."));
            continue;
        };
        if controllers.is_empty() {
            of_group(root, &SECOND, group, signals);
        } else if controllers.split(',').any(|controller| controller == "memory") {
            of_group(root, &FIRST, group, signals);
        }
    }
}

fn of_group(root: &Path, version: &Version, group: &str, signals: &mut Signals) {
    // A group outside of what this container sees is written with `..`.
    let names = Path::new(group).components().filter(|part| matches!(part, Component::Normal(_)));
    let group: PathBuf = names.collect();
    for group in group.ancestors() {
        let folder = root.join(version.mount).join(group);
        let mut number = |file: &str| {
            let text = std::fs::read_to_string(folder.join(file)).ok()?;
            match text.trim() {
                "max" => Some(u64::MAX),
                text => text.parse().ok().or_else(|| {
                    let path = folder.join(file);
                    signals
                        .unreadable
                        .push(format!("`{}` is no number: `{text}`.", path.display()));
                    None
                }),
            }
        };
        let (Some(limit), Some(used)) = (number(version.limit), number(version.used)) else {
            continue;
        };
        if limit >= UNLIMITED {
            continue;
        }
        let statistics = std::fs::read_to_string(folder.join("memory.stat")).unwrap_or_default();
        let idle = statistics.lines().find_map(|line| {
            let (name, value) = line.split_once(' ')?;
            (name == version.idle).then(|| value.trim().parse::<u64>().ok())?
        });
        signals.limits.push(Limit {
            group: format!("/{}", group.display()),
            limit,
            used: used.saturating_sub(idle.unwrap_or(0)),
        });
    }
}
