//! Load balancers: clients spread over all of them, and each takes what the smallest takes.
//!
//! TLS of clients passes through to the poolers, so there are no handshakes here.

use super::{Kind, Of, Setting, Unit};
use crate::capacity::coefficients as c;
use crate::capacity::ground::{Ground, count};
use crate::capacity::left::Left;
use crate::capacity::utilise::Use;

const COMPONENT: &str = "haproxy";
/// File descriptors of one session: its client's and its server's.
const FILES_PER_SESSION: f64 = 2.0;

/// Connections at the same time.
pub(super) const SESSIONS: Kind = Kind {
    key: "balancer.sessions",
    what: "load balancers: connections at the same time",
    unit: Unit::Count,
    limit: "components.haproxy.connections_max of each, and half its file descriptors",
    coefficients: &[c::CONNECTIONS_PER_USER, c::BALANCER_FILES],
    spreads: true,
    grows: false,
    setting: Some(Setting {
        path: "components.haproxy.connections_max",
        get: |options| options.haproxy.connections_max,
        set: |options, value| options.haproxy.connections_max = value,
    }),
    of: Of::Component(COMPONENT, sessions),
};

/// Requests and answers passed on.
pub(super) const EXCHANGES: Kind = Kind {
    key: "balancer.exchanges",
    what: "load balancers: transactions passed on",
    unit: Unit::PerSecond,
    limit: "processors of each",
    coefficients: &[c::TRANSACTIONS_PER_REQUEST, c::BALANCER_EXCHANGES_PER_S],
    spreads: true,
    grows: true,
    setting: None,
    of: Of::Component(COMPONENT, exchanges),
};

fn sessions(ground: &Ground<'_>, left: &Left<'_>) -> Option<Use> {
    let stated = f64::from(ground.options.haproxy.connections_max);
    let each = stated.min(c::BALANCER_FILES.value / FILES_PER_SESSION);
    Use::of(0.0, ground.asked.connections, each * count(left.of(COMPONENT)))
}

fn exchanges(ground: &Ground<'_>, left: &Left<'_>) -> Option<Use> {
    let each =
        ground.least(COMPONENT, |class| class.processors) * c::BALANCER_EXCHANGES_PER_S.value;
    Use::of(0.0, ground.asked.transactions_per_s, each * count(left.of(COMPONENT)))
}
