//! What a server has: processors, memory, disk. Everything on it is added up, the fullest is told.
//!
//! A server that may become primary is computed as if it were. Every class of servers of the fleet is
//! looked at whatever was lost, so a loss never makes the answer better.

use ennead_components::postgres;

use super::{Kind, Unit, databases};
use crate::capacity::coefficients as c;
use crate::capacity::ground::{Class, Ground, Left, count, real};
use crate::capacity::utilise::Use;

/// On every node.
const COMPONENT: &str = "base";
const DATABASE: &str = "postgres";
const POOLER: &str = "pgbouncer";
const BALANCER: &str = "haproxy";
const MIB: u64 = 1 << 20;

/// Processors.
pub(super) const PROCESSORS: Kind = Kind {
    key: "server.processors",
    what: "fullest server: processors",
    unit: Unit::Processors,
    component: COMPONENT,
    limit: "processors of the server type, and the share of them that is planned with",
    coefficients: &[
        c::TRANSACTIONS_PER_REQUEST,
        c::DATABASE_PROCESSOR_S,
        c::POOLER_TRANSACTIONS_PER_S,
        c::BALANCER_EXCHANGES_PER_S,
        c::PROCESSOR_SHARE_DEDICATED,
        c::PROCESSOR_SHARE_SHARED,
    ],
    spreads: false,
    grows: true,
    setting: None,
    compute: |ground, left| fullest(ground, left, processors),
};

/// Memory.
pub(super) const MEMORY: Kind = Kind {
    key: "server.memory",
    what: "fullest server: memory",
    unit: Unit::MemoryBytes,
    component: COMPONENT,
    limit: "memory of the server type",
    coefficients: &[
        c::SYSTEM_MEMORY_BYTES,
        c::BACKEND_BYTES,
        c::AUTOVACUUM_WORKERS,
        c::POOLER_CLIENT_BYTES,
        c::BALANCER_SESSION_BYTES,
        c::TRANSACTION_S,
    ],
    spreads: false,
    grows: true,
    setting: None,
    compute: |ground, left| fullest(ground, left, memory),
};

/// Disk.
pub(super) const DISK: Kind = Kind {
    key: "server.disk",
    what: "fullest server: disk",
    unit: Unit::DiskBytes,
    component: COMPONENT,
    limit: "disk of the server type; every instance of the database has all data",
    coefficients: &[
        c::SYSTEM_DISK_BYTES,
        c::DISK_RESERVED,
        c::DATA_ON_DISK,
        c::WAL_BYTES,
        c::WAL_BYTES_PER_WRITE,
        c::SLOT_KEPT_S,
    ],
    spreads: false,
    grows: true,
    setting: None,
    compute: |ground, left| fullest(ground, left, disk),
};

type OfClass = fn(&Ground<'_>, &Left<'_>, &Class<'_>) -> Option<Use>;

fn fullest(ground: &Ground<'_>, left: &Left<'_>, of: OfClass) -> Option<Use> {
    // Of a role that nobody is left to play nothing can be said.
    let gone = |component: &&str| ground.has(component) && left.of(component) == 0;
    if [DATABASE, POOLER, BALANCER].iter().any(gone) {
        return None;
    }
    ground.classes.iter().filter_map(|class| of(ground, left, class)).reduce(Use::fuller)
}

/// Returns a balancer's part of everything.
fn share(left: &Left<'_>) -> f64 {
    1.0 / count(left.of(BALANCER).max(1))
}

fn processors(ground: &Ground<'_>, left: &Left<'_>, class: &Class<'_>) -> Option<Use> {
    let rate = ground.asked.transactions_per_s;
    let mut busy = 0.0;
    if class.runs(DATABASE) {
        busy += rate * c::DATABASE_PROCESSOR_S.value;
    }
    if class.runs(POOLER) {
        busy += rate / c::POOLER_TRANSACTIONS_PER_S.value;
    }
    if class.runs(BALANCER) {
        busy += rate * share(left) / c::BALANCER_EXCHANGES_PER_S.value;
    }
    Use::of(0.0, busy, class.processors)
}

fn memory(ground: &Ground<'_>, left: &Left<'_>, class: &Class<'_>) -> Option<Use> {
    let (mut fixed, mut growing) = (c::SYSTEM_MEMORY_BYTES.value, 0.0);
    if class.runs(DATABASE) {
        let connections = postgres::connections_max(&ground.context());
        let settings = postgres::memory(&ground.options.postgres, class.node, connections);
        fixed += real(settings.shared_buffers_mib.saturating_mul(MIB));
        fixed +=
            c::AUTOVACUUM_WORKERS.value * real(settings.maintenance_work_mib.saturating_mul(MIB));
        fixed += f64::from(databases::most(ground)) * c::BACKEND_BYTES.value;
        growing += databases::busy(ground) * real(settings.work_mib.saturating_mul(MIB));
    }
    if class.runs(POOLER) {
        growing += ground.asked.connections * c::POOLER_CLIENT_BYTES.value;
    }
    if class.runs(BALANCER) {
        growing += ground.asked.connections * share(left) * c::BALANCER_SESSION_BYTES.value;
    }
    Use::of(fixed, growing, real(class.node.memory_bytes))
}

fn disk(ground: &Ground<'_>, left: &Left<'_>, class: &Class<'_>) -> Option<Use> {
    let journal = u64::from(ground.options.base.journal_mib_max).saturating_mul(MIB);
    let (mut fixed, mut growing) = (c::SYSTEM_DISK_BYTES.value + real(journal), 0.0);
    if class.runs(DATABASE) {
        fixed += c::WAL_BYTES.value;
        growing += ground.asked.data_bytes * c::DATA_ON_DISK.value;
        // The log is kept for an instance that is away until its slot is given up.
        if left.hurt(&[DATABASE]) {
            let bytes_per_s = ground.asked.writes_per_s * c::WAL_BYTES_PER_WRITE.value;
            growing += bytes_per_s * c::SLOT_KEPT_S.value;
        }
    }
    Use::of(fixed, growing, class.disk_bytes * (1.0 - c::DISK_RESERVED.value))
}
