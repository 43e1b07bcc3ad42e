//! Whether a bill meets a budget, and which server types would, with what they lack.

use std::collections::{BTreeMap, BTreeSet};

use ennead_model::catalogue::CatalogueServerType;
use ennead_model::{Catalogue, Fleet, Money, Node};
use serde::Serialize;

use super::bill::{Bill, bill};
use super::item::Item;
use super::prices::PriceList;

/// The same nodes with other server types.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Offer {
    /// Which types these are, in words.
    pub what: String,
    /// How many servers of each type.
    pub server_types: BTreeMap<String, u64>,
    /// For a month, without VAT, with addresses, as far as known.
    pub net_monthly: Money,
    /// Whether something beside the servers is missing from that, because no source names its price.
    pub at_least: bool,
    /// Whether what is known of it stays within the budget.
    pub meets: bool,
    /// What is less than now, one line for each change of type; empty when nothing is.
    pub lacks: Vec<String>,
}

/// A bill beside a budget. Amounts are without VAT.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct BudgetReport {
    /// What may be spent in a month.
    pub budget: Money,
    /// Whether the bill stays within it; `None` when missing prices leave it open.
    pub met: Option<bool>,
    /// How much the bill is above it.
    pub over: Option<Money>,
    /// How much is left; `None` also when something is missing from the bill.
    pub under: Option<Money>,
    /// How many of the nodes it pays for as they are, the cheapest first; `None` when a price is
    /// not known.
    pub nodes_paid: Option<u64>,
    /// What costs less than the bill, in the order of their prices. Empty when the budget is met.
    pub offers: Vec<Offer>,
    /// Server types that every node could have, but whose price no source names: not offered.
    pub unpriced: Vec<String>,
}

/// Contrasts a fleet with a budget. Pure.
pub fn budget_report(
    fleet: &Fleet,
    prices: &PriceList,
    catalogue: &Catalogue,
    budget: Money,
) -> BudgetReport {
    let now = bill(fleet, prices);
    let met = meets(&now, budget);
    let more = |amount: Option<Money>| amount.filter(|it| *it > Money::ZERO);
    let (mut offers, mut unpriced) = (Vec::new(), Vec::new());
    if met != Some(true) {
        (offers, unpriced) = alternatives(fleet, prices, catalogue, budget);
        offers.retain(|offer| !knows_servers(&now) || offer.net_monthly < now.net_monthly);
        offers.sort_by(|a, b| {
            let key = |it: &Offer| (it.net_monthly, it.lacks.len());
            key(a).cmp(&key(b)).then_with(|| a.what.cmp(&b.what))
        });
    }
    BudgetReport {
        budget,
        met,
        over: more(now.net_monthly.minus(budget)),
        under: if now.at_least { None } else { more(budget.minus(now.net_monthly)) },
        nodes_paid: nodes_paid(fleet, prices, budget),
        offers,
        unpriced,
    }
}

/// A bill from which something is missing can only be known to be too much.
fn meets(bill: &Bill, budget: Money) -> Option<bool> {
    if bill.net_monthly > budget {
        return Some(false);
    }
    (!bill.at_least).then_some(true)
}

/// Returns whether the price of every server of a bill is known.
pub(crate) fn knows_servers(bill: &Bill) -> bool {
    bill.lines.iter().all(|line| line.known || !matches!(line.item, Item::Server { .. }))
}

fn alternatives(
    fleet: &Fleet,
    prices: &PriceList,
    catalogue: &Catalogue,
    budget: Money,
) -> (Vec<Offer>, Vec<String>) {
    let shop = Shop { fleet, prices, catalogue, budget };
    let keeps = |wanted: &CatalogueServerType, now: &CatalogueServerType| {
        wanted.cores >= now.cores
            && wanted.memory_bytes() >= now.memory_bytes()
            && wanted.disk_gb >= now.disk_gb
    };
    let mut offers: Vec<Offer> = [
        shop.offer("the cheapest that keep processors, memory and disk", |node| {
            let now = catalogue.server_type(&node.server_type)?;
            shop.cheapest(node, |wanted| keeps(wanted, now))
        }),
        shop.offer("the cheapest sold in each location", |node| shop.cheapest(node, |_| true)),
    ]
    .into_iter()
    .flatten()
    .collect();
    let mut unpriced = Vec::new();
    for wanted in &catalogue.server_types {
        if fleet.nodes.values().all(|node| shop.sold(node).any(|it| it.name == wanted.name)) {
            match shop.offer(&format!("every node {}", wanted.name), |_| Some(wanted)) {
                Some(offer) => offers.push(offer),
                None => unpriced.push(wanted.name.clone()),
            }
        }
    }
    // Of two that buy the same the first says more about why.
    let mut seen = BTreeSet::new();
    offers.retain(|offer| seen.insert((offer.server_types.clone(), offer.net_monthly)));
    (offers, unpriced)
}

/// What offers are made from.
struct Shop<'a> {
    fleet: &'a Fleet,
    prices: &'a PriceList,
    catalogue: &'a Catalogue,
    budget: Money,
}

impl<'a> Shop<'a> {
    /// Returns the types that a node could have where it stands: of its architecture.
    fn sold(&self, node: &Node) -> impl Iterator<Item = &'a CatalogueServerType> {
        let location = self.fleet.site_of(node).map(|site| site.location.clone());
        let now = self.catalogue.server_type(&node.server_type);
        let architecture = now.map(|now| now.architecture.clone());
        self.catalogue.server_types.iter().filter(move |wanted| {
            location.as_ref().is_some_and(|location| wanted.locations.contains(location))
                && architecture.as_ref().is_none_or(|it| *it == wanted.architecture)
        })
    }

    fn cheapest(
        &self,
        node: &Node,
        fits: impl Fn(&CatalogueServerType) -> bool,
    ) -> Option<&'a CatalogueServerType> {
        let location = &self.fleet.site_of(node)?.location;
        let price = |it: &CatalogueServerType| {
            let rate = self.prices.server(&it.name, location)?.rate?;
            Some(rate.monthly.net)
        };
        let priced = self.sold(node).filter(|it| fits(it)).filter_map(|it| Some((price(it)?, it)));
        priced.min_by(|a, b| (a.0, &a.1.name).cmp(&(b.0, &b.1.name))).map(|(_, it)| it)
    }

    /// Makes the offer in which each node gets the type that `choose` says, or keeps its own. `None`
    /// when the price of a server is not known.
    fn offer(
        &self,
        what: &str,
        choose: impl Fn(&Node) -> Option<&'a CatalogueServerType>,
    ) -> Option<Offer> {
        let mut fleet = self.fleet.clone();
        let mut server_types = BTreeMap::new();
        let mut changes: BTreeMap<(String, String), u64> = BTreeMap::new();
        for node in fleet.nodes.values_mut() {
            if let Some(wanted) = choose(node) {
                if wanted.name != node.server_type {
                    let change = (node.server_type.clone(), wanted.name.clone());
                    *changes.entry(change).or_insert(0) += 1;
                }
                node.server_type.clone_from(&wanted.name);
            }
            *server_types.entry(node.server_type.clone()).or_insert(0) += 1;
        }
        let then = bill(&fleet, self.prices);
        let lacks = changes.iter().filter_map(|((now, then), count)| self.lack(now, then, *count));
        knows_servers(&then).then(|| Offer {
            what: what.to_owned(),
            server_types,
            net_monthly: then.net_monthly,
            at_least: then.at_least,
            meets: then.net_monthly <= self.budget,
            lacks: lacks.collect(),
        })
    }

    /// Says what one type has less than another, in one line.
    fn lack(&self, now: &str, then: &str, nodes: u64) -> Option<String> {
        let (now, then) = (self.catalogue.server_type(now)?, self.catalogue.server_type(then)?);
        let mut lacks = Vec::new();
        if then.cores < now.cores {
            lacks.push(format!("{} of {} processors", then.cores, now.cores));
        }
        if then.cpu_type != now.cpu_type && now.cpu_type == "dedicated" {
            lacks.push("processors shared with others".to_owned());
        }
        if then.memory_bytes() < now.memory_bytes() {
            lacks.push(format!("{} of {} GiB", then.memory_gb, now.memory_gb));
        }
        if then.disk_gb < now.disk_gb {
            lacks.push(format!("{} of {} GB disk", then.disk_gb, now.disk_gb));
        }
        let count = if nodes == 1 { "1 node".to_owned() } else { format!("{nodes} nodes") };
        let change = format!("{} to {} ({count})", now.name, then.name);
        (!lacks.is_empty()).then(|| format!("{change}: {}", lacks.join(", ")))
    }
}

fn nodes_paid(fleet: &Fleet, prices: &PriceList, budget: Money) -> Option<u64> {
    let mut each = Vec::new();
    for name in fleet.nodes.keys() {
        let mut alone = fleet.clone();
        alone.nodes.retain(|other, _| other == name);
        alone.entries.clear();
        alone.volumes.clear();
        let bill = bill(&alone, prices);
        if bill.at_least {
            return None;
        }
        each.push(bill.net_monthly);
    }
    each.sort_unstable();
    let mut left = budget;
    let mut paid = 0;
    for price in each {
        match left.minus(price) {
            Some(rest) if !rest.is_negative() => left = rest,
            _ => break,
        }
        paid += 1;
    }
    Some(paid)
}
