//! Demand against supply: now, without each server, without each site.

use std::collections::{BTreeMap, BTreeSet};

use ennead_model::Node;
use serde::Serialize;

use super::ground::Ground;
use super::left::{Left, Role};
use super::resources::Row;

/// How much of a resource is used. Demand grows with the load, but part of it is always there.
#[derive(Debug, Clone, Copy, PartialEq, Serialize)]
pub struct Use {
    /// What is asked, in the resource's unit.
    pub demand: f64,
    /// What there is. Never zero.
    pub supply: f64,
    /// Demand by supply: 1 is everything.
    pub utilisation: f64,
    /// How many times the stated load fits, 0 when not even none of it does; `None` when the load has
    /// no part in it.
    pub breaks_at: Option<f64>,
}

impl Use {
    /// Returns the use of a resource by a part that is always there and one that grows with the load;
    /// `None` when nothing of the resource is left.
    pub(super) fn of(fixed: f64, growing: f64, supply: f64) -> Option<Self> {
        if supply <= 0.0 {
            return None;
        }
        let demand = fixed + growing;
        let breaks_at = if fixed > supply {
            Some(0.0)
        } else if growing > 0.0 {
            Some((supply - fixed) / growing)
        } else {
            None
        };
        Some(Self { demand, supply, utilisation: demand / supply, breaks_at })
    }

    /// Returns how many times the load fits, without end when it has no part in it.
    pub(super) fn fits(&self) -> f64 {
        self.breaks_at.unwrap_or(f64::INFINITY)
    }

    /// Returns the one that is used more, with the lesser of both limits.
    pub(super) fn fuller(self, other: Self) -> Self {
        let least = if other.fits() < self.fits() { other } else { self }.breaks_at;
        let fuller = if other.utilisation > self.utilisation { other } else { self };
        Self { breaks_at: least, ..fuller }
    }
}

/// The use of a resource after a loss.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Worst {
    /// What is lost: a node's or a site's name.
    pub lost: String,
    /// The use then.
    #[serde(flatten)]
    pub usage: Use,
}

/// What becomes of a resource by the losses of one kind.
#[derive(Debug, Clone, Default, PartialEq, Serialize)]
pub struct Losses {
    /// The worst of those that leave anything.
    pub worst: Option<Worst>,
    /// The first that leaves nothing: whether the platform survives that is told by `--survive`.
    pub nothing_left: Option<String>,
}

/// The losses that are looked at: each with its name and what it leaves. Of servers that run the same
/// the first stands for all.
pub(super) struct Cases<'a> {
    pub whole: Left<'a>,
    pub servers: Vec<(String, Left<'a>)>,
    pub sites: Vec<(String, Left<'a>)>,
}

impl<'a> Cases<'a> {
    pub(super) fn of(ground: &Ground<'a>) -> Self {
        let mut sites: BTreeMap<_, Vec<&Node>> = BTreeMap::new();
        let mut alike = BTreeSet::new();
        let mut servers = Vec::new();
        for node in ground.fleet.nodes.values() {
            sites.entry(&node.site).or_default().push(node);
            // Servers that run the same leave the same.
            let carried: Vec<&str> = ground.carried_on(node).collect();
            if alike.insert((&node.components, carried)) {
                servers.push((node.name.to_string(), ground.without(std::iter::once(node))));
            }
        }
        let sites = sites
            .into_iter()
            .map(|(site, nodes)| (site.to_string(), ground.without(nodes.into_iter())));
        Self { whole: ground.whole(), servers, sites: sites.collect() }
    }

    /// Returns what is left in each case, nothing lost among them.
    pub(super) fn all(&self) -> impl Iterator<Item = &Left<'a>> {
        let lost = self.servers.iter().chain(&self.sites).map(|(_, left)| left);
        std::iter::once(&self.whole).chain(lost)
    }

    /// Adds so many nodes that play a role in each site; those of a lost site are lost too.
    pub(super) fn add(&mut self, role: Role<'_>, in_each_site: usize, sites: usize) {
        let all = in_each_site.saturating_mul(sites);
        let elsewhere = in_each_site.saturating_mul(sites.saturating_sub(1));
        let add = |it: &mut Left<'_>, left: usize| match role {
            Role::Component(component) => it.add(component, left),
            Role::Service(service) => it.add_serving(service, all, left),
        };
        add(&mut self.whole, all);
        self.servers.iter_mut().for_each(|(_, it)| add(it, all));
        self.sites.iter_mut().for_each(|(_, it)| add(it, elsewhere));
    }
}

/// Returns the worst of some losses.
pub(super) fn losses(row: &Row<'_>, ground: &Ground<'_>, cases: &[(String, Left<'_>)]) -> Losses {
    let mut losses = Losses::default();
    for (lost, left) in cases {
        let Some(usage) = row.compute(ground, left) else {
            losses.nothing_left.get_or_insert_with(|| lost.clone());
            continue;
        };
        let worse = |worst: &Worst| usage.utilisation > worst.usage.utilisation;
        if losses.worst.as_ref().is_none_or(worse) {
            losses.worst = Some(Worst { lost: lost.clone(), usage });
        }
    }
    losses
}

/// Returns how many times the load fits whatever is lost, as long as anything is left.
pub(super) fn fits(row: &Row<'_>, ground: &Ground<'_>, cases: &Cases<'_>) -> f64 {
    let uses = cases.all().filter_map(|left| row.compute(ground, left));
    uses.map(|usage| usage.fits()).fold(f64::INFINITY, f64::min)
}
