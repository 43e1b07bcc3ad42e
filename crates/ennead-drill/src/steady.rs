//! Whether the platform is in its steady state, and who plays which part. Pure.

use std::collections::BTreeMap;

use ennead_model::{Fleet, Inventory, Known, Node, NodeName};

pub(crate) const POSTGRES: &str = "postgres";
/// A probe shares its node with none of these, or a fault of theirs would be a fault of the probe.
const DATABASE_TIER: [&str; 4] = ["postgres", "pgbouncer", "haproxy", "etcd"];
/// What watches the primary and fences it.
pub(crate) const GUARD: &str = "guard";
const PRIMARY: &str = "primary";
const LEADER: &str = "leader";

/// A platform in its steady state.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Steady {
    /// Who is primary.
    pub primary: NodeName,
    /// How many replicas the primary streams to, as it says; 0 when it does not say.
    pub replicas: usize,
    /// Replicas of which the primary waits for one before it acknowledges a write.
    pub synchronous: Vec<NodeName>,
    /// Who leads, by component, where an instance says that it is the leader.
    pub leaders: BTreeMap<String, NodeName>,
}

/// Returns the steady state, or everything that is in its way, one line each.
pub fn steady(fleet: &Fleet, inventory: &Inventory) -> Result<Steady, Vec<String>> {
    let mut wrong = Vec::new();
    for node in fleet.nodes.values() {
        match inventory.nodes.get(&node.name) {
            Some(Known::Known(_)) => wrong.extend(unhealthy(node, inventory)),
            Some(Known::Unknown { why }) => wrong.push(format!("{} is unknown: {why}", node.name)),
            None => wrong.push(format!("{} has no server", node.name)),
        }
    }
    let primaries = primaries(fleet, inventory);
    let [primary] = primaries.as_slice() else {
        let names: Vec<&str> = primaries.iter().map(NodeName::as_str).collect();
        wrong.push(match names.as_slice() {
            [] => "no PostgreSQL is primary".to_owned(),
            names => format!("{} PostgreSQL are primary: {}", names.len(), names.join(", ")),
        });
        return Err(wrong);
    };
    for node in fleet.running(POSTGRES).filter(|node| node.name != *primary) {
        if !is_streaming(inventory, &node.name) {
            wrong.push(format!("{}: PostgreSQL does not stream", node.name));
        }
    }
    wrong.extend(guard_that_would_not_act(fleet, inventory));
    if !wrong.is_empty() {
        return Err(wrong);
    }
    let fact = |key: &str| {
        let seen = inventory.observation(primary.as_str(), POSTGRES)?;
        seen.facts.get(key).filter(|value| !value.is_empty())
    };
    Ok(Steady {
        primary: primary.clone(),
        replicas: fact("replicas").and_then(|count| count.parse().ok()).unwrap_or(0),
        synchronous: fact("synchronous")
            .map(|names| names.split(',').filter_map(|name| name.parse().ok()).collect())
            .unwrap_or_default(),
        leaders: leaders(fleet, inventory),
    })
}

/// Says why the guard would leave a dead primary alone, where guards run: a drill would measure
/// something else than what it says.
fn guard_that_would_not_act(fleet: &Fleet, inventory: &Inventory) -> Option<String> {
    fleet.running(GUARD).next()?;
    let leaders = leaders(fleet, inventory);
    let Some(leader) = leaders.get(GUARD) else { return Some("no guard leads".to_owned()) };
    let seen = inventory.observation(leader.as_str(), GUARD)?;
    let held_back = seen.facts.get("held_back").filter(|why| !why.is_empty())?;
    Some(format!("the guard would not act: {held_back}"))
}

fn leaders(fleet: &Fleet, inventory: &Inventory) -> BTreeMap<String, NodeName> {
    let of_node = |node: &NodeName| {
        let facts = inventory.nodes.get(node).and_then(|facts| facts.known());
        let seen = facts.into_iter().flat_map(|facts| &facts.components);
        let leads = seen.filter(|(_, seen)| seen.role.as_deref() == Some(LEADER));
        leads.map(|(component, _)| (component.to_string(), node.clone())).collect::<Vec<_>>()
    };
    fleet.nodes.keys().flat_map(of_node).collect()
}

/// Returns the steady state when it is as good as the one before, or what is worse.
pub fn as_before(
    before: &Steady,
    fleet: &Fleet,
    inventory: &Inventory,
) -> Result<Steady, Vec<String>> {
    let now = steady(fleet, inventory)?;
    if now.replicas < before.replicas {
        return Err(vec![format!(
            "{} streams to {} replicas, there were {}",
            now.primary, now.replicas, before.replicas
        )]);
    }
    if !before.synchronous.is_empty() && now.synchronous.is_empty() {
        return Err(vec![format!("{} waits for no synchronous replica yet", now.primary)]);
    }
    Ok(now)
}

fn unhealthy(node: &Node, inventory: &Inventory) -> Vec<String> {
    let healthy = |component: &str| {
        let seen = inventory.observation(node.name.as_str(), component);
        seen.is_some_and(ennead_model::Observation::is_healthy)
    };
    let ill = node.components.iter().filter(|component| !healthy(component.as_str()));
    ill.map(|component| format!("{}: {component} is not healthy", node.name)).collect()
}

/// Returns the nodes whose PostgreSQL says that it is primary.
pub fn primaries(fleet: &Fleet, inventory: &Inventory) -> Vec<NodeName> {
    let is_primary = |node: &&Node| {
        let seen = inventory.observation(node.name.as_str(), POSTGRES);
        seen.is_some_and(|seen| seen.role.as_deref() == Some(PRIMARY))
    };
    fleet.running(POSTGRES).filter(is_primary).map(|node| node.name.clone()).collect()
}

/// Returns whether a node's PostgreSQL is a healthy replica that streams.
pub fn is_streaming(inventory: &Inventory, node: &NodeName) -> bool {
    inventory.observation(node.as_str(), POSTGRES).is_some_and(|seen| {
        seen.is_healthy()
            && seen.role.as_deref() == Some("replica")
            && seen.facts.get("streaming").is_some_and(|streaming| streaming == "true")
    })
}

/// Returns whether a node's part in the database is whole: a streaming replica, the primary, or no
/// PostgreSQL at all and everything on it healthy.
pub fn has_rejoined(fleet: &Fleet, inventory: &Inventory, name: &NodeName) -> bool {
    let Some(node) = fleet.node(name.as_str()) else { return false };
    let whole = inventory.nodes.get(name).is_some_and(|facts| facts.known().is_some())
        && unhealthy(node, inventory).is_empty();
    let runs_postgres = node.components.contains(POSTGRES);
    whole
        && (!runs_postgres || is_streaming(inventory, name) || {
            primaries(fleet, inventory).contains(name)
        })
}

/// Returns the node on which the probe runs: outside the database's tier, none that the fault
/// touches, not at the site of the first of those when there is another, the first by name. `None`
/// when there is no such node.
pub fn probe_node(fleet: &Fleet, touched: &[NodeName]) -> Option<NodeName> {
    let site = touched.first().and_then(|node| fleet.nodes.get(node)).map(|node| &node.site);
    let mut outside: Vec<&Node> = fleet
        .nodes
        .values()
        .filter(|node| !touched.contains(&node.name))
        .filter(|node| !DATABASE_TIER.iter().any(|name| node.components.contains(*name)))
        .collect();
    outside.sort_by_key(|node| (Some(&node.site) == site, &node.name));
    outside.first().map(|node| node.name.clone())
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::testing::{fleet, healthy, name};

    #[test]
    fn a_healthy_platform_is_steady() {
        let (fleet, inventory) = (fleet(), healthy("db-1"));
        let steady = steady(&fleet, &inventory).unwrap();
        assert_eq!(
            steady,
            Steady {
                primary: name("db-1"),
                replicas: 2,
                synchronous: vec![name("db-2"), name("db-3")],
                leaders: BTreeMap::new()
            }
        );
        assert!(as_before(&steady, &fleet, &inventory).is_ok());
    }

    #[test]
    fn everything_in_the_way_is_told() {
        let fleet = fleet();
        let mut inventory = healthy("db-1");
        inventory.nodes.insert(name("db-2"), Known::unknown("no answer"));
        inventory.nodes.remove(&name("app-1"));
        let wrong = steady(&fleet, &inventory).unwrap_err();
        assert_eq!(
            wrong,
            [
                "app-1 has no server",
                "db-2 is unknown: no answer",
                "db-2: PostgreSQL does not stream",
            ]
        );
        assert!(steady(&fleet, &Inventory::empty()).is_err());
    }

    #[test]
    fn two_primaries_are_no_steady_state() {
        let (fleet, mut inventory) = (fleet(), healthy("db-1"));
        let other = healthy("db-2").nodes[&name("db-2")].clone();
        inventory.nodes.insert(name("db-2"), other);
        let wrong = steady(&fleet, &inventory).unwrap_err();
        assert_eq!(wrong, ["2 PostgreSQL are primary: db-1, db-2"]);
    }

    #[test]
    fn a_replica_that_does_not_stream_has_not_rejoined() {
        let (fleet, mut inventory) = (fleet(), healthy("db-1"));
        assert!(has_rejoined(&fleet, &inventory, &name("db-2")));
        let Some(Known::Known(facts)) = inventory.nodes.get_mut("db-2") else { panic!() };
        let seen = facts.components.get_mut("postgres").unwrap();
        seen.facts.insert("streaming".to_owned(), "false".to_owned());
        assert!(!has_rejoined(&fleet, &inventory, &name("db-2")));
        assert_eq!(steady(&fleet, &inventory).unwrap_err(), ["db-2: PostgreSQL does not stream"]);
    }

    #[test]
    fn the_probe_stands_outside_and_elsewhere() {
        let fleet = fleet();
        // db-1 and app-1 stand at one site, app-2 and the others at another.
        assert_eq!(probe_node(&fleet, &[name("db-1")]), Some(name("app-2")));
        assert_eq!(probe_node(&fleet, &[name("db-2")]), Some(name("app-1")));
        assert_eq!(probe_node(&fleet, &[name("app-2")]), Some(name("app-1")));
        let mut small = fleet.clone();
        small.nodes.retain(|name, _| name.as_str().starts_with("db"));
        assert_eq!(probe_node(&small, &[name("db-1")]), None);
    }
}
