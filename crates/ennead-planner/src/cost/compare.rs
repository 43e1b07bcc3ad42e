//! The same capacity at other clouds, from a dated table. The ratio is told as it is.
//!
//! For each node the cheapest instance with at least its processors and memory, with block storage
//! as large as its disk. Only servers and disks are compared: no addresses, no traffic, no discount
//! that has to be asked for. Prices are of an eastern region of the United States, wherever the
//! nodes stand.

use std::collections::{BTreeMap, BTreeSet};

use ennead_model::clouds::{CloudInstance, Clouds, Confidence, Provider};
use ennead_model::{Catalogue, Day, Fleet, Money, Node};
use serde::Serialize;

use super::bill::bill;
use super::item::Item;
use super::prices::PriceList;

/// The capacity of a fleet at another cloud, without VAT.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Elsewhere {
    /// The cloud.
    pub provider: String,
    /// Its region.
    pub region: String,
    /// How many of each instance.
    pub instances: BTreeMap<String, u64>,
    /// All servers for a month.
    pub servers_monthly: Money,
    /// All disks for a month; `None` when no source names the price of a GB.
    pub disks_monthly: Option<Money>,
    /// Servers and disks, as far as known.
    pub net_monthly: Money,
    /// Whether something is missing from that.
    pub at_least: bool,
    /// What is missing.
    pub missing: Vec<String>,
    /// That over ours, in hundredths: 135 means 1.35 times as dear, 80 means cheaper than ours.
    /// `None` when ours is not known whole or is in another currency, or nothing of theirs is known.
    pub ratio_hundredths: Option<u64>,
    /// A GB of traffic to the internet.
    pub egress_gb: Option<Money>,
    /// The oldest of the days from which the figures are.
    pub oldest: Option<Day>,
    /// Whether a figure was computed from others of the same family.
    pub derived: bool,
}

/// A fleet beside other clouds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Comparison {
    /// Of the other clouds' prices.
    pub currency: String,
    /// Our servers with their disks, without addresses, in the currency of our list.
    pub ours_net_monthly: Money,
    /// Whether something is missing from that.
    pub ours_at_least: bool,
    /// The other clouds.
    pub elsewhere: Vec<Elsewhere>,
    /// Where the figures come from.
    pub sources: Vec<String>,
}

/// Compares. Pure.
pub fn compare(
    fleet: &Fleet,
    prices: &PriceList,
    catalogue: &Catalogue,
    clouds: &Clouds,
) -> Comparison {
    let all = bill(fleet, prices);
    let servers = all.lines.iter().filter(|line| matches!(line.item, Item::Server { .. }));
    let (mut ours, mut at_least) = (Money::ZERO, false);
    for line in servers {
        match line.net_monthly.and_then(|amount| ours.plus(amount)) {
            Some(sum) => ours = sum,
            None => at_least = true,
        }
    }
    let comparable = !at_least && prices.currency == clouds.currency;
    let elsewhere = clouds.providers.iter().map(|provider| {
        let mut there = capacity(fleet, catalogue, clouds, provider);
        let known = comparable && there.net_monthly > Money::ZERO;
        there.ratio_hundredths = if known { there.net_monthly.hundredths_of(ours) } else { None };
        there
    });
    Comparison {
        currency: clouds.currency.clone(),
        ours_net_monthly: ours,
        ours_at_least: at_least,
        elsewhere: elsewhere.collect(),
        sources: clouds
            .sources
            .iter()
            .map(|source| format!("{}: {}, {}", source.name, source.what, source.address))
            .collect(),
    }
}

fn capacity(fleet: &Fleet, catalogue: &Catalogue, clouds: &Clouds, at: &Provider) -> Elsewhere {
    let mut missing = BTreeSet::new();
    let mut instances: BTreeMap<String, u64> = BTreeMap::new();
    let (mut servers, mut disk_gb) = (Some(Money::ZERO), 0_u64);
    let (mut days, mut derived) = (BTreeSet::new(), false);
    for node in fleet.nodes.values() {
        let disk = catalogue.server_type(&node.server_type).map(|it| it.disk_gb);
        disk_gb = disk_gb.saturating_add(disk.unwrap_or_default());
        if let Some((instance, price)) = smallest(node, clouds, at) {
            *instances.entry(instance.name.clone()).or_insert(0) += 1;
            servers = servers.and_then(|sum| sum.plus(price));
            days.insert(instance.date);
            derived |= instance.confidence == Confidence::Derived;
        } else {
            let memory = node.memory_bytes >> 30;
            missing.insert(format!("an instance of {} processors, {memory} GiB", node.cores));
        }
    }
    let quote = &at.disk_gb_month;
    let disks = quote.price.and_then(|price| price.times(disk_gb));
    match disks {
        Some(_) => days.extend(quote.date),
        None => {
            missing.insert("disks".to_owned());
        }
    }
    let servers = servers.unwrap_or_else(|| {
        missing.insert("servers: more than can be counted".to_owned());
        Money::ZERO
    });
    Elsewhere {
        provider: at.name.clone(),
        region: at.region.clone(),
        instances,
        servers_monthly: servers,
        disks_monthly: disks,
        net_monthly: servers.plus(disks.unwrap_or_default()).unwrap_or(servers),
        at_least: !missing.is_empty(),
        missing: missing.into_iter().collect(),
        ratio_hundredths: None,
        egress_gb: at.egress_gb.price,
        oldest: days.first().copied(),
        derived,
    }
}

/// Returns the cheapest instance that has at least what a node has.
fn smallest<'a>(
    node: &Node,
    clouds: &Clouds,
    at: &'a Provider,
) -> Option<(&'a CloudInstance, Money)> {
    let fits = |it: &&CloudInstance| {
        it.cores >= node.cores && u64::from(it.memory_gb) << 30 >= node.memory_bytes
    };
    let priced = at.instances.iter().filter(fits);
    let priced = priced.filter_map(|it| Some((it, clouds.monthly(it)?)));
    priced.min_by(|a, b| (a.1, &a.0.name).cmp(&(b.1, &b.0.name)))
}
