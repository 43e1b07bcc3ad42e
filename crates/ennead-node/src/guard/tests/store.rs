//! Elections, records and readings.

use std::collections::BTreeMap;
use std::time::Duration;

use ennead_guard::intent::Writing;
use ennead_guard::message::Written;
use ennead_guard::votes::Vote;
use ennead_guard::{Intent, IntentId, LeaseId, ServerId, Term};
use ennead_host::clock::wait_until;
use ennead_model::NodeName;
use tokio::net::TcpListener;

use super::super::cluster::Elected;
use super::super::etcd::{EtcdError, Keys, Part, Renewal, Txn};
use super::super::evidence::{self, Line};
use super::super::store::{Store, Voting};
use super::super::testing::closed_port;
use super::server::{PATIENCE, Server, all, put};

async fn elect(store: &Store, ttl_s: u64) -> (LeaseId, Term) {
    let (lease, granted_s) = store.etcd.grant(ttl_s).await.unwrap();
    assert!(granted_s >= ttl_s);
    let (_, elected) = store.campaign(lease).await.unwrap();
    (lease, Term(elected.filter(|it| it.lease == lease).unwrap().created))
}

fn intent(term: Term, number: u64) -> Intent {
    let name = |text: &str| NodeName::new(text).unwrap();
    Intent {
        id: IntentId { term, number },
        node: name("n1"),
        server: ServerId(1),
        lease: LeaseId(7),
        by: name("g1"),
        action: None,
    }
}

#[tokio::test]
async fn one_of_two_is_elected_and_the_other_after_its_lease() {
    let server = Server::start().await;
    let (one, two) = (server.store("g1"), server.store("g2"));
    let (lease, term) = elect(&one, 60).await;
    let (other, _) = two.etcd.grant(60).await.unwrap();
    let (revision, seen) = two.campaign(other).await.unwrap();
    assert_eq!(seen, Some(Elected { created: term.0, lease }));
    assert!(revision >= term.0);
    assert!(matches!(one.etcd.renew(lease).await, Ok(Renewal::Lasts { ttl_s: 60 })));
    let reading = two.read_cluster().await.unwrap();
    assert_eq!(reading.elected, Some(Elected { created: term.0, lease }));

    one.etcd.revoke(lease).await.unwrap();
    assert_eq!(one.etcd.renew(lease).await, Ok(Renewal::Gone));
    let (_, seen) = two.campaign(other).await.unwrap();
    let seen = seen.unwrap();
    assert_eq!(seen.lease, other);
    assert!(seen.created > term.0, "terms grow");
}

#[tokio::test]
async fn a_lease_that_is_not_renewed_runs_out() {
    let server = Server::start().await;
    let store = server.store("g1");
    elect(&store, 1).await;
    wait_until(PATIENCE, Duration::from_millis(100), || async {
        let elected = store.read_cluster().await.unwrap().elected;
        if elected.is_none() { Ok(()) } else { Err(format!("{elected:?}")) }
    })
    .await
    .unwrap();
}

#[tokio::test]
async fn a_record_is_written_by_the_elected_one_once_and_counted() {
    let server = Server::start().await;
    let store = server.store("g1");
    let (lease, term) = elect(&store, 600).await;
    let first = intent(term, 1);
    let act = async |intent: &Intent, acts, latest: &_| {
        store.write_intent(intent, Writing::Act { acts }, Some(latest)).await
    };
    let empty = store.read_cluster().await.unwrap();
    assert_eq!(store.write_intent(&first, Writing::Act { acts: 0 }, None).await, Written::No);
    assert_eq!(act(&first, 1, &empty).await, Written::No, "another count than was read");
    assert_eq!(act(&first, 0, &empty).await, Written::Yes);
    let open = store.read_cluster().await.unwrap();
    assert_eq!((open.seen.acts, open.seen.intent.as_ref()), (1, Some(&first)));
    assert_eq!(act(&intent(term, 2), 0, &empty).await, Written::No, "a reading from before");
    assert_eq!(act(&first, 1, &open).await, Written::No, "the same attempt");

    let other_node = Intent { node: NodeName::new("n2").unwrap(), ..intent(term, 2) };
    assert_eq!(act(&other_node, 1, &open).await, Written::No);
    let noted = Intent { action: Some(ennead_guard::ActionId(5)), ..first.clone() };
    assert_eq!(store.write_intent(&noted, Writing::Note, None).await, Written::Yes);
    assert_eq!(act(&intent(term, 2), 1, &open).await, Written::No, "it has changed since");
    let open = store.read_cluster().await.unwrap();
    assert_eq!(open.seen.intent, Some(noted));
    assert_eq!(act(&intent(term, 2), 1, &open).await, Written::Yes, "a later attempt");

    let late = store.write_intent(&first, Writing::Note, None).await;
    assert_eq!(late, Written::No, "another attempt's record");
    assert_eq!(store.clear_intent(first.id, term).await, Written::No);
    let second = intent(term, 2).id;
    assert_eq!(store.clear_intent(second, Term(term.0 + 1)).await, Written::No, "another term");
    assert_eq!(store.clear_intent(second, term).await, Written::Yes);
    assert_eq!(store.clear_intent(second, term).await, Written::No);
    assert_eq!(act(&first, 0, &empty).await, Written::No, "a late write brings nothing back");

    store.etcd.revoke(lease).await.unwrap();
    let last = store.read_cluster().await.unwrap();
    assert_eq!((last.seen.acts, last.seen.intent.as_ref()), (2, None));
    assert_eq!(act(&intent(term, 3), 2, &last).await, Written::No, "deposed");
}

#[tokio::test]
async fn an_earlier_vote_does_not_replace_a_later_one() {
    let server = Server::start().await;
    let store = server.store("g1");
    let (lease, _) = store.etcd.grant(600).await.unwrap();
    let vote = |number| Vote {
        vantage: NodeName::new("g1").unwrap(),
        number,
        in_majority: true,
        verdicts: BTreeMap::new(),
    };
    let Voting::Done(first) = store.write_vote(&vote(1), lease, 0).await else { panic!() };
    let Voting::Done(second) = store.write_vote(&vote(2), lease, first).await else { panic!() };
    assert_eq!(store.write_vote(&vote(1), lease, first).await, Voting::Stale(second));
    put(&store, &format!("{}g9", store.keys.votes()), "odd", None).await;
    assert_eq!(store.read_votes().await.unwrap().votes, [vote(2)]);
    store.etcd.revoke(lease).await.unwrap();
    assert!(store.read_votes().await.unwrap().votes.is_empty());
    let told = store.write_vote(&vote(3), lease, 0).await;
    assert_eq!(told, Voting::Unknown, "its lease is gone");
}

#[tokio::test]
async fn a_lease_is_revoked_once_and_then_it_is_not_there() {
    let server = Server::start().await;
    let store = server.store("g1");
    let (lease, _) = store.etcd.grant(600).await.unwrap();
    put(&store, &store.keys.primary(), "n1", Some(lease)).await;
    let holder = store.read_lease().await.unwrap().unwrap();
    assert_eq!((holder.member.as_str(), holder.lease), ("n1", lease));
    assert_eq!(store.revoke(lease).await, Written::Yes);
    assert_eq!(store.read_lease().await, Ok(None));
    assert_eq!(store.revoke(lease).await, Written::No);
    put(&store, &store.keys.primary(), "n1", None).await;
    assert!(store.read_lease().await.is_err(), "a leader key without a lease is odd");
}

#[tokio::test]
async fn an_endpoint_that_does_not_answer_is_left() {
    let server = Server::start().await;
    // Opens connections and never says a word.
    let mute = TcpListener::bind("127.0.0.1:0").await.unwrap();
    let mute_url = format!("https://{}", mute.local_addr().unwrap());
    let refusing = format!("https://127.0.0.1:{}", closed_port());
    let question = Txn::reading(vec![Part::Range(Keys::One("k".to_owned()))]);
    for bad in [&mute_url, &refusing] {
        let etcd = server.etcd(&[bad, &server.url], PATIENCE);
        etcd.txn(&question).await.unwrap();
        // What answered is preferred for writes too.
        etcd.grant(60).await.unwrap();
    }
    let etcd = server.etcd(&[&refusing, &server.url], PATIENCE);
    etcd.grant(60).await.expect("a write goes on where it was certainly not sent");
}

#[tokio::test]
async fn a_member_that_freezes_is_left_by_readings_and_then_by_writes() {
    let near = Server::start().await;
    let far = Server::start_with(near.tls.clone()).await;
    let etcd = near.etcd(&[&near.url, &far.url], PATIENCE);
    for (server, value) in [(&near, "near"), (&far, "far")] {
        put(&server.store("g1"), "k", value, None).await;
    }
    let question = Txn::reading(vec![Part::Range(Keys::One("k".to_owned()))]);
    let value = async || {
        etcd.txn(&question).await.unwrap().one(0).unwrap().and_then(super::super::etcd::Kv::value)
    };
    assert_eq!(value().await.as_deref(), Some("near"));
    let frozen = Frozen::new(&near);
    assert_eq!(value().await.as_deref(), Some("far"));
    let (lease, _) = etcd.grant(60).await.unwrap();
    assert!(matches!(far.store("g1").etcd.renew(lease).await, Ok(Renewal::Lasts { .. })));
    drop(frozen);
}

#[tokio::test]
async fn what_did_not_happen_is_told_from_what_nobody_knows() {
    let server = Server::start().await;
    let short = Duration::from_millis(300);
    let refusing = format!("https://127.0.0.1:{}", closed_port());
    let put = Txn {
        then: vec![Part::Put { key: "k".into(), value: "v".into(), lease: None }],
        ..Txn::default()
    };
    let error = server.etcd(&[&refusing], short).txn(&put).await.unwrap_err();
    assert!(matches!(error, EtcdError::NotSent(_)), "{error:?}");
    let error = server.store("g1").etcd.revoke(LeaseId(4_711)).await.unwrap_err();
    assert!(error.is_not_found(), "{error:?}");

    let etcd = server.etcd(&[&server.url], Duration::from_secs(2));
    etcd.txn(&put).await.unwrap();
    let frozen = Frozen::new(&server);
    let error = etcd.txn(&put).await.unwrap_err();
    assert!(matches!(error, EtcdError::Unknown(_)), "{error:?}");
    drop(frozen);
}

/// etcd, stopped in its tracks until this is dropped.
struct Frozen(nix::unistd::Pid);

impl Frozen {
    fn new(server: &Server) -> Self {
        let pid = nix::unistd::Pid::from_raw(i32::try_from(server.pid()).unwrap());
        nix::sys::signal::kill(pid, nix::sys::signal::Signal::SIGSTOP).unwrap();
        Self(pid)
    }
}

impl Drop for Frozen {
    fn drop(&mut self) {
        nix::sys::signal::kill(self.0, nix::sys::signal::Signal::SIGCONT).unwrap();
    }
}

#[tokio::test]
async fn the_last_two_hundred_lines_of_evidence_are_kept_across_starts() {
    let server = Server::start().await;
    let store = server.store("g1");
    let line = |number: u32| Line {
        format_version: 1,
        at: "2026-01-01T00:00:00Z".to_owned(),
        by: NodeName::new("g1").unwrap(),
        term: None,
        node: NodeName::new("n1").unwrap(),
        text: format!("line {number}"),
    };
    for part in [1..=150, 151..=230] {
        let (tell, told) = tokio::sync::mpsc::unbounded_channel();
        part.for_each(|number| tell.send(line(number)).unwrap());
        drop(tell);
        evidence::write_all(std::sync::Arc::clone(&store), told).await;
    }
    let kept = all(&store, &store.keys.evidence(&store.own)).await;
    assert_eq!(kept.len(), 200);
    let text = |entry: Option<&(String, String)>| -> String {
        serde_json::from_str::<Line>(&entry.unwrap().1).unwrap().text
    };
    assert_eq!((text(kept.first()), text(kept.last())), ("line 31".into(), "line 230".into()));
}
