//! The program dies at any point: the same command goes on, and nothing is there twice.

use std::sync::atomic::Ordering;

use ennead_lab::fault::Fault;
use ennead_lab::serve::REQUESTS_PER_HOUR;
use futures::stream::{self, StreamExt as _};

use crate::bench::Bench;
use crate::operator::{Operator, Walked};
use crate::platforms::{BESIDE, CRM, SEED, TWO, TWO_MOVED, TWO_NARROWED, Wish};

/// Labs at the same time: most of the time of each is pauses.
const AT_ONCE: usize = 8;

/// How long every action takes where it is to be under way at the kill.
const ACTION_MS: u64 = 20;

/// Where the program dies.
#[derive(Debug, Clone, Copy)]
enum Death {
    /// When it begins an effect after so many.
    Effect(usize),
    /// When the lab has carried out so many changing requests, before their answer is read.
    Change(u64),
    /// When the lab has answered so many requests of any kind.
    Request(u64),
}

async fn up(bench: &Bench, what: &str) -> Walked {
    let mut walked = Walked::default();
    let ended = Operator::start(bench).up(&mut walked).await;
    ended.unwrap_or_else(|stopped| panic!("{what}: {stopped:?}"));
    walked
}

async fn dies(bench: &Bench, death: Death) {
    let mut operator = Operator::start(bench);
    if let Death::Effect(after) = death {
        operator.kill.after = Some(after);
    }
    let mut counts = bench.lab.gate().counts();
    let lab_saw = async {
        let seen = counts.wait_for(|counts| match death {
            Death::Effect(_) => false,
            Death::Change(after) => counts.changes >= after,
            Death::Request(after) => counts.passed >= after,
        });
        seen.await.unwrap();
    };
    let mut walked = Walked::default();
    tokio::select! {
        biased;
        () = operator.kill.killed.cancelled() => {}
        () = lab_saw => {}
        ended = operator.up(&mut walked) => panic!("{death:?} did not come: {ended:?}"),
    }
}

async fn goes_on_after(wish: &'static Wish, death: Death) {
    let bench = Bench::open(wish, REQUESTS_PER_HOUR).await;
    if !matches!(death, Death::Effect(_)) {
        bench.with_faults(|f| f.add(Fault::HoldActions { command: None, ms: ACTION_MS }));
    }
    dies(&bench, death).await;
    let what = format!("{death:?}");
    up(&bench, &what).await;
    bench.assert_exactly_as_wanted(&what).await;
    assert_eq!(up(&bench, &what).await.steps, 0, "{what}");
    bench.lab.end().await;
}

async fn all(wish: &'static Wish, deaths: impl Iterator<Item = Death>) {
    let runs = deaths.map(|death| goes_on_after(wish, death));
    stream::iter(runs).buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
}

/// Returns how many effects, changing requests and requests a whole run has.
async fn whole(wish: &'static Wish) -> (usize, u64, u64) {
    let bench = Bench::open(wish, REQUESTS_PER_HOUR).await;
    let (operator, mut walked) = (Operator::start(&bench), Walked::default());
    operator.up(&mut walked).await.unwrap();
    bench.assert_exactly_as_wanted("whole").await;
    let effects = operator.kill.begun.load(Ordering::Relaxed);
    assert_eq!((walked.rounds, walked.steps), (1, effects));
    let counts = *bench.lab.gate().counts().borrow();
    assert_eq!(up(&bench, "again").await.steps, 0);
    let more = bench.lab.gate().counts().borrow().passed - counts.passed;
    let names = wish.spec.fleet.entries.values().filter(|entry| entry.dns.is_some()).count();
    let lists = 7 + if names > 0 { 2 } else { 0 };
    assert_eq!(more, lists, "requests of a run without anything to do");
    (effects, counts.changes, counts.passed)
}

#[tokio::test]
async fn the_seed_killed_after_each_step() {
    let (effects, ..) = whole(&SEED).await;
    all(&SEED, (0..effects).map(Death::Effect)).await;
}

#[tokio::test]
async fn the_seed_killed_at_each_request() {
    let (_, _, requests) = whole(&SEED).await;
    all(&SEED, (1..=requests).map(Death::Request)).await;
}

#[tokio::test]
async fn what_stands_beside_servers_killed_at_each_request() {
    let (effects, changes, requests) = whole(&BESIDE).await;
    all(&BESIDE, (0..effects).map(Death::Effect)).await;
    all(&BESIDE, (1..=changes).map(Death::Change)).await;
    all(&BESIDE, (1..=requests).map(Death::Request)).await;
}

#[tokio::test]
async fn the_example_killed_after_each_step() {
    let (effects, ..) = whole(&CRM).await;
    all(&CRM, (0..effects).map(Death::Effect)).await;
}

#[tokio::test]
async fn the_example_killed_while_each_change_is_under_way() {
    let (_, changes, _) = whole(&CRM).await;
    all(&CRM, (1..=changes).map(Death::Change)).await;
}

/// A platform that stands, whose spec was changed since.
async fn changed(to: &'static Wish) -> Bench {
    let mut bench = Bench::open(&TWO, REQUESTS_PER_HOUR).await;
    up(&bench, "before").await;
    bench.wish = to;
    bench
}

async fn changes_after_any_death(to: &'static Wish, cloud_steps: usize) {
    let bench = changed(to).await;
    let before = bench.lab.gate().counts().borrow().passed;
    let walked = up(&bench, "whole").await;
    assert_eq!((walked.rounds, walked.cloud_steps), (1, cloud_steps));
    bench.assert_exactly_as_wanted("whole").await;
    let requests = bench.lab.gate().counts().borrow().passed - before;
    bench.lab.end().await;
    let runs = (1..=requests).map(async |request| {
        let bench = changed(to).await;
        let before = bench.lab.gate().counts().borrow().passed;
        let what = format!("killed at request {request}");
        dies(&bench, Death::Request(before + request)).await;
        up(&bench, &what).await;
        bench.assert_exactly_as_wanted(&what).await;
        assert_eq!(up(&bench, &what).await.steps, 0, "{what}");
        bench.lab.end().await;
    });
    stream::iter(runs).buffer_unordered(AT_ONCE).collect::<Vec<()>>().await;
}

#[tokio::test]
async fn other_rules_of_a_firewall_killed_at_each_request() {
    changes_after_any_death(&TWO_NARROWED, 1).await;
}

#[tokio::test]
async fn another_firewall_killed_at_each_request() {
    // One made, two servers guarded by it, the old one lifted from both, and gone.
    changes_after_any_death(&TWO_MOVED, 6).await;
}
