//! What capacity is computed from: the fleet in classes of equal servers, what is asked of it per
//! second, and how many instances are left after a loss.

use std::collections::{BTreeMap, BTreeSet};

use ennead_components::{Context, Options};
use ennead_model::{Catalogue, Fleet, Inventory, Load, Node, NodeName};

use super::carrier::Carrier;
use super::coefficients as c;
use super::left::Left;

/// Returns a count as a number to compute with.
#[expect(clippy::cast_precision_loss, reason = "counts and bytes of a platform are below 2^53")]
pub(super) fn real(count: u64) -> f64 {
    count as f64
}

/// Returns how many there are as a number to compute with.
pub(super) fn count(count: usize) -> f64 {
    real(u64::try_from(count).unwrap_or(u64::MAX))
}

/// Servers of one type that run the same.
#[derive(Debug)]
pub(super) struct Class<'a> {
    /// One of them.
    pub node: &'a Node,
    /// The services that it runs and that carry something, by name.
    pub services: BTreeSet<&'a str>,
    /// Disk of the type in bytes; 0 when the catalogue does not know it.
    pub disk_bytes: f64,
    /// Processors to plan with, in whole processors' worth.
    pub processors: f64,
}

impl Class<'_> {
    pub(super) fn runs(&self, component: &str) -> bool {
        self.node.components.contains(component)
    }

    pub(super) fn has_service(&self, name: &str) -> bool {
        self.services.contains(name)
    }
}

/// What is asked, in units that resources speak.
#[derive(Debug, Clone, Copy, Default)]
pub(super) struct Asked {
    pub users: f64,
    pub requests_per_s: f64,
    pub transactions_per_s: f64,
    pub writes_per_s: f64,
    pub connections: f64,
    pub data_bytes: f64,
    pub log_lines_per_s: f64,
}

impl Asked {
    fn of(load: &Load) -> Self {
        let stated = |number: Option<u64>| number.map_or(0.0, real);
        let requests_per_s = stated(load.requests_per_minute) / 60.0;
        let transactions_per_s = requests_per_s * c::TRANSACTIONS_PER_REQUEST.value;
        let connections = match load.connections {
            Some(stated) => real(stated),
            None => stated(load.users) * c::CONNECTIONS_PER_USER.value,
        };
        Self {
            users: stated(load.users),
            requests_per_s,
            transactions_per_s,
            writes_per_s: transactions_per_s * c::WRITES_PER_TRANSACTION.value,
            connections,
            data_bytes: stated(load.data_bytes),
            log_lines_per_s: stated(load.log_lines_per_second),
        }
    }
}

/// Returns the services of each node that carry something, by name.
fn services_of<'a>(carriers: &[Carrier<'a>]) -> BTreeMap<&'a NodeName, BTreeSet<&'a str>> {
    let mut services: BTreeMap<&NodeName, BTreeSet<&str>> = BTreeMap::new();
    for carrier in carriers {
        for node in &carrier.service.nodes {
            services.entry(node).or_default().insert(carrier.service.name.as_str());
        }
    }
    services
}

/// Everything that stays the same whatever is lost.
pub(super) struct Ground<'a> {
    pub fleet: &'a Fleet,
    pub options: &'a Options,
    pub asked: Asked,
    pub classes: Vec<Class<'a>>,
    /// Instances of each component.
    pub instances: BTreeMap<&'a str, usize>,
    /// Services that carry something.
    pub carriers: Vec<Carrier<'a>>,
    /// Sites with nodes.
    pub sites: usize,
    inventory: Inventory,
}

impl<'a> Ground<'a> {
    pub(super) fn new(fleet: &'a Fleet, options: &'a Options, load: &Load) -> Self {
        let mut instances = BTreeMap::new();
        let carriers: Vec<_> = fleet.services.values().filter_map(Carrier::of).collect();
        let services = services_of(&carriers);
        let mut kinds = BTreeMap::new();
        let mut sites = BTreeSet::new();
        for node in fleet.nodes.values() {
            sites.insert(&node.site);
            for component in &node.components {
                *instances.entry(component.as_str()).or_default() += 1;
            }
            let carried = services.get(&node.name);
            kinds.entry((node.server_type.as_str(), &node.components, carried)).or_insert(node);
        }
        let class = |node: &'a Node| {
            let known = Catalogue::embedded().server_type(&node.server_type);
            let shared = known.is_some_and(|it| it.cpu_type == "shared");
            let share =
                if shared { c::PROCESSOR_SHARE_SHARED } else { c::PROCESSOR_SHARE_DEDICATED };
            Class {
                node,
                services: services.get(&node.name).cloned().unwrap_or_default(),
                disk_bytes: known.map_or(0.0, |it| real(it.disk_gb) * 1e9),
                processors: f64::from(node.cores) * share.value,
            }
        };
        let classes = kinds.into_values().map(class).collect();
        let (sites, inventory) = (sites.len(), Inventory::empty());
        let asked = Asked::of(load);
        Self { fleet, options, asked, classes, instances, carriers, sites, inventory }
    }

    pub(super) fn context(&self) -> Context<'_> {
        Context { fleet: self.fleet, options: self.options, inventory: &self.inventory }
    }

    /// Returns whether any node runs it.
    pub(super) fn has(&self, component: &str) -> bool {
        self.instances.contains_key(component)
    }

    /// Returns the classes that run a component.
    pub(super) fn running<'s>(&'s self, component: &'s str) -> impl Iterator<Item = &'s Class<'a>> {
        self.classes.iter().filter(move |class| class.runs(component))
    }

    /// Returns the services on a node that carry something, by name.
    pub(super) fn carried_on<'s>(&'s self, node: &'s Node) -> impl Iterator<Item = &'a str> + 's {
        let on = move |it: &&Carrier<'a>| it.service.nodes.contains(&node.name);
        self.carriers.iter().filter(on).map(|it| it.service.name.as_str())
    }

    /// Returns the classes that run a service.
    pub(super) fn serving<'s>(&'s self, name: &'s str) -> impl Iterator<Item = &'s Class<'a>> {
        self.classes.iter().filter(move |class| class.has_service(name))
    }

    /// Returns the least that any server of a service has of something.
    pub(super) fn least_serving(&self, name: &str, of: impl Fn(&Class<'a>) -> f64) -> f64 {
        self.serving(name).map(of).reduce(f64::min).unwrap_or(0.0)
    }

    /// Returns the least that any server with the component has of something.
    pub(super) fn least(&self, component: &str, of: impl Fn(&Class<'a>) -> f64) -> f64 {
        self.running(component).map(of).reduce(f64::min).unwrap_or(0.0)
    }

    /// Returns what is there while nothing is lost.
    pub(super) fn whole(&self) -> Left<'a> {
        Left::whole(&self.instances, &self.carriers)
    }

    /// Returns what is left without some nodes.
    pub(super) fn without<'n>(&self, lost: impl Iterator<Item = &'n Node>) -> Left<'a> {
        let mut left = self.whole();
        for node in lost {
            left.lose(node, self.carried_on(node));
        }
        left
    }

    /// Returns how long a transaction holds a backend, in seconds. A commit waits for another site as
    /// soon as instances stand in several: the primary may be the one that has no other beside it.
    pub(super) fn transaction_s(&self) -> f64 {
        let sites: BTreeSet<_> = self.fleet.running("postgres").map(|node| &node.site).collect();
        let elsewhere = if sites.len() > 1 { c::COMMIT_ELSEWHERE_S.value } else { 0.0 };
        c::TRANSACTION_S.value + c::WRITES_PER_TRANSACTION.value * elsewhere
    }
}
