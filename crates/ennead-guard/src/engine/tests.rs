//! The engine by itself, at its real times: one guard, answered by the test.

use ennead_model::{ComponentName, NodeName, SiteName};

use super::*;
use crate::allow::Sync;
use crate::detect::Reach;
use crate::evidence::GaveUp;
use crate::message::{ActionState, ApiAnswer, ServerStatus, Written};
use crate::react::{Balancers, Postgres};
use crate::votes::Vote;
use crate::words::{ActionId, Holder, LeaseId, ServerId, Term};

fn name(text: &str) -> NodeName {
    NodeName::new(text).unwrap()
}

/// A guard on `g`, a primary `p`, a replica `r`; `r` and a vantage point `w` in the other site.
struct Bench {
    guard: Guard,
    now_ms: u64,
    seen: Seen,
    /// p answers probes.
    alive: bool,
    /// What the cloud says to a power-off; none is silence.
    power_off: Option<ApiAnswer>,
    /// What the cloud says of the action, and of the server.
    action: ActionState,
    status: ServerStatus,
    said: Vec<What>,
    sent: Vec<(u64, String)>,
}

impl Bench {
    fn new() -> Self {
        let site = |text: &str| Domain::Site(SiteName::new(text).unwrap());
        let watched = |id, domain: &str| Watched { server: ServerId(id), domain: site(domain) };
        let settings = Settings {
            own: name("g"),
            nodes: [(name("p"), watched(1, "east")), (name("r"), watched(2, "west"))].into(),
            vantages: [(name("g"), site("east")), (name("w"), site("west"))].into(),
            timing: Timing::default(),
        };
        let component = |text: &str| ComponentName::new(text).unwrap();
        let reactions: Vec<Box<dyn Reaction>> = vec![
            Box::new(Postgres::new(component("database"))),
            Box::new(Balancers::new(component("balancer"), vec![name("g"), name("p")])),
        ];
        let seen = Seen {
            asked_ms: 0,
            leader: Some(Holder { member: name("p"), lease: LeaseId(7) }),
            sync: Sync { standbys: [name("r")].into(), quorum: 0 },
            streaming: [name("r")].into(),
            paused: false,
            maintenance: false,
            acts: 0,
            intent: None,
        };
        let mut bench = Self {
            guard: Guard::new(Arc::new(settings), reactions.into()),
            now_ms: 0,
            seen,
            alive: true,
            power_off: Some(ApiAnswer::Accepted(ActionId(5))),
            action: ActionState::Success,
            status: ServerStatus::Off,
            said: Vec::new(),
            sent: Vec::new(),
        };
        bench.run(15_000);
        bench
    }

    /// Lets time pass in steps of 100 ms, with an answer to everything.
    fn run(&mut self, for_ms: u64) {
        let end = self.now_ms + for_ms;
        while self.now_ms < end {
            self.now_ms += 100;
            let until_ms = self.now_ms + 3_000;
            self.give(Event::Leads { term: Term(1), until_ms });
            self.give(Event::Tick);
        }
    }

    fn give(&mut self, event: Event) {
        for command in self.guard.step(self.now_ms, event) {
            if let Some(answer) = self.answer(command) {
                self.give(answer);
            }
        }
    }

    fn send(&mut self, what: &str) {
        self.sent.push((self.now_ms, what.to_owned()));
    }

    fn answer(&mut self, command: Command) -> Option<Event> {
        Some(match command {
            Command::Probe { node } => {
                let reached = node != name("p") || self.alive;
                let reach = if reached { Reach::Reached } else { Reach::Silent };
                Event::Probed { node, sent_ms: self.now_ms, reach }
            }
            Command::ReadVotes { request } => {
                let verdict =
                    if self.alive { Verdict::Alive } else { Verdict::Silent { for_ms: 1 } };
                let verdicts = [(name("p"), verdict)].into();
                let vote =
                    Vote { vantage: name("w"), number: self.now_ms, in_majority: true, verdicts };
                Event::VotesRead { request, votes: Some(vec![vote]) }
            }
            Command::ReadCluster { request } => {
                Event::ClusterRead { request, seen: Some(Box::new(self.seen.clone())) }
            }
            Command::WriteIntent { request, intent, .. } => {
                let is_note = intent.action.is_some();
                let is_later = self.seen.intent.as_ref().is_none_or(|open| open.id < intent.id);
                if !is_note && !is_later {
                    return Some(Event::IntentWritten { request, written: Written::No });
                }
                self.seen.acts += u32::from(!is_note);
                self.send(if is_note { "note" } else { "record" });
                self.seen.intent = Some(intent);
                Event::IntentWritten { request, written: Written::Yes }
            }
            Command::ClearIntent { request, .. } => {
                self.send("clear");
                self.seen.intent = None;
                Event::IntentCleared { request, written: Written::Yes }
            }
            Command::AskPowerOff { request, .. } => {
                self.send("power off");
                Event::PowerAnswered { request, answer: self.power_off.clone()? }
            }
            Command::AskAction { request, action } => {
                Event::ActionSeen { request, action, state: self.action.clone() }
            }
            Command::AskServer { request, server } => {
                Event::ServerSeen { request, server, status: Some(self.status) }
            }
            Command::ReadLease { request } => {
                Event::LeaseRead { request, holder: Ok(self.seen.leader.clone()) }
            }
            Command::RevokeLease { request, order } => {
                self.send(&format!("revoke {}", order.lease_id()));
                self.seen.leader = Some(Holder { member: name("r"), lease: LeaseId(8) });
                Event::LeaseRevoked { request, written: Written::Yes }
            }
            Command::AskPowerOn { request, .. } => {
                self.send("power on");
                (self.status, self.alive) = (ServerStatus::Running, true);
                Event::PowerAnswered { request, answer: ApiAnswer::Accepted(ActionId(6)) }
            }
            Command::React { order } => {
                let text = format!("{:?} at {}", order.doing(), order.at());
                self.send(&text);
                return None;
            }
            Command::Record { evidence } => {
                self.said.push(evidence.what);
                return None;
            }
            Command::WriteVote { .. } => return None,
        })
    }

    fn sent(&self) -> Vec<&str> {
        self.sent.iter().map(|(_, what)| what.as_str()).collect()
    }
}

#[test]
fn a_death_is_fenced_revoked_taken_over_and_repaired_in_this_order() {
    let mut bench = Bench::new();
    assert!(bench.sent.is_empty(), "{:?}", bench.sent);
    bench.alive = false;
    let died_ms = bench.now_ms;
    bench.run(60_000);
    let order = ["record", "power off", "note", "revoke 7", "MarkDown at g", "power on", "clear"];
    assert_eq!(bench.sent(), order);
    // Four misses at 300 ms, a step of 100 ms, and one more reading of the votes.
    assert!(bench.sent[0].0 - died_ms <= 1_900, "{:?}", bench.sent[0]);
    assert!(bench.said.contains(&What::BackOn), "{:?}", bench.said);
    let cleared_ms = bench.sent.last().unwrap().0;
    assert!(cleared_ms - bench.sent[5].0 >= Timing::default().doubt_ms);
}

#[test]
fn a_cloud_that_is_silent_refuses_or_fails_leads_to_no_revocation() {
    type Breaking = fn(&mut Bench);
    let broken: [(&str, Breaking); 5] = [
        ("silent", |bench| bench.power_off = None),
        ("refuses", |bench| bench.power_off = Some(ApiAnswer::Refused("locked".to_owned()))),
        ("not reached", |bench| bench.power_off = Some(ApiAnswer::Unknown("down".to_owned()))),
        ("slow", |bench| bench.action = ActionState::Running),
        ("fails", |bench| bench.action = ActionState::Error("failed".to_owned())),
    ];
    for (case, break_it) in broken {
        let mut bench = Bench::new();
        break_it(&mut bench);
        (bench.alive, bench.status) = (false, ServerStatus::Running);
        bench.run(120_000);
        assert!(bench.sent().contains(&"power off"), "{case}");
        assert!(
            !bench.sent().iter().any(|it| it.starts_with("revoke")),
            "{case}: {:?}",
            bench.sent
        );
        assert!(!bench.sent().iter().any(|it| it.starts_with("MarkDown")), "{case}");
        assert!(bench.said.iter().any(|it| matches!(it, What::GaveUp(_))), "{case}");
        assert_eq!(bench.sent.last().unwrap().1, "clear", "{case}");
        let acts = bench.sent().iter().filter(|it| **it == "power off").count();
        assert_eq!(acts, 2, "{case}: it tries once more, and then leaves it");
    }
}

#[test]
fn an_action_that_succeeded_while_the_server_runs_is_given_up() {
    let mut bench = Bench::new();
    (bench.alive, bench.status) = (false, ServerStatus::Running);
    bench.run(20_000);
    assert!(bench.said.contains(&What::GaveUp(GaveUp::TooSlow)), "{:?}", bench.said);
    assert!(!bench.sent().iter().any(|it| it.starts_with("revoke")));
}

#[test]
fn a_pause_and_maintenance_are_said_once_and_nothing_is_done() {
    let mut bench = Bench::new();
    (bench.seen.paused, bench.seen.maintenance, bench.alive) = (true, true, false);
    bench.run(30_000);
    assert!(bench.sent.is_empty(), "{:?}", bench.sent);
    let refused = bench.said.iter().filter(|it| matches!(it, What::Refused(_))).count();
    assert_eq!(refused, 1, "{:?}", bench.said);
}

#[test]
fn a_primary_that_answers_again_before_the_record_is_written_is_not_fenced() {
    let mut bench = Bench::new();
    bench.alive = false;
    bench.run(900);
    bench.alive = true;
    bench.run(10_000);
    assert!(bench.sent.is_empty(), "{:?}", bench.sent);
}

#[test]
fn a_new_leader_goes_on_with_the_record_and_switches_the_server_on() {
    let mut bench = Bench::new();
    let intent = Intent {
        id: IntentId { term: Term(0), number: 3 },
        node: name("p"),
        server: ServerId(1),
        lease: LeaseId(7),
        by: name("w"),
        action: Some(ActionId(4)),
    };
    bench.seen.intent = Some(intent);
    bench.seen.leader = Some(Holder { member: name("r"), lease: LeaseId(8) });
    bench.alive = false;
    bench.run(40_000);
    assert_eq!(bench.sent(), ["power on", "clear"]);
    assert!(bench.said.contains(&What::Adopted { by: name("w") }), "{:?}", bench.said);
}

#[test]
fn a_server_that_does_not_come_back_is_said_so() {
    let mut bench = Bench::new();
    (bench.alive, bench.status) = (false, ServerStatus::Off);
    bench.run(3_000);
    bench.status = ServerStatus::Changing;
    bench.run(90_000);
    let told = bench.said.iter().any(|it| matches!(it, What::StillOff { .. } | What::BackOn));
    assert!(told, "{:?}", bench.said);
}

#[test]
fn a_guard_that_leads_again_in_the_same_term_goes_on_with_its_own_record() {
    let mut bench = Bench::new();
    (bench.alive, bench.power_off) = (false, None);
    while !bench.sent().contains(&"power off") {
        bench.run(100);
    }
    // No renewal is answered for longer than the margin of its lease leaves.
    for _ in 0..26 {
        bench.now_ms += 100;
        bench.give(Event::Tick);
    }
    assert!(bench.said.contains(&What::Deposed), "{:?}", bench.said);
    bench.power_off = Some(ApiAnswer::Accepted(ActionId(5)));
    bench.run(5_000);
    let sent = bench.sent();
    assert!(sent.starts_with(&["record", "power off", "record", "power off"]), "{sent:?}");
    assert!(sent.contains(&"revoke 7"), "{sent:?}");
}

#[test]
fn late_and_doubled_answers_of_an_earlier_question_are_ignored() {
    let mut bench = Bench::new();
    (bench.alive, bench.status) = (false, ServerStatus::Running);
    bench.run(3_000);
    let (server, status) = (ServerId(1), Some(ServerStatus::Off));
    for number in 1..bench.guard.state.requests {
        bench.give(Event::ServerSeen { request: Request(number), server, status });
    }
    assert!(!bench.sent().iter().any(|it| it.starts_with("revoke")), "{:?}", bench.sent);
}

#[test]
fn without_leadership_nothing_is_sent() {
    let mut bench = Bench::new();
    bench.alive = false;
    bench.give(Event::LeadershipLost);
    for _ in 0..100 {
        bench.now_ms += 100;
        bench.give(Event::Tick);
    }
    assert!(bench.sent.is_empty(), "{:?}", bench.sent);
}
