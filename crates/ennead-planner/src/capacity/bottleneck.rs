//! What breaks first as the load grows, and the smallest change that removes it.

use std::collections::BTreeSet;
use std::fmt;

use ennead_components::Options;
use ennead_model::catalogue::CatalogueServerType;
use ennead_model::{Catalogue, Fleet, Load, Node};
use serde::Serialize;

use super::ground::Ground;
use super::resources::{Kind, Setting};
use super::utilise::{Cases, fits};

/// Most nodes in each site that are looked at. Above it another way has to be found.
const NODES_MAX: usize = 1_000;
/// Most that an option is raised to.
const SETTING_MAX: u32 = 1_000_000;
/// Most servers for which other server types are tried.
const SERVERS_MAX: usize = 10_000;
/// The architecture that the packages on the nodes are built for.
const ARCHITECTURE: &str = "x86";
/// Processors of one's own: who has them is not offered shared ones.
const DEDICATED: &str = "dedicated";
/// Components whose servers carry load.
const LOADED: [&str; 3] = ["postgres", "pgbouncer", "haproxy"];

/// What removes a bottleneck.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Change {
    /// An option gets this value.
    Setting {
        /// Its path in the spec.
        path: &'static str,
        /// The least that is enough.
        value: u32,
    },
    /// More nodes that run a component, of the least type that runs it now.
    MoreNodes {
        /// The component.
        component: &'static str,
        /// How many in each site.
        in_each_site: usize,
        /// Their type.
        server_type: String,
    },
    /// Another server type for the servers that run any of these components.
    ServerType {
        /// The components.
        components: Vec<&'static str>,
        /// The least type that is enough.
        server_type: String,
    },
    /// Nothing that was tried.
    Nothing {
        /// What was tried.
        why: String,
    },
}

impl fmt::Display for Change {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Setting { path, value } => write!(f, "{path} = {value}"),
            Self::MoreNodes { component, in_each_site, server_type } => {
                let nodes = if *in_each_site == 1 { "node" } else { "nodes" };
                write!(
                    f,
                    "{in_each_site} more {nodes} of type {server_type} with {component} in each site"
                )
            }
            Self::ServerType { components, server_type } => {
                write!(f, "type {server_type} for the servers with {}", components.join(", "))
            }
            Self::Nothing { why } => write!(f, "nothing that was tried is enough: {why}"),
        }
    }
}

/// Returns the first change with which a resource carries so many times the load, whatever is lost as
/// long as anything is left: an option, more nodes, another type.
pub(super) fn remove(
    kind: &Kind,
    fleet: &Fleet,
    options: &Options,
    load: &Load,
    times: f64,
) -> Change {
    let setting = kind.setting.and_then(|it| raise(kind, it, fleet, options, load, times));
    setting
        .or_else(|| add_nodes(kind, fleet, options, load, times))
        .unwrap_or_else(|| other_type(kind, fleet, options, load, times))
}

/// Returns the least number within the limits for which a test holds that never fails again after it
/// held once.
fn least(from: u64, most: u64, holds: impl Fn(u64) -> bool) -> Option<u64> {
    if from > most || !holds(most) {
        return None;
    }
    let (mut low, mut high) = (from, most);
    while low < high {
        let middle = low + (high - low) / 2;
        if holds(middle) {
            high = middle;
        } else {
            low = middle + 1;
        }
    }
    Some(low)
}

fn raise(
    kind: &Kind,
    setting: Setting,
    fleet: &Fleet,
    options: &Options,
    load: &Load,
    times: f64,
) -> Option<Change> {
    let holds = |value: u64| {
        let mut changed = options.clone();
        (setting.set)(&mut changed, u32::try_from(value).unwrap_or(u32::MAX));
        let ground = Ground::new(fleet, &changed, load);
        fits(kind, &ground, &Cases::of(&ground)) >= times
    };
    let value = least((setting.get)(options).into(), SETTING_MAX.into(), holds)?;
    Some(Change::Setting { path: setting.path, value: u32::try_from(value).ok()? })
}

fn add_nodes(
    kind: &Kind,
    fleet: &Fleet,
    options: &Options,
    load: &Load,
    times: f64,
) -> Option<Change> {
    if !kind.spreads {
        return None;
    }
    let ground = Ground::new(fleet, options, load);
    let holds = |further: u64| {
        let mut cases = Cases::of(&ground);
        cases.add(kind.component, usize::try_from(further).unwrap_or(0), ground.sites);
        fits(kind, &ground, &cases) >= times
    };
    let in_each_site = least(1, u64::try_from(NODES_MAX).ok()?, holds)?;
    let least = ground.running(kind.component).min_by_key(|class| {
        (class.node.cores, class.node.memory_bytes, class.node.server_type.as_str())
    })?;
    Some(Change::MoreNodes {
        component: kind.component,
        in_each_site: usize::try_from(in_each_site).ok()?,
        server_type: least.node.server_type.clone(),
    })
}

fn other_type(kind: &Kind, fleet: &Fleet, options: &Options, load: &Load, times: f64) -> Change {
    if !kind.grows {
        let why = format!("{} has a limit that no server type moves", kind.component);
        return Change::Nothing { why };
    }
    if fleet.nodes.len() > SERVERS_MAX {
        let why = format!("server types are not tried for more than {SERVERS_MAX} servers");
        return Change::Nothing { why };
    }
    let present = |component: &&&'static str| fleet.running(component).next().is_some();
    let loaded: Vec<&'static str> = LOADED.iter().filter(present).copied().collect();
    let groups = match LOADED.iter().find(|component| **component == kind.component) {
        Some(component) => vec![vec![*component]],
        None => vec![loaded.iter().take(1).copied().collect(), loaded],
    };
    let ground = Ground::new(fleet, options, load);
    let (mut most, mut largest) = (fits(kind, &ground, &Cases::of(&ground)), None);
    for components in groups {
        for server_type in larger(fleet, &components) {
            let changed = with_type(fleet, &components, server_type);
            let ground = Ground::new(&changed, options, load);
            let carries = fits(kind, &ground, &Cases::of(&ground));
            if carries >= times {
                let server_type = server_type.name.clone();
                return Change::ServerType { components, server_type };
            }
            if carries > most {
                (most, largest) = (carries, Some(server_type.name.as_str()));
            }
        }
    }
    // Never more than it is: what just does not fit must not read as 1.
    let most = (most * 100.0).floor() / 100.0;
    let why = largest.map_or_else(
        || "no other server type that is sold in these sites moves it".to_owned(),
        |name| {
            format!(
                "of the server types sold in these sites {name} does most: {most:.2} times the load"
            )
        },
    );
    Change::Nothing { why }
}

fn is_in(node: &Node, components: &[&str]) -> bool {
    components.iter().any(|component| node.components.contains(*component))
}

fn cpu_type(node: &Node) -> &'static str {
    let known = Catalogue::embedded().server_type(&node.server_type);
    known.map_or("", |it| it.cpu_type.as_str())
}

/// Returns whether a type has at least what a node has.
fn reaches(server_type: &CatalogueServerType, node: &Node) -> bool {
    let disk = Catalogue::embedded().server_type(&node.server_type).map_or(0, |it| it.disk_gb);
    server_type.cores >= node.cores
        && server_type.memory_bytes() >= node.memory_bytes
        && server_type.disk_gb >= disk
}

/// Returns the types that are no smaller than the smallest server with these components and sold
/// wherever one stands, the smallest first.
fn larger(fleet: &Fleet, components: &[&str]) -> Vec<&'static CatalogueServerType> {
    let nodes: Vec<&Node> = fleet.nodes.values().filter(|it| is_in(it, components)).collect();
    let locations: BTreeSet<&str> = nodes
        .iter()
        .filter_map(|node| fleet.site_of(node).map(|site| site.location.as_str()))
        .collect();
    let dedicated = nodes.iter().any(|node| cpu_type(node) == DEDICATED);
    let smallest = nodes.iter().min_by_key(|node| (node.memory_bytes, node.cores));
    let fitting = |it: &&CatalogueServerType| {
        it.architecture == ARCHITECTURE
            && (!dedicated || it.cpu_type == DEDICATED)
            && locations.iter().all(|at| it.locations.iter().any(|sold| sold == at))
            && smallest.is_some_and(|node| reaches(it, node) && it.name != node.server_type)
    };
    let mut types: Vec<_> = Catalogue::embedded().server_types.iter().filter(fitting).collect();
    types.sort_by_key(|it| (it.memory_bytes(), it.cores, it.disk_gb, it.name.as_str()));
    types
}

/// Returns the fleet with this type for the servers with these components that are not larger already.
fn with_type(fleet: &Fleet, components: &[&str], server_type: &CatalogueServerType) -> Fleet {
    let mut changed = fleet.clone();
    for node in changed.nodes.values_mut().filter(|node| is_in(node, components)) {
        if reaches(server_type, node) {
            node.server_type.clone_from(&server_type.name);
            node.memory_bytes = server_type.memory_bytes();
            node.cores = server_type.cores;
        }
    }
    changed
}
