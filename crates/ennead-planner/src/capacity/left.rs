//! Who shares a part of the load, and how many of them are left after a loss.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use ennead_model::{Fleet, Node};

use super::carrier::Carrier;

/// Who shares a part of the load.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Role<'a> {
    /// The instances of a component.
    Component(&'a str),
    /// The servers of a service.
    Service(&'a str),
}

impl Role<'_> {
    /// Returns whether a node plays it.
    pub(super) fn is_on(self, node: &Node, fleet: &Fleet) -> bool {
        match self {
            Self::Component(component) => node.components.contains(component),
            Self::Service(name) => {
                fleet.services.get(name).is_some_and(|it| it.nodes.contains(&node.name))
            }
        }
    }
}

impl fmt::Display for Role<'_> {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Component(component) => f.write_str(component),
            Self::Service(name) => write!(f, "service {name}"),
        }
    }
}

/// Servers of a service.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Parts {
    /// How many are left.
    pub left: usize,
    /// How many there were.
    pub all: usize,
}

/// How many instances are left, and which components lost one.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Left<'a> {
    instances: BTreeMap<&'a str, usize>,
    hurt: BTreeSet<&'a str>,
    /// Of each service that carries something, how many servers are left and were ever there.
    services: BTreeMap<&'a str, Parts>,
}

impl<'a> Left<'a> {
    /// Returns what is there while nothing is lost.
    pub(super) fn whole(instances: &BTreeMap<&'a str, usize>, carriers: &[Carrier<'a>]) -> Self {
        let parts = |it: &Carrier<'a>| {
            let all = it.service.nodes.len();
            (it.service.name.as_str(), Parts { left: all, all })
        };
        let services = carriers.iter().map(parts).collect();
        Self { instances: instances.clone(), hurt: BTreeSet::new(), services }
    }

    /// Takes a node away, which runs these services.
    pub(super) fn lose<'s>(&mut self, node: &Node, services: impl Iterator<Item = &'s str>) {
        for (component, count) in &mut self.instances {
            if node.components.contains(*component) {
                *count = count.saturating_sub(1);
                self.hurt.insert(component);
            }
        }
        for service in services {
            if let Some(parts) = self.services.get_mut(service) {
                parts.left = parts.left.saturating_sub(1);
            }
        }
    }

    /// Returns how many instances are left.
    pub(super) fn of(&self, component: &str) -> usize {
        self.instances.get(component).copied().unwrap_or(0)
    }

    /// Returns whether an instance of any of these was lost.
    pub(super) fn hurt(&self, components: &[&str]) -> bool {
        components.iter().any(|component| self.hurt.contains(component))
    }

    /// Returns how many servers of a service are left and were ever there.
    pub(super) fn parts(&self, service: &str) -> Parts {
        self.services.get(service).copied().unwrap_or_default()
    }

    /// Adds servers of a service that the fleet does not have: so many in all, of which so many are
    /// left.
    pub(super) fn add_serving(&mut self, service: &str, all: usize, left: usize) {
        if let Some(parts) = self.services.get_mut(service) {
            parts.all = parts.all.saturating_add(all);
            parts.left = parts.left.saturating_add(left);
        }
    }

    /// Adds instances of a component that the fleet does not have.
    pub(super) fn add(&mut self, component: &str, further: usize) {
        if let Some(count) = self.instances.get_mut(component) {
            *count = count.saturating_add(further);
        }
    }
}
