//! The explorations, and the broken engines that they must catch.

use super::*;

fn run(beginnings: &[Beginning], faults: u8, mutation: Option<Mutation>) -> Explored {
    let worlds: Vec<World> = beginnings.iter().map(|it| it.world(faults, mutation)).collect();
    let horizon = worlds.first().map_or(0, |world| world.tick) + HORIZON;
    explore(worlds, horizon)
}

fn nothing_goes_wrong(beginning: Beginning, faults: u8) -> Explored {
    let found = run(&[beginning], faults, None);
    println!("{beginning:?}, {faults} faults: {} states, {} ends", found.states, found.ends);
    assert_eq!(found.violation, None, "{beginning:?}");
    found
}

/// Explores until the broken engine does harm.
fn is_caught(mutation: Mutation, beginning: Beginning, faults: u8, harm: &str) {
    let found = run(&[beginning], faults, Some(mutation));
    let (what, story) = found.violation.expect("the broken engine was not caught");
    let told = story.iter().filter(|line| !line.ends_with("Tick") && !line.contains("Arrive"));
    let told: Vec<&String> = told.collect();
    println!("{mutation:?}: {what}, after {} states: {beginning:?}, {told:?}", found.states);
    assert!(what.contains(harm), "{mutation:?} was to be caught for {harm:?}: {what}");
}

#[test]
fn without_further_faults_the_dead_primary_is_fenced_and_brought_back() {
    for beginning in [Beginning::Hangs, Beginning::Isolated, Beginning::SiteCut] {
        let happened = nothing_goes_wrong(beginning, 0).happened;
        assert!(happened.revoked && happened.marked_down, "{beginning:?}: {happened:?}");
    }
}

#[test]
fn a_guard_in_the_minority_and_a_living_primary_are_left_alone() {
    let found = run(&[Beginning::GuardCut], 0, None);
    assert_eq!(found.violation, None);
    assert!(!found.happened.revoked && !found.happened.marked_down, "{:?}", found.happened);
}

#[test]
fn nothing_goes_wrong_with_two_faults_when_the_primary_hangs() {
    let happened = nothing_goes_wrong(Beginning::Hangs, 2).happened;
    // The model has been everywhere: otherwise it would prove nothing.
    assert!(happened.revoked && happened.marked_down && happened.restored, "{happened:?}");
    assert!(happened.gave_up && happened.not_revoked && happened.told, "{happened:?}");
    assert!(happened.adopted && happened.refenced, "{happened:?}");
}

#[test]
fn nothing_goes_wrong_with_two_faults_when_the_primary_is_cut_off_and_writes() {
    nothing_goes_wrong(Beginning::Isolated, 2);
}

#[test]
fn nothing_goes_wrong_with_two_faults_when_a_site_is_cut_off() {
    nothing_goes_wrong(Beginning::SiteCut, 2);
}

#[test]
fn nothing_goes_wrong_with_two_faults_when_a_guard_is_cut_off() {
    nothing_goes_wrong(Beginning::GuardCut, 2);
}

#[test]
fn nothing_goes_wrong_with_two_faults_when_the_primary_loses_its_power() {
    nothing_goes_wrong(Beginning::NoPower, 2);
}

#[test]
fn nothing_goes_wrong_with_one_fault_when_readings_are_late_too() {
    for beginning in [Beginning::Hangs, Beginning::Isolated] {
        let mut world = beginning.world(1, None);
        world.readings_travel = true;
        let horizon = world.tick + HORIZON;
        let found = explore(vec![world], horizon);
        println!("{beginning:?}, 1 fault, readings travel: {} states", found.states);
        assert_eq!(found.violation, None, "{beginning:?}");
        assert!(found.happened.revoked && found.happened.adopted, "{:?}", found.happened);
    }
}

#[test]
fn the_third_act_in_ten_minutes_does_not_happen() {
    let found = explore(vec![tired(1, None)], HORIZON + 104);
    println!("tired, 1 fault: {} states", found.states);
    assert_eq!(found.violation, None);
}

/// The primary hangs, and the guards have acted as often as they may.
fn tired(faults: u8, mutation: Option<Mutation>) -> World {
    let mut world = Beginning::Hangs.world(faults, mutation);
    (world.acts, world.power_offs) = (2, 2);
    world
}

#[test]
fn acting_without_a_limit_is_caught() {
    let found = explore(vec![tired(0, Some(Mutation::NoLimit))], HORIZON + 104);
    assert!(found.violation.unwrap().0.contains("more power-offs"));
}

#[test]
fn a_revocation_while_the_primary_still_writes_would_be_seen_as_two_primaries() {
    let mut world = Beginning::Isolated.world(0, None);
    world.drop_lease(1);
    world.check();
    assert_eq!(world.violation.as_deref(), Some("two primaries write"));
}

#[test]
fn revoking_without_a_look_at_the_server_is_caught() {
    is_caught(Mutation::NoLook, Beginning::Isolated, 1, "on");
}

#[test]
fn ignoring_the_majority_is_caught() {
    is_caught(Mutation::NoMajority, Beginning::GuardCut, 0, "minority");
}

#[test]
fn trusting_an_earlier_guards_record_is_caught() {
    is_caught(Mutation::TrustsRecord, Beginning::Hangs, 2, "server that is on");
}

#[test]
fn revoking_whatever_lease_the_member_holds_is_caught() {
    is_caught(Mutation::AnyLease, Beginning::Hangs, 2, "living process");
}

#[test]
fn acting_without_a_record_is_caught() {
    is_caught(Mutation::NoRecord, Beginning::Hangs, 1, "nothing says why");
}

#[test]
fn forgetting_a_power_off_under_way_is_caught() {
    is_caught(Mutation::NoDoubt, Beginning::Hangs, 1, "nothing says why");
}
