//! What the system says about its memory.

/// What the system says about its memory; nothing is assumed where it says nothing.
#[derive(Clone, Debug, Default, PartialEq)]
pub struct Signals {
    /// The machine's memory, or that of the device.
    pub capacity: Option<Capacity>,
    /// Limits of the control groups that the process is in, its own first.
    pub limits: Vec<Limit>,
    /// How long programs waited for memory.
    pub stall: Option<Stall>,
    /// The system's own word for it.
    pub stated: Option<SystemLevel>,
    /// Files that were there and could not be understood, with the reason as a sentence.
    pub unreadable: Vec<String>,
}

/// The memory of a machine or a device, in bytes.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub struct Capacity {
    /// All of it.
    pub total: u64,
    /// What a program could still get.
    pub available: u64,
}

/// A limit of a control group, in bytes.
#[derive(Clone, Debug, PartialEq, Eq)]
pub struct Limit {
    /// The group's path.
    pub group: String,
    /// The most that the group may hold: beyond it programs are killed, or slowed down.
    pub limit: u64,
    /// What it holds, without files that were not used lately: those are dropped first.
    pub used: u64,
}

/// The share of the last ten seconds in which programs waited for memory, in percent (Linux's pressure stall
/// information).
#[derive(Clone, Copy, Debug, PartialEq)]
pub struct Stall {
    /// At least one waited.
    pub some: f64,
    /// All of them waited.
    pub full: f64,
}

/// What macOS says.
#[derive(Clone, Copy, Debug, PartialEq, Eq)]
pub enum SystemLevel {
    /// Memory is not scarce.
    Normal,
    /// Programs should give back what they can do without.
    Warning,
    /// Programs are about to be ended.
    Critical,
}
