//! Everything that is computed about capacity, for people and programs.

use ennead_components::{ALL as COMPONENTS, Options};
use ennead_model::{Fleet, Load};
use serde::Serialize;

use super::bottleneck::{Change, remove};
use super::coefficients::{self, Coefficient};
use super::ground::Ground;
use super::resources::{ALL, Kind, Unit};
use super::utilise::{Cases, Losses, Use, fits, losses};

/// When nothing is short yet, what breaks first is removed for at least so many times the load,
const TIMES_MIN: f64 = 2.0;
/// and for so much more than it carries, so that the change moves it.
const TIMES_MORE: f64 = 1.5;

/// A resource with its use in every case.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Resource {
    /// Stable name, for example `pooler.clients`.
    pub key: &'static str,
    /// What it is, for people.
    pub what: &'static str,
    /// In what it is counted.
    pub unit: Unit,
    /// The component without which there is no such resource.
    pub component: &'static str,
    /// What sets the supply, for people.
    pub limit: &'static str,
    /// Whether any coefficient in it is an estimate.
    pub estimated: bool,
    /// Names of the coefficients in it.
    pub coefficients: Vec<&'static str>,
    /// While nothing is lost; `None` when there is no supply at all.
    pub now: Option<Use>,
    /// With any one server lost.
    pub server: Losses,
    /// With any one site lost.
    pub site: Losses,
}

impl Resource {
    /// Returns whether the stated load is too much for it while nothing is lost.
    #[must_use]
    pub fn is_over_now(&self) -> bool {
        self.now.is_none_or(|usage| usage.utilisation > 1.0)
    }

    /// Returns whether the stated load is too much for it after a loss that leaves anything.
    #[must_use]
    pub fn is_over_after(losses: &Losses) -> bool {
        losses.worst.as_ref().is_some_and(|worst| worst.usage.utilisation > 1.0)
    }
}

/// What breaks first in one kind of case.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Bottleneck {
    /// `now`, `server` or `site`.
    pub case: &'static str,
    /// What is lost; empty for `now`.
    pub lost: String,
    /// The resource's key.
    pub resource: &'static str,
    /// At how many times the stated load.
    pub breaks_at: f64,
}

/// What removes a bottleneck.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Removal {
    /// The resource's key.
    pub resource: &'static str,
    /// How many times the stated load it carries then.
    pub times: f64,
    /// What has to be changed.
    pub change: Change,
}

/// Something that is not computed.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct NotComputed {
    /// What.
    pub what: String,
    /// Why not.
    pub why: String,
}

/// Everything that is computed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Capacity {
    /// Version of this form.
    pub format_version: u32,
    /// The load that is asked.
    pub load: Load,
    /// The resources of the components that the fleet has.
    pub resources: Vec<Resource>,
    /// What breaks first, now and after losses.
    pub bottlenecks: Vec<Bottleneck>,
    /// What removes everything that is short, or else what breaks first.
    pub removals: Vec<Removal>,
    /// What is not computed.
    pub not_computed: Vec<NotComputed>,
    /// What it was computed with.
    pub coefficients: Vec<Coefficient>,
}

impl Capacity {
    /// Returns the resource of that key.
    #[must_use]
    pub fn resource(&self, key: &str) -> Option<&Resource> {
        self.resources.iter().find(|resource| resource.key == key)
    }

    /// Returns what removes the bottleneck at a resource, when it was looked for.
    #[must_use]
    pub fn removal(&self, key: &str) -> Option<&Removal> {
        self.removals.iter().find(|removal| removal.resource == key)
    }
}

/// Computes demand, supply and use of every resource. Pure: no clock, no network, no random source.
/// Numbers may be anything; what cannot be computed is named in the answer.
#[must_use]
pub fn compute(fleet: &Fleet, options: &Options, load: &Load) -> Capacity {
    let ground = Ground::new(fleet, options, load);
    let cases = Cases::of(&ground);
    let kinds: Vec<&Kind> = ALL.into_iter().filter(|kind| ground.has(kind.component)).collect();
    let resources: Vec<Resource> =
        kinds.iter().map(|kind| resource(kind, &ground, &cases)).collect();
    let mut carried: Vec<(f64, &Kind)> =
        kinds.iter().map(|kind| (fits(kind, &ground, &cases), *kind)).collect();
    carried.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    let short = carried.iter().filter(|(fits, _)| *fits < 1.0).map(|(_, kind)| (*kind, 1.0));
    let mut wanted: Vec<(&Kind, f64)> = short.collect();
    if let (true, Some((first, kind))) = (wanted.is_empty(), carried.first())
        && first.is_finite()
    {
        wanted.push((kind, TIMES_MIN.max((first * TIMES_MORE).ceil())));
    }
    let removals = wanted.into_iter().map(|(kind, times)| {
        let change = remove(kind, fleet, options, load, times);
        Removal { resource: kind.key, times, change }
    });
    Capacity {
        format_version: 1,
        load: *load,
        bottlenecks: bottlenecks(&resources),
        removals: removals.collect(),
        resources,
        not_computed: not_computed(&ground, load),
        coefficients: coefficients::ALL.to_vec(),
    }
}

fn resource(kind: &Kind, ground: &Ground<'_>, cases: &Cases<'_>) -> Resource {
    Resource {
        key: kind.key,
        what: kind.what,
        unit: kind.unit,
        component: kind.component,
        limit: kind.limit,
        estimated: kind.coefficients.iter().any(|it| it.estimate),
        coefficients: kind.coefficients.iter().map(|it| it.name).collect(),
        now: (kind.compute)(ground, &cases.whole),
        server: losses(kind, ground, &cases.servers),
        site: losses(kind, ground, &cases.sites),
    }
}

fn bottlenecks(resources: &[Resource]) -> Vec<Bottleneck> {
    let worst =
        |losses: &Losses| losses.worst.as_ref().map(|worst| (worst.lost.clone(), worst.usage));
    let now = |it: &Resource| it.now.map(|usage| (String::new(), usage));
    let cases: [(&'static str, Vec<_>); 3] = [
        ("now", resources.iter().map(now).collect()),
        ("server", resources.iter().map(|it| worst(&it.server)).collect()),
        ("site", resources.iter().map(|it| worst(&it.site)).collect()),
    ];
    let first = |(case, uses): (&'static str, Vec<Option<(String, Use)>>)| {
        let all = resources.iter().zip(uses).filter_map(|(resource, usage)| {
            let (lost, usage) = usage?;
            let breaks_at = usage.breaks_at?;
            Some(Bottleneck { case, lost, resource: resource.key, breaks_at })
        });
        all.min_by(|one, other| one.breaks_at.total_cmp(&other.breaks_at))
    };
    cases.into_iter().filter_map(first).collect()
}

fn not_computed(ground: &Ground<'_>, load: &Load) -> Vec<NotComputed> {
    let mut left_out = Vec::new();
    let mut note = |what: &str, why: &str| {
        left_out.push(NotComputed { what: what.to_owned(), why: why.to_owned() });
    };
    for component in COMPONENTS {
        let name = component.name();
        if ALL.iter().any(|kind| kind.component == name) && !ground.has(name) {
            note(name, "no node runs it");
        }
    }
    if load.users.is_some() {
        note("sessions and TLS of users", "no component lets users in yet");
    }
    if load.log_lines_per_second.is_some() {
        note("log lines against disk", "no component stores them; each node's journal has a limit");
    }
    note("application workers, cache, metrics, backups", "no component has them yet");
    note("network traffic and disk operations", "the cloud promises no figures");
    note("replicas that answer reads", "everything is asked of the primary: the worst case");
    left_out
}
