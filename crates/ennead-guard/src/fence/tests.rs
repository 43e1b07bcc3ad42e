//! Each way from one state to the next, and each that must not exist.

use super::*;
use crate::words::Holder;

const SERVER: ServerId = ServerId(5);
const LEASE: LeaseId = LeaseId(77);
const ACTION: ActionId = ActionId(9);

fn name(text: &str) -> NodeName {
    NodeName::new(text).unwrap()
}

fn asked() -> PowerOffAsked {
    let permitted = Permitted {
        node: name("p"),
        witnesses: BTreeSet::new(),
        server: SERVER,
        lease: LEASE,
        acts: 0,
    };
    permitted.accepted(ACTION, 1_000)
}

fn done() -> PowerOffDone {
    asked().looked(ACTION, &ActionState::Success, 2_000).unwrap()
}

fn confirmed() -> Confirmed {
    done().seen(SERVER, ServerStatus::Off, 2_000, 2_100, &Timing::default()).unwrap()
}

#[test]
fn only_success_of_this_action_counts() {
    assert!(asked().looked(ActionId(8), &ActionState::Success, 2_000).is_err());
    assert!(asked().looked(ACTION, &ActionState::Running, 2_000).is_err());
    let error = ActionState::Error("locked".to_owned());
    assert!(asked().looked(ACTION, &error, 2_000).is_err());
    assert!(asked().looked(ACTION, &ActionState::Success, 2_000).is_ok());
}

#[test]
fn only_a_recent_look_after_the_success_that_found_this_server_off_counts() {
    let timing = Timing::default();
    let seen = |server, status, asked_ms, now_ms| {
        done().seen(server, status, asked_ms, now_ms, &timing).is_ok()
    };
    assert!(seen(SERVER, ServerStatus::Off, 2_000, 2_100));
    assert!(!seen(ServerId(6), ServerStatus::Off, 2_000, 2_100), "another server");
    assert!(!seen(SERVER, ServerStatus::Off, 1_999, 2_100), "asked before the success");
    assert!(!seen(SERVER, ServerStatus::Off, 2_000, 3_501), "too old");
    let others = [ServerStatus::Running, ServerStatus::Changing, ServerStatus::Gone];
    for status in others {
        assert!(!seen(SERVER, status, 2_000, 2_100), "{status:?}");
    }
}

#[test]
fn only_the_same_lease_of_the_same_member_is_revoked() {
    let timing = Timing::default();
    let revoke = |holder: Option<Holder>, now_ms| {
        confirmed().revoke(holder.as_ref(), now_ms, &timing).map(|order| order.lease_id())
    };
    let same = Holder { member: name("p"), lease: LEASE };
    let reborn = Holder { member: name("p"), lease: LeaseId(78) };
    let other = Holder { member: name("r"), lease: LEASE };
    assert_eq!(revoke(Some(same.clone()), 2_200), Ok(LEASE));
    assert_eq!(revoke(None, 2_200), Err(NotRevoked::NobodyHolds));
    assert_eq!(revoke(Some(reborn.clone()), 2_200), Err(NotRevoked::OtherHolder(reborn)));
    assert_eq!(revoke(Some(other.clone()), 2_200), Err(NotRevoked::OtherHolder(other)));
    assert_eq!(revoke(Some(same), 3_501), Err(NotRevoked::TooLate));
}
