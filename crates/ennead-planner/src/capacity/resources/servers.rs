//! What a server has: processors, memory, disk. Everything on it is added up, the fullest is told.
//!
//! A server that may become primary is computed as if it were. Every class of servers of the fleet is
//! looked at whatever was lost, so a loss never makes the answer better.

use ennead_components::postgres;
use ennead_model::carries::Burden;

use super::{Draw, Kind, Of, OfClass, Unit, databases, draws};
use crate::capacity::carrier::Carrier;
use crate::capacity::coefficients as c;
use crate::capacity::ground::{Class, Ground, count, real};
use crate::capacity::left::Left;
use crate::capacity::utilise::Use;

/// Who takes what every node needs for itself.
pub const SYSTEM_PART: &str = "system";
const DATABASE: &str = "postgres";
const POOLER: &str = "pgbouncer";
const BALANCER: &str = "haproxy";
const MIB: u64 = 1 << 20;

/// Processors.
pub(super) const PROCESSORS: Kind = Kind {
    key: "server.processors",
    what: "fullest server: processors",
    unit: Unit::Processors,
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
    of: Of::Servers(processors),
};

/// Memory.
pub(super) const MEMORY: Kind = Kind {
    key: "server.memory",
    what: "fullest server: memory",
    unit: Unit::MemoryBytes,
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
    of: Of::Servers(memory),
};

/// Disk.
pub(super) const DISK: Kind = Kind {
    key: "server.disk",
    what: "fullest server: disk",
    unit: Unit::DiskBytes,
    limit: "disk of the server type, which everything on a server shares; every instance of the \
            database has all data",
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
    of: Of::Servers(disk),
};

/// The fullest server.
#[derive(Debug, Clone)]
pub(in crate::capacity) struct Fullest<'a, 'c> {
    /// A server of its class.
    pub class: &'c Class<'a>,
    /// Its use, with the least limit of all servers.
    pub usage: Use,
    /// What draws on it.
    pub draws: Vec<Draw<'a>>,
}

/// Returns the use of a server of a class; `None` when nobody is left to play a role of a component:
/// of that nothing can be said.
pub(in crate::capacity) fn use_of<'a>(
    ground: &Ground<'a>,
    left: &Left<'_>,
    class: &Class<'a>,
    of: OfClass,
) -> Option<Use> {
    let gone = |component: &&str| ground.has(component) && left.of(component) == 0;
    if [DATABASE, POOLER, BALANCER].iter().any(gone) {
        return None;
    }
    let (draws, supply) = of(ground, left, class);
    let fixed = draws.iter().map(|it| it.fixed).sum();
    let growing = draws.iter().map(|it| it.growing).sum();
    Use::of(fixed, growing, supply)
}

/// Returns the fullest server; `None` as for [`use_of`].
pub(in crate::capacity) fn fullest<'a, 'c>(
    ground: &'c Ground<'a>,
    left: &Left<'_>,
    of: OfClass,
) -> Option<Fullest<'a, 'c>> {
    let mut fullest: Option<Fullest<'a, 'c>> = None;
    for class in &ground.classes {
        let Some(usage) = use_of(ground, left, class, of) else { continue };
        fullest = Some(match fullest {
            Some(other) if other.usage.utilisation >= usage.utilisation => {
                Fullest { usage: other.usage.fuller(usage), ..other }
            }
            Some(other) => Fullest {
                class,
                usage: other.usage.fuller(usage),
                draws: of(ground, left, class).0,
            },
            None => Fullest { class, usage, draws: of(ground, left, class).0 },
        });
    }
    fullest
}

/// Returns a balancer's part of everything.
fn share(left: &Left<'_>) -> f64 {
    1.0 / count(left.of(BALANCER).max(1))
}

/// Returns the services of a class that carry something.
fn carriers<'s, 'a>(
    ground: &'s Ground<'a>,
    class: &'s Class<'a>,
) -> impl Iterator<Item = &'s Carrier<'a>> {
    ground.carriers.iter().filter(|it| class.has_service(it.service.name.as_str()))
}

fn processors<'a>(ground: &Ground<'a>, left: &Left<'_>, class: &Class<'a>) -> (Vec<Draw<'a>>, f64) {
    let rate = ground.asked.transactions_per_s;
    let mut draws = Vec::new();
    if class.runs(DATABASE) {
        draws.push(Draw::growing(DATABASE, rate * c::DATABASE_PROCESSOR_S.value));
    }
    if class.runs(POOLER) {
        draws.push(Draw::growing(POOLER, rate / c::POOLER_TRANSACTIONS_PER_S.value));
    }
    if class.runs(BALANCER) {
        let passed = rate * share(left) / c::BALANCER_EXCHANGES_PER_S.value;
        draws.push(Draw::growing(BALANCER, passed));
    }
    draws.extend(carriers(ground, class).map(|it| draws::processors(ground, left, it)));
    (draws, class.processors)
}

fn memory<'a>(ground: &Ground<'a>, left: &Left<'_>, class: &Class<'a>) -> (Vec<Draw<'a>>, f64) {
    let mut draws = vec![Draw::fixed(SYSTEM_PART, c::SYSTEM_MEMORY_BYTES.value)];
    if class.runs(DATABASE) {
        let connections = postgres::connections_max(&ground.context());
        let settings = postgres::memory(&ground.options.postgres, class.node, connections);
        let bytes = |mib: u64| real(mib.saturating_mul(MIB));
        let fixed = bytes(settings.shared_buffers_mib)
            + c::AUTOVACUUM_WORKERS.value * bytes(settings.maintenance_work_mib)
            + f64::from(databases::most(ground)) * c::BACKEND_BYTES.value;
        let growing = databases::busy(ground) * bytes(settings.work_mib);
        draws.push(Draw { who: DATABASE, fixed, growing });
    }
    if class.runs(POOLER) {
        let clients = ground.asked.connections * c::POOLER_CLIENT_BYTES.value;
        draws.push(Draw::growing(POOLER, clients));
    }
    if class.runs(BALANCER) {
        let sessions = ground.asked.connections * share(left) * c::BALANCER_SESSION_BYTES.value;
        draws.push(Draw::growing(BALANCER, sessions));
    }
    draws.extend(carriers(ground, class).map(|it| draws::memory(ground, left, class, it)));
    (draws, real(class.node.memory_bytes))
}

fn disk<'a>(ground: &Ground<'a>, left: &Left<'_>, class: &Class<'a>) -> (Vec<Draw<'a>>, f64) {
    let journal = u64::from(ground.options.base.journal_mib_max).saturating_mul(MIB);
    let mut draws = vec![Draw::fixed(SYSTEM_PART, c::SYSTEM_DISK_BYTES.value + real(journal))];
    if class.runs(DATABASE) {
        let mut growing = ground.asked.data_bytes * c::DATA_ON_DISK.value;
        // The log is kept for an instance that is away until its slot is given up.
        if left.hurt(&[DATABASE]) {
            let bytes_per_s = ground.asked.writes_per_s * c::WAL_BYTES_PER_WRITE.value;
            growing += bytes_per_s * c::SLOT_KEPT_S.value;
        }
        draws.push(Draw { who: DATABASE, fixed: c::WAL_BYTES.value, growing });
    }
    draws.extend(carriers(ground, class).map(|it| draws::disk(ground, left, it)));
    (draws, usable_disk(ground, class))
}

/// Returns what of a server's disk may be full: all but what the file system keeps for itself, and
/// less beside a log store, which stops before.
pub(super) fn usable_disk(ground: &Ground<'_>, class: &Class<'_>) -> f64 {
    let logs = carriers(ground, class).any(|it| it.burden() == Burden::Logs);
    let share = 1.0 - c::DISK_RESERVED.value;
    class.disk_bytes * if logs { share.min(c::LOG_DISK_SHARE.value) } else { share }
}
