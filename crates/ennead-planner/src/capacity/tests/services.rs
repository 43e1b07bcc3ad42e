//! What services carry: by hand, on the nine servers of the example, and for any services and load.

use std::collections::BTreeSet;

use ennead_model::carries::Carries;
use ennead_model::{Needs, NodeName, Service};

use super::super::carrier::{DEFAULTS, OTHERWISE};
use super::*;

const CRM: &str = include_str!("../../../../../examples/crm.toml");
const GUIDE: &str = include_str!("../../../../../docs/guide/capacity.md");
const GIB: f64 = 1_073_741_824.0;
const DAY: f64 = 86_400.0;

/// Three ccx23 in two sites with this service on all of them.
fn serving(needs: &str, carries: &str) -> Spec {
    let service = format!(
        "[services.a]\ntiers = [\"all\"]\nneeds = {needs}\nafter_s = 1\ncarries = {carries}\n"
    );
    spec(&[1, 2], "ccx23", "[]", &service)
}

/// Looks at demand and supply of a resource now, without a server, without the larger site.
fn expect(spec: &Spec, load: &Load, key: &str, expected: [(f64, f64); 3]) {
    let capacity = compute(&spec.fleet, &spec.options, load);
    for (is, should) in uses(&capacity, key).into_iter().zip(expected) {
        assert!(near(is.0, should.0) && near(is.1, should.1), "{key}: {is:?}, not {should:?}");
    }
}

#[test]
fn users_connect_with_tls() {
    let users = Load { users: Some(30_000), ..Load::default() };
    let spec = serving("\"one\"", "\"sessions\"");
    // Half of 524,288 file descriptors each.
    expect(&spec, &users, "service.a.sessions", [3.0, 2.0, 1.0].map(|n| (30_000.0, n * 262_144.0)));
    // One by one after 75 s; a third, or two, come back at once within 10 s. 2.8 processors each.
    let new = [400.0, 1000.0 + 20_000.0 / 75.0, 2000.0 + 10_000.0 / 75.0];
    let supply = [3.0, 2.0, 1.0].map(|n| n * 2.8 * 1300.0);
    let pairs = [0, 1, 2].map(|it: usize| (new[it], supply[it]));
    expect(&spec, &users, "service.a.handshakes", pairs);
    // 8,000 connections in a GB; what the system takes besides.
    let memory = [3.0, 2.0, 1.0].map(|n| (512.0 * MIB + 30_000.0 * 125_000.0 / n, 16.0 * GIB));
    expect(&spec, &users, "server.memory", memory);
    let stated =
        "{ what = \"sessions\", sessions_per_user = 2, sessions_max = 9000, session_life_s = 600 }";
    let spec = serving("\"one\"", stated);
    expect(&spec, &users, "service.a.sessions", [3.0, 2.0, 1.0].map(|n| (60_000.0, n * 9000.0)));
    let capacity = compute(&spec.fleet, &spec.options, &users);
    assert!(near(uses_now(&capacity, "service.a.handshakes").demand, 100.0));
    // Sixty thousand have to fit on the one server that is left without the larger site.
    let change = &capacity.removal("service.a.sessions").unwrap().change;
    assert_eq!(change.to_string(), "services.a.carries.sessions_max = 60000");
    assert!(!capacity.not_computed.iter().any(|it| it.what.contains("users")));
}

#[test]
fn requests_need_workers_and_processors() {
    let load = Load { requests_per_minute: Some(60_000), ..Load::default() };
    let spec = serving("\"one\"", "\"requests\"");
    // 50 ms of 1,000 a second; two workers for each of four processors.
    expect(&spec, &load, "service.a.workers", [3.0, 2.0, 1.0].map(|n| (50.0, n * 8.0)));
    expect(&spec, &load, "service.a.processors", [3.0, 2.0, 1.0].map(|n| (2.0, n * 2.8)));
    expect(&spec, &load, "server.processors", [3.0, 2.0, 1.0].map(|n| (2.0 / n, 2.8)));
    expect(&spec, &load, "server.memory", [(2112.0 * MIB, 16.0 * GIB); 3]);
    let stated = "{ what = \"requests\", percent_of_requests = 50, request_ms = 200, processor_us = \
                  3000, workers_per_core = 3, requests_per_worker = 10, bytes_per_worker = \"1MiB\" }";
    let spec = serving("\"one\"", stated);
    expect(&spec, &load, "service.a.workers", [3.0, 2.0, 1.0].map(|n| (100.0, n * 120.0)));
    expect(&spec, &load, "service.a.processors", [3.0, 2.0, 1.0].map(|n| (1.5, n * 2.8)));
    expect(&spec, &load, "server.memory", [(524.0 * MIB, 16.0 * GIB); 3]);
    // What is stated is no estimate; how much of a processor is planned with stays one.
    let capacity = compute(&spec.fleet, &spec.options, &load);
    assert!(!capacity.resource("service.a.workers").unwrap().estimated);
    let left = &capacity.resource("service.a.processors").unwrap().coefficients;
    assert_eq!(*left, ["PROCESSOR_SHARE_DEDICATED", "PROCESSOR_SHARE_SHARED"]);
}

#[test]
fn a_cache_is_shared_by_shards_and_whole_otherwise() {
    let users = Load { users: Some(300_000), ..Load::default() };
    let data = 300_000.0 * 10_000.0 * 1.6;
    let carries = "{ what = \"cache\", memory = \"4GiB\" }";
    // Two copies on three servers; on one server there is but one.
    let shards = serving("\"shards\"\nmasters = 3\ncopies = 1", carries);
    let each = [data * 2.0 / 3.0, data, data].map(|it| (it, 4.0 * GIB));
    expect(&shards, &users, "service.a.memory", each);
    let whole = serving("\"one\"", carries);
    expect(&whole, &users, "service.a.memory", [(data, 4.0 * GIB); 3]);
    // Half of the server when nothing is stated.
    expect(&serving("\"one\"", "\"cache\""), &users, "service.a.memory", [(data, 8.0 * GIB); 3]);
    // Its memory is taken whether it is full or not.
    expect(&whole, &users, "server.memory", [(4.5 * GIB, 16.0 * GIB); 3]);
    let stated = "{ what = \"cache\", memory = \"4GiB\", bytes_per_user = 100 }";
    let few = 300_000.0 * 100.0 * 1.6;
    expect(&serving("\"one\"", stated), &users, "service.a.memory", [(few, 4.0 * GIB); 3]);
}

#[test]
fn log_lines_are_kept_for_days() {
    let load = Load { log_lines_per_second: Some(1000), ..Load::default() };
    // Fifteen days are there at a time, each line twice, on 85 % of 160 GB.
    let a_copy = 1000.0 * DAY * 15.0 * 103.0;
    let each = [a_copy * 2.0 / 3.0, a_copy, a_copy].map(|it| (it, 136e9));
    let spec = serving("\"majority\"", "\"logs\"");
    expect(&spec, &load, "service.a.disk", each);
    let journal = 512.0 * MIB;
    expect(&spec, &load, "server.disk", each.map(|(it, most)| (it + 1e9 + journal, most)));
    let processors = [2.0 / 3.0, 1.0, 1.0].map(|it| (it * 1000.0 * 0.00022, 2.8));
    expect(&spec, &load, "server.processors", processors);
    expect(&spec, &load, "server.memory", [(512.0 * MIB + 475e6, 16.0 * GIB); 3]);
    let stated =
        "{ what = \"logs\", days = 1, copies = 0, bytes_per_line = 300, memory = \"1GiB\" }";
    let spec = serving("\"one\"", stated);
    let a_copy = 1000.0 * DAY * 2.0 * 300.0;
    expect(&spec, &load, "service.a.disk", [3.0, 2.0, 1.0].map(|n| (a_copy / n, 136e9)));
    expect(&spec, &load, "server.memory", [(1.5 * GIB, 16.0 * GIB); 3]);
}

#[test]
fn measured_values_are_whole_on_each_server_and_no_load_changes_them() {
    let spec = serving("\"one\"", "\"metrics\"");
    let disk = 15_000.0 * 15.0 * DAY / 15.0 * 2.0;
    expect(&spec, &Load::default(), "service.a.disk", [(disk, 152e9); 3]);
    let memory = 512.0 * MIB + 15_000.0 * (2147.0 + 720.0 * 2.0 * 3.0);
    expect(&spec, &Load::default(), "server.memory", [(memory, 16.0 * GIB); 3]);
    let stated = "{ what = \"metrics\", days = 10, scrape_s = 60, series = 1000 }";
    let spec = serving("\"one\"", stated);
    let disk = 1000.0 * 10.0 * DAY / 60.0 * 2.0;
    expect(&spec, &Load::default(), "service.a.disk", [(disk, 152e9); 3]);
    let capacity = compute(&spec.fleet, &spec.options, &Load::default());
    assert_eq!(uses_now(&capacity, "service.a.disk").breaks_at, None);
}

#[test]
fn backups_are_full_ones_and_the_log() {
    let asked = load(1000, 1, 10_000_000_000);
    let spec = serving("\"one\"", "\"backups\"");
    // Two and the one that is being made; 200 writes of 8 KiB a second, a quarter of it over a day.
    let week = 200.0 * 8192.0 * 0.25 * 7.0 * DAY;
    let whole = (3.0 * 1.2e10 + week) * 0.5;
    expect(&spec, &asked, "service.a.disk", [(whole, 152e9); 3]);
    let stated = "{ what = \"backups\", full_backups = 4, wal_days = 1, compressed_percent = 20 }";
    let spec = serving("\"one\"", stated);
    let stated = (5.0 * 1.2e10 + week / 7.0) * 0.2;
    expect(&spec, &asked, "service.a.disk", [(stated, 152e9); 3]);
}

#[test]
fn what_shares_a_disk_has_to_fit_together() {
    let service = |name: &str, carries: &str| {
        format!(
            "[services.{name}]\ntiers = [\"all\"]\nneeds = \"one\"\nafter_s = 1\ncarries = {carries}\n"
        )
    };
    let both = service("logs", "{ what = \"logs\", days = 9, copies = 2 }")
        + &service("backups", "{ what = \"backups\", wal_days = 1 }");
    let load = "load = { data_bytes = \"45GB\", log_lines_per_second = 800 }\n";
    let said = said(&spec(&[1, 2], "ccx23", "[]", &format!("{load}{both}")));
    // 81 and 71.2 GB fit alone; with the system's 1.5 they are more than 136.
    let expected = "error: fullest server: disk: 153.7 GB asked, 136.0 GB there: 114 % (on n0-0: \
                    backups 81.0 GB, logs 71.2 GB, system 1.5 GB)";
    assert_eq!(said, [expected]);
}

#[test]
fn a_full_application_gets_its_own_servers_and_no_others() {
    let load = Load { requests_per_minute: Some(300_000), ..Load::default() };
    let spec = serving("\"one\"", "{ what = \"requests\", requests_per_worker = 1000 }");
    let capacity = compute(&spec.fleet, &spec.options, &load);
    let change = |key: &str| capacity.removal(key).unwrap().change.to_string();
    // 10 processors' worth, 2.8 on each: four are needed in each site when the other is lost.
    let more = "2 more nodes of type ccx23 with service a in each site";
    assert_eq!(change("service.a.processors"), more.replace("2 more", "3 more"));
    assert_eq!(change("server.processors"), "type ccx43 for the servers with service a");
}

/// The nine servers under load, computed apart from the code: from the spec's text and the figures of
/// the guide alone.
#[test]
fn the_example_by_independent_arithmetic() {
    let load = "load = { users = 50000, requests_per_minute = 100000, connections = 1000, \
                data_bytes = \"40GB\", log_lines_per_second = 500 }\npromises = [";
    let text = CRM.replace("promises = [", load);
    let spec = parse_spec(&text, Catalogue::embedded()).spec.unwrap();
    let asked = spec.load.unwrap();
    let rate = 100_000.0 / 60.0;
    // The application's three servers; Ashburn has two of them.
    let left = [3.0, 2.0, 1.0];
    expect(&spec, &asked, "service.application.workers", left.map(|n| (rate * 0.05, n * 320.0)));
    expect(&spec, &asked, "service.application.processors", left.map(|n| (rate * 0.002, n * 2.8)));
    expect(&spec, &asked, "service.ingress.sessions", left.map(|n| (50_000.0, n * 262_144.0)));
    let passed = 50_000.0 / 75.0 / 1300.0 + rate / 24_000.0;
    let busy = left.map(|n| (rate * 0.002 + passed) / n);
    // The connections to the database come in through four load balancers, two in each site.
    let primary = [4.0, 3.0, 2.0].map(|n| rate * (0.001 + 1.0 / 36_570.0 + 1.0 / 24_000.0 / n));
    let fullest = [0, 1, 2].map(|it: usize| (busy[it].max(primary[it]), 2.8));
    expect(&spec, &asked, "server.processors", fullest);
    // The services' three servers; two of them have a repository, one in each site.
    let lines = 500.0 * DAY * 8.0 * 103.0;
    let logs = [lines * 2.0 / 3.0, lines, lines];
    expect(&spec, &asked, "service.logs.disk", logs.map(|it| (it, 136e9)));
    let repository = (2.0 * 48e9 + rate * 0.2 * 8192.0 * 0.25 * DAY) * 0.5;
    expect(&spec, &asked, "service.backups.disk", [(repository, 136e9); 3]);
    let values = 9.0 * 5000.0 * 15.0 * DAY / 15.0 * 2.0;
    expect(&spec, &asked, "service.metrics.disk", [(values, 136e9); 3]);
    let system = 1e9 + 512.0 * MIB;
    let all = logs.map(|logs| (system + logs + repository + values, 136e9));
    expect(&spec, &asked, "server.disk", all);
    let data = 50_000.0 * 10_000.0 * 1.6;
    let cache = [data * 2.0 / 3.0, data, data].map(|it| (it, 4.0 * GIB));
    expect(&spec, &asked, "service.cache.memory", cache);
}

#[test]
fn each_setting_has_a_default_and_stands_in_the_guide() {
    for burden in Burden::ALL {
        assert!(GUIDE.contains(&format!("`{burden}`")), "{burden}");
        for setting in burden.settings() {
            let is = |(of, key, _): &&(Burden, &str, _)| *of == burden && *key == setting.key;
            let known = DEFAULTS.iter().find(is).or_else(|| OTHERWISE.iter().find(is));
            assert!(known.is_some(), "{burden} {}", setting.key);
            assert!(GUIDE.contains(&format!("`{}`", setting.key)), "{burden} {}", setting.key);
        }
    }
    // And none stands for a setting that does not exist.
    for (burden, key, _) in DEFAULTS.iter().chain(&OTHERWISE) {
        assert!(burden.settings().iter().any(|it| it.key == *key), "{burden} {key}");
    }
}

/// A service on some of a fleet's nodes: what it carries, how it is shared, numbers for its settings.
type Draft = (prop::sample::Index, Vec<prop::sample::Index>, bool, Vec<Option<u64>>);

fn any_drafts() -> impl Strategy<Value = Vec<Draft>> {
    let nodes = prop::collection::vec(any::<prop::sample::Index>(), 1..5);
    let settings = prop::collection::vec(prop::option::of(any::<u64>()), 6);
    prop::collection::vec((any::<prop::sample::Index>(), nodes, any::<bool>(), settings), 0..5)
}

fn with_services(fleet: &Fleet, drafts: &[Draft]) -> Fleet {
    let mut fleet = fleet.clone();
    let names: Vec<NodeName> = fleet.nodes.keys().cloned().collect();
    for (number, (burden, nodes, shards, numbers)) in drafts.iter().enumerate() {
        let what = *burden.get(&Burden::ALL);
        let mut carries = Carries::new(what);
        for (setting, number) in what.settings().iter().zip(numbers) {
            if let Some(number) = number {
                let within = setting.least + number % (setting.most - setting.least + 1);
                carries.settings.insert(setting.key.to_owned(), within);
            }
        }
        // How many values there are grows with the servers unless it is stated.
        if what == Burden::Metrics {
            carries.settings.entry("series".to_owned()).or_insert(5000);
        }
        let name: ennead_model::ServiceName = format!("service-{number}").parse().unwrap();
        let nodes = nodes.iter().map(|it| it.get(&names).clone()).collect();
        let needs = if *shards { Needs::Shards { masters: 1, copies: 1 } } else { Needs::One };
        let (after_s, uses, promised) = (0, BTreeSet::new(), true);
        let service = Service {
            name: name.clone(),
            nodes,
            needs,
            after_s,
            uses,
            promised,
            carries: Some(carries),
        };
        fleet.services.insert(name, service);
    }
    fleet
}

proptest! {
    #![proptest_config(ProptestConfig::with_cases(128))]

    #[test]
    fn losing_never_lowers_utilisation(
        spec in ennead_spec::generate::any_spec(),
        drafts in any_drafts(),
        load in any_load(),
    ) {
        let fleet = with_services(&spec.fleet, &drafts);
        for it in compute(&fleet, &spec.options, &load).resources {
            let Some(now) = it.now else { continue };
            for worst in [it.server.worst, it.site.worst].into_iter().flatten() {
                let least = now.utilisation * (1.0 - 1e-12);
                prop_assert!(worst.usage.utilisation >= least, "{}: {worst:?}", it.key);
            }
        }
    }

    #[test]
    fn a_further_server_of_a_kind_never_raises_utilisation(
        spec in ennead_spec::generate::any_spec(),
        drafts in any_drafts(),
        load in any_load(),
        pick in any::<prop::sample::Index>(),
    ) {
        let fleet = with_services(&spec.fleet, &drafts);
        let before = compute(&fleet, &spec.options, &load);
        let mut more = fleet.clone();
        let mut node = pick.get(&fleet.nodes.values().collect::<Vec<_>>()).to_owned().clone();
        let like = node.name.clone();
        node.name = "further".parse().unwrap();
        for service in more.services.values_mut().filter(|it| it.nodes.contains(&like)) {
            service.nodes.insert(node.name.clone());
        }
        more.nodes.insert(node.name.clone(), node);
        let after = compute(&more, &spec.options, &load);
        prop_assert_eq!(before.resources.len(), after.resources.len());
        for (one, other) in before.resources.iter().zip(&after.resources) {
            prop_assert_eq!(&one.key, &other.key);
            let (Some(one_now), Some(other_now)) = (one.now, other.now) else { continue };
            let most = one_now.utilisation * (1.0 + 1e-12);
            prop_assert!(other_now.utilisation <= most, "{}", one.key);
        }
    }

    #[test]
    fn the_fullest_server_is_the_sum_of_its_parts(
        spec in ennead_spec::generate::any_spec(),
        drafts in any_drafts(),
        load in any_load(),
    ) {
        let fleet = with_services(&spec.fleet, &drafts);
        for it in compute(&fleet, &spec.options, &load).resources {
            let Some(usage) = it.now else { continue };
            prop_assert!(usage.utilisation.is_finite() && usage.supply > 0.0, "{it:?}");
            let Some(drawn) = &it.fullest else { continue };
            let sum: f64 = drawn.parts.iter().map(|part| part.amount).sum();
            prop_assert!(near(sum, usage.demand), "{}: {sum} of {}", it.key, usage.demand);
        }
    }

    #[test]
    fn more_servers_of_a_service_do_what_is_said(
        spec in ennead_spec::generate::any_spec(),
        drafts in any_drafts(),
        load in any_load(),
    ) {
        let fleet = with_services(&spec.fleet, &drafts);
        let capacity = compute(&fleet, &spec.options, &load);
        for removal in &capacity.removals {
            let Change::MoreNodes { in_each_site, .. } = &removal.change else { continue };
            let ground = Ground::new(&fleet, &spec.options, &load);
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
}
