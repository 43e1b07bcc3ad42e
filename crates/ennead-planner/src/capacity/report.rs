//! Everything that is computed about capacity, for people and programs.

use ennead_components::Options;
use ennead_model::{Fleet, Load};
use serde::Serialize;

use super::bottleneck::{Change, Wanted, remove};
use super::coefficients::{self, Coefficient};
use super::ground::{Class, Ground};
use super::left::Role;
use super::left_out::{NotComputed, not_computed};
use super::resources::{Draw, Of, Row, Unit, fullest, rows, use_of};
use super::utilise::{Cases, Losses, Use, fits, losses};

/// When nothing is short yet, what breaks first is removed for at least so many times the load,
const TIMES_MIN: f64 = 2.0;
/// and for so much more than it carries, so that the change moves it.
const TIMES_MORE: f64 = 1.5;

/// What one of those on a server takes of what it has.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Part {
    /// A component, a service, or `system`.
    pub who: String,
    /// How much, in the resource's unit.
    pub amount: f64,
}

/// What draws on a server.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Drawn {
    /// A server of its kind.
    pub node: String,
    /// Who takes how much, the most first; who takes nothing is left out.
    pub parts: Vec<Part>,
    /// One server of each other kind that is short too.
    pub short_too: Vec<String>,
}

/// A resource with its use in every case.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Resource {
    /// Stable name, for example `pooler.clients`.
    pub key: String,
    /// What it is, for people.
    pub what: String,
    /// In what it is counted.
    pub unit: Unit,
    /// The component whose instances share it.
    pub component: Option<String>,
    /// The service whose servers share it.
    pub service: Option<String>,
    /// What sets the supply, for people.
    pub limit: &'static str,
    /// Whether any coefficient in it is an estimate.
    pub estimated: bool,
    /// Names of the coefficients in it.
    pub coefficients: Vec<&'static str>,
    /// While nothing is lost; `None` when there is no supply at all.
    pub now: Option<Use>,
    /// Of what a server has: the fullest one while nothing is lost, and what draws on it.
    pub fullest: Option<Drawn>,
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
    pub resource: String,
    /// At how many times the stated load.
    pub breaks_at: f64,
}

/// What removes a bottleneck.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Removal {
    /// The resource's key.
    pub resource: String,
    /// How many times the stated load it carries then.
    pub times: f64,
    /// What has to be changed.
    pub change: Change,
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
    let rows = rows(&ground);
    let resources: Vec<Resource> = rows.iter().map(|row| resource(row, &ground, &cases)).collect();
    let mut carried: Vec<(f64, &Row<'_>)> =
        rows.iter().map(|row| (fits(row, &ground, &cases), row)).collect();
    carried.sort_by(|(one, _), (other, _)| one.total_cmp(other));
    let short = carried.iter().filter(|(fits, _)| *fits < 1.0).map(|(_, row)| (*row, 1.0));
    let mut wanted: Vec<(&Row<'_>, f64)> = short.collect();
    if let (true, Some((first, row))) = (wanted.is_empty(), carried.first())
        && first.is_finite()
    {
        wanted.push((row, TIMES_MIN.max((first * TIMES_MORE).ceil())));
    }
    let removals = wanted.into_iter().map(|(row, times)| {
        let change = remove(row, Wanted { fleet, options, load, times });
        Removal { resource: row.key(), times, change }
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

fn resource(row: &Row<'_>, ground: &Ground<'_>, cases: &Cases<'_>) -> Resource {
    let coefficients = row.coefficients(ground);
    let (component, service) = match row.role() {
        Some(Role::Component(name)) => (Some(name.to_owned()), None),
        Some(Role::Service(name)) => (None, Some(name.to_owned())),
        None => (None, None),
    };
    Resource {
        key: row.key(),
        what: row.what(),
        unit: row.kind.unit,
        component,
        service,
        limit: row.kind.limit,
        estimated: coefficients.iter().any(|it| it.estimate),
        coefficients: coefficients.iter().map(|it| it.name).collect(),
        now: row.compute(ground, &cases.whole),
        fullest: drawn(row, ground, cases),
        server: losses(row, ground, &cases.servers),
        site: losses(row, ground, &cases.sites),
    }
}

fn drawn(row: &Row<'_>, ground: &Ground<'_>, cases: &Cases<'_>) -> Option<Drawn> {
    let Of::Servers(of) = row.kind.of else { return None };
    let fullest = fullest(ground, &cases.whole, of)?;
    let amount = |draw: &Draw<'_>| draw.fixed + draw.growing;
    let part = |draw: &Draw<'_>| Part { who: draw.who.to_owned(), amount: amount(draw) };
    let mut parts: Vec<Part> = fullest.draws.iter().map(part).collect();
    parts.retain(|it| it.amount > 0.0);
    parts.sort_by(|one, other| other.amount.total_cmp(&one.amount));
    let short = |class: &&Class<'_>| {
        let usage = use_of(ground, &cases.whole, class, of);
        class.node.name != fullest.class.node.name && usage.is_some_and(|it| it.utilisation > 1.0)
    };
    let short_too = ground.classes.iter().filter(short).map(|it| it.node.name.to_string());
    let (node, short_too) = (fullest.class.node.name.to_string(), short_too.collect());
    Some(Drawn { node, parts, short_too })
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
            Some(Bottleneck { case, lost, resource: resource.key.clone(), breaks_at })
        });
        all.min_by(|one, other| one.breaks_at.total_cmp(&other.breaks_at))
    };
    cases.into_iter().filter_map(first).collect()
}
