//! Who may connect, on the command line without a lab: what is refused, and what is listed.

mod support;

use support::{Place, preset};

/// The first node and the first site of the preset.
fn first(table: &str) -> String {
    let start = format!("[{table}.");
    let line = preset("seed").lines().find(|line| line.starts_with(&start));
    line.and_then(|line| line.strip_prefix(&start)?.strip_suffix(']'))
        .unwrap_or_default()
        .to_owned()
}

/// A place whose first node is a gateway.
fn place() -> Place {
    let options = format!("\n[components.vpn]\ngateways = [\"{}\"]\n", first("nodes"));
    Place::new("vpn", &(preset("seed").to_owned() + &options))
}

#[test]
fn wrong_input_is_one_line_and_changes_nothing() {
    let place = place();
    let refuse = |arguments: &[&str], text: &str| {
        let answer = place.ennead(&[&["vpn"], arguments].concat());
        answer.expect_code(2).expect_error(text)
    };
    refuse(&["add", "Anna Maria"], "is not a name");
    refuse(&["add", "anna", "--expires", "0d"], "is not in the future");
    refuse(&["add", "anna", "--expires", "-1d"], "is not in the future");
    refuse(&["add", "anna", "--expires", "2020-01-01"], "is not in the future");
    refuse(&["add", "anna", "--expires", "soon"], "no time from now");
    let answer = refuse(&["add", "anna", "--site", "nowhere"], "there is no site nowhere");
    answer.expect_hint(&first("sites"));
    refuse(&["add", "anna", "--out", "ennead.toml"], "exists already");
    refuse(&["remove", "anna"], "nobody is called anna").expect_hint("vpn list");
    // Good input gets as far as the cloud, which is not there.
    refuse(&["add", "anna", "--out", "anna.conf"], "there is no lab").expect_hint("ennead lab up");
    assert!(!place.path().join("anna.conf").exists());
    assert!(!place.path().join("ennead.vpn.json").exists());
}

#[test]
fn a_platform_without_gateway_says_how_to_get_one() {
    let place = Place::new("vpn", preset("seed"));
    let answer = place.ennead(&["vpn", "add", "anna"]).expect_code(2);
    let answer = answer.expect_error("no node is a gateway");
    answer.expect_hint(&format!("gateways = [\"{}\"", first("nodes")));
}

#[test]
fn people_are_listed_with_their_state_and_a_full_prefix_or_taken_name_is_refused() {
    let place = place();
    let answer = place.ennead(&["vpn", "list"]).expect_code(0);
    assert!(answer.out.is_empty() && answer.err.contains("Nobody"), "{answer:?}");
    let key = "k".repeat(43) + "=";
    let person = |name: &str, last: u8, expires: &str| {
        format!(
            r#"{{"name":"{name}","public_key":"{key}","address":"10.255.255.{last}","expires":{expires}}}"#
        )
    };
    let put = |people: &[String]| {
        let text = format!(r#"{{"format_version":1,"people":[{}]}}"#, people.join(","));
        place.put("ennead.vpn.json", &text);
    };
    put(&[person("anna", 2, "null"), person("bert", 3, "\"2020-01-01T00:00:00Z\"")]);
    let answer = place.ennead(&["vpn", "list"]).expect_code(0);
    let states = ["NAME", "valid", "expired"];
    assert!(answer.out.lines().zip(states).all(|(line, state)| line.contains(state)), "{answer:?}");
    let listed = place.ennead(&["vpn", "list", "--json"]).expect_code(0).json();
    assert_eq!(listed[1]["state"], "expired");
    place.ennead(&["vpn", "add", "anna"]).expect_code(2).expect_error("anna is taken");
    let everybody: Vec<String> = (2..255).map(|at| person(&format!("p{at}"), at, "null")).collect();
    put(&everybody);
    place.ennead(&["vpn", "add", "anna"]).expect_code(2).expect_error("10.255.255.0/24 is full");
    place.put("ennead.vpn.json", "{}");
    place.ennead(&["vpn", "list"]).expect_code(2).expect_error("ennead.vpn.json cannot be used");
}

#[test]
fn a_prefix_that_overlaps_a_site_is_an_error() {
    let place = place();
    let spec = place.spec();
    let prefix = spec.lines().find_map(|line| line.trim().strip_prefix("private_prefix = "));
    let options = format!("[components.vpn]\nprefix = {}\n", prefix.unwrap_or_default());
    place.edit_spec("[components.vpn]\n", &options);
    let answer = place.ennead(&["check"]).expect_code(3);
    assert!(answer.out.contains("[vpn-prefix]"), "{answer:?}");
}
