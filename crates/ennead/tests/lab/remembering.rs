//! The lab's daemon and the verbs that need no booted server.

use crate::support::{Place, preset};

const REMEMBER: &[&str] = &["--remember-only"];

#[test]
fn a_plan_for_an_empty_cloud_shows_everything_and_changes_nothing() {
    let place = Place::with_lab("plan", preset("crm"), REMEMBER);
    let first = place.ennead(&["plan", "--json"]).expect_code(0);
    let second = place.ennead(&["plan", "--json"]).expect_code(0);
    assert_eq!(first.out, second.out, "a plan is the same bytes while nothing changes");
    let plan = first.json();
    assert!(plan["blocked"].as_array().unwrap().is_empty(), "{first:?}");
    let ids: Vec<&str> = plan["steps"].as_array().unwrap().iter().map(id).collect();
    for wanted in [
        "cloud/network/crm-hil",
        "cloud/server/crm-svc-ash-2/create",
        "node/crm-app-hil-1/reach",
        "node/crm-svc-hil-1/etcd",
        "node/crm-ctrl-hil-1/haproxy",
        "node/crm-svc-hil-1/haproxy",
    ] {
        assert!(ids.contains(&wanted), "no {wanted} in {ids:?}");
    }
    let text = place.ennead(&["plan"]).expect_code(0);
    assert!(text.out.contains("crm-ctrl-hil-1"), "{text:?}");
    assert!(place.servers().is_empty(), "a plan makes no server");
    place.ennead(&["up", "--dry-run"]).expect_code(0);
    assert!(place.servers().is_empty(), "nor does a rehearsed up");
}

fn id(step: &serde_json::Value) -> &str {
    step["id"].as_str().unwrap()
}

#[test]
fn a_wrong_token_is_a_usage_error_that_says_what_to_do() {
    let place = Place::with_lab("token", preset("seed"), REMEMBER);
    place.put("token", &"x".repeat(64));
    place.edit_spec("token_env = \"HCLOUD_TOKEN\"", "token_file = \"token\"");
    // The lab as any cloud: only `endpoint = "lab"` finds the lab's own token.
    place.edit_spec("endpoint = \"lab\"", &format!("endpoint = \"{}\"", place.endpoint()));
    for verb in [&["plan"][..], &["up"], &["status"], &["down", "--yes"]] {
        let answer = place.ennead(verb).expect_code(2);
        let answer = answer.expect_error("token").expect_hint("token");
        assert!(!answer.err.contains(&"x".repeat(64)), "a token is never shown: {answer:?}");
    }
    // Three servers leave no place for the probe: refused before any token is needed.
    place.ennead(&["drill", "power-loss"]).expect_code(6).expect_error("probe");
}

#[test]
fn a_lab_that_is_not_served_is_named_with_the_way_to_start_it() {
    let place = Place::with_lab("gone", preset("seed"), REMEMBER);
    place.kill_daemon();
    let answer = place.ennead(&["plan"]).expect_code(2);
    answer.expect_error(&place.endpoint()).expect_hint("ennead lab up");
    place.ennead(&["lab", "up", "--remember-only"]).expect_code(0);
    place.ennead(&["plan"]).expect_code(0);

    place.ennead(&["lab", "down"]).expect_code(0);
    place.ennead(&["plan"]).expect_code(2).expect_error("no lab").expect_hint("ennead lab up");
    place.ennead(&["lab", "status"]).expect_code(2).expect_error("no lab");
    // What is gone stays gone.
    place.ennead(&["lab", "down"]).expect_code(0);
}

#[test]
fn a_lab_started_twice_is_one_lab() {
    let place = Place::with_lab("twice", preset("seed"), REMEMBER);
    let (daemon, endpoint, token) = (place.daemon(), place.endpoint(), place.token());
    place.ennead(&["lab", "up", "--remember-only"]).expect_code(0);
    assert_eq!((place.daemon(), place.endpoint(), place.token()), (daemon, endpoint, token));
    let again = place.ennead(&["lab", "serve", "--remember-only"]);
    assert_ne!(again.code, 0, "two daemons never serve one lab: {again:?}");
    again.expect_error(place.lab());
    // A lab does not become one of another kind.
    place.ennead(&["lab", "up"]).expect_code(2).expect_error("only remembers");
}

#[test]
fn a_lab_whose_daemon_was_killed_comes_back_as_the_same() {
    let place = Place::with_lab("again", preset("seed"), REMEMBER);
    // A remembering lab makes servers, which no one can reach; the interrupt ends the waiting.
    let mut up = place.start(&["up"]);
    up.wait_for("power on seed-3");
    up.kill();
    let servers = place.servers();
    assert!(!servers.is_empty());
    let (endpoint, token) = (place.endpoint(), place.token());
    place.kill_daemon();
    place.ennead(&["lab", "up", "--remember-only"]).expect_code(0);
    assert_eq!((place.endpoint(), place.token()), (endpoint, token));
    // Servers that are only remembered are off after that, as after a reboot of the machine.
    let known = |servers: &[(u64, String, String)]| -> Vec<(u64, String)> {
        servers.iter().map(|one| (one.0, one.1.clone())).collect()
    };
    assert_eq!(known(&place.servers()), known(&servers));
}

#[test]
fn deleting_a_platform_wants_its_name_or_yes() {
    let place = Place::with_lab("down", preset("seed"), REMEMBER);
    let nothing = place.ennead(&["down"]).expect_code(0);
    assert!(nothing.err.contains("nothing"), "{nothing:?}");
    let mut up = place.start(&["up"]);
    up.wait_for("power on seed-3");
    up.kill();
    let servers = place.servers();
    assert!(!servers.is_empty());

    let refused = place.ennead(&["down"]).expect_code(2).expect_error("nothing was deleted");
    refused.expect_hint("--yes");
    // Without a terminal nobody is asked: a script has to say it.
    place.ennead_told(&["down"], "seed\n").expect_code(2).expect_error("nothing was deleted");
    assert_eq!(place.servers(), servers);
    place.ennead(&["down", "--yes"]).expect_code(0);
    assert!(place.servers().is_empty());
}

#[test]
fn labs_beside_each_other_do_not_see_each_other() {
    let one = Place::with_lab("beside-a", preset("seed"), REMEMBER);
    let two = Place::with_lab("beside-b", preset("seed"), REMEMBER);
    assert_ne!(one.endpoint(), two.endpoint());
    assert_ne!(one.token(), two.token());
    let prefix = |place: &Place| place.lab_status()["public_prefix"].as_str().unwrap().to_owned();
    assert_ne!(prefix(&one), prefix(&two));
    let mut up = one.start(&["up"]);
    up.wait_for("power on seed-3");
    up.kill();
    assert!(!one.servers().is_empty());
    assert!(two.servers().is_empty());
    two.ennead(&["lab", "down"]).expect_code(0);
    assert!(!one.servers().is_empty());
    // One lab's token opens no other.
    two.ennead(&["lab", "up", "--remember-only"]).expect_code(0);
    let endpoint = two.endpoint();
    one.ennead(&["--endpoint", &endpoint, "plan"]).expect_code(2).expect_error("token");
}

#[test]
fn an_interrupted_up_stops_after_what_is_under_way_and_says_how_to_go_on() {
    let place = Place::with_lab("interrupt", preset("seed"), REMEMBER);
    let mut up = place.start(&["up"]);
    up.wait_for("power on seed-3");
    up.interrupt();
    up.wait_for("Stopping");
    up.interrupt();
    assert_eq!(up.end().code, 130, "a second interrupt ends it at once");
    let status = place.ennead(&["status"]).expect_code(0);
    assert!(status.out.contains("unknown: seed-1: "), "{status:?}");
    assert!(status.out.contains("NOT healthy"), "{status:?}");
}
