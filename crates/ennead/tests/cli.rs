//! The command line without a lab: flags, exit codes, messages.

mod support;

use support::{Answer, Place, preset};

#[test]
fn help_lists_the_verbs_and_the_exit_codes() {
    let answer = Place::new("cli", "").ennead(&["--help"]).expect_code(0);
    for word in
        ["init", "check", "plan", "up", "status", "ssh", "drill", "down", "lab", "Exit codes"]
    {
        assert!(answer.out.contains(word), "{word}: {answer:?}");
    }
    assert!(!answer.out.contains("  node "), "what runs on nodes is not for people: {answer:?}");
}

#[test]
fn a_wrong_command_line_is_a_usage_error() {
    let place = Place::new("cli", "");
    place.ennead(&[]).expect_code(2);
    place.ennead(&["fly"]).expect_code(2);
    place.ennead(&["ssh", "No_Name"]).expect_code(2);
    place.ennead(&["drill", "power-loss", "--runs", "0"]).expect_code(2);
}

#[test]
fn drills_are_listed_and_what_only_a_lab_can_do_is_refused_elsewhere() {
    let place = Place::new("cli", preset("crm"));
    let listed = place.ennead(&["drill", "list"]).expect_code(0);
    for name in ["power-loss", "site-loss", "process-kill", "freeze", "switchover", "partition"] {
        assert!(listed.out.contains(name), "{name}: {listed:?}");
    }
    place.put("token", &"x".repeat(64));
    place.edit_spec("token_env = \"HCLOUD_TOKEN\"", "token_file = \"token\"");
    place.edit_spec("endpoint = \"lab\"", "endpoint = \"http://127.0.0.1:1/v1\"");
    for drill in [&["freeze"][..], &["partition"], &["power-loss", "--without-api"]] {
        let refused = place.ennead(&[&["drill"], drill].concat()).expect_code(2);
        refused.expect_error("in the lab only").expect_hint("endpoint = \"lab\"");
    }
    let refused = place.ennead(&["drill", "site-loss", "--site", "nowhere"]).expect_code(2);
    refused.expect_error("nowhere");
    let refused = place.ennead(&["drill", "site-loss", "--site", "ash"]).expect_code(6);
    refused.expect_error("3 of 5 etcd voters");
}

#[test]
fn init_writes_a_spec_without_errors_and_never_replaces_one_unasked() {
    let place = Place::new("cli", "");
    for name in ["default", "crm", "any-two", "any-site", "small", "seed"] {
        let path = format!("{name}.toml");
        place.ennead(&["--spec", &path, "init", "--preset", name]).expect_code(0);
        place.ennead(&["--spec", &path, "check"]).expect_code(0);
        place.ennead(&["--spec", &path, "init"]).expect_code(2).expect_error("exists already");
        place.ennead(&["--spec", &path, "init", "--force"]).expect_code(0);
    }
}

#[test]
fn a_missing_spec_says_how_to_get_one() {
    let place = Place::new("cli", "");
    let answer = place.ennead(&["--spec", "nowhere.toml", "check"]).expect_code(2);
    let answer = answer.expect_error("nowhere.toml");
    assert!(answer.err.contains("ennead --spec nowhere.toml init"), "{answer:?}");
}

#[test]
fn error_findings_stop_everything_with_one_line_each() {
    let place = Place::new("cli", &preset("seed").replace("private_prefix", "privat_prefix"));
    let answer = place.ennead(&["check"]).expect_code(3);
    assert!(answer.out.contains("did you mean"), "{answer:?}");
    for verb in ["plan", "up", "status"] {
        let answer = place.ennead(&[verb]).expect_code(3);
        assert!(answer.err.contains("privat_prefix"), "{answer:?}");
    }
    let findings = place.ennead(&["check", "--json"]).expect_code(3).json();
    assert!(findings.as_array().unwrap().iter().any(|one| one["severity"] == "error"));
}

#[test]
fn an_endpoint_that_is_not_there_is_named() {
    let place = Place::new("cli", preset("seed"));
    let answer = place.ennead(&["plan"]).expect_code(2).expect_error("lab");
    assert!(answer.err.contains("ennead lab up"), "{answer:?}");
    // Port 9 of loopback: nothing listens there.
    let mut command = place.command(&["--endpoint", "http://127.0.0.1:9/v1", "plan"]);
    let answer: Answer = command.env("HCLOUD_TOKEN", "x".repeat(64)).output().unwrap().into();
    answer.expect_code(2).expect_error("http://127.0.0.1:9/v1");
}

#[test]
fn completions_are_written_for_the_shell() {
    let answer = Place::new("cli", "").ennead(&["completions", "bash"]).expect_code(0);
    assert!(answer.out.contains("_ennead"));
}
