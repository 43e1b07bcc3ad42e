//! Connection pools. All clients that write come to the one beside the primary, and the primary may be
//! anywhere: one pooler has to carry everything, and the smallest counts.

use ennead_components::pgbouncer;

use super::{Kind, Of, Setting, Unit};
use crate::capacity::coefficients as c;
use crate::capacity::ground::{Ground, count};
use crate::capacity::left::Left;
use crate::capacity::utilise::Use;

const COMPONENT: &str = "pgbouncer";

/// Clients at the same time.
pub(super) const CLIENTS: Kind = Kind {
    key: "pooler.clients",
    what: "pooler beside the primary: clients at the same time",
    unit: Unit::Count,
    limit: "components.pgbouncer.clients_max, and file descriptors",
    coefficients: &[c::CONNECTIONS_PER_USER],
    spreads: false,
    grows: false,
    setting: Some(Setting {
        path: "components.pgbouncer.clients_max",
        get: |options| options.pgbouncer.clients_max,
        set: |options, value| options.pgbouncer.clients_max = value,
    }),
    of: Of::Component(COMPONENT, clients),
};

/// Transactions passed on.
pub(super) const TRANSACTIONS: Kind = Kind {
    key: "pooler.transactions",
    what: "pooler beside the primary: transactions passed on",
    unit: Unit::PerSecond,
    limit: "one processor: PgBouncer has one thread",
    coefficients: &[c::TRANSACTIONS_PER_REQUEST, c::POOLER_TRANSACTIONS_PER_S],
    spreads: false,
    grows: true,
    setting: None,
    of: Of::Component(COMPONENT, transactions),
};

/// New clients with TLS.
pub(super) const HANDSHAKES: Kind = Kind {
    key: "pooler.handshakes",
    what: "pooler beside the primary: new TLS clients",
    unit: Unit::PerSecond,
    limit: "one processor: PgBouncer has one thread",
    coefficients: &[
        c::CONNECTIONS_PER_USER,
        c::POOLER_HANDSHAKES_PER_S,
        c::CONNECTION_LIFE_S,
        c::RECONNECT_S,
    ],
    spreads: false,
    grows: true,
    setting: None,
    of: Of::Component(COMPONENT, handshakes),
};

/// Returns the supply while there is any pooler.
fn one(left: &Left<'_>, supply: f64) -> f64 {
    supply * count(left.of(COMPONENT).min(1))
}

/// Returns the part of a processor that the one thread may use.
fn thread(ground: &Ground<'_>) -> f64 {
    ground.least(COMPONENT, |class| class.processors / f64::from(class.node.cores.max(1)))
}

fn clients(ground: &Ground<'_>, left: &Left<'_>) -> Option<Use> {
    let files = pgbouncer::FILES_MAX.saturating_sub(pgbouncer::backends_max(&ground.context()));
    let most = ground.options.pgbouncer.clients_max.min(files);
    Use::of(0.0, ground.asked.connections, one(left, f64::from(most)))
}

fn transactions(ground: &Ground<'_>, left: &Left<'_>) -> Option<Use> {
    let most = c::POOLER_TRANSACTIONS_PER_S.value * thread(ground);
    Use::of(0.0, ground.asked.transactions_per_s, one(left, most))
}

/// Connections come to their end one by one. When a server on their way is lost, all of those on it
/// come back at once: at worst every one of them.
fn handshakes(ground: &Ground<'_>, left: &Left<'_>) -> Option<Use> {
    let cut = left.hurt(&[COMPONENT, "postgres", "haproxy"]);
    let within_s = if cut { c::RECONNECT_S } else { c::CONNECTION_LIFE_S };
    let most = c::POOLER_HANDSHAKES_PER_S.value * thread(ground);
    Use::of(0.0, ground.asked.connections / within_s.value, one(left, most))
}
