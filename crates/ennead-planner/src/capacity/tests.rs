//! What a platform carries, by hand-computed tables, and what must hold for every fleet and load.

use ennead_components::Options;
use ennead_model::carries::Burden;
use ennead_model::{Catalogue, Fleet, Load};
use ennead_spec::{Places, Spec, parse_spec};
use proptest::prelude::*;

use super::utilise::{Cases, fits};
use super::*;
use crate::capacity::ground::Ground;
use crate::check::check_spec;

mod services;

const MIB: f64 = 1_048_576.0;
const EVERYTHING: &str = r#"["etcd", "postgres", "pgbouncer", "haproxy"]"#;

/// Makes a spec with so many nodes in each site.
fn spec(layout: &[usize], server_type: &str, components: &str, rest: &str) -> Spec {
    use std::fmt::Write as _;
    let mut text = format!("format_version = 1\n[platform]\nname = \"demo\"\n{rest}\n");
    writeln!(text, "[tiers.all]\nserver_type = {server_type:?}\ncomponents = {components}")
        .unwrap();
    for (site, count) in layout.iter().enumerate() {
        let location = ["fsn1", "nbg1", "hel1"][site];
        writeln!(text, "[sites.s{site}]\nlocation = {location:?}").unwrap();
        writeln!(text, "private_prefix = \"10.{site}.0.0/24\"").unwrap();
        for number in 0..*count {
            writeln!(text, "[nodes.n{site}-{number}]\nsite = \"s{site}\"\ntier = \"all\"").unwrap();
            writeln!(text, "address = \"10.{site}.0.{}\"", number + 10).unwrap();
        }
    }
    let parsed = parse_spec(&text, Catalogue::embedded());
    assert!(!parsed.has_errors(), "{text}\n{:?}", parsed.findings);
    parsed.spec.unwrap()
}

fn load(requests_per_s: u64, connections: u64, data_bytes: u64) -> Load {
    Load {
        requests_per_minute: Some(requests_per_s * 60),
        connections: Some(connections),
        data_bytes: Some(data_bytes),
        ..Load::default()
    }
}

fn near(one: f64, other: f64) -> bool {
    (one - other).abs() <= 1e-9 * one.abs().max(other.abs())
}

/// Demand and supply now, without the worst server, without the worst site.
fn uses(capacity: &Capacity, key: &str) -> [(f64, f64); 3] {
    let resource = capacity.resource(key).unwrap();
    let pair = |usage: Use| (usage.demand, usage.supply);
    let worst = |losses: &Losses| pair(losses.worst.as_ref().unwrap().usage);
    [pair(resource.now.unwrap()), worst(&resource.server), worst(&resource.site)]
}

#[test]
fn every_resource_is_what_one_computes_by_hand() {
    let spec = spec(&[1, 2], "ccx23", EVERYTHING, "");
    let capacity = compute(&spec.fleet, &spec.options, &load(1000, 1200, 10_000_000_000));
    let rate = 1000.0;
    let processors = rate * 0.001 + rate / 36_570.0;
    let passed = rate / 24_000.0;
    // System, shared buffers, three workers, backends of 2 MiB; 22 busy ones sort in 13 MiB each.
    let memory =
        (512.0 + 4096.0 + 3.0 * 1024.0 + 240.0 * 2.0 + 22.0 * 13.0) * MIB + 1200.0 * 33_710.0;
    let sessions = 1200.0 * 50_000.0;
    let disk = 1e9 + 512.0 * MIB + 1024.0 * MIB + 1.2e10;
    let kept = 200.0 * 8192.0 * 1800.0;
    let gib16 = 16.0 * 1024.0 * MIB;
    let table = [
        ("balancer.sessions", [(1200.0, 12_000.0), (1200.0, 8000.0), (1200.0, 4000.0)]),
        ("balancer.exchanges", [3.0, 2.0, 1.0].map(|left| (rate, left * 2.8 * 24_000.0))),
        ("pooler.clients", [(1200.0, 2000.0); 3]),
        ("pooler.transactions", [(rate, 25_599.0); 3]),
        ("pooler.handshakes", [(1200.0 / 1800.0, 162.4), (120.0, 162.4), (120.0, 162.4)]),
        // A fifth of the transactions waits 60 ms for the other site: 22 ms on average.
        ("database.backends", [(22.0, 240.0); 3]),
        ("server.processors", [3.0, 2.0, 1.0].map(|left| (processors + passed / left, 2.8))),
        ("server.memory", [3.0, 2.0, 1.0].map(|left| (memory + sessions / left, gib16))),
        ("server.disk", [0.0, kept, kept].map(|kept| (disk + kept, 152e9))),
    ];
    assert_eq!(table.len(), capacity.resources.len());
    for (key, expected) in table {
        for (is, should) in uses(&capacity, key).into_iter().zip(expected) {
            assert!(near(is.0, should.0) && near(is.1, should.1), "{key}: {is:?}, not {should:?}");
        }
    }
}

#[test]
fn settings_and_types_decide_about_supply() {
    let asked = load(1000, 1200, 1);
    let options = "[components.pgbouncer]\nclients_max = 100000\nbackends_max = 50\n\
                   [components.haproxy]\nconnections_max = 900000";
    let stated = spec(&[1], "ccx23", EVERYTHING, options);
    let capacity = compute(&stated.fleet, &stated.options, &asked);
    // File descriptors: 65,536 less the backends; half of 524,288.
    assert!(near(uses_now(&capacity, "pooler.clients").supply, 65_486.0));
    assert!(near(uses_now(&capacity, "balancer.sessions").supply, 262_144.0));
    // One site: nobody waits for another.
    let backends = uses_now(&capacity, "database.backends");
    assert!(near(backends.demand, 10.0) && near(backends.supply, 50.0));

    let shared = spec(&[1], "cx43", EVERYTHING, "");
    let capacity = compute(&shared.fleet, &shared.options, &asked);
    assert!(near(uses_now(&capacity, "server.processors").supply, 8.0 * 0.333));
    assert!(near(uses_now(&capacity, "pooler.transactions").supply, 36_570.0 * 0.333));

    let users = Load { users: Some(5000), ..Load::default() };
    let capacity = compute(&shared.fleet, &shared.options, &users);
    assert!(near(uses_now(&capacity, "pooler.clients").demand, 100.0));
    assert!(capacity.not_computed.iter().any(|it| it.what.contains("users")));
}

fn uses_now(capacity: &Capacity, key: &str) -> Use {
    capacity.resource(key).unwrap().now.unwrap()
}

#[test]
fn the_smallest_instance_counts_for_a_role_that_moves() {
    let mut mixed = spec(&[3], "ccx33", EVERYTHING, "");
    let small = Catalogue::embedded().server_type("ccx13").unwrap();
    let node = mixed.fleet.nodes.values_mut().next().unwrap();
    node.server_type.clone_from(&small.name);
    (node.memory_bytes, node.cores) = (small.memory_bytes(), small.cores);
    let capacity = compute(&mixed.fleet, &mixed.options, &load(1000, 10, 1));
    assert!(near(uses_now(&capacity, "server.processors").supply, 1.4));
    // 25 connections for each of 8 GiB, four fifths of them for the pooler.
    assert!(near(uses_now(&capacity, "database.backends").supply, 160.0));
    assert!(near(uses_now(&capacity, "balancer.exchanges").supply, 3.0 * 1.4 * 24_000.0));
}

#[test]
fn a_loss_that_leaves_nothing_is_told_and_not_divided_by() {
    let one = spec(&[1, 1], "ccx23", "[]", "").fleet;
    let mut fleet = one;
    let node = fleet.nodes.values_mut().next().unwrap();
    node.components.insert("haproxy".parse().unwrap());
    let capacity = compute(&fleet, &Options::default(), &load(1, 1, 1));
    let sessions = capacity.resource("balancer.sessions").unwrap();
    assert_eq!(sessions.server.nothing_left.as_deref(), Some("n0-0"));
    assert_eq!(sessions.site.nothing_left.as_deref(), Some("s0"));
    assert_eq!(sessions.site.worst.as_ref().unwrap().lost, "s1");
    let absent: Vec<_> = capacity.not_computed.iter().map(|it| it.what.as_str()).collect();
    assert!(absent.contains(&"postgres") && !absent.contains(&"haproxy"), "{absent:?}");
}

#[test]
fn a_bottleneck_has_the_change_that_removes_it() {
    let small = spec(&[1, 1], "ccx13", EVERYTHING, "");
    let change = |asked: Load, key: &str| {
        let capacity = compute(&small.fleet, &small.options, &asked);
        capacity.removal(key).map(|it| it.change.to_string())
    };
    let text = |text: &str| Some(text.to_owned());
    assert_eq!(
        change(load(1, 3000, 1), "pooler.clients"),
        text("components.pgbouncer.clients_max = 3000")
    );
    // One balancer has to carry all when the other's site is lost.
    assert_eq!(
        change(load(1, 5000, 1), "balancer.sessions"),
        text("components.haproxy.connections_max = 5000")
    );
    // 1.4 processors there, 2.01 and a little asked: four give 2.8.
    assert_eq!(
        change(load(2000, 1, 1), "server.processors"),
        text("type ccx23 for the servers with postgres")
    );
    assert_eq!(change(load(1, 1, 1), "server.disk"), None);
    let enough = change(load(1, 1, 1_000_000_000_000_000), "server.disk").unwrap();
    assert!(
        enough.starts_with("nothing that was tried is enough: of the server types"),
        "{enough}"
    );
    // 1.4 x 24,000 each; with one of two sites lost, the nodes of the other have to do.
    let more = change(load(1_000_000, 1, 1), "balancer.exchanges");
    assert_eq!(more, text("29 more nodes of type ccx13 with haproxy in each site"));
}

#[test]
fn what_breaks_first_is_told_with_the_factor() {
    let platform = spec(&[1, 2], "ccx23", EVERYTHING, "");
    let capacity = compute(&platform.fleet, &platform.options, &load(1, 1000, 1));
    let first = &capacity.bottlenecks[0];
    assert_eq!(
        (first.case, first.resource.as_str(), first.breaks_at),
        ("now", "pooler.clients", 2.0)
    );
    assert_eq!(capacity.bottlenecks.len(), 3);
    // All clients come back within ten seconds.
    let site = &capacity.bottlenecks[2];
    assert_eq!(
        (site.case, site.lost.as_str(), site.resource.as_str()),
        ("site", "s0", "pooler.handshakes")
    );
    assert!(near(site.breaks_at, 1.624));
    // Nothing is short: the change is for half as much again as there is, in whole times.
    let removal = &capacity.removals[0];
    assert_eq!(
        (capacity.removals.len(), &removal.resource, removal.times),
        (1, &site.resource, 3.0)
    );
    let why = "nothing that was tried is enough: no other server type that is sold in these sites moves it";
    assert_eq!(removal.change.to_string(), why);
    let nothing = compute(&platform.fleet, &platform.options, &Load::default());
    assert_eq!((nothing.bottlenecks, nothing.removals), (vec![], vec![]));
}

fn said(platform: &Spec) -> Vec<String> {
    let findings = check_spec(platform, &Places::default());
    let about = findings.iter().filter(|it| it.code == "over-capacity");
    about.map(|it| format!("{}: {}", it.severity, it.message)).collect()
}

#[test]
fn check_says_what_is_over_capacity() {
    let with = |load: &str| spec(&[1, 2], "ccx23", EVERYTHING, &format!("load = {{ {load} }}"));
    assert_eq!(said(&spec(&[1, 2], "ccx23", EVERYTHING, "")), Vec::<String>::new());
    assert_eq!(said(&with("connections = 1000")), Vec::<String>::new());
    let disk = "error: fullest server: disk: 2.4 TB asked, 152.0 GB there: 1,581 %";
    assert_eq!(said(&with("data_bytes = \"2TB\"")), [disk]);
    // Of balancers with 400 each: seven hundred fit on two and not on one, nine hundred on three.
    let load = "load = { connections = 700 }\n[components.haproxy]\nconnections_max = 400\n";
    let site = "warning: load balancers: connections at the same time: without site s1: 700 asked, \
                400 there: 175 %";
    assert_eq!(said(&spec(&[1, 2], "ccx23", EVERYTHING, load)), [site]);
    let load = load.replace("700", "900");
    let server = "warning: load balancers: connections at the same time: without server n0-0: 900 \
                  asked, 800 there: 113 %";
    assert_eq!(said(&spec(&[1, 2], "ccx23", EVERYTHING, &load)), [server]);
}

fn many(count: usize) -> Fleet {
    let mut fleet = spec(&[1, 1], "ccx23", EVERYTHING, "").fleet;
    let nodes: Vec<_> = fleet.nodes.values().cloned().collect();
    for (number, node) in (0..count).zip(nodes.iter().cycle()) {
        let mut node = node.clone();
        node.name = format!("n{number}").parse().unwrap();
        fleet.nodes.insert(node.name.clone(), node);
    }
    fleet
}

#[test]
fn a_thousand_servers_are_computed_and_more_say_what_is_not() {
    let asked = load(1_000_000, 1000, 1_000_000_000_000_000);
    let capacity = compute(&many(1000), &Options::default(), &asked);
    assert_eq!(capacity.resources.len(), 9);
    let capacity = compute(&many(10_001), &Options::default(), &asked);
    let change = capacity.removal("server.disk").unwrap().change.to_string();
    assert!(change.ends_with("are not tried for more than 10000 servers"), "{change}");
}

#[test]
fn coefficients_are_named_once_with_unit_and_source() {
    let names: std::collections::BTreeSet<_> = COEFFICIENTS.iter().map(|it| it.name).collect();
    assert_eq!(names.len(), COEFFICIENTS.len());
    for it in COEFFICIENTS {
        assert!(it.value > 0.0 && !it.unit.is_empty() && !it.source.is_empty(), "{}", it.name);
        assert!(!it.measured_by.is_empty(), "{}", it.name);
        // One that no resource names is explained nowhere.
        let mut kinds = resources::PLATFORM.iter().chain(&resources::SERVICES);
        let burdens = Burden::ALL.into_iter().flat_map(resources::draws);
        let used = kinds.any(|kind| kind.coefficients.contains(it))
            || burdens.flatten().any(|other| other == it);
        assert!(used, "{} is used by no resource", it.name);
    }
}

fn any_load() -> impl Strategy<Value = Load> {
    let number = || prop::option::of(1_u64..1_000_000_000_000);
    (number(), number(), number(), number(), number()).prop_map(
        |(users, requests_per_minute, connections, data_bytes, log_lines_per_second)| Load {
            users,
            requests_per_minute,
            connections,
            data_bytes,
            log_lines_per_second,
        },
    )
}

fn scaled(load: &Load, by: u64) -> Load {
    let mut scaled = *load;
    for (key, _) in Load::KEYS {
        if let Some(number) = load.get(key) {
            scaled.set(key, number * by);
        }
    }
    scaled
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(64))]

    #[test]
    fn losing_never_lowers_utilisation(spec in ennead_spec::generate::any_spec(), load in any_load()) {
        for it in compute(&spec.fleet, &spec.options, &load).resources {
            let Some(now) = it.now else { continue };
            for worst in [it.server.worst, it.site.worst].into_iter().flatten() {
                prop_assert!(worst.usage.utilisation >= now.utilisation, "{}: {worst:?}", it.key);
            }
        }
    }

    #[test]
    fn a_further_node_of_a_kind_never_lowers_supply(
        spec in ennead_spec::generate::any_spec(),
        load in any_load(),
        pick in any::<prop::sample::Index>(),
    ) {
        let before = compute(&spec.fleet, &spec.options, &load);
        let mut fleet = spec.fleet.clone();
        let mut node = pick.get(&fleet.nodes.values().collect::<Vec<_>>()).to_owned().clone();
        node.name = "further".parse().unwrap();
        fleet.nodes.insert(node.name.clone(), node);
        let after = compute(&fleet, &spec.options, &load);
        for (one, other) in before.resources.iter().zip(&after.resources) {
            let (Some(one_now), Some(other_now)) = (one.now, other.now) else { continue };
            prop_assert!(other_now.utilisation <= one_now.utilisation, "{}", one.key);
            // The fullest server may be another one, with less of it but less asked of it too.
            if !one.key.starts_with("server.") {
                prop_assert!(other_now.supply >= one_now.supply, "{}", one.key);
            }
        }
    }

    #[test]
    fn the_load_that_breaks_something_does_not_depend_on_the_stated_one(
        spec in ennead_spec::generate::any_spec(),
        load in any_load(),
        by in 2_u64..1000,
    ) {
        let one = compute(&spec.fleet, &spec.options, &load);
        let many = compute(&spec.fleet, &spec.options, &scaled(&load, by));
        for (one, many) in one.resources.iter().zip(&many.resources) {
            let breaks_at = |it: &Resource| it.now.and_then(|usage| usage.breaks_at);
            let (Some(one), Some(many)) = (breaks_at(one), breaks_at(many)) else { continue };
            let by: f64 = u32::try_from(by).unwrap().into();
            prop_assert!(near(one, many * by), "{one} is not {by} x {many}");
        }
    }

    #[test]
    fn a_change_does_what_it_says(spec in ennead_spec::generate::any_spec(), load in any_load()) {
        let capacity = compute(&spec.fleet, &spec.options, &load);
        for removal in &capacity.removals {
            let Change::MoreNodes { in_each_site, .. } = &removal.change else { continue };
            let ground = Ground::new(&spec.fleet, &spec.options, &load);
            let rows = resources::rows(&ground);
            let row = rows.iter().find(|row| row.key() == removal.resource).unwrap();
            let carries = |further: usize| {
                let mut cases = Cases::of(&ground);
                cases.add(row.role().unwrap(), further, ground.sites);
                fits(row, &ground, &cases) >= removal.times
            };
            prop_assert!(carries(*in_each_site) && !carries(in_each_site - 1));
        }
    }

    #[test]
    fn no_number_makes_it_panic(
        spec in ennead_spec::generate::any_spec(),
        numbers in any::<[u64; 5]>(),
        settings in any::<[u32; 4]>(),
    ) {
        let mut load = Load::default();
        for ((key, _), number) in Load::KEYS.into_iter().zip(numbers) {
            load.set(key, number);
        }
        let mut options = spec.options.clone();
        options.postgres.connections_max = settings[0];
        options.pgbouncer.backends_max = settings[1];
        options.pgbouncer.clients_max = settings[2];
        options.haproxy.connections_max = settings[3];
        for it in compute(&spec.fleet, &options, &load).resources {
            if let Some(usage) = it.now {
                prop_assert!(usage.utilisation.is_finite() && usage.supply > 0.0, "{it:?}");
                prop_assert!(!quantity(usage.demand, it.unit).contains('\n'));
            }
        }
    }
}
