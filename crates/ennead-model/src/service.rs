//! Services that run on the nodes besides the components: what they need to go on when servers are
//! lost. They count in what `check` computes; who installs them is another matter.

use std::collections::{BTreeMap, BTreeSet};

use serde::{Deserialize, Serialize};

use crate::carries::Carries;
use crate::names::{NodeName, ServiceName};

/// What has to be left of a service's parts for it to go on.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case", tag = "rule")]
pub enum Needs {
    /// Any one: replicas that do not depend on each other.
    One,
    /// More than half of all that were ever there: a quorum.
    Majority,
    /// More than half of the masters, and a copy of each: a cluster of shards such as Valkey's. The
    /// master of shard `i` stands on node `i`, its copies on the nodes after it, counted around.
    Shards {
        /// How many shards, each with one master.
        masters: u32,
        /// How many copies each master has besides itself.
        copies: u32,
    },
}

/// A service.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Service {
    /// Its name.
    pub name: ServiceName,
    /// Where it runs.
    pub nodes: BTreeSet<NodeName>,
    /// What has to be left.
    pub needs: Needs,
    /// Seconds until what is left carries on alone, at most.
    pub after_s: u32,
    /// What it cannot do without: names of [`BASE_SERVICES`] or of other services.
    pub uses: BTreeSet<String>,
    /// Whether the platform's promises are about it too.
    pub promised: bool,
    /// Which part of the load it takes, when that is stated.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub carries: Option<Carries>,
}

/// The services of the components, as `uses` names them.
pub const BASE_SERVICES: [&str; 4] = ["coordination", "database-writes", "database-reads", "entry"];

/// Returns the services in an order in which each stands after those that it uses; the names of one
/// circle when there is one. A name that nobody has is passed over.
///
/// # Errors
/// The names of the services that cannot be put in order.
pub fn in_order(services: &BTreeMap<ServiceName, Service>) -> Result<Vec<&Service>, Vec<String>> {
    let mut placed: BTreeSet<&str> = BTreeSet::new();
    let mut order: Vec<&Service> = Vec::new();
    while order.len() < services.len() {
        let waits =
            |name: &String| services.contains_key(name.as_str()) && !placed.contains(name.as_str());
        let ready: Vec<&Service> = services
            .values()
            .filter(|it| !placed.contains(it.name.as_str()) && !it.uses.iter().any(waits))
            .collect();
        if ready.is_empty() {
            let left = services.keys().filter(|name| !placed.contains(name.as_str()));
            return Err(left.map(ToString::to_string).collect());
        }
        placed.extend(ready.iter().map(|it| it.name.as_str()));
        order.extend(ready);
    }
    Ok(order)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn service(name: &str, uses: &[&str]) -> (ServiceName, Service) {
        let name = ServiceName::new(name).unwrap();
        let uses = uses.iter().map(|&it| it.to_owned()).collect();
        let nodes = BTreeSet::new();
        let needs = Needs::One;
        let service = Service {
            name: name.clone(),
            nodes,
            needs,
            after_s: 0,
            uses,
            promised: true,
            carries: None,
        };
        (name, service)
    }

    #[test]
    fn each_stands_after_what_it_uses_and_a_circle_is_named() {
        let all = [service("a", &["b", "entry"]), service("b", &["c"]), service("c", &[])];
        let all: BTreeMap<_, _> = all.into();
        let order = in_order(&all).unwrap();
        assert_eq!(order.iter().map(|it| it.name.as_str()).collect::<Vec<_>>(), ["c", "b", "a"]);
        let circle = [service("a", &["b"]), service("b", &["a"]), service("c", &[])];
        let circle: BTreeMap<_, _> = circle.into();
        assert_eq!(in_order(&circle), Err(vec!["a".to_owned(), "b".to_owned()]));
    }
}
