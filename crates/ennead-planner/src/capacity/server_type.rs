//! Whether another server type removes a bottleneck, and for which servers.

use std::collections::BTreeSet;

use ennead_model::catalogue::CatalogueServerType;
use ennead_model::{Catalogue, Fleet, Node};

use super::bottleneck::{Change, Wanted};
use super::ground::Ground;
use super::left::Role;
use super::resources::{Of, Row, use_of};
use super::utilise::{Cases, fits};

/// Most servers for which other server types are tried.
const SERVERS_MAX: usize = 10_000;
/// The architecture that the packages on the nodes are built for.
const ARCHITECTURE: &str = "x86";
/// Processors of one's own: who has them is not offered shared ones.
const DEDICATED: &str = "dedicated";
/// Components whose servers carry load; services that carry something come after them.
const LOADED: [&str; 3] = ["postgres", "pgbouncer", "haproxy"];

/// Returns who plays a role under load in a fleet, components first.
fn loaded<'a>(ground: &Ground<'a>) -> Vec<Role<'a>> {
    let components = LOADED.into_iter().filter(|it| ground.has(it)).map(Role::Component);
    let services = ground.carriers.iter().map(|it| Role::Service(it.service.name.as_str()));
    components.chain(services).collect()
}

/// Returns the groups of servers whose type is tried: those that share the resource; for what a server
/// has one role of each kind of server that is short in any case, then all roles.
fn groups<'a>(
    row: &Row<'a>,
    ground: &Ground<'a>,
    cases: &Cases<'_>,
    times: f64,
) -> Vec<Vec<Role<'a>>> {
    let Of::Servers(of) = row.kind.of else {
        return row.role().map(|role| vec![role]).into_iter().collect();
    };
    let all = loaded(ground);
    let mut short: Vec<Role<'a>> = Vec::new();
    for class in &ground.classes {
        let is_short = |left| use_of(ground, left, class, of).is_some_and(|it| it.fits() < times);
        if !cases.all().any(is_short) || short.iter().any(|it| it.is_on(class.node, ground.fleet)) {
            continue;
        }
        short.extend(all.iter().find(|role| role.is_on(class.node, ground.fleet)));
    }
    let first = Some(short).filter(|it| !it.is_empty());
    first.into_iter().chain([all]).collect()
}

/// Returns the first larger type that is enough for the servers on which the resource depends, or how
/// far the best one goes.
pub(super) fn other_type(row: &Row<'_>, wanted: Wanted<'_>) -> Change {
    if !row.kind.grows {
        let who = row.role().map_or_else(String::new, |role| role.to_string());
        return Change::Nothing { why: format!("{who} has a limit that no server type moves") };
    }
    let fleet = wanted.fleet;
    if fleet.nodes.len() > SERVERS_MAX {
        let why = format!("server types are not tried for more than {SERVERS_MAX} servers");
        return Change::Nothing { why };
    }
    let ground = Ground::new(fleet, wanted.options, wanted.load);
    let cases = Cases::of(&ground);
    let (mut most, mut largest) = (fits(row, &ground, &cases), None);
    for roles in groups(row, &ground, &cases, wanted.times) {
        for server_type in larger(fleet, &roles) {
            let carries = wanted.fits(row, &with_type(fleet, &roles, server_type));
            if carries >= wanted.times {
                let with = roles.iter().map(ToString::to_string).collect();
                return Change::ServerType { with, server_type: server_type.name.clone() };
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

fn is_in(node: &Node, fleet: &Fleet, roles: &[Role<'_>]) -> bool {
    roles.iter().any(|role| role.is_on(node, fleet))
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

/// Returns the types that are no smaller than the smallest server with these roles and sold
/// wherever one stands, the smallest first.
fn larger(fleet: &Fleet, roles: &[Role<'_>]) -> Vec<&'static CatalogueServerType> {
    let nodes: Vec<&Node> = fleet.nodes.values().filter(|it| is_in(it, fleet, roles)).collect();
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

/// Returns the fleet with this type for the servers with these roles that are not larger already.
fn with_type(fleet: &Fleet, roles: &[Role<'_>], server_type: &CatalogueServerType) -> Fleet {
    let mut changed = fleet.clone();
    for node in changed.nodes.values_mut().filter(|node| is_in(node, fleet, roles)) {
        if reaches(server_type, node) {
            node.server_type.clone_from(&server_type.name);
            node.memory_bytes = server_type.memory_bytes();
            node.cores = server_type.cores;
        }
    }
    changed
}
