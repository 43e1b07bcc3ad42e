//! What `ennead check` shows when it is asked for more than findings.
mod support;

use support::{Answer, Place, preset};

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
        "1378.08",
    ] {
        assert!(answer.out.contains(words), "{words}: {answer:?}");
    }
    assert!(!answer.out.contains("Budget"), "{answer:?}");
    let report = place.ennead(&["check", "--cost", "--json"]).expect_code(0).json();
    assert_eq!(report["bill"]["net_monthly"], "932.31");
    assert_eq!(report["bill"]["at_least"], true, "no source names the price of a floating IP");
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
        "12 %, ash",
        "First bottleneck now:",
        "Not computed:",
    ] {
        assert!(answer.out.contains(words), "{words}: {answer:?}");
    }
    for line in answer.out.lines().filter(|line| line.starts_with("service.application.processors"))
    {
        assert!(line.trim_end().ends_with("estimate"), "{line}");
    }
    assert!(answer.out.contains("times the load (estimate)."), "{answer:?}");
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
    let types = "type ccx33 for the servers with postgres, service backups";
    assert!(answer.out.contains(types), "{answer:?}");
    let place = loaded("{ data_bytes = \"2TB\" }");
    let answer = place.ennead(&["check"]).expect_code(3);
    let disks = "2.4 TB asked, 136.0 GB there: 1,772 % (on crm-svc-ash-1: backups 2.4 TB, metrics \
                 7.8 GB, system 1.5 GB; servers like crm-ctrl-ash-1, crm-svc-hil-1 are short too)";
    assert!(answer.out.contains(disks), "{answer:?}");
    let answer = place.ennead(&["plan"]).expect_code(3);
    assert!(answer.err.contains("over-capacity"), "{answer:?}");
    let answer = place.ennead(&["check", "--capacity"]).expect_code(3);
    assert!(answer.err.contains("over-capacity"), "{answer:?}");
    assert!(answer.out.contains("RESOURCE"), "{answer:?}");
    let answer = loaded("{ users = -1, sessions = 2 }").ennead(&["check"]).expect_code(3);
    assert!(answer.out.contains("unknown key") && answer.out.contains("is below 1"), "{answer:?}");
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
    place.put("good.toml", servers);
    let answer = place.ennead(&["check", "--claims", "good.toml"]).expect_code(0);
    assert!(answer.out.contains("1 claims: 1 hold, 0 do not hold"), "{answer:?}");
    let disk = "[[claim]]\nname = \"disk.latency\"\nvalue = 1\nunit = \"ms\"\n";
    place.put("open.toml", disk);
    let answer = place.ennead(&["check", "--claims", "open.toml"]).expect_code(0);
    assert!(answer.out.contains("not computed"), "{answer:?}");
    place.put("false.toml", &servers.replace('9', "10"));
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
    place.put("calm.toml", claim);
    place.ennead(&["check", "--claims", "calm.toml"]).expect_code(0);
    place.put("rough.toml", &format!("{claim}[rates]\nsite_outage_per_year = 5\n"));
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
    place.put("bad.toml", "[[claim]]\nname = \"flet.cores\"\nvalue = nan\n[rates]\nx = 1\n");
    let answer = check("bad.toml").expect_code(2);
    for words in ["flet.cores\" (line 2, column 1)", "did you mean \"fleet.cores\"?", "rates.x"] {
        assert!(answer.err.contains(words), "{words}: {answer:?}");
    }
    assert!(answer.out.is_empty(), "{answer:?}");
    place.put("bad.toml", "\u{0}[[");
    check("bad.toml").expect_code(2);
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
    assert!(place.spec().contains("\nsynchronous_node_count = 2\n"), "{}", place.spec());
    let added = |text: &str| text.matches("add = ").count();
    assert_eq!(added(&place.spec()), added(preset("default")), "{}", place.spec());
}

#[test]
fn what_cannot_be_suggested_is_said() {
    let place = Place::new("cli", preset("seed"));
    let answer = place.ennead(&["check", "--suggest", "--promise", "any-site", "--write"]);
    let answer = answer.expect_code(3);
    assert!(
        answer.out.contains("No change of this kind keeps any-site: without site main"),
        "{answer:?}"
    );
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
