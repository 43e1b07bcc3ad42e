//! What services carry: users' connections and requests, a cache, log lines, measured values, backups.
//!
//! Servers of a service share its part of the load evenly, and each takes what the smallest takes.
//! What a service takes of its servers is also added up with everything else there, in
//! [`super::servers`].

use ennead_model::carries::Burden;

use super::draws::{self, BACKUP_DISK, LOG_DISK, METRIC_DISK};
use super::servers::usable_disk;
use super::{Kind, Of, Unit};
use crate::capacity::carrier::Carrier;
use crate::capacity::coefficients as c;
use crate::capacity::ground::{Class, Ground, count};
use crate::capacity::left::Left;
use crate::capacity::utilise::Use;

/// File descriptors of one session: its user's and its server's.
const FILES_PER_SESSION: f64 = 2.0;

/// Every kind of resource of services.
pub(in crate::capacity) const ALL: [&Kind; 9] =
    [&SESSIONS, &HANDSHAKES, &EXCHANGES, &WORKERS, &WORK, &CACHE, &LOGS, &METRICS, &BACKUPS];

const BASE: Kind = Kind {
    key: "",
    what: "",
    unit: Unit::Count,
    limit: "",
    coefficients: &[],
    spreads: true,
    grows: true,
    setting: None,
    of: Of::Service(Burden::Sessions, sessions),
};

const SESSIONS: Kind = Kind {
    key: "sessions",
    what: "users' connections at the same time",
    limit: "sessions_max of each server, and half its file descriptors",
    coefficients: &[c::SESSIONS_PER_USER, c::BALANCER_FILES],
    grows: false,
    of: Of::Service(Burden::Sessions, sessions),
    ..BASE
};

const HANDSHAKES: Kind = Kind {
    key: "handshakes",
    what: "users' new connections with TLS",
    unit: Unit::PerSecond,
    limit: "processors of each server",
    coefficients: &[
        c::SESSIONS_PER_USER,
        c::SESSION_LIFE_S,
        c::RECONNECT_S,
        c::TLS_HANDSHAKES_PER_S,
    ],
    of: Of::Service(Burden::Sessions, handshakes),
    ..BASE
};

const EXCHANGES: Kind = Kind {
    key: "exchanges",
    what: "requests passed on",
    unit: Unit::PerSecond,
    limit: "processors of each server",
    coefficients: &[c::BALANCER_EXCHANGES_PER_S],
    of: Of::Service(Burden::Sessions, exchanges),
    ..BASE
};

const WORKERS: Kind = Kind {
    key: "workers",
    what: "requests at the same time",
    limit: "workers of each server, and what each has at the same time",
    coefficients: &[
        c::PERCENT_OF_REQUESTS,
        c::REQUEST_MS,
        c::WORKERS_PER_CORE,
        c::REQUESTS_PER_WORKER,
    ],
    of: Of::Service(Burden::Requests, busy),
    ..BASE
};

const WORK: Kind = Kind {
    key: "processors",
    what: "processors for requests",
    unit: Unit::Processors,
    limit: "processors of all its servers, and the share of them that is planned with",
    coefficients: &[
        c::PERCENT_OF_REQUESTS,
        c::REQUEST_PROCESSOR_US,
        c::PROCESSOR_SHARE_DEDICATED,
        c::PROCESSOR_SHARE_SHARED,
    ],
    of: Of::Service(Burden::Requests, work),
    ..BASE
};

const CACHE: Kind = Kind {
    key: "memory",
    what: "memory of each server for users' data",
    unit: Unit::MemoryBytes,
    limit: "memory that the cache may fill on the smallest of its servers",
    coefficients: &[c::CACHE_BYTES_PER_USER, c::CACHE_OVERHEAD, c::CACHE_SHARE],
    of: Of::Service(Burden::Cache, cache),
    ..BASE
};

const LOGS: Kind = Kind {
    key: "disk",
    what: "disk of each server for log lines",
    unit: Unit::DiskBytes,
    limit: "disk of the smallest of its servers",
    coefficients: LOG_DISK,
    of: Of::Service(Burden::Logs, disk),
    ..BASE
};

const METRICS: Kind = Kind {
    what: "disk of each server for measured values",
    coefficients: METRIC_DISK,
    spreads: false,
    of: Of::Service(Burden::Metrics, disk),
    ..LOGS
};

const BACKUPS: Kind = Kind {
    what: "disk of each server for backups",
    coefficients: BACKUP_DISK,
    of: Of::Service(Burden::Backups, disk),
    ..METRICS
};

/// Returns the supply of so much on each server that is left.
fn on_each(ground: &Ground<'_>, left: &Left<'_>, its: &Carrier<'_>, of: Each) -> f64 {
    let name = its.service.name.as_str();
    let least = ground.least_serving(name, |class| of(class, its));
    least * count(left.parts(name).left)
}

type Each = fn(&Class<'_>, &Carrier<'_>) -> f64;

fn sessions(ground: &Ground<'_>, left: &Left<'_>, its: &Carrier<'_>) -> Option<Use> {
    let each = |_: &Class<'_>, its: &Carrier<'_>| {
        let files = c::BALANCER_FILES.value / FILES_PER_SESSION;
        its.stated("sessions_max").map_or(files, |stated| stated.min(files))
    };
    Use::of(0.0, draws::sessions(ground, its), on_each(ground, left, its, each))
}

/// Connections come to their end one by one. Those through a server that is lost come back at once.
fn handshakes(ground: &Ground<'_>, left: &Left<'_>, its: &Carrier<'_>) -> Option<Use> {
    let parts = left.parts(its.service.name.as_str());
    let cut = 1.0 - count(parts.left) / count(parts.all.max(1));
    let one_by_one = (1.0 - cut) / its.number("session_life_s").max(c::RECONNECT_S.value);
    let new = draws::sessions(ground, its) * (cut / c::RECONNECT_S.value + one_by_one);
    let each: Each = |class, _| class.processors * c::TLS_HANDSHAKES_PER_S.value;
    Use::of(0.0, new, on_each(ground, left, its, each))
}

fn exchanges(ground: &Ground<'_>, left: &Left<'_>, its: &Carrier<'_>) -> Option<Use> {
    let each: Each = |class, _| class.processors * c::BALANCER_EXCHANGES_PER_S.value;
    Use::of(0.0, ground.asked.requests_per_s, on_each(ground, left, its, each))
}

/// Little's law: so many are there at a time as come in the time that one stays.
fn busy(ground: &Ground<'_>, left: &Left<'_>, its: &Carrier<'_>) -> Option<Use> {
    let at_once = draws::requests_per_s(ground, its) * its.number("request_ms") / 1000.0;
    let each: Each = |class, its| draws::workers(class, its) * its.number("requests_per_worker");
    Use::of(0.0, at_once, on_each(ground, left, its, each))
}

fn work(ground: &Ground<'_>, left: &Left<'_>, its: &Carrier<'_>) -> Option<Use> {
    Use::of(0.0, draws::work(ground, its), on_each(ground, left, its, |class, _| class.processors))
}

fn cache(ground: &Ground<'_>, left: &Left<'_>, its: &Carrier<'_>) -> Option<Use> {
    let name = its.service.name.as_str();
    let data = ground.asked.users * its.number("bytes_per_user") * c::CACHE_OVERHEAD.value;
    let each = data * its.stored_share(draws::sharers(left, its));
    let least = ground.least_serving(name, |class| draws::cache_memory(class, its));
    Use::of(0.0, each, least * count(left.parts(name).left.min(1)))
}

fn disk(ground: &Ground<'_>, left: &Left<'_>, its: &Carrier<'_>) -> Option<Use> {
    let name = its.service.name.as_str();
    let draw = draws::disk(ground, left, its);
    let least = ground.least_serving(name, |class| usable_disk(ground, class));
    Use::of(draw.fixed, draw.growing, least * count(left.parts(name).left.min(1)))
}
