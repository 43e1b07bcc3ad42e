//! What does not change during a search: the servers there are and could be, and where they stand.

use std::collections::BTreeMap;

use ennead_model::entry::TTL_S_MIN;
use ennead_model::{EntryName, Needs, NodeName, SiteName};
use ennead_spec::Spec;

use super::change::Change;
use super::distance::Distances;
use super::shape::Shape;
use super::witness::Witness;
use crate::survive::{Laid, LaidEntry, Layout, SERVERS_MAX, Servers, Settings};

/// Servers that exist, in the order of their names, then the witnesses that could.
#[derive(Debug)]
pub(super) struct Ground {
    names: Vec<NodeName>,
    /// The sites with all servers that stand there, or could.
    sites: Vec<(SiteName, Servers)>,
    /// By server: its network zone, as a number.
    zones: Vec<usize>,
    /// By server: those of the same kind are alike in everything that counts.
    kinds: Vec<usize>,
    /// The servers that exist.
    pub(super) existing: Servers,
    /// Those among them that are as large as the smallest instance of the database.
    pub(super) roomy: Servers,
    /// The witnesses; the first has the index after the last server.
    pub(super) witnesses: Vec<Witness>,
    /// The shape of the spec.
    pub(super) base: Shape,
    /// What a commit waits for today, in milliseconds.
    pub(super) commit_ms: u32,
    settings: Settings,
    /// The services besides the components, which no change moves.
    services: Vec<Laid>,
    /// The entries of the spec.
    entries: Vec<Door>,
    pub(super) distances: Distances,
}

/// The component that changes add to nodes.
const BALANCER: &str = "haproxy";

/// An entry of the spec, and what of it follows the load balancers.
#[derive(Debug)]
struct Door {
    name: EntryName,
    laid: LaidEntry,
    /// Whether load balancers hold its addresses.
    balanced: bool,
    /// Whether it is in every site that can have it.
    everywhere: bool,
}

impl Door {
    /// Returns the entry where these servers let clients in.
    fn with(&self, sites: &[(SiteName, Servers)], shape: &Shape, at: usize) -> LaidEntry {
        let mut laid = self.laid.clone();
        laid.ttl_s = shape.named.has(at).then_some(laid.ttl_s.unwrap_or(TTL_S_MIN));
        if self.balanced {
            let wanted = |site: &SiteName| {
                self.everywhere || self.laid.sites.iter().any(|(name, _)| name == site)
            };
            let held = sites.iter().filter(|(site, _)| wanted(site));
            let held = held.map(|(site, servers)| (site.clone(), servers.and(shape.balancers)));
            laid.sites = held.filter(|(_, holders)| !holders.is_empty()).collect();
        }
        laid
    }
}

/// Returns the entries of which a server can hold an address that no load balancer holds.
fn holds(doors: &[Door], server: usize) -> Vec<usize> {
    let held = doors.iter().enumerate().filter(|(_, door)| {
        !door.balanced && door.laid.sites.iter().any(|(_, holders)| holders.has(server))
    });
    held.map(|(at, _)| at).collect()
}

/// Returns the promised services of which a server has a part, since no promise is about the others.
/// Where shards stand is told apart by the server.
fn parts(layout: &Layout, server: usize) -> Vec<(usize, Option<usize>)> {
    let services = layout.services.iter().enumerate().filter(|(_, it)| it.promised);
    let part = services.filter_map(|(at, service)| {
        let place = service.servers.iter().position(|it| *it == server)?;
        Some((at, matches!(service.needs, Needs::Shards { .. }).then_some(place)))
    });
    part.collect()
}

impl Ground {
    /// Returns the ground of a spec; `None` for more servers than are computed.
    pub(super) fn of(spec: &Spec, witnesses: Vec<Witness>, distances: Distances) -> Option<Self> {
        let layout = Layout::of(&spec.fleet, &spec.options)?;
        let mut names = layout.names.clone();
        names.extend(witnesses.iter().map(|it| it.node.clone()));
        if names.len() > SERVERS_MAX {
            return None;
        }
        let nodes = || spec.fleet.nodes.values();
        let base = Shape::of(&layout);
        let sites: Vec<SiteName> = nodes()
            .map(|it| &it.site)
            .chain(witnesses.iter().map(|it| &it.site))
            .cloned()
            .collect();
        let least = nodes().enumerate().filter(|(at, _)| base.members.has(*at));
        let least = least.map(|(_, node)| node.memory_bytes).min().unwrap_or(0);
        let large = nodes().enumerate().filter(|(_, node)| node.memory_bytes >= least);
        let roomy: Servers = large.map(|(at, _)| at).collect();
        let zone = |site: &SiteName| {
            let existing = spec.fleet.sites.get(site).map(|it| it.network_zone.clone());
            let new = || witnesses.iter().find(|it| it.site == *site)?.new_site.clone();
            existing.or_else(|| new().map(|it| it.network_zone)).unwrap_or_default()
        };
        let doors = spec.fleet.entries.values().zip(&layout.entries);
        let entries: Vec<Door> = doors
            .map(|(entry, laid)| Door {
                name: entry.name.clone(),
                laid: laid.clone(),
                balanced: entry.component.as_str() == BALANCER,
                everywhere: entry.everywhere,
            })
            .collect();
        let kind = |at: usize, site: &SiteName| {
            let witness = at.checked_sub(layout.names.len());
            let server_type = witness.and_then(|it| witnesses.get(it)).map(|it| &it.server_type);
            let roles = [base.voters, base.members, base.poolers, base.balancers, roomy];
            let parts = (parts(&layout, at), holds(&entries, at));
            (site.clone(), roles.map(|it| it.has(at)), server_type.cloned(), parts)
        };
        let zones = numbers(sites.iter().map(zone));
        let kinds = numbers(sites.iter().enumerate().map(|(at, site)| kind(at, site)));
        let mut by_site: BTreeMap<&SiteName, Servers> = BTreeMap::new();
        for (at, site) in sites.iter().enumerate() {
            let servers = by_site.entry(site).or_default();
            *servers = servers.or(Servers::one(at));
        }
        let sites = by_site.into_iter().map(|(site, servers)| (site.clone(), servers)).collect();
        let (existing, settings) = (layout.all, layout.settings.clone());
        let services = layout.services.clone();
        let mut ground = Self {
            names,
            sites,
            zones,
            kinds,
            existing,
            roomy,
            witnesses,
            base,
            commit_ms: 0,
            settings,
            services,
            entries,
            distances,
        };
        ground.commit_ms = ground.waits_ms(&layout).0;
        Some(ground)
    }

    /// Returns the layout of a shape.
    pub(super) fn layout(&self, shape: &Shape) -> Layout {
        let all = self.existing.or(shape.built);
        let sites = self.sites.iter().map(|(name, servers)| (name, servers.and(all)));
        let sites = sites.filter(|(_, servers)| !servers.is_empty());
        let sites: Vec<_> = sites.map(|(name, servers)| (name.clone(), servers)).collect();
        let entries = self.entries.iter().enumerate();
        Layout {
            names: self.names.clone(),
            entries: entries.map(|(at, door)| door.with(&sites, shape, at)).collect(),
            sites,
            // No promise is about them, so no change is judged by them.
            groups: Vec::new(),
            all,
            voters: shape.voters,
            members: shape.members,
            poolers: shape.poolers,
            balancers: shape.balancers,
            synchronous: shape.synchronous,
            settings: self.settings.clone(),
            services: self.services.clone(),
        }
    }

    /// Returns what a commit and a write of etcd wait for, in milliseconds.
    pub(super) fn waits_ms(&self, layout: &Layout) -> (u32, u32) {
        let zone = |server: usize| self.zones.get(server).copied().unwrap_or(usize::MAX);
        (self.distances.commit_ms(layout, zone), self.distances.etcd_ms(layout, zone))
    }

    /// Returns the entries, all of which can have a name.
    pub(super) fn nameable(&self) -> Servers {
        (0..self.entries.len()).collect()
    }

    /// Returns the kind of a server: two of one kind can take each other's place.
    pub(super) fn kind(&self, server: usize) -> usize {
        self.kinds.get(server).copied().unwrap_or(usize::MAX)
    }

    /// Returns the indexes of the witnesses.
    pub(super) fn candidates(&self) -> Servers {
        (self.names.len() - self.witnesses.len()..self.names.len()).collect()
    }

    /// Returns the witness with this index.
    pub(super) fn witness(&self, server: usize) -> Option<&Witness> {
        self.witnesses.get(server.checked_sub(self.names.len() - self.witnesses.len())?)
    }

    /// Returns the changes that lead from the spec to a shape, in the order in which they are told.
    pub(super) fn changes(&self, shape: &Shape) -> Vec<Change> {
        let base = &self.base;
        let name = |server: usize| self.names.get(server).cloned();
        let more = |now: Servers, before: Servers| now.minus(before).iter().filter_map(name);
        let mut changes = Vec::new();
        let built = shape.built.iter().filter_map(|it| self.witness(it));
        changes.extend(built.cloned().map(Change::AddWitness));
        let mut added = more(shape.voters.minus(shape.built), base.voters);
        let mut removed = more(base.voters, shape.voters);
        loop {
            changes.push(match (added.next(), removed.next()) {
                (Some(to), Some(from)) => Change::MoveVoter { from, to },
                (Some(node), None) => Change::AddVoter { node },
                (None, Some(node)) => Change::RemoveVoter { node },
                (None, None) => break,
            });
        }
        let members = shape.members.minus(base.members);
        changes.extend(more(members, Servers::NONE).map(|node| Change::AddReplica { node }));
        let poolers = shape.poolers.minus(members);
        changes.extend(more(poolers, base.poolers).map(|node| Change::AddPooler { node }));
        let balancers = more(shape.balancers, base.balancers);
        changes.extend(balancers.map(|node| Change::AddLoadBalancer { node }));
        let named = shape.named.minus(base.named).iter().filter_map(|at| self.entries.get(at));
        changes.extend(named.map(|door| Change::AddName {
            entry: door.name.clone(),
            name: format!("{}.example.com", door.name),
        }));
        if shape.synchronous != base.synchronous {
            let (from, to) = (base.synchronous, shape.synchronous);
            changes.push(Change::SynchronousCount { from, to });
        }
        changes
    }
}

/// Gives equal things equal numbers.
fn numbers<T: Ord>(things: impl Iterator<Item = T>) -> Vec<usize> {
    let mut known = BTreeMap::new();
    things
        .map(|thing| {
            let next = known.len();
            *known.entry(thing).or_insert(next)
        })
        .collect()
}
