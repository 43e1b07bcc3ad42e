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

#[test]
fn check_suggests_what_to_change_and_writes_it() {
    let place = Place::new("cli", preset("default"));
    let ask = ["check", "--suggest", "--promise", "any-site"];
    let answer = place.ennead(&ask).expect_code(0);
    for words in [
        "any-site is not kept: without site ash",
        "+6.49 USD",
        "60 ms instead of 1 ms",
        "1. add a site in fsn1 with one cx23",
        "+[sites.fsn1]",
        "-  \"crm-ctrl-ash-1\",",
        "any-site          yes     no      yes",
    ] {
        assert!(answer.out.contains(words), "{words}: {answer:?}");
    }
    assert_eq!(place.spec(), preset("default"), "asking changes nothing");

    let json = place.ennead(&[&ask[..], &["--json"]].concat()).expect_code(0).json();
    assert_eq!(json["suggestions"][0]["monthly_cents"], 649);
    assert_eq!(json["suggestions"][0]["steps"][0]["change"], "add-witness");

    let answer = place.ennead(&[&ask[..], &["--write"]].concat()).expect_code(0);
    assert!(answer.err.contains("Wrote "), "{answer:?}");
    let written = place.spec();
    for line in preset("default").lines().filter(|line| line.contains('#')) {
        assert!(written.contains(line), "{line} is gone from {written}");
    }
    place.ennead(&["check"]).expect_code(0);
    let again = place.ennead(&["check", "--suggest", "--write"]).expect_code(0);
    assert!(again.out.contains("Nothing to change"), "{again:?}");
    assert_eq!(place.spec(), written);
}

#[test]
fn the_operator_chooses_among_suggestions() {
    let place = Place::new("cli", preset("default"));
    let ask = ["check", "--suggest", "--promise", "any-two-servers", "--write", "--choose"];
    let answer = place.ennead(&[&ask[..], &["3"]].concat()).expect_code(2);
    answer.expect_error("no suggestion 3").expect_hint("1 to 2");
    assert_eq!(place.spec(), preset("default"));
    place.ennead(&[&ask[..], &["2"]].concat()).expect_code(0);
    assert!(place.spec().ends_with("synchronous_node_count = 2\n"), "{}", place.spec());
    assert!(!place.spec().contains("add = "), "{}", place.spec());
}

#[test]
fn what_cannot_be_suggested_is_said() {
    let place = Place::new("cli", preset("seed"));
    let answer = place.ennead(&["check", "--suggest", "--promise", "any-site", "--write"]);
    let answer = answer.expect_code(3);
    assert!(answer.out.contains("No 4 changes of this kind keep all of it"), "{answer:?}");
    assert_eq!(place.spec(), preset("seed"));
    let answer = place.ennead(&["check", "--suggest", "--promise", "any-sit"]).expect_code(2);
    answer.expect_error("any-sit").expect_hint("any-site");
    place.ennead(&["check", "--write"]).expect_code(2);
    place.ennead(&["check", "--suggest", "--survive"]).expect_code(2);

    // A mistake elsewhere is not written over: the text could not be read again without an error.
    let text = preset("seed").replace("address = \"10.1.0.13\"", "address = \"10.1.0.12\"");
    let place = Place::new("cli", &text);
    let ask = ["check", "--suggest", "--promise", "any-two-servers", "--write"];
    place.ennead(&ask).expect_code(3).expect_hint("nothing was written");
    assert_eq!(place.spec(), text);
}
