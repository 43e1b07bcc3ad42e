//! Each refusal alone: a situation in which everything is allowed, with one thing changed.

use super::*;
use crate::intent::IntentId;
use crate::words::{LeaseId, ServerId};

const NOW_MS: u64 = 100_000;

fn name(text: &str) -> NodeName {
    NodeName::new(text).unwrap()
}

fn seen() -> Seen {
    Seen {
        asked_ms: NOW_MS - 300,
        leader: Some(Holder { member: name("p"), lease: LeaseId(1) }),
        sync: Sync { standbys: [name("r")].into(), quorum: 0 },
        streaming: [name("r"), name("s")].into(),
        paused: false,
        maintenance: false,
        acts: 0,
        intent: None,
    }
}

struct Case {
    seen: Option<Seen>,
    leadership: Option<Leadership>,
    since_ms: Option<u64>,
    own: NodeName,
    reached: BTreeSet<NodeName>,
}

fn allowed() -> Case {
    Case {
        seen: Some(seen()),
        leadership: Some(Leadership { term: Term(1), since_ms: 0, until_ms: NOW_MS + 2_000 }),
        since_ms: Some(0),
        own: name("g"),
        reached: [name("r"), name("s")].into(),
    }
}

fn with(change: impl FnOnce(&mut Case)) -> Vec<Refusal> {
    let mut case = allowed();
    change(&mut case);
    let timing = Timing::default();
    let checks = Checks {
        now_ms: NOW_MS,
        timing: &timing,
        own: &case.own,
        leadership: case.leadership,
        seen: case.seen.as_ref(),
        holder_since_ms: case.since_ms,
        reached: &case.reached,
    };
    refusals(&name("p"), &checks)
}

fn with_seen(change: impl FnOnce(&mut Seen)) -> Vec<Refusal> {
    with(|case| change(case.seen.as_mut().unwrap()))
}

#[test]
fn nothing_forbids_an_act_in_the_plain_case() {
    assert_eq!(with(|_| ()), []);
}

#[test]
fn leadership_must_last_longer_than_its_margin() {
    assert_eq!(with(|case| case.leadership = None), [Refusal::NotLeading]);
    let short = |case: &mut Case| case.leadership.as_mut().unwrap().until_ms = NOW_MS + 500;
    assert_eq!(with(short), [Refusal::NotLeading]);
    let enough = |case: &mut Case| case.leadership.as_mut().unwrap().until_ms = NOW_MS + 501;
    assert_eq!(with(enough), []);
}

#[test]
fn an_unknown_or_old_state_forbids_and_nothing_else_is_guessed_from_it() {
    assert_eq!(with(|case| case.seen = None), [Refusal::StateUnknown]);
    assert_eq!(with_seen(|seen| seen.asked_ms = NOW_MS - 1_001), [Refusal::StateUnknown]);
}

#[test]
fn only_the_holder_of_the_leader_key_is_fenced() {
    assert_eq!(with_seen(|seen| seen.leader = None), [Refusal::NotTheHolder { holder: None }]);
    let other = |seen: &mut Seen| seen.leader.as_mut().unwrap().member = name("r");
    assert_eq!(with_seen(other), [Refusal::NotTheHolder { holder: Some(name("r")) }]);
}

#[test]
fn the_guard_does_not_switch_itself_off() {
    assert_eq!(with(|case| case.own = name("p")), [Refusal::OwnNode]);
}

#[test]
fn a_pause_and_maintenance_forbid() {
    assert_eq!(with_seen(|seen| seen.paused = true), [Refusal::Paused]);
    assert_eq!(with_seen(|seen| seen.maintenance = true), [Refusal::Maintenance]);
}

#[test]
fn a_replica_counts_when_it_is_synchronous_streams_and_is_reached() {
    let none = [Refusal::NoReplica { ready: 0, needed: 1 }];
    assert_eq!(with_seen(|seen| seen.sync.standbys = [name("p")].into()), none);
    assert_eq!(with_seen(|seen| seen.streaming = [name("s")].into()), none);
    assert_eq!(with(|case| case.reached = [name("s")].into()), none);
}

#[test]
fn in_quorum_mode_the_candidate_needs_others_to_compare_with() {
    let one_of_two = |seen: &mut Seen| {
        seen.sync = Sync { standbys: [name("r"), name("x")].into(), quorum: 1 };
    };
    assert_eq!(with_seen(one_of_two), [Refusal::NoReplica { ready: 1, needed: 2 }]);
    let both = |seen: &mut Seen| {
        seen.sync = Sync { standbys: [name("r"), name("s")].into(), quorum: 1 };
    };
    assert_eq!(with_seen(both), []);
}

#[test]
fn two_acts_in_ten_minutes_are_enough() {
    assert_eq!(with_seen(|seen| seen.acts = 1), []);
    assert_eq!(with_seen(|seen| seen.acts = 2), [Refusal::TooManyActs { acts: 2 }]);
}

#[test]
fn a_primary_that_has_just_started_is_left_alone() {
    let new = [Refusal::PrimaryTooNew { for_ms: 9_999 }];
    assert_eq!(with(|case| case.since_ms = Some(NOW_MS - 9_999)), new);
    assert_eq!(with(|case| case.since_ms = None), [Refusal::PrimaryTooNew { for_ms: 0 }]);
}

#[test]
fn one_act_at_a_time_but_the_same_one_may_be_taken_over() {
    let intent = |node: &str| Intent {
        id: IntentId { term: Term(1), number: 1 },
        node: name(node),
        server: ServerId(1),
        lease: LeaseId(1),
        by: name("g"),
        action: None,
    };
    let other = with_seen(|seen| seen.intent = Some(intent("r")));
    assert_eq!(other, [Refusal::Unfinished { node: name("r") }]);
    assert_eq!(with_seen(|seen| seen.intent = Some(intent("p"))), []);
}

#[test]
fn all_refusals_are_named_at_once() {
    let found = with(|case| {
        case.own = name("p");
        let seen = case.seen.as_mut().unwrap();
        (seen.paused, seen.maintenance, seen.acts) = (true, true, 9);
    });
    assert_eq!(found.len(), 4, "{found:?}");
    assert!(found.iter().all(|refusal| !refusal.to_string().is_empty()));
}

#[test]
fn tenure_starts_again_with_each_lease() {
    let mut tenure = Tenure::default();
    let mut read = |asked_ms, lease| {
        let leader = Some(Holder { member: name("p"), lease: LeaseId(lease) });
        tenure.read(&Seen { asked_ms, leader, ..seen() });
        tenure.since_ms()
    };
    assert_eq!(read(1_000, 1), Some(1_000));
    assert_eq!(read(2_000, 1), Some(1_000));
    assert_eq!(read(3_000, 2), Some(3_000));
}
