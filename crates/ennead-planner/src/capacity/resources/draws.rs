//! What services that carry something take of one of their servers.
//!
//! Load is shared evenly by the servers that are left. When none is left, each is looked at as it was
//! before, so that a loss never makes the answer better.

use ennead_model::carries::Burden;

use super::Unit;
use crate::capacity::carrier::Carrier;
use crate::capacity::coefficients::{self as c, Coefficient};
use crate::capacity::ground::{Class, Ground, count, real};
use crate::capacity::left::Left;

/// Seconds of a day.
const DAY_S: f64 = 86_400.0;

/// What something takes of a server: a part that is always there and one that grows with the load.
#[derive(Debug, Clone, Copy, PartialEq)]
pub(in crate::capacity) struct Draw<'a> {
    /// A component, a service, or `system`.
    pub who: &'a str,
    /// What is always there.
    pub fixed: f64,
    /// What grows with the load.
    pub growing: f64,
}

impl<'a> Draw<'a> {
    pub(super) fn fixed(who: &'a str, fixed: f64) -> Self {
        Self { who, fixed, growing: 0.0 }
    }

    pub(super) fn growing(who: &'a str, growing: f64) -> Self {
        Self { who, fixed: 0.0, growing }
    }
}

/// Returns how many servers share what a service carries.
pub(super) fn sharers(left: &Left<'_>, carrier: &Carrier<'_>) -> f64 {
    let parts = left.parts(carrier.service.name.as_str());
    count(if parts.left > 0 { parts.left } else { parts.all }.max(1))
}

/// Returns the connections of all users at the same time.
pub(super) fn sessions(ground: &Ground<'_>, carrier: &Carrier<'_>) -> f64 {
    ground.asked.users * carrier.number("sessions_per_user")
}

/// Returns the requests of a second on which all servers of a service work.
pub(super) fn requests_per_s(ground: &Ground<'_>, carrier: &Carrier<'_>) -> f64 {
    ground.asked.requests_per_s * carrier.number("percent_of_requests") / 100.0
}

/// Returns the workers on a server of a class.
pub(super) fn workers(class: &Class<'_>, carrier: &Carrier<'_>) -> f64 {
    f64::from(class.node.cores) * carrier.number("workers_per_core")
}

/// Returns the processor time of requests in a second, of all servers together.
pub(super) fn work(ground: &Ground<'_>, carrier: &Carrier<'_>) -> f64 {
    requests_per_s(ground, carrier) * carrier.number("processor_us") / 1e6
}

/// Returns the memory that a cache may fill on a server of a class.
pub(super) fn cache_memory(class: &Class<'_>, carrier: &Carrier<'_>) -> f64 {
    let share = real(class.node.memory_bytes) * c::CACHE_SHARE.value;
    carrier.stated("memory").unwrap_or(share)
}

/// Returns the series that are read.
fn series(ground: &Ground<'_>, carrier: &Carrier<'_>) -> f64 {
    let each = c::SERIES_PER_SERVER.value;
    carrier.stated("series").unwrap_or_else(|| count(ground.fleet.nodes.len()) * each)
}

/// Returns what a service takes of the processors of one of its servers.
pub(super) fn processors<'a>(
    ground: &Ground<'_>,
    left: &Left<'_>,
    carrier: &Carrier<'a>,
) -> Draw<'a> {
    let who = carrier.service.name.as_str();
    let sharers = sharers(left, carrier);
    Draw::growing(
        who,
        match carrier.burden() {
            Burden::Sessions => {
                let new = sessions(ground, carrier) / carrier.number("session_life_s");
                let passed = ground.asked.requests_per_s / c::BALANCER_EXCHANGES_PER_S.value;
                (new / c::TLS_HANDSHAKES_PER_S.value + passed) / sharers
            }
            Burden::Requests => work(ground, carrier) / sharers,
            Burden::Logs => {
                let share = carrier.stored_share(sharers);
                ground.asked.log_lines_per_s * share * c::LOG_PROCESSOR_S.value
            }
            Burden::Cache | Burden::Metrics | Burden::Backups => 0.0,
        },
    )
}

/// Returns what a service takes of the memory of one of its servers.
pub(super) fn memory<'a>(
    ground: &Ground<'_>,
    left: &Left<'_>,
    class: &Class<'_>,
    carrier: &Carrier<'a>,
) -> Draw<'a> {
    let who = carrier.service.name.as_str();
    match carrier.burden() {
        Burden::Sessions => {
            let each = sessions(ground, carrier) / sharers(left, carrier);
            Draw::growing(who, each * carrier.number("bytes_per_session"))
        }
        Burden::Requests => {
            Draw::fixed(who, workers(class, carrier) * carrier.number("bytes_per_worker"))
        }
        Burden::Cache => Draw::fixed(who, cache_memory(class, carrier)),
        Burden::Logs => Draw::fixed(who, carrier.number("memory")),
        Burden::Metrics => {
            let head = c::METRIC_HEAD_S.value / carrier.number("scrape_s").max(1.0);
            let values = head * c::METRIC_BYTES.value * c::METRIC_MEMORY.value;
            Draw::fixed(who, series(ground, carrier) * (c::SERIES_BYTES.value + values))
        }
        Burden::Backups => Draw::fixed(who, 0.0),
    }
}

/// Returns what a service takes of the disk of one of its servers.
pub(super) fn disk<'a>(ground: &Ground<'_>, left: &Left<'_>, carrier: &Carrier<'a>) -> Draw<'a> {
    let who = carrier.service.name.as_str();
    match carrier.burden() {
        Burden::Logs => {
            // The day that is being written comes on top of those that are kept.
            let days = carrier.number("days") + 1.0;
            let lines = ground.asked.log_lines_per_s * DAY_S * days;
            let share = carrier.stored_share(sharers(left, carrier));
            Draw::growing(who, lines * carrier.number("bytes_per_line") * share)
        }
        Burden::Metrics => {
            let values = carrier.number("days") * DAY_S / carrier.number("scrape_s").max(1.0);
            Draw::fixed(who, series(ground, carrier) * values * c::METRIC_BYTES.value)
        }
        Burden::Backups => {
            let full = carrier.number("full_backups") + c::FULL_BACKUPS_MORE.value;
            let data = ground.asked.data_bytes * c::DATA_ON_DISK.value * full;
            let log = ground.asked.writes_per_s
                * c::DAY_AVERAGE.value
                * c::WAL_BYTES_PER_WRITE.value
                * carrier.number("wal_days")
                * DAY_S;
            Draw::growing(who, (data + log) * carrier.number("compressed_percent") / 100.0)
        }
        Burden::Sessions | Burden::Requests | Burden::Cache => Draw::fixed(who, 0.0),
    }
}

/// Returns the coefficients in what a burden takes of a server's processors, memory or disk.
pub(super) fn coefficients(burden: Burden, of: Unit) -> &'static [Coefficient] {
    match (burden, of) {
        (Burden::Sessions, Unit::Processors) => &[
            c::SESSIONS_PER_USER,
            c::SESSION_LIFE_S,
            c::TLS_HANDSHAKES_PER_S,
            c::BALANCER_EXCHANGES_PER_S,
        ],
        (Burden::Sessions, Unit::MemoryBytes) => &[c::SESSIONS_PER_USER, c::SESSION_BYTES],
        (Burden::Requests, Unit::Processors) => &[c::PERCENT_OF_REQUESTS, c::REQUEST_PROCESSOR_US],
        (Burden::Requests, Unit::MemoryBytes) => &[c::WORKERS_PER_CORE, c::WORKER_BYTES],
        (Burden::Cache, Unit::MemoryBytes) => &[c::CACHE_SHARE],
        (Burden::Logs, Unit::Processors) => &[c::LOG_COPIES, c::LOG_PROCESSOR_S],
        (Burden::Logs, Unit::MemoryBytes) => &[c::LOG_MEMORY_BYTES],
        (Burden::Logs, Unit::DiskBytes) => LOG_DISK,
        (Burden::Metrics, Unit::MemoryBytes) => &[
            c::SERIES_PER_SERVER,
            c::SERIES_BYTES,
            c::METRIC_SCRAPE_S,
            c::METRIC_HEAD_S,
            c::METRIC_BYTES,
            c::METRIC_MEMORY,
        ],
        (Burden::Metrics, Unit::DiskBytes) => METRIC_DISK,
        (Burden::Backups, Unit::DiskBytes) => BACKUP_DISK,
        _ => &[],
    }
}

/// Of the disk that log lines take.
pub(super) const LOG_DISK: &[Coefficient] =
    &[c::LOG_DAYS, c::LOG_COPIES, c::LOG_BYTES_PER_LINE, c::LOG_DISK_SHARE];
/// Of the disk that measured values take.
pub(super) const METRIC_DISK: &[Coefficient] =
    &[c::SERIES_PER_SERVER, c::METRIC_DAYS, c::METRIC_SCRAPE_S, c::METRIC_BYTES];
/// Of the disk that backups take.
pub(super) const BACKUP_DISK: &[Coefficient] = &[
    c::DATA_ON_DISK,
    c::FULL_BACKUPS,
    c::FULL_BACKUPS_MORE,
    c::WAL_DAYS,
    c::TRANSACTIONS_PER_REQUEST,
    c::WRITES_PER_TRANSACTION,
    c::WAL_BYTES_PER_WRITE,
    c::DAY_AVERAGE,
    c::COMPRESSED_PERCENT,
];
