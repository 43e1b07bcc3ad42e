//! Every trouble that the cloud can make, at every step: afterwards each object is there once.

use std::time::Duration;

use ennead_lab::fault::{Fault, Pattern};
use ennead_lab::state::Code;
use ennead_model::Outcome;
use futures::future::join_all;

use super::platform::{Bench, down, server, up};

/// The requests that change something, in the order of [`up`].
const CHANGES: [(&str, &str); 6] = [
    ("POST", "/ssh_keys"),
    ("POST", "/networks"),
    ("POST", "/placement_groups"),
    ("POST", "/servers"),
    ("POST", "/servers/{id}/actions/attach_to_network"),
    ("POST", "/servers/{id}/actions/poweron"),
];

/// The same of [`down`].
const DELETIONS: [(&str, &str); 4] = [
    ("DELETE", "/servers/{id}"),
    ("DELETE", "/placement_groups/{id}"),
    ("DELETE", "/networks/{id}"),
    ("DELETE", "/ssh_keys/{id}"),
];

fn on((method, path): (&str, &str), times: u32) -> Pattern {
    Pattern { method: Some(method.to_owned()), path: path.to_owned(), times }
}

fn troubles(change: (&str, &str)) -> Vec<Fault> {
    let codes = [
        Code::Locked,
        Code::Conflict,
        Code::RateLimitExceeded,
        Code::BadGateway,
        Code::Unavailable,
        Code::Timeout,
    ];
    let mut troubles: Vec<Fault> =
        codes.map(|code| Fault::Refuse { on: on(change, 1), code }).to_vec();
    troubles.push(Fault::LoseResponse { on: on(change, 1) });
    troubles
}

async fn goes_up_and_down(faults: &[Fault], when_down: &[Fault], what: &str) {
    let lab = Bench::open().await;
    for fault in faults {
        lab.lab.engine().faults().add(fault.clone());
    }
    lab.apply_all(&up("a")).await;
    assert!(lab.lab.engine().faults().orders().is_empty(), "{what} was not met");
    let names = lab.names();
    assert_eq!(names.each_ref().map(Vec::len), [1, 1, 1, 1], "{what}: {names:?}");
    let state = lab.lab.engine().state();
    let record = state.servers.values().next().unwrap();
    assert_eq!(record.status.word(), "running", "{what}");
    assert_eq!(record.attachments.len(), 1, "{what}");
    assert_eq!(lab.apply_all(&up("a")).await, 0, "{what}");
    for fault in when_down {
        lab.lab.engine().faults().add(fault.clone());
    }
    lab.apply_all(&down("a")).await;
    assert!(lab.lab.engine().faults().orders().is_empty(), "{what} was not met");
    assert_eq!(lab.names().concat(), Vec::<String>::new(), "{what}");
    lab.lab.end().await;
}

#[tokio::test]
async fn every_trouble_at_every_change_leaves_each_object_once() {
    let faults = CHANGES.into_iter().flat_map(troubles);
    join_all(faults.map(async |fault| {
        goes_up_and_down(std::slice::from_ref(&fault), &[], &format!("{fault:?}")).await;
    }))
    .await;
}

#[tokio::test]
async fn every_trouble_at_every_deletion_leaves_nothing() {
    let faults = DELETIONS.into_iter().flat_map(troubles);
    join_all(faults.map(async |fault| {
        goes_up_and_down(&[], std::slice::from_ref(&fault), &format!("{fault:?}")).await;
    }))
    .await;
}

#[tokio::test]
async fn actions_that_fail_are_done_again() {
    let fail = |command: &str| Fault::FailAction { command: command.to_owned(), times: 2 };
    for command in ["create_server", "attach_to_network", "start_server"] {
        goes_up_and_down(&[fail(command)], &[], command).await;
    }
    goes_up_and_down(&[], &[fail("delete_server")], "delete_server").await;
}

#[tokio::test]
async fn all_troubles_together_leave_each_object_once() {
    let lost = CHANGES.map(|change| Fault::LoseResponse { on: on(change, 1) });
    let locked = CHANGES.map(|change| Fault::Refuse { on: on(change, 2), code: Code::Locked });
    let commands = ["create_server", "attach_to_network", "start_server"];
    let fails = commands.map(|command| Fault::FailAction { command: command.to_owned(), times: 1 });
    let all: Vec<Fault> = lost.into_iter().chain(locked).chain(fails).collect();
    goes_up_and_down(&all, &[], "everything").await;
}

#[tokio::test]
async fn a_step_that_was_cut_off_is_ended_by_the_next_run() {
    let lab = Bench::open().await;
    let steps = up("a");
    lab.apply_all(&steps[..3]).await;
    let hold = Fault::HoldActions { command: Some("create_server".to_owned()), ms: 300 };
    let order = lab.lab.engine().faults().add(hold);
    let cut = tokio::time::timeout(Duration::from_millis(100), lab.apply(&server("a"))).await;
    assert!(cut.is_err());
    assert_eq!(lab.apply(&server("a")).await.unwrap(), Outcome::Unchanged);
    lab.lab.engine().faults().remove(order.id);
    lab.apply_all(&steps).await;
    assert_eq!(lab.names()[3], ["a"]);
    let state = lab.lab.engine().state();
    assert_eq!(state.servers.values().next().unwrap().status.word(), "running");
}
