//! The resources that are computed: a list of functions, one file for each component.
//!
//! A later component adds a file and its entries in [`ALL`].

mod balancers;
mod databases;
mod poolers;
mod servers;

use ennead_components::Options;
use serde::Serialize;

use super::coefficients::Coefficient;
use super::ground::{Ground, Left};
use super::utilise::Use;

/// In what a resource is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Things at the same time.
    Count,
    /// Things in a second.
    PerSecond,
    /// Processors' worth of time.
    Processors,
    /// Bytes, told in powers of 1024 as memory is sold.
    MemoryBytes,
    /// Bytes, told in powers of 1000 as disks are sold.
    DiskBytes,
}

/// An option that limits a resource and may be raised.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting {
    /// Its path in the spec.
    pub path: &'static str,
    pub get: fn(&Options) -> u32,
    pub set: fn(&mut Options, u32),
}

/// A resource and how it is computed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind {
    /// Stable name.
    pub key: &'static str,
    /// What it is, for people.
    pub what: &'static str,
    pub unit: Unit,
    /// The component without which there is no such resource.
    pub component: &'static str,
    /// What sets the supply, for people.
    pub limit: &'static str,
    /// What it is computed with.
    pub coefficients: &'static [Coefficient],
    /// Whether instances share the load, so that more of them help.
    pub spreads: bool,
    /// Whether a larger server type may help.
    pub grows: bool,
    pub setting: Option<Setting>,
    /// Returns the use; `None` when nothing of the resource is left.
    pub compute: fn(&Ground<'_>, &Left<'_>) -> Option<Use>,
}

/// Every resource.
pub(super) const ALL: [&Kind; 9] = [
    &balancers::SESSIONS,
    &balancers::EXCHANGES,
    &poolers::CLIENTS,
    &poolers::TRANSACTIONS,
    &poolers::HANDSHAKES,
    &databases::BACKENDS,
    &servers::PROCESSORS,
    &servers::MEMORY,
    &servers::DISK,
];
