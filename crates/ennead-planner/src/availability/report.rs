//! Everything that is computed about the minutes of a year, for people and programs.

use serde::Serialize;

use super::fault::{Kind, faults};
use super::formula::{Term, terms};
use super::rates::{MINUTES_PER_YEAR, RateEntry, Rates};
use super::simulate::simulate;
use super::spread::Spread;
use crate::survive::Layout;

/// Years that are played out unless somebody wants another number.
pub const YEARS: u32 = 100_000;
/// The seed of the simulation; any number would do.
pub const SEED: u64 = 9;

/// What is not counted.
pub const NOT_COUNTED: [&str; 7] = [
    "mistakes of people and of programs, updates that go wrong",
    "faults with a common cause, such as a failure of the cloud's API or of both sites",
    "Kubernetes and everything that runs on it, the cache",
    "DNS, and the time until clients find a load balancer that is left",
    "servers that are slow and not gone, full disks, overload",
    "reads, coordination and lost commits: only writes and the entry are counted",
    "the seconds in which a service starts when what was missing has come back",
];

/// What a service is away in a year.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Service {
    /// `writes`, `entry` or `either`: one of the two is away.
    pub service: &'static str,
    /// Expected minutes a year, by the formula.
    pub minutes_per_year: f64,
    /// The same as an availability in percent.
    pub percent: f64,
    /// Whether that keeps within the target.
    pub kept: bool,
    /// The spread by the simulation.
    pub spread: Spread,
}

/// The terms of one kind, added up.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Group {
    /// What happens.
    pub what: &'static str,
    /// How often a year; of overlaps, only those that add something.
    pub per_year: f64,
    /// Minutes a year without writes, without an entry, and without one of the two.
    pub minutes: [f64; 3],
}

/// Everything that is computed.
#[derive(Debug, Clone, PartialEq, Serialize)]
pub struct Availability {
    /// Version of this form.
    pub format_version: u32,
    /// The rates in force.
    pub rates: Vec<RateEntry>,
    /// Minutes a year that the target allows.
    pub target_minutes: f64,
    /// What is counted.
    pub services: Vec<Service>,
    /// The sum by kinds.
    pub groups: Vec<Group>,
    /// The sum term by term, the largest first.
    pub terms: Vec<Term>,
    /// Years that were played out.
    pub years: u32,
    /// The seed of the simulation.
    pub seed: u64,
    /// Why the formula may be wrong for these rates; empty when there is no reason.
    pub doubt: String,
    /// What is not counted.
    pub not_counted: Vec<&'static str>,
}

/// Computes everything. Pure: the same arguments give the same result.
#[must_use]
pub fn availability(layout: &Layout, rates: &Rates, years: u32, seed: u64) -> Availability {
    let faults = faults(layout, rates);
    let mut terms = terms(layout, &faults, rates);
    let simulation = simulate(layout, &faults, rates, years, seed);
    let groups = group(&terms);
    let target_minutes = rates.target_minutes();
    let names = ["writes", "entry", "either"].into_iter().zip(simulation.services).enumerate();
    let services = names.map(|(index, (service, spread))| {
        let minutes = sum(terms.iter(), index).min(MINUTES_PER_YEAR);
        let percent = 100.0 - 100.0 * minutes / MINUTES_PER_YEAR;
        let kept = minutes <= target_minutes;
        Service { service, minutes_per_year: minutes, percent, kept, spread }
    });
    let services = services.collect();
    terms.sort_by(|one, other| other.minutes[2].total_cmp(&one.minutes[2]));
    // Planned work is left out: of that, only one server at a time is away.
    let away = faults.iter().filter(|fault| !fault.is_planned());
    let away: f64 = away.map(|fault| fault.per_year * fault.minutes / MINUTES_PER_YEAR).sum();
    Availability {
        format_version: 1,
        rates: rates.entries(),
        target_minutes,
        services,
        groups,
        terms,
        years: simulation.years,
        seed,
        doubt: doubt(away),
        not_counted: NOT_COUNTED.to_vec(),
    }
}

/// Largest expected number of faults at one moment for which the formula is trusted: three at a time
/// are then rarer than one in some thousand moments.
const AWAY_MAX: f64 = 0.1;

fn doubt(away: f64) -> String {
    if away <= AWAY_MAX {
        return String::new();
    }
    format!(
        "{away:.2} faults last at any moment: the formula leaves out what three and more of them do \
         together and counts pairs too often, so trust the simulation"
    )
}

fn sum<'a>(terms: impl Iterator<Item = &'a Term>, service: usize) -> f64 {
    terms.filter_map(|term| term.minutes.get(service)).sum()
}

fn group(terms: &[Term]) -> Vec<Group> {
    let kinds = Kind::ALL.into_iter().map(|kind| (Some(kind), kind.words()));
    let groups = kinds.chain([(None, "a second fault while another lasts")]).map(|(kind, what)| {
        let terms = terms.iter().filter(|it| it.kind == kind);
        let minutes = [0, 1, 2].map(|service| sum(terms.clone(), service));
        Group { what, per_year: terms.map(|term| term.per_year).sum(), minutes }
    });
    groups.collect()
}
