//! What is not computed, and why: an answer that is silent about it would be read as good news.

use ennead_components::ALL as COMPONENTS;
use ennead_model::Load;
use ennead_model::carries::Burden;
use serde::Serialize;

use super::ground::Ground;
use super::resources::{Kind, Of, PLATFORM};

/// Something that is not computed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotComputed {
    /// What.
    pub what: String,
    /// Why not.
    pub why: String,
}

/// Which stated key of the load makes a burden worth a word when no service carries it.
const ASKED: [(Burden, &str, &str); 6] = [
    (Burden::Sessions, "users", "sessions and TLS of users"),
    (Burden::Requests, "requests_per_minute", "application workers"),
    (Burden::Cache, "users", "the cache"),
    (Burden::Logs, "log_lines_per_second", "log lines against disk"),
    (Burden::Metrics, "", "measured values against disk"),
    (Burden::Backups, "data_bytes", "backup space"),
];

/// Returns what is left out of the answer about a fleet and a load.
pub(super) fn not_computed(ground: &Ground<'_>, load: &Load) -> Vec<NotComputed> {
    let mut left_out = Vec::new();
    let mut note = |what: &str, why: &str| {
        left_out.push(NotComputed { what: what.to_owned(), why: why.to_owned() });
    };
    for component in COMPONENTS {
        let name = component.name();
        let known = |kind: &&Kind| matches!(kind.of, Of::Component(it, _) if it == name);
        if PLATFORM.iter().any(known) && !ground.has(name) {
            note(name, "no node runs it");
        }
    }
    for (burden, key, what) in ASKED {
        let carried = ground.carriers.iter().any(|it| it.burden() == burden);
        let stated = key.is_empty() || load.get(key).is_some();
        match (carried, stated) {
            (false, true) => {
                note(what, &format!("no service of the spec says carries = \"{burden}\""));
            }
            (true, false) if !load.is_empty() => note(what, &format!("the load states no {key}")),
            _ => {}
        }
    }
    note("network traffic and disk operations", "the cloud promises no figures");
    note("replicas that answer reads", "everything is asked of the primary: the worst case");
    left_out
}
