//! Pairs of a small platform, and what is said of tries that differ.

use std::collections::BTreeMap;

use ennead_components::Context;
use ennead_model::reach::{Protocol, Reached, Seen};
use ennead_model::{Catalogue, Inventory, Known, NodeName};
use ennead_spec::{Spec, parse_spec};

use super::{Pair, judge, pairs, targets};

const TEXT: &str = r#"
format_version = 1
[platform]
name = "demo"
[sites.a]
location = "fsn1"
private_prefix = "10.1.0.0/24"
[sites.b]
location = "nbg1"
private_prefix = "10.2.0.0/24"
[tiers.data]
server_type = "cx33"
components = ["etcd", "postgres"]
[tiers.edge]
server_type = "cx33"
components = ["haproxy"]
[nodes.data-1]
site = "a"
tier = "data"
address = "10.1.0.11"
[nodes.edge-1]
site = "a"
tier = "edge"
address = "10.1.0.12"
[nodes.edge-2]
site = "b"
tier = "edge"
address = "10.2.0.12"
"#;

fn parsed(text: &str) -> Spec {
    parse_spec(text, Catalogue::embedded()).spec.unwrap()
}

fn spec() -> Spec {
    parsed(TEXT)
}

fn all(spec: &Spec) -> Vec<Pair> {
    let inventory = Inventory::empty();
    pairs(&Context { fleet: &spec.fleet, options: &spec.options, inventory: &inventory })
}

fn name(text: &str) -> NodeName {
    NodeName::new(text).unwrap()
}

/// Answers of a network that is exactly as declared.
fn as_declared(pairs: &[Pair]) -> BTreeMap<NodeName, Known<Vec<Reached>>> {
    let mut answers: BTreeMap<NodeName, Vec<Reached>> = BTreeMap::new();
    for pair in pairs {
        let answers_calls = pair.allowed && pair.target.protocol == Protocol::Tcp;
        let seen = if answers_calls { Seen::Open } else { Seen::Silent };
        answers.entry(pair.from.clone()).or_default().push(Reached { target: pair.target, seen });
    }
    answers.into_iter().map(|(node, all)| (node, Known::Known(all))).collect()
}

#[test]
fn who_may_connect_is_what_is_declared() {
    let spec = spec();
    let said: Vec<String> = all(&spec)
        .iter()
        .filter(|pair| pair.to == name("data-1") && pair.from == name("edge-2"))
        .map(|pair| format!("{} {}: {}", pair.target, pair.allowed, pair.purpose))
        .collect();
    insta::assert_snapshot!(said.join("\n"), @r#"
    10.1.0.11:9/tcp false: a port that nobody declared
    10.1.0.11:22/tcp false: base: SSH
    10.1.0.11:2379/tcp false: etcd: clients
    10.1.0.11:2380/tcp false: etcd: peers
    10.1.0.11:5432/tcp true: postgres: PostgreSQL
    10.1.0.11:8008/tcp true: postgres: Patroni's REST API
    10.1.0.11:51820/udp true: wireguard: tunnels from nodes of other sites
    "#);
}

#[test]
fn guards_hear_each_other_and_ask_patroni_and_voters_and_people_come_to_gateways() {
    let text = TEXT.replace(r#"["haproxy"]"#, r#"["haproxy", "guard"]"#);
    let spec = parsed(&(text + "[components.vpn]\ngateways = [\"data-1\"]\n"));
    let all = all(&spec);
    let allowed = |from: &str, to: &str| -> Vec<String> {
        let of = all.iter().filter(|it| it.from == name(from) && it.to == name(to) && it.allowed);
        of.map(|pair| pair.target.to_string()).collect()
    };
    let database = "10.1.0.11:2379/tcp 10.1.0.11:5432/tcp 10.1.0.11:8008/tcp 10.1.0.11:51820/udp \
                    10.1.0.11:51821/udp";
    assert_eq!(allowed("edge-2", "data-1").join(" "), database);
    assert!(allowed("edge-2", "edge-1").contains(&"10.1.0.12:7433/udp".to_owned()));
    assert!(!allowed("data-1", "edge-1").contains(&"10.1.0.12:7433/udp".to_owned()));
}

#[test]
fn every_node_tries_every_port_of_every_other_once() {
    let all = all(&spec());
    let mut tried: Vec<_> = all.iter().map(|pair| (&pair.from, pair.target)).collect();
    tried.sort();
    let before = tried.len();
    tried.dedup();
    assert_eq!(tried.len(), before);
    assert!(all.iter().all(|pair| pair.from != pair.to));
    let targets = targets(&all);
    assert_eq!(targets.len(), 3);
    assert_eq!(targets.values().map(Vec::len).sum::<usize>(), before);
}

#[test]
fn a_network_as_declared_gives_no_finding_and_udp_is_not_told() {
    let all = all(&spec());
    let report = judge(&all, &as_declared(&all));
    assert_eq!(report.findings, []);
    assert!(report.as_declared);
    let udp = all.iter().filter(|pair| pair.target.protocol == Protocol::Udp).count();
    assert_eq!((report.untold, report.open + report.closed + udp), (udp, all.len()));
    assert!(udp > 0 && report.open > 0 && report.closed > 0);
}

#[test]
fn what_differs_is_an_error_that_names_both_ends() {
    let all = all(&spec());
    let mut answers = as_declared(&all);
    let from_edge = answers.get_mut(&name("edge-2")).unwrap();
    let Known::Known(reached) = from_edge else { panic!("it answers") };
    for it in reached.iter_mut().filter(|it| it.target.to_string().starts_with("10.1.0.11")) {
        match it.target.port {
            22 => it.seen = Seen::Refused,
            5432 => it.seen = Seen::Silent,
            51820 => it.seen = Seen::Unreachable { why: "no route".to_owned() },
            _ => {}
        }
    }
    answers.insert(name("data-1"), Known::unknown("no answer over SSH"));
    answers.remove(&name("edge-1"));
    let report = judge(&all, &answers);
    let said: Vec<String> = report.findings.iter().map(ToString::to_string).collect();
    insta::assert_snapshot!(said.join("\n"), @r#"
    error: nodes.data-1: no answer over SSH [net-unknown]
    error: nodes.edge-1: it was not asked [net-unknown]
    error: nodes.data-1: edge-2 reaches 10.1.0.11:22/tcp (base: SSH), which is not for it: refused: nothing listens [net-open]
    error: nodes.data-1: edge-2 does not reach 10.1.0.11:5432/tcp (postgres: PostgreSQL): no answer [net-closed]
    error: nodes.data-1: edge-2 does not reach 10.1.0.11:51820/udp (wireguard: tunnels from nodes of other sites): no route [net-closed]
    "#);
    assert!(!report.as_declared);
}
