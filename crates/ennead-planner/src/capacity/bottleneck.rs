//! What breaks first as the load grows, and the smallest change that removes filter(|it| is_in(it, fleet, roles)).

use std::fmt;

use ennead_components::Options;
use ennead_model::{Fleet, Load};
use serde::Serialize;

use super::carrier::Carrier;
use super::ground::Ground;
use super::resources::Row;
use super::server_type::other_type;
use super::utilise::{Cases, fits};

/// Most values_mut().filter(|node| is_in(node, fleet, roles))s in each site that are looked at. Above it another way has to be found.
const NODES_MAX: usize = 1_000;
/// Most that an option is raised to.
const SETTING_MAX: u32 = 1_000_000;
/// What removes a bottleneck.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "is", rename_all = "snake_case")]
pub enum Change {
    /// An option gets this value.
    Setting {
        /// Its path in the spec.
        path: String,
        /// The least that is enough.
        value: u64,
    },
    /// More nodes that run a component or a service, of the least type that runs it now.
    MoreNodes {
        /// What they run: a component's name, or `service` and its name.
        with: String,
        /// How many in each site.
        in_each_site: usize,
        /// Their type.
        server_type: String,
    },
    /// Another server type for the servers that run any of these.
    ServerType {
        /// What they run: names of components, or `service` and its name.
        with: Vec<String>,
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
            Self::MoreNodes { with, in_each_site, server_type } => {
                let nodes = if *in_each_site == 1 { "node" } else { "nodes" };
                write!(
                    f,
                    "{in_each_site} more {nodes} of type {server_type} with {with} in each site"
                )
            }
            Self::ServerType { with, server_type } => {
                write!(f, "type {server_type} for the servers with {}", with.join(", "))
            }
            Self::Nothing { why } => write!(f, "nothing that was tried is enough: {why}"),
        }
    }
}

/// What is asked of a change, and of whom.
#[derive(Clone, Copy)]
pub(super) struct Wanted<'a> {
    pub fleet: &'a Fleet,
    pub options: &'a Options,
    pub load: &'a Load,
    /// How many times the load has to fit, whatever is lost as long as anything is left.
    pub times: f64,
}

impl Wanted<'_> {
    /// Returns how many times the load fits with another fleet.
    pub(super) fn fits(&self, row: &Row<'_>, fleet: &Fleet) -> f64 {
        let ground = Ground::new(fleet, self.options, self.load);
        fits(row, &ground, &Cases::of(&ground))
    }
}

/// Returns the first change that is enough for a resource: an option, more nodes, another type.
pub(super) fn remove(row: &Row<'_>, wanted: Wanted<'_>) -> Change {
    raise(row, wanted)
        .or_else(|| raise_sessions(row, wanted))
        .or_else(|| add_nodes(row, wanted))
        .unwrap_or_else(|| other_type(row, wanted))
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

fn raise(row: &Row<'_>, wanted: Wanted<'_>) -> Option<Change> {
    let setting = row.kind.setting?;
    let holds = |value: u64| {
        let mut changed = wanted.options.clone();
        (setting.set)(&mut changed, u32::try_from(value).unwrap_or(u32::MAX));
        let ground = Ground::new(wanted.fleet, &changed, wanted.load);
        fits(row, &ground, &Cases::of(&ground)) >= wanted.times
    };
    let value = least((setting.get)(wanted.options).into(), SETTING_MAX.into(), holds)?;
    Some(Change::Setting { path: setting.path.to_owned(), value })
}

/// Raises the one setting of a service that only limits.
fn raise_sessions(row: &Row<'_>, wanted: Wanted<'_>) -> Option<Change> {
    const KEY: &str = "sessions_max";
    let carrier = row.carrier.filter(|_| row.kind.key == "sessions")?;
    let stated = carrier.carries.get(KEY)?;
    let ground = Ground::new(wanted.fleet, wanted.options, wanted.load);
    let cases = Cases::of(&ground);
    let holds = |value: u64| {
        let mut carries = carrier.carries.clone();
        carries.settings.insert(KEY.to_owned(), value);
        let carrier = Some(Carrier { carries: &carries, ..carrier });
        fits(&Row { carrier, ..*row }, &ground, &cases) >= wanted.times
    };
    let value = least(stated, SETTING_MAX.into(), holds)?;
    let path = format!("services.{}.carries.{KEY}", carrier.service.name);
    Some(Change::Setting { path, value })
}

fn add_nodes(row: &Row<'_>, wanted: Wanted<'_>) -> Option<Change> {
    let role = row.role().filter(|_| row.kind.spreads)?;
    let ground = Ground::new(wanted.fleet, wanted.options, wanted.load);
    let holds = |further: u64| {
        let mut cases = Cases::of(&ground);
        cases.add(role, usize::try_from(further).unwrap_or(0), ground.sites);
        fits(row, &ground, &cases) >= wanted.times
    };
    let in_each_site = least(1, u64::try_from(NODES_MAX).ok()?, holds)?;
    let its = ground.classes.iter().filter(|class| role.is_on(class.node, wanted.fleet));
    let least = its.min_by_key(|class| {
        (class.node.cores, class.node.memory_bytes, class.node.server_type.as_str())
    })?;
    Some(Change::MoreNodes {
        with: role.to_string(),
        in_each_site: usize::try_from(in_each_site).ok()?,
        server_type: least.node.server_type.clone(),
    })
}
