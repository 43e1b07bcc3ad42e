//! What a node says of itself: drift, health, roles, and that looking changes nothing.

use ennead_host::FakeHost;
use ennead_host::fake::output;
use ennead_model::{Condition, Digest, NodeAction, NodeName, NodeOrder, OnChange};

use super::*;

const RUNS: &str = "LoadState=loaded\nActiveState=active\nUnitFileState=enabled\n";

fn order() -> NodeOrder {
    let node = NodeName::new("n1").unwrap();
    let mut order = NodeOrder::new("shop", node, ComponentName::new("etcd").unwrap());
    order.generation = 3;
    order.digest = Some(Digest("d".to_owned()));
    order.health = Some(Condition::PathExists { path: "/run/etcd".into() });
    order.actions = vec![
        NodeAction::Packages { names: vec!["etcd-server".to_owned()] },
        NodeAction::File {
            path: "/etc/etcd".into(),
            content: "x".to_owned(),
            owner: "root".to_owned(),
            group: "root".to_owned(),
            mode: 0o644,
            secret: false,
        },
        NodeAction::Unit {
            name: "etcd.service".to_owned(),
            enabled: true,
            running: true,
            on_change: OnChange::Restart,
            watches: vec!["/etc/etcd".into()],
        },
    ];
    order
}

fn machine() -> FakeHost {
    FakeHost::new("n1")
        .answer("dpkg-query", 0, "etcd-server installed\n")
        .answer("systemctl", 0, "")
        .answer("systemctl show", 0, RUNS)
        .answer("df", 0, "Avail\n1000\n")
        .file("/proc/meminfo", "MemTotal: 2 kB\n")
        .file("/run/etcd", "")
}

async fn facts(host: &FakeHost) -> Observation {
    let state = StateDirectory::without_turns("/var/lib/ennead");
    let facts = observe(host, &state).await.unwrap();
    assert_eq!((facts.generation, facts.memory_bytes, facts.disk_free_bytes), (3, 2048, 1000));
    facts.components["etcd"].clone()
}

async fn applied() -> FakeHost {
    let host = machine();
    let state = StateDirectory::without_turns("/var/lib/ennead");
    let report = crate::apply(&order(), &host, &state).await;
    assert_eq!(report.failed(), None);
    host.forget();
    host
}

#[tokio::test]
async fn a_node_as_it_was_left_has_no_drift_and_is_not_touched() {
    let host = applied().await;
    let seen = facts(&host).await;
    assert_eq!((seen.drift.clone(), seen.is_healthy()), (Vec::<String>::new(), true));
    assert_eq!(seen.applied, order().digest);
    let lines = host.lines();
    assert!(
        lines.iter().all(|line| ["dpkg-query", "systemctl show", "df", "etcdctl"]
            .iter()
            .any(|known| line.starts_with(known))),
        "{lines:?}"
    );
}

#[tokio::test]
async fn every_kind_of_drift_is_told() {
    let host = applied().await;
    host.put("/etc/etcd", "y");
    host.clear_answer("dpkg-query");
    host.set_answer("dpkg-query", output(1, "", ""));
    host.clear_answer("systemctl show");
    host.set_answer("systemctl show", output(0, "LoadState=loaded\nActiveState=failed\n", ""));
    ennead_host::Host::remove(&host, "/run/etcd".into()).await.unwrap();
    let seen = facts(&host).await;
    assert_eq!(
        seen.drift,
        [
            "package etcd-server is not installed",
            "/etc/etcd has other content",
            "etcd.service is not enabled",
            "etcd.service is failed",
        ]
    );
    assert_eq!(
        seen.health,
        Known::Known(Health::Unhealthy { why: "/run/etcd does not exist".to_owned() })
    );
}

#[tokio::test]
async fn a_node_without_orders_has_no_components() {
    let host = FakeHost::new("n1").answer("df", 0, "Avail\n1\n");
    let state = StateDirectory::without_turns("/var/lib/ennead");
    let facts = observe(&host, &state).await.unwrap();
    assert!(facts.components.is_empty() && facts.generation == 0);
    assert_eq!(host.lines().len(), 1);
}
