//! The resources that are computed: a list of functions, one file for each component, and one for
//! what services carry.
//!
//! A later component adds a file and its entries in [`PLATFORM`].

mod balancers;
mod databases;
mod draws;
mod poolers;
mod servers;
mod services;

use ennead_components::Options;
use ennead_model::carries::Burden;
use serde::Serialize;

use super::carrier::Carrier;
use super::coefficients::Coefficient;
use super::ground::{Class, Ground};
use super::left::{Left, Role};
use super::utilise::Use;

pub(super) use draws::Draw;
pub use servers::SYSTEM_PART;
pub(super) use servers::{fullest, use_of};
pub(super) use services::ALL as SERVICES;

/// In what a resource is counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
#[serde(rename_all = "snake_case")]
pub enum Unit {
    /// Things at the same time.
    Count,
    /// Things in a second.
    PerSecond,
    /// Processors' worth of time.
    Processors,
    /// Bytes, told in powers of 1024 as memory is sold.
    MemoryBytes,
    /// Bytes, told in powers of 1000 as disks are sold.
    DiskBytes,
}

/// An option that limits a resource and may be raised.
#[derive(Debug, Clone, Copy)]
pub(super) struct Setting {
    /// Its path in the spec.
    pub path: &'static str,
    pub get: fn(&Options) -> u32,
    pub set: fn(&mut Options, u32),
}

/// Whose resource it is, with what computes its use: `None` when nothing of it is left.
#[derive(Debug, Clone, Copy)]
pub(super) enum Of {
    /// Of the instances of a component: without any there is no such resource.
    Component(&'static str, fn(&Ground<'_>, &Left<'_>) -> Option<Use>),
    /// Of the servers of each service that carries this.
    Service(Burden, fn(&Ground<'_>, &Left<'_>, &Carrier<'_>) -> Option<Use>),
    /// Of the fullest server: everything that draws on it is added up.
    Servers(OfClass),
}

/// What draws on a server of a class, and what it has; `None` when that cannot be said.
pub(super) type OfClass = for<'a> fn(&Ground<'a>, &Left<'_>, &Class<'a>) -> (Vec<Draw<'a>>, f64);

/// A kind of resource and how it is computed.
#[derive(Debug, Clone, Copy)]
pub(super) struct Kind {
    /// Stable name; for a service's the last word of it.
    pub key: &'static str,
    /// What it is, for people.
    pub what: &'static str,
    pub unit: Unit,
    /// What sets the supply, for people.
    pub limit: &'static str,
    /// What it is computed with.
    pub coefficients: &'static [Coefficient],
    /// Whether instances share the load, so that more of them help.
    pub spreads: bool,
    /// Whether a larger server type may help.
    pub grows: bool,
    pub setting: Option<Setting>,
    pub of: Of,
}

/// A resource: a kind, and for a service's the service.
#[derive(Debug, Clone, Copy)]
pub(super) struct Row<'a> {
    pub kind: &'static Kind,
    pub carrier: Option<Carrier<'a>>,
}

/// Every kind whose resource is not a service's.
pub(super) const PLATFORM: [&Kind; 9] = [
    &balancers::SESSIONS,
    &balancers::EXCHANGES,
    &poolers::CLIENTS,
    &poolers::TRANSACTIONS,
    &poolers::HANDSHAKES,
    &databases::BACKENDS,
    &servers::PROCESSORS,
    &servers::MEMORY,
    &servers::DISK,
];

/// Returns the resources of a platform: those of components that it has, those of each service that
/// carries something, and those of the servers.
pub(super) fn rows<'a>(ground: &Ground<'a>) -> Vec<Row<'a>> {
    let alone = |kind: &'static Kind| Row { kind, carrier: None };
    let of_servers = |kind: &&Kind| matches!(kind.of, Of::Servers(_));
    let there = |kind: &&Kind| match kind.of {
        Of::Component(component, _) => ground.has(component),
        Of::Service(..) | Of::Servers(_) => true,
    };
    let platform = || PLATFORM.into_iter().filter(there);
    let mut rows: Vec<Row<'a>> = platform().filter(|it| !of_servers(it)).map(alone).collect();
    for carrier in &ground.carriers {
        let its = |kind: &&Kind| matches!(kind.of, Of::Service(it, _) if it == carrier.burden());
        let its = SERVICES.into_iter().filter(its);
        rows.extend(its.map(|kind| Row { kind, carrier: Some(*carrier) }));
    }
    rows.extend(platform().filter(of_servers).map(alone));
    rows
}

impl<'a> Row<'a> {
    /// Returns its stable name.
    pub(super) fn key(&self) -> String {
        match &self.carrier {
            Some(carrier) => format!("service.{}.{}", carrier.service.name, self.kind.key),
            None => self.kind.key.to_owned(),
        }
    }

    /// Returns what it is, for people.
    pub(super) fn what(&self) -> String {
        match &self.carrier {
            Some(carrier) => format!("{}: {}", carrier.service.name, self.kind.what),
            None => self.kind.what.to_owned(),
        }
    }

    /// Returns who shares it; `None` for what a server has.
    pub(super) fn role(&self) -> Option<Role<'a>> {
        match self.kind.of {
            Of::Component(component, _) => Some(Role::Component(component)),
            Of::Service(..) => Some(Role::Service(self.carrier?.service.name.as_str())),
            Of::Servers(_) => None,
        }
    }

    /// Returns the use; `None` when nothing of the resource is left.
    pub(super) fn compute(&self, ground: &Ground<'_>, left: &Left<'_>) -> Option<Use> {
        match self.kind.of {
            Of::Component(_, compute) => compute(ground, left),
            Of::Service(_, compute) => compute(ground, left, &self.carrier?),
            Of::Servers(of) => Some(fullest(ground, left, of)?.usage),
        }
    }

    /// Returns what it is computed with: settings that are stated take the place of coefficients.
    pub(super) fn coefficients(&self, ground: &Ground<'_>) -> Vec<Coefficient> {
        let mut used: Vec<Coefficient> = match &self.carrier {
            Some(carrier) => {
                self.kind.coefficients.iter().filter(|it| carrier.uses(it)).copied().collect()
            }
            None => self.kind.coefficients.to_vec(),
        };
        if let Of::Servers(_) = self.kind.of {
            for carrier in &ground.carriers {
                let its = draws::coefficients(carrier.burden(), self.kind.unit);
                used.extend(its.iter().filter(|it| carrier.uses(it)));
            }
        }
        let mut names = std::collections::BTreeSet::new();
        used.retain(|it| names.insert(it.name));
        used
    }
}

/// Returns the coefficients in what a burden takes of a server, for tests that look at all.
#[cfg(test)]
pub(super) fn draws(burden: Burden) -> [&'static [Coefficient]; 3] {
    [Unit::Processors, Unit::MemoryBytes, Unit::DiskBytes]
        .map(|unit| draws::coefficients(burden, unit))
}
