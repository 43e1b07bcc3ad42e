//! The database: one instance is primary, and it may be any.

use ennead_components::{pgbouncer, postgres};

use super::{Kind, Of, Unit};
use crate::capacity::coefficients as c;
use crate::capacity::ground::{Ground, count};
use crate::capacity::left::Left;
use crate::capacity::utilise::Use;

const COMPONENT: &str = "postgres";

/// Backends that are busy at the same time.
pub(super) const BACKENDS: Kind = Kind {
    key: "database.backends",
    what: "primary: transactions at the same time",
    unit: Unit::Count,
    limit: "backends of the pooler: components.pgbouncer.backends_max, computed from the smallest \
            instance's memory unless stated",
    coefficients: &[
        c::TRANSACTIONS_PER_REQUEST,
        c::TRANSACTION_S,
        c::WRITES_PER_TRANSACTION,
        c::COMMIT_ELSEWHERE_S,
    ],
    spreads: false,
    grows: true,
    setting: None,
    of: Of::Component(COMPONENT, backends),
};

/// Little's law: so many are there at a time as come in the time that one stays.
pub(super) fn busy(ground: &Ground<'_>) -> f64 {
    ground.asked.transactions_per_s * ground.transaction_s()
}

/// Returns the most backends of an instance: those of a pooler, or all where clients come directly.
pub(super) fn most(ground: &Ground<'_>) -> u32 {
    let context = ground.context();
    let connections = postgres::connections_max(&context);
    if !ground.has("pgbouncer") {
        return connections;
    }
    pgbouncer::backends_max(&context).min(connections)
}

fn backends(ground: &Ground<'_>, left: &Left<'_>) -> Option<Use> {
    let most = f64::from(most(ground));
    Use::of(0.0, busy(ground), most * count(left.of(COMPONENT).min(1)))
}
