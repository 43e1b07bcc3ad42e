//! What `lab status` says about a lab beyond its servers.

use serde_json::{Value, json};

use crate::support::{Place, preset};

#[test]
fn a_lab_that_only_remembers_has_the_defaults_and_no_name_server() {
    let place = Place::with_lab("plain", preset("seed"), &["--remember-only"]);
    let status = place.lab_status();
    assert_eq!((&status["pace"], &status["egress"]), (&json!("fast"), &json!(false)));
    assert_eq!((&status["distance"], &status["faults"]), (&json!([]), &json!(0)));
    assert_eq!(status["limits"]["servers"], Value::Null);
    assert_eq!(status["name_server"], Value::Null, "nobody could ask it");
    let text = place.ennead(&["lab", "status"]).expect_code(0).out;
    expect_lines(&text, &["name server none, servers are only remembered", "no fault in force"]);
    assert!(!text.contains("limits"), "{text}");
}

#[test]
fn a_lab_on_this_machine_says_what_is_in_force() {
    let rules = ["--distance", "hil:ash=30ms,jitter=2ms", "--limit", "servers=9", "--pace", "real"];
    let place = Place::with_lab("inforce", preset("seed"), &rules);
    place.ennead(&["lab", "fault", "partition", "--from", "hil", "--to", "ash"]).expect_code(0);
    let status = place.lab_status();
    assert_eq!(status["pace"], "real");
    assert_eq!(status["distance"][0]["jitter_ms"], 2.0, "{status}");
    assert_eq!(status["limits"]["servers"], 9);
    assert_eq!(status["faults"], 1);
    let public = status["public_prefix"].as_str().unwrap().trim_end_matches(".0/24");
    let name_server = format!("{public}.2:53");
    assert_eq!(status["name_server"], name_server.as_str());
    let text = place.ennead(&["lab", "status"]).expect_code(0).out;
    let lines = [
        &format!("name server {name_server}"),
        "egress closed, pace real",
        "distance hil:ash=30ms,jitter=2ms",
        "limits servers=9",
        "1 fault in force, see `ennead lab fault list`",
    ];
    expect_lines(&text, &lines);
}

#[track_caller]
fn expect_lines(text: &str, lines: &[&str]) {
    for line in lines {
        assert!(text.lines().any(|shown| shown == *line), "no {line:?} in {text}");
    }
}
