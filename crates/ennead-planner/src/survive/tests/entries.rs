//! Entries, row by row: who holds an address, and what becomes of users whose site has nobody left.

use ennead_model::Catalogue;
use ennead_spec::{Promise, parse_spec};

use super::*;

/// Two nodes in one site and one in the other, all with everything, and a third site that votes.
const BASE: &str = r#"
format_version = 1
[platform]
name = "shop"
[sites.west]
location = "hil"
private_prefix = "10.1.0.0/24"
[sites.east]
location = "ash"
private_prefix = "10.2.0.0/24"
[tiers.all]
server_type = "ccx13"
components = ["etcd", "postgres", "pgbouncer", "haproxy"]
[nodes.west-1]
site = "west"
tier = "all"
address = "10.1.0.11"
[nodes.east-1]
site = "east"
tier = "all"
address = "10.2.0.11"
[nodes.east-2]
site = "east"
tier = "all"
address = "10.2.0.12"
"#;

fn with(entries: &str) -> Layout {
    let spec = parse_spec(&format!("{BASE}{entries}"), Catalogue::embedded());
    assert_eq!(spec.findings, []);
    let spec = spec.spec.unwrap();
    Layout::of(&spec.fleet, &spec.options).unwrap()
}

fn without(layout: &Layout, names: &[&str]) -> (Outcome, String) {
    let index = |name: &&str| layout.names.iter().position(|it| it.as_str() == *name).unwrap();
    let verdict = lose(layout, names.iter().map(index).collect()).entries[0];
    (verdict.outcome, verdict.reason(layout))
}

#[test]
fn an_address_goes_to_another_node_of_its_site_and_no_further() {
    let layout = with("[entries.public]\ncomponent = \"haproxy\"\n");
    let moved = Outcome::UpAfter { seconds: 7 };
    let reason = "the address of site east goes to another node there".to_owned();
    assert_eq!(without(&layout, &["east-1"]), (moved, reason));
    assert_eq!(without(&layout, &[]).0, Outcome::Up);
    let reason = "west-1 alone can hold the address of site west, and a floating IP cannot leave \
                  its network zone; without dns its users have no way to another site"
        .to_owned();
    assert_eq!(without(&layout, &["west-1"]), (Outcome::Down, reason));
    let reason = "nobody is left to hold an address of it".to_owned();
    assert_eq!(without(&layout, &["west-1", "east-1", "east-2"]), (Outcome::Down, reason));
    let kept = judge(&layout, &Promise::AnyOneServer);
    let expected = "without west-1: entry public down: west-1 alone can hold";
    assert!(kept.counterexample.starts_with(expected), "{kept:?}");
}

#[test]
fn a_name_leads_users_of_a_lost_site_to_another_while_somebody_can_change_it() {
    let layout = with("[entries.public]\ncomponent = \"haproxy\"\ndns = \"app.example.com\"\n");
    let (outcome, reason) = without(&layout, &["west-1"]);
    assert_eq!(outcome, Outcome::UpAfter { seconds: 95 });
    assert!(reason.ends_with("; DNS leads its users to another site"), "{reason}");
    assert!(judge(&layout, &Promise::AnyOneServer).kept);
    // Two of three voters are gone with the larger site: nobody may change the name.
    let (outcome, reason) = without(&layout, &["east-1", "east-2"]);
    assert_eq!(outcome, Outcome::ByHand);
    assert!(reason.starts_with("nobody is left to hold the address of site east,"), "{reason}");
    assert!(reason.contains("without coordination nobody changes DNS"), "{reason}");
    let longer =
        with("[entries.public]\ncomponent = \"haproxy\"\ndns = \"app.example.com\"\nttl_s = 300\n");
    assert_eq!(without(&longer, &["west-1"]).0, Outcome::UpAfter { seconds: 335 });
}

#[test]
fn an_entry_of_one_site_does_not_mind_the_others() {
    let layout = with("[entries.public]\ncomponent = \"haproxy\"\nsites = [\"east\"]\n");
    assert_eq!(without(&layout, &["west-1"]).0, Outcome::Up);
    assert!(judge(&layout, &Promise::AnyOneServer).kept);
    let cut = layout.sites.iter().find(|(site, _)| site.as_str() == "west").unwrap().1;
    assert_eq!(part(&layout, &[cut, layout.all.minus(cut)]).entries[0].outcome, Outcome::Up);
}

#[test]
fn the_matrix_and_the_times_tell_each_entry() {
    let layout = with("[entries.public]\ncomponent = \"haproxy\"\ndns = \"app.example.com\"\n");
    let survival = survive(&layout);
    let row = survival.matrix.rows.iter().find(|row| row.service == "entry public").unwrap();
    assert!(row.promised);
    let cells: Vec<String> = row.cells.iter().map(|cell| cell.outcome.to_string()).collect();
    // Any server, any two, east, west, the cut, maintenance.
    let late = "up after 95 s";
    assert_eq!(cells, [late, "by hand", "by hand", late, late, late]);
    let told =
        survival.times.iter().filter(|it| it.of.contains("address") || it.of.contains("name"));
    assert_eq!(told.count(), 2);
    assert!(survival.layout.contains("users come in at 2 floating IPs"), "{}", survival.layout);
    let plain = survive(&with(""));
    assert!(plain.times.len() + 2 == survival.times.len() && !plain.layout.contains("floating"));
}
