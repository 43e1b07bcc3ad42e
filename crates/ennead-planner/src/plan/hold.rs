//! What must not be decided while a node does not answer.
//!
//! A node that does not answer may run a healthy member of a quorum, a broken one or none. So while
//! it is silent no working member of that quorum is disturbed, none is added, and no cluster is
//! started that it may already be part of. What is observed to be broken is still repaired, because
//! that takes nothing away; where no member is healthy, only by an order that changes nothing, since
//! a member may look broken because it has no majority. Components that come after a held one wait
//! with it.

use std::collections::BTreeSet;

use ennead_components::Component;

use super::nodes::{Need, NodesPart};

/// Removes the needs that have to wait, and notes whose they were.
pub(super) fn hold_back(part: &mut NodesPart, components: &[&'static dyn Component]) {
    // Components that are held, and those that stand behind one.
    let mut closed: BTreeSet<&'static str> = BTreeSet::new();
    for component in components {
        let name = component.name();
        let silent = part.exclusive.contains(name) && part.unanswered_runs.contains_key(name);
        let behind = component.after().iter().any(|earlier| closed.contains(earlier));
        if !silent && !behind {
            continue;
        }
        let established = part.established.contains(name);
        let before = part.needs.len();
        let needs = std::mem::take(&mut part.needs);
        let goes_on = |need: &Need| {
            need.component.name() != name || (established && part.is_plain_repair(need))
        };
        let needs = needs.into_iter().filter(goes_on).collect();
        part.needs = needs;
        if part.needs.len() < before {
            part.held.insert(name);
        }
        if behind || part.needs.len() < before {
            closed.insert(name);
        }
    }
}
