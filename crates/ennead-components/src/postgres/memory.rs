//! Limits that follow from memory: pure arithmetic.

use ennead_model::Node;

use super::{NAME, Options};
use crate::Context;

const MIB: u64 = 1 << 20;
const CONNECTIONS_PER_GIB: u64 = 25;
/// Enough for replication, operators and a small application.
const CONNECTIONS_LEAST: u64 = 100;
/// More backends than this only wait for each other. Source: EDB's advice for transaction load.
const CONNECTIONS_MOST: u64 = 300;

/// Memory settings of one instance, in MiB.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Memory {
    /// PostgreSQL's own cache. Taken from the system only as it is used.
    pub shared_buffers_mib: u64,
    /// What the planner believes to be cached in all.
    pub effective_cache_mib: u64,
    /// For one index build or vacuum.
    pub maintenance_work_mib: u64,
    /// For one sort or hash of one query.
    pub work_mib: u64,
}

/// Returns the memory settings of a node; `connections_max` is that of the cluster.
pub fn memory(options: &Options, node: &Node, connections_max: u32) -> Memory {
    let whole = node.memory_bytes / MIB;
    let shared = whole * u64::from(options.shared_buffers_percent) / 100;
    Memory {
        shared_buffers_mib: shared.max(128),
        effective_cache_mib: (whole * 3 / 4).max(256),
        maintenance_work_mib: (whole / 16).clamp(64, 2048),
        // A quarter of the memory for all connections together, several sorts each now and then.
        work_mib: (whole / 4 / u64::from(connections_max.max(1))).clamp(4, 64),
    }
}

/// Returns the most connections of every instance: equal on all, as the smallest can bear.
pub fn connections_max(context: &Context<'_>) -> u32 {
    let options = &context.options.postgres;
    if options.connections_max > 0 {
        return options.connections_max;
    }
    let smallest = context.fleet.running(NAME).map(|node| node.memory_bytes).min().unwrap_or(0);
    let fitting = smallest / MIB * CONNECTIONS_PER_GIB / 1024;
    let connections = fitting.clamp(CONNECTIONS_LEAST, CONNECTIONS_MOST);
    u32::try_from(connections).unwrap_or(u32::MAX)
}
