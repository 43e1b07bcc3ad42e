//! Two ways to the same number: the formula and the simulation.

use super::*;

/// Years that are played out here: enough that a term that is left out shows.
const FEW_YEARS: u32 = 20_000;

/// The simulated mean may be four of its standard errors from the formula, and half a per cent for
/// what the formula leaves out: three faults at a time, and that what is away cannot fail.
#[track_caller]
fn agree(layout: &Layout, rates: &Rates, seed: u64) {
    let computed = availability(layout, rates, FEW_YEARS, seed);
    assert_eq!((computed.years, computed.doubt.as_str()), (FEW_YEARS, ""));
    for service in &computed.services {
        let (mean, error) = (service.spread.mean, service.spread.error);
        let off = (mean - service.minutes_per_year).abs();
        assert!(off <= 4.0 * error + 0.005 * service.minutes_per_year, "{service:?}");
    }
}

#[test]
fn simulation_and_formula_agree_for_small_layouts() {
    let often = Rates { server_loss_per_year: 1.0, site_outage_per_year: 0.5, ..Rates::default() };
    for sites in [&[0][..], &[0, 0, 0], &[0, 0, 1], &[0, 1, 2], &[0, 0, 0, 1, 1]] {
        agree(&layout(sites, sites.len()), &often, 1);
    }
}

#[test]
fn simulation_and_formula_agree_where_pairs_weigh_most() {
    let pairs = Rates { server_loss_per_year: 4.0, server_loss_hours: 8.0, ..QUIET };
    let three = layout(&[0, 0, 0], 3);
    agree(&three, &pairs, 2);
    let singles = terms(&three, &faults(&three, &pairs), &pairs);
    let singles: f64 = singles.iter().filter(|it| it.kind.is_some()).map(|it| it.minutes[0]).sum();
    let [writes, ..] = expected(&three, &pairs);
    assert!(writes > 3.0 * singles, "pairs have to weigh for this test to mean anything");
}

#[test]
fn simulation_and_formula_agree_when_faults_meet_planned_work() {
    let rates = Rates {
        server_crash_per_year: 20.0,
        server_crash_minutes: 30.0,
        maintenance_per_year: 50.0,
        maintenance_minutes: 120.0,
        ..QUIET
    };
    agree(&layout(&[0, 0, 0], 3), &rates, 3);
}

#[test]
fn simulation_and_formula_agree_with_partitions_and_people() {
    let rates = Rates { partition_per_year: 6.0, site_outage_per_year: 1.0, ..Rates::default() };
    agree(&layout(&[0, 0, 1], 3), &rates, 4);
    agree(&layout(&[0, 0, 1, 1], 4), &rates, 5);
}

#[test]
fn the_same_seed_gives_the_same_years() {
    let three = layout(&[0, 0, 1], 3);
    let one = availability(&three, &Rates::default(), 500, 7);
    assert_eq!(one, availability(&three, &Rates::default(), 500, 7));
    let other = availability(&three, &Rates::default(), 500, 8);
    assert_ne!(one.services[0].spread, other.services[0].spread);
    assert_eq!(one.terms, other.terms);
}

#[test]
fn a_year_that_is_all_right_is_counted_as_one() {
    let computed = availability(&layout(&[0, 0, 0], 3), &QUIET, 100, 1);
    for service in &computed.services {
        assert_eq!((service.minutes_per_year, service.percent), (0.0, 100.0));
        assert_eq!((service.spread.p95, service.spread.within_target), (0.0, 1.0));
    }
}
