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
fn check_writes_what_a_layout_survives_as_a_page() {
    let place = Place::new("cli", preset("crm"));
    let page = place.path().join("page.html");
    place.ennead(&["check", "--html", page.to_str().unwrap()]).expect_code(0);
    let text = place.get("page.html");
    assert!(text.starts_with("<!doctype html>") && text.ends_with("</html>"), "{text}");
    assert!(text.contains("any-two-servers") && text.contains("site hil"), "{text}");
    let nowhere = place.ennead(&["check", "--html", "/no/such/folder/page.html"]).expect_code(2);
    nowhere.expect_error("/no/such/folder/page.html");
    place.ennead(&["check", "--html", "page.html", "--survive"]).expect_code(2);
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

#[test]
fn check_shows_what_a_platform_costs() {
    let place = Place::new("cli", preset("crm"));
    let answer = place.ennead(&["check", "--cost"]).expect_code(0);
    for words in [
        "server ccx23 in ash",
        "primary IPv4 in hil",
        "932.31",
        "Prices of 2026-06-15",
        " days old, from the table in this program",
        "9 m6a.xlarge",
        "1.35",
        "Missing at Azure: disks.",
    ] {
        assert!(answer.out.contains(words), "{words}: {answer:?}");
    }
    assert!(!answer.out.contains("Budget"), "{answer:?}");
    let report = place.ennead(&["check", "--cost", "--json"]).expect_code(0).json();
    assert_eq!(report["bill"]["net_monthly"], "932.31");
    assert_eq!(report["bill"]["at_least"], false);
    assert_eq!(report["budget"], serde_json::Value::Null);
    assert_eq!(report["comparison"]["elsewhere"][0]["ratio_hundredths"], 135);
    let answer = place.ennead(&["check", "--cost", "--vat", "19"]).expect_code(0);
    assert!(answer.out.contains("1109.45"), "932.31 and 19 %: {answer:?}");
    let answer = place.ennead(&["check", "--cost", "--outgoing", "hil=13"]).expect_code(0);
    assert!(answer.out.contains("total, at least"), "{answer:?}");
}

#[test]
fn a_budget_that_is_exceeded_is_a_warning() {
    let text = preset("crm").replace("[platform]", "[platform]\nbudget_per_month = 270");
    let place = Place::new("cli", &text);
    let answer = place.ennead(&["check"]).expect_code(0);
    assert!(answer.out.contains("662.31 more than the budget of 270.00"), "{answer:?}");
    assert!(answer.out.contains("[over-budget]"), "{answer:?}");
    let answer = place.ennead(&["check", "--cost"]).expect_code(0);
    for words in ["exceeded by 662.31", "pays for 2 of 9 nodes", "9 cpx11", "2 of 16 GiB"] {
        assert!(answer.out.contains(words), "{words}: {answer:?}");
    }
    let place = Place::new("cli", &text.replace("= 270", "= 0"));
    let answer = place.ennead(&["check"]).expect_code(3);
    assert!(answer.out.contains("0 cannot be a budget"), "{answer:?}");
}

#[test]
fn prices_that_cannot_be_had_are_one_line() {
    let place = Place::new("cli", preset("crm"));
    place.ennead(&["check", "--cost", "--live"]).expect_code(2).expect_error("lab");
    place
        .ennead(&["check", "--cost", "--currency", "CHF"])
        .expect_code(2)
        .expect_error("EUR and USD");
    place.ennead(&["check", "--cost", "--vat", "-3"]).expect_code(2).expect_error("VAT");
    place.ennead(&["check", "--cost", "--outgoing", "fsn1=3"]).expect_code(2).expect_error("fsn1");
    place.ennead(&["check", "--cost", "--outgoing", "hil"]).expect_code(2);
    place.ennead(&["check", "--live"]).expect_code(2);
    place.ennead(&["check", "--cost", "--survive"]).expect_code(2);
    // Port 9 of loopback: nothing listens there.
    let arguments = ["--endpoint", "http://127.0.0.1:9/v1", "check", "--cost", "--live"];
    let mut command = place.command(&arguments);
    let answer: Answer = command.env("HCLOUD_TOKEN", "x".repeat(64)).output().unwrap().into();
    answer.expect_code(2).expect_error("http://127.0.0.1:9/v1").expect_hint("without --live");
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
