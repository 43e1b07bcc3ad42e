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

#[test]
fn check_shows_the_minutes_of_a_year() {
    let place = Place::new("cli", preset("crm"));
    let answer = place.ennead(&["check", "--availability"]).expect_code(0);
    for words in
        ["database writes", "YEARS IN TARGET", "a site is out", "12 estimates", "Not counted:"]
    {
        assert!(answer.out.contains(words), "{words}: {answer:?}");
    }
    assert!(!answer.out.contains("server_loss_per_year"), "{answer:?}");
    let answer = place.ennead(&["check", "--availability", "--explain"]).expect_code(0);
    for words in ["server_loss_per_year", "0.05 per server and year", "by hand: 240.0 min x"] {
        assert!(answer.out.contains(words), "{words}: {answer:?}");
    }
    let json = place.ennead(&["check", "--availability", "--json"]).expect_code(0).json();
    assert_eq!(json["services"][2]["service"], "either");
    assert!(json["services"][2]["minutes_per_year"].as_f64().unwrap() > 1.0);
    let again = place.ennead(&["check", "--availability", "--json"]).expect_code(0).json();
    assert_eq!(json, again);
    place.ennead(&["check", "--availability", "--survive"]).expect_code(2);
}

#[test]
fn claims_are_compared_with_what_is_computed() {
    let place = Place::new("cli", preset("crm"));
    let servers = "[[claim]]\nname = \"fleet.servers\"\nvalue = 9\nunit = \"servers\"\n";
    place.write("good.toml", servers);
    let answer = place.ennead(&["check", "--claims", "good.toml"]).expect_code(0);
    assert!(answer.out.contains("1 claims: 1 hold, 0 do not hold"), "{answer:?}");
    let cost = "[[claim]]\nname = \"cost.net_monthly\"\nvalue = 270\nunit = \"USD/month\"\n";
    place.write("open.toml", cost);
    let answer = place.ennead(&["check", "--claims", "open.toml"]).expect_code(0);
    assert!(answer.out.contains("not computed"), "{answer:?}");
    place.write("false.toml", &servers.replace('9', "10"));
    let json = place.ennead(&["check", "--claims", "false.toml", "--json"]).expect_code(3).json();
    let row = &json["claims"][0];
    assert_eq!((&row["verdict"], &row["line"]), (&"does-not-hold".into(), &1.into()));
    assert!(json.get("availability").is_none(), "{json}");
}

#[test]
fn stated_rates_count_for_the_minutes_and_for_claims() {
    let place = Place::new("cli", preset("crm"));
    let claim =
        "[[claim]]\nname = \"availability.minutes\"\nvalue = \"<= 52\"\nunit = \"min/year\"\n";
    place.write("calm.toml", claim);
    place.ennead(&["check", "--claims", "calm.toml"]).expect_code(0);
    place.write("rough.toml", &format!("{claim}[rates]\nsite_outage_per_year = 5\n"));
    let both = ["check", "--availability", "--claims", "rough.toml"];
    let answer = place.ennead(&both).expect_code(3);
    assert!(answer.out.contains("1 stated, 11 estimates"), "{answer:?}");
    let json = place.ennead(&[&both[..], &["--json"]].concat()).expect_code(3).json();
    assert_eq!(json["availability"]["rates"][4]["from"], "stated");
    assert_eq!(json["claims"][0]["verdict"], "does-not-hold");
}

#[test]
fn bad_claims_are_one_line_each_with_their_place() {
    let place = Place::new("cli", preset("crm"));
    let check = |name: &str| place.ennead(&["check", "--claims", name]);
    check("nowhere.toml").expect_code(2).expect_error("no claims file at nowhere.toml");
    place.write("bad.toml", "[[claim]]\nname = \"flet.cores\"\nvalue = nan\n[rates]\nx = 1\n");
    let answer = check("bad.toml").expect_code(2);
    for words in ["flet.cores\" (line 2, column 1)", "did you mean \"fleet.cores\"?", "rates.x"] {
        assert!(answer.err.contains(words), "{words}: {answer:?}");
    }
    assert!(answer.out.is_empty(), "{answer:?}");
    place.write("bad.toml", "\u{0}[[");
    check("bad.toml").expect_code(2);
}
