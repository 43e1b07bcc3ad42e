//! Orders on a machine that only remembers: what is refused, what is done once, what is gone on from.

use ennead_host::FakeHost;
use ennead_model::{ComponentName, Digest, NodeAction, NodeName};

use super::*;

fn file(path: &str, content: &str) -> NodeAction {
    NodeAction::File {
        path: path.into(),
        content: content.to_owned(),
        owner: "root".to_owned(),
        group: "root".to_owned(),
        mode: 0o600,
        secret: true,
    }
}

fn order(generation: u64, actions: Vec<NodeAction>) -> NodeOrder {
    let node = NodeName::new("n1").unwrap();
    let mut order = NodeOrder::new("shop", node, ComponentName::new("etcd").unwrap());
    order.generation = generation;
    order.digest = Some(Digest(format!("digest-{}", actions.len())));
    order.actions = actions;
    order
}

fn state() -> StateDirectory {
    StateDirectory::without_turns("/var/lib/ennead")
}

async fn record(host: &FakeHost) -> Record {
    state().read_record(host, "etcd").await.unwrap().unwrap()
}

fn refusal(report: &NodeReport) -> String {
    assert_eq!(report.actions.len(), 1, "{report:?}");
    match &report.failed().unwrap().outcome {
        Outcome::Failed { error, .. } => error.clone(),
        other => panic!("{other:?}"),
    }
}

#[tokio::test]
async fn the_second_time_nothing_changes() {
    let host = FakeHost::new("n1");
    let order = order(1, vec![file("/etc/a", "one"), file("/etc/b", "two")]);
    assert_eq!(apply(&order, &host, &state()).await.changed(), 2);
    let again = apply(&order, &host, &state()).await;
    assert_eq!((again.changed(), again.failed(), again.actions.len()), (0, None, 2));
    assert_eq!(record(&host).await.applied, order.digest);
    assert_eq!(host.text("/var/lib/ennead/generation").unwrap(), "1\n");
    assert_eq!(host.get("/var/lib/ennead").unwrap().facts.mode, 0o700);
}

#[tokio::test]
async fn the_first_failure_ends_the_order_and_shows_as_begun() {
    let host = FakeHost::new("n1");
    host.break_path("/etc/b", std::io::ErrorKind::StorageFull);
    let order = order(1, vec![file("/etc/a", "1"), file("/etc/b", "2"), file("/etc/c", "3")]);
    let report = apply(&order, &host, &state()).await;
    assert_eq!(report.actions.len(), 2);
    assert!(matches!(&report.failed().unwrap().outcome,
        Outcome::Failed { error, hint } if error.contains("/etc/b") && hint.contains("df -h")));
    assert_eq!(record(&host).await.applied, None);
    assert!(host.get("/etc/c").is_none());
    host.mend_path("/etc/b");
    let report = apply(&order, &host, &state()).await;
    assert_eq!((report.changed(), report.failed()), (2, None));
    assert_eq!(record(&host).await.applied, order.digest);
}

#[tokio::test]
async fn an_order_that_stops_after_any_action_is_finished_by_the_next() {
    let paths = ["/etc/a", "/etc/b", "/etc/c", "/etc/d"];
    let actions = || paths.iter().map(|path| file(path, path)).collect::<Vec<_>>();
    for broken in paths {
        let host = FakeHost::new("n1");
        host.break_path(broken, std::io::ErrorKind::Interrupted);
        assert!(apply(&order(1, actions()), &host, &state()).await.failed().is_some());
        host.mend_path(broken);
        assert!(apply(&order(2, actions()), &host, &state()).await.failed().is_none());
        assert!(paths.iter().all(|path| host.text(path).as_deref() == Some(*path)));
    }
}

#[tokio::test]
async fn an_order_with_something_to_confirm_is_whole_only_when_that_ended() {
    let host = FakeHost::new("n1");
    let mut order = order(3, vec![file("/etc/a", "1")]);
    order.confirm = vec![file("/etc/b", "2")];
    assert!(refusal(&confirm(&order, &host, &state()).await).starts_with("another order"));
    assert_eq!(apply(&order, &host, &state()).await.changed(), 1);
    assert_eq!((record(&host).await.applied, host.get("/etc/b")), (None, None));
    let mut other = order.clone();
    other.generation = 4;
    assert!(refusal(&confirm(&other, &host, &state()).await).starts_with("another order"));
    other.generation = 3;
    assert!(refusal(&confirm(&other, &host, &state()).await).contains("older than 4"));
    other.generation = 5;
    apply(&other, &host, &state()).await;
    assert_eq!(confirm(&other, &host, &state()).await.changed(), 1);
    assert_eq!(record(&host).await.applied, order.digest);
    assert!(refusal(&confirm(&other, &host, &state()).await).starts_with("another order"));
}

#[tokio::test]
async fn an_older_generation_is_refused_and_an_equal_one_is_not() {
    let host = FakeHost::new("n1");
    apply(&order(7, Vec::new()), &host, &state()).await;
    assert!(apply(&order(7, Vec::new()), &host, &state()).await.failed().is_none());
    let report = apply(&order(6, vec![file("/etc/a", "x")]), &host, &state()).await;
    assert_eq!(refusal(&report), "generation 6 is older than 7");
    assert!(host.get("/etc/a").is_none());
}

#[tokio::test]
async fn the_order_of_another_node_or_platform_is_refused() {
    let host = FakeHost::new("n1");
    apply(&order(1, Vec::new()), &host, &state()).await;
    let mut other = order(2, Vec::new());
    other.node = NodeName::new("n2").unwrap();
    let said = refusal(&apply(&other, &host, &state()).await);
    assert_eq!(said, "this is n1 of platform shop; the order is for n2 of platform shop");
    let mut other = order(2, Vec::new());
    other.platform = "other".to_owned();
    assert!(refusal(&apply(&other, &host, &state()).await).ends_with("of platform other"));
}

#[tokio::test]
async fn another_format_is_refused_before_anything_is_touched() {
    let host = FakeHost::new("n1");
    let mut order = order(1, Vec::new());
    order.format_version = 99;
    let said = refusal(&apply(&order, &host, &state()).await);
    assert_eq!(said, "the order has format 99; this program knows 1");
    assert!(host.get("/var/lib/ennead").is_none());
}

#[tokio::test]
async fn a_full_disk_for_our_own_state_is_told_like_any_other() {
    let host = FakeHost::new("n1");
    host.break_path("/var/lib/ennead/generation", std::io::ErrorKind::StorageFull);
    let said = refusal(&apply(&order(1, Vec::new()), &host, &state()).await);
    assert!(said.contains("/var/lib/ennead/generation"), "{said}");
}

#[tokio::test]
async fn a_record_never_holds_a_secret() {
    let host = FakeHost::new("n1");
    apply(&order(1, vec![file("/etc/key", "top secret")]), &host, &state()).await;
    let text = host.text("/var/lib/ennead/components/etcd.json").unwrap();
    assert!(!text.contains("top secret") && text.contains("/etc/key"), "{text}");
}

#[tokio::test]
async fn orders_of_one_component_take_turns_and_others_do_not_wait() {
    let directory = tempfile::tempdir().unwrap();
    let path = camino::Utf8PathBuf::from_path_buf(directory.path().to_path_buf()).unwrap();
    let state = StateDirectory::new(&path);
    let first = state.turn("component-etcd").await.unwrap();
    let second = state.turn("component-etcd");
    tokio::pin!(second);
    let brief = std::time::Duration::from_millis(60);
    assert!(tokio::time::timeout(brief, &mut second).await.is_err());
    let other = state.turn("component-haproxy");
    assert!(tokio::time::timeout(brief, other).await.is_ok());
    drop(first);
    assert!(second.await.is_ok());
}
