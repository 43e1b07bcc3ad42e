//! The formula by hand, the simulation against the formula, and that nothing is ever absurd.

mod agreement;
mod property;

use ennead_components::Options;

use super::*;
use crate::survive::{Layout, Servers, Settings};

/// Makes a layout of nameless servers: the site of each; all of the first `stacks` run everything.
pub(super) fn layout(sites: &[usize], stacks: usize) -> Layout {
    let count = sites.iter().max().map_or(0, |most| most + 1);
    let at = |site: usize| (0..sites.len()).filter(|index| sites[*index] == site).collect();
    let running: Servers = (0..stacks).collect();
    Layout {
        names: (0..sites.len()).map(|index| format!("n{index}").parse().unwrap()).collect(),
        sites: (0..count).map(|site| (format!("s{site}").parse().unwrap(), at(site))).collect(),
        groups: Vec::new(),
        all: (0..sites.len()).collect(),
        voters: running,
        members: running,
        poolers: running,
        balancers: running,
        synchronous: 1,
        settings: Settings::of(&Options::default()),
        services: Vec::new(),
        entries: Vec::new(),
    }
}

/// Nothing fails.
pub(super) const QUIET: Rates = Rates {
    server_loss_per_year: 0.0,
    server_loss_hours: 4.0,
    server_crash_per_year: 0.0,
    server_crash_minutes: 5.0,
    site_outage_per_year: 0.0,
    site_outage_hours: 4.0,
    partition_per_year: 0.0,
    partition_minutes: 10.0,
    maintenance_per_year: 0.0,
    maintenance_minutes: 10.0,
    by_hand_minutes: 60.0,
    target_percent: 99.99,
};

fn expected(layout: &Layout, rates: &Rates) -> [f64; 3] {
    let computed = availability(layout, rates, 1, 1);
    [0, 1, 2].map(|index| computed.services[index].minutes_per_year)
}

#[track_caller]
fn near(one: f64, other: f64) {
    assert!((one - other).abs() <= 1e-9 * other.abs().max(1.0), "{one} is not {other}");
}

#[test]
fn one_server_is_away_as_long_as_its_faults_last() {
    let rates = Rates::default();
    // Loss, crash, outage of its site, planned work: each takes everything until it ends.
    let minutes = 0.05 * 240.0 + 0.5 * 5.0 + 0.2 * 240.0 + 12.0 * 10.0;
    for service in expected(&layout(&[0], 1), &rates) {
        near(service, minutes);
    }
}

#[test]
fn three_servers_in_one_site_are_away_for_seconds_and_when_two_are_lost() {
    let rates = Rates { server_loss_per_year: 2.0, ..QUIET };
    // Alone: 27 s. A second loss while the first lasts, six orders: two voters are gone, and the
    // one that is left may not go on, during an overlap of 120 minutes.
    let pairs = 6.0 * (2.0 * 240.0 / MINUTES_PER_YEAR) * 2.0;
    let [writes, entry, either] = expected(&layout(&[0, 0, 0], 3), &rates);
    near(writes, 6.0 * 27.0 / 60.0 + pairs * (120.0 - 27.0 / 60.0));
    near(entry, 0.0);
    near(either, writes);
}

#[test]
fn what_is_done_by_hand_ends_with_the_person_or_with_the_fault() {
    // Two servers of three in one of two sites; the other keeps one replica of two.
    let rates = Rates { site_outage_per_year: 1.0, ..QUIET };
    let two_sites = layout(&[0, 0, 1], 3);
    let faults = faults(&two_sites, &rates);
    let terms = terms(&two_sites, &faults, &rates);
    let large = terms.iter().find(|term| term.what == "site s0 out").unwrap();
    near(large.minutes[0], 240.0 * (1.0 - (-60.0_f64 / 240.0).exp()));
    assert!(large.from.starts_with("by hand: 240.0 min x (1 - e^(-60/240.0))"), "{large:?}");
    let patient = Rates { by_hand_minutes: 1e6, ..rates };
    near(terms_of("site s0 out", &two_sites, &patient), 240.0);
}

fn terms_of(what: &str, layout: &Layout, rates: &Rates) -> f64 {
    let terms = terms(layout, &faults(layout, rates), rates);
    terms.iter().filter(|term| term.what == what).map(|term| term.minutes[0]).sum()
}

#[test]
fn a_service_that_nobody_runs_is_away_all_year() {
    let mut lonely = layout(&[0, 0, 0], 3);
    lonely.balancers = Servers::NONE;
    let computed = availability(&lonely, &Rates::default(), 10, 1);
    let [writes, entry, either] = [0, 1, 2].map(|index| &computed.services[index]);
    assert!(writes.minutes_per_year < 60.0, "{writes:?}");
    for all_year in [entry, either] {
        near(all_year.minutes_per_year, MINUTES_PER_YEAR);
        near(all_year.spread.p5, MINUTES_PER_YEAR);
        assert!(!all_year.kept);
    }
}

#[test]
fn planned_work_that_fills_more_than_a_year_fills_one() {
    let rates = Rates { maintenance_per_year: 366.0, maintenance_minutes: 10_080.0, ..QUIET };
    let computed = availability(&layout(&[0], 1), &rates, 10, 1);
    near(computed.services[0].minutes_per_year, MINUTES_PER_YEAR);
    near(computed.services[0].spread.p95, MINUTES_PER_YEAR);
}

#[test]
fn servers_that_run_nothing_change_nothing() {
    let rates = Rates { server_loss_per_year: 3.0, ..QUIET };
    let three = expected(&layout(&[0, 0, 0], 3), &rates);
    let more = expected(&layout(&[0, 0, 0, 0, 0], 3), &rates);
    for (three, more) in three.into_iter().zip(more) {
        near(more, three);
    }
}

#[test]
fn rates_and_their_table_agree() {
    let entries = Rates::default().entries();
    assert_eq!(entries.len(), RATES.len());
    assert!(entries.iter().all(|entry| entry.from == "estimate"), "{entries:?}");
    for key in RATES {
        let rates = Rates::default().with(&[(key.name, key.most / 2.0)]);
        let stated = rates.entries().into_iter().find(|entry| entry.name == key.name).unwrap();
        assert_eq!((stated.value, stated.from), (key.most / 2.0, "stated"), "{key:?}");
        let default = entries.iter().find(|entry| entry.name == key.name).unwrap();
        assert!(default.value <= key.most, "{key:?}");
    }
    near(Rates::default().target_minutes(), 52.596);
}

#[test]
fn absurd_rates_are_played_for_fewer_years_and_doubted() {
    let rates = Rates { server_crash_per_year: 1000.0, server_crash_minutes: 6000.0, ..QUIET };
    let computed = availability(&layout(&[0, 0, 0], 3), &rates, 100_000, 1);
    assert!(computed.years < 2000, "{}", computed.years);
    assert!(computed.doubt.contains("trust the simulation"), "{}", computed.doubt);
    assert!(computed.services[0].spread.mean > 0.9 * MINUTES_PER_YEAR, "{computed:?}");
}
