//! Plans of each drill for a small fleet.

use super::*;
use crate::steady::steady;
use crate::testing::{fleet, healthy, name};

fn planned(fault: &Fault, primary: &str) -> Result<Plan, DrillError> {
    let fleet = fleet();
    fault.plan(&steady(&fleet, &healthy(primary)).unwrap(), &fleet)
}

fn site(text: &str) -> SiteName {
    SiteName::new(text).unwrap()
}

fn lost(text: &str) -> Fault {
    Fault::SiteLoss { site: Some(site(text)) }
}

#[test]
fn a_site_is_lost_with_the_primary_in_it_and_watched_from_another() {
    for fault in [Fault::SiteLoss { site: None }, lost("west")] {
        let plan = planned(&fault, "db-1").unwrap();
        assert_eq!(plan.breaks, Break::CutPower(vec![name("db-1"), name("app-1")]));
        assert_eq!((plan.first, plan.takeover), (None, true));
        assert_eq!(plan.probe, name("app-2"));
    }
    let plan = planned(&lost("west"), "db-3").unwrap();
    assert_eq!(plan.first, Some(Move { from: name("db-3"), to: name("db-1") }));
}

#[test]
fn what_nothing_could_survive_is_refused() {
    let refused = DrillError::NoMajority { what: "site east".to_owned(), gone: 2, all: 3 };
    assert_eq!(planned(&lost("east"), "db-1").unwrap_err(), refused);
    assert_eq!(planned(&Fault::SiteLoss { site: None }, "db-2").unwrap_err(), refused);
    assert!(matches!(planned(&lost("north"), "db-1"), Err(DrillError::NoSite { .. })));
    assert_eq!(site_that_may_be_lost(&fleet()), Some(site("west")));
}

#[test]
fn a_switchover_goes_to_a_synchronous_replica_nearby() {
    let to = |primary: &str| match planned(&Fault::Switchover, primary).unwrap().breaks {
        Break::Switchover(Move { to, .. }) => to,
        other => panic!("{other:?}"),
    };
    assert_eq!(to("db-1"), name("db-2"));
    assert_eq!(to("db-2"), name("db-3"));
    let fleet = fleet();
    let mut alone = steady(&fleet, &healthy("db-1")).unwrap();
    alone.synchronous.clear();
    let error = Fault::Switchover.plan(&alone, &fleet).unwrap_err();
    assert_eq!(error, DrillError::NoReplica { primary: name("db-1") });
}

#[test]
fn a_killed_process_may_come_back_where_it_was() {
    let plan = planned(&Fault::ProcessKill { process: Process::Postgres }, "db-2").unwrap();
    let kill = Break::Kill { node: name("db-2"), process: Process::Postgres };
    assert_eq!((plan.breaks, plan.takeover), (kill, false));
    assert_eq!(plan.what, "postgres on db-2");
}

#[test]
fn the_client_stands_on_the_side_that_decides() {
    let both = |from, to| Fault::Partition { sites: Some((site(from), site(to))) };
    for fault in [Fault::Partition { sites: None }, both("west", "east"), both("east", "west")] {
        for (primary, takeover) in [("db-1", true), ("db-3", false)] {
            let plan = planned(&fault, primary).unwrap();
            let words = |names: &[&str]| names.iter().map(ToString::to_string).collect();
            let parted = LabFault::Partition {
                from: words(&["app-1", "db-1"]),
                to: words(&["app-2", "db-2", "db-3"]),
            };
            assert_eq!(plan.breaks, Break::Order(parted));
            assert_eq!((plan.takeover, plan.probe), (takeover, name("app-2")));
            assert_eq!(plan.beyond, Some(name("app-1")));
        }
    }
    assert_eq!(planned(&both("west", "west"), "db-1"), Err(DrillError::OneSide));
}
