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
fn init_writes_a_spec_without_errors_and_never_replaces_one_unasked() {
    let place = Place::new("cli", "");
    for name in ["crm", "seed"] {
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

#[test]
fn check_shows_what_a_layout_survives() {
    let place = Place::new("cli", preset("crm"));
    let answer = place.ennead(&["check", "--survive"]).expect_code(0);
    for words in ["PROMISE", "any-one-server", "partition ash | hil", "33 of 36", "Not computed:"] {
        assert!(answer.out.contains(words), "{words}: {answer:?}");
    }
    assert!(!answer.out.contains("loop_wait"), "{answer:?}");
    let answer = place.ennead(&["check", "--survive", "--explain"]).expect_code(0);
    assert!(answer.out.contains("ttl 20 s, loop_wait 2 s"), "{answer:?}");
    let survival = place.ennead(&["check", "--survive", "--json"]).expect_code(0).json();
    let promise = &survival["promises"][1];
    assert_eq!((&promise["promise"], &promise["kept"]), (&"any-two-servers".into(), &false.into()));
    assert_eq!(survival["rows"][0]["services"][1]["outcome"]["is"], "up");
    place.ennead(&["check", "--explain"]).expect_code(2);
}

#[test]
fn a_promise_that_the_layout_breaks_is_an_error() {
    let text = preset("crm").replace("\"site:hil\"", "\"site:ash\"");
    let place = Place::new("cli", &text);
    let answer = place.ennead(&["check"]).expect_code(3);
    assert!(answer.out.contains("site:ash is not kept: without site ash"), "{answer:?}");
    place.ennead(&["plan"]).expect_code(3);
    let answer = place.ennead(&["check", "--survive"]).expect_code(3).expect_error("site:ash");
    assert!(answer.out.contains("any-one-server"), "{answer:?}");
}

/// The preset with a load.
fn loaded(load: &str) -> Place {
    Place::new(
        "cli",
        &preset("crm").replace("promises = [", &format!("load = {load}\npromises = [")),
    )
}

#[test]
fn check_shows_what_a_platform_carries() {
    let place =
        loaded("{ requests_per_minute = 100000, connections = 1000, data_bytes = \"50GB\" }");
    place.ennead(&["check"]).expect_code(0);
    let answer = place.ennead(&["check", "--capacity"]).expect_code(0);
    for words in [
        "RESOURCE",
        "server.disk",
        "1,667/s",
        "25 %, ash",
        "First bottleneck now:",
        "Not computed:",
    ] {
        assert!(answer.out.contains(words), "{words}: {answer:?}");
    }
    assert!(!answer.out.contains("COEFFICIENT"), "{answer:?}");
    let answer = place.ennead(&["check", "--capacity", "--explain"]).expect_code(0);
    assert!(answer.out.contains("estimate: ") && answer.out.contains("HikariCP"), "{answer:?}");
    let capacity = place.ennead(&["check", "--capacity", "--json"]).expect_code(0).json();
    assert_eq!(capacity["load"]["data_bytes"], 50_000_000_000_u64);
    let first = &capacity["resources"][0];
    assert_eq!(
        (&first["key"], &first["site"]["worst"]["lost"]),
        (&"balancer.sessions".into(), &"ash".into())
    );
    place.ennead(&["check", "--capacity", "--survive"]).expect_code(2);
    let answer = Place::new("cli", preset("crm")).ennead(&["check", "--capacity"]).expect_code(0);
    assert!(answer.out.starts_with("No load is stated"), "{answer:?}");
}

#[test]
fn a_load_that_is_not_carried_is_an_error_with_what_removes_it() {
    let answer = loaded("{ data_bytes = \"150GB\" }").ennead(&["check"]).expect_code(3);
    assert!(answer.out.contains("type ccx33 for the servers with postgres"), "{answer:?}");
    let place = loaded("{ data_bytes = \"2TB\" }");
    let answer = place.ennead(&["check"]).expect_code(3);
    assert!(answer.out.contains("2.4 TB asked, 152.0 GB there: 1,581 %"), "{answer:?}");
    let answer = place.ennead(&["plan"]).expect_code(3);
    assert!(answer.err.contains("over-capacity"), "{answer:?}");
    let answer =
        place.ennead(&["check", "--capacity"]).expect_code(3).expect_error("over-capacity");
    assert!(answer.out.contains("RESOURCE"), "{answer:?}");
    let answer = loaded("{ users = -1, sessions = 2 }").ennead(&["check"]).expect_code(3);
    assert!(answer.out.contains("unknown key") && answer.out.contains("is below 1"), "{answer:?}");
}
