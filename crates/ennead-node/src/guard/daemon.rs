//! The one task that owns the guard: what happens goes in, what is to be done goes out as tasks.

use std::collections::BTreeSet;
use std::sync::Arc;

use ennead_guard::message::Command;
use ennead_guard::votes::Vote;
use ennead_guard::{Event, Evidence, Guard, Request};
use ennead_host::clock::now;
use tokio::sync::mpsc::UnboundedSender;

use super::cluster::Reading;
use super::election::{Election, Upkeep};
use super::evidence::Line;
use super::hands::{Hands, Happened};
use super::status::Status;
use super::store::{VotesReading, Voting};

/// The guard and what the daemon remembers for it.
pub(crate) struct Daemon {
    hands: Arc<Hands>,
    guard: Guard,
    election: Election,
    /// The newest reading: writes compare with it.
    latest: Option<Reading>,
    voting: Votes,
    /// Reactions that were carried out here, or lay there before this guard began: the dead node of
    /// an old one may live again. None until the first reading.
    done: Option<BTreeSet<(String, u64)>>,
    lines: UnboundedSender<Line>,
    last_line: Option<Line>,
    /// Why the cluster could not be read the last time.
    trouble: Option<String>,
}

/// One vote is written at a time, and only the newest one waits.
#[derive(Debug, Default)]
struct Votes {
    /// Revision of this guard's last vote; 0 for none, or not known.
    last: u64,
    under_way: Option<Vote>,
    next: Option<Vote>,
}

impl Daemon {
    /// Begins; nothing is asked yet.
    pub(crate) fn new(hands: Arc<Hands>, guard: Guard, lines: UnboundedSender<Line>) -> Self {
        let election = Election::new(u64::from(hands.config.etcd.lease_s));
        Self {
            hands,
            guard,
            election,
            latest: None,
            voting: Votes::default(),
            done: None,
            lines,
            last_line: None,
            trouble: None,
        }
    }

    /// Time passed.
    pub(crate) fn tick(&mut self) {
        self.step(Event::Tick);
        self.tend();
    }

    /// Takes what came of a task.
    pub(crate) fn take(&mut self, happened: Happened) {
        let now_ms = self.hands.now_ms();
        let before = self.election.leadership();
        let event = match happened {
            Happened::Guard(event) => Some(event),
            Happened::Cluster(request, reading) => {
                Some(self.cluster_read(now_ms, request, reading))
            }
            Happened::Votes(request, reading) => Some(self.votes_read(request, reading)),
            Happened::Voted(voting) => {
                self.voted(voting);
                None
            }
            Happened::Granted(sent_ms, answer) => {
                self.election.granted(sent_ms, answer);
                None
            }
            Happened::Renewed(sent_ms, lease, answer) => {
                self.election.renewed(sent_ms, lease, answer);
                None
            }
            Happened::Campaigned(answer) => {
                self.election.campaigned(now_ms, answer);
                None
            }
        };
        match (before, self.election.leadership()) {
            (before, Some((term, until_ms))) if before != Some((term, until_ms)) => {
                self.step(Event::Leads { term, until_ms });
            }
            (Some(_), None) => self.step(Event::LeadershipLost),
            _ => {}
        }
        if let Some(event) = event {
            self.step(event);
        }
        self.tend();
    }

    /// Returns how the guard is.
    pub(crate) fn status(&self) -> Status {
        let view = self.guard.view(self.hands.now_ms());
        let status = Status::new(now(), &self.hands.config.node, view);
        Status { trouble: self.trouble.clone(), evidence: self.last_line.clone(), ..status }
    }

    /// Returns the guard's own lease, to be given up at the end.
    pub(crate) fn lease(&self) -> Option<ennead_guard::LeaseId> {
        self.election.lease()
    }

    fn step(&mut self, event: Event) {
        let now_ms = self.hands.now_ms();
        for command in self.guard.step(now_ms, event) {
            self.carry_out(command, now_ms);
        }
    }

    /// Keeps the lease, and stands for election.
    fn tend(&mut self) {
        let now_ms = self.hands.now_ms();
        match self.election.upkeep(now_ms) {
            None => {}
            Some(Upkeep::Grant { ttl_s }) => self.hands.start(async move |hands| {
                let sent_ms = hands.now_ms();
                let granted = hands.store.etcd.grant(ttl_s).await;
                Happened::Granted(sent_ms, granted.map_err(|error| quiet(&error)).ok())
            }),
            Some(Upkeep::Renew(lease)) => self.hands.start(async move |hands| {
                let sent_ms = hands.now_ms();
                let renewed = hands.store.etcd.renew(lease).await;
                Happened::Renewed(sent_ms, lease, renewed.map_err(|error| quiet(&error)).ok())
            }),
        }
        let own = &self.hands.config.node;
        let primary = self.latest.as_ref().and_then(|it| it.seen.leader.as_ref());
        let is_on_primary = primary.is_some_and(|holder| holder.member == *own);
        if let Some(lease) = self.election.campaign(now_ms, is_on_primary) {
            self.hands.start(async move |hands| {
                let answer = hands.store.campaign(lease).await;
                Happened::Campaigned(answer.map_err(|error| quiet(&error)).ok())
            });
        }
    }

    fn cluster_read(
        &mut self,
        now_ms: u64,
        request: Request,
        reading: Result<Box<Reading>, String>,
    ) -> Event {
        let reading = match reading {
            Ok(reading) => reading,
            Err(why) => {
                if self.trouble.as_ref() != Some(&why) {
                    tracing::warn!(%why, "the cluster cannot be read: no act is possible");
                }
                self.trouble = Some(why);
                return Event::ClusterRead { request, seen: None };
            }
        };
        if self.trouble.take().is_some() {
            tracing::info!("the cluster can be read again");
        }
        let seen = Some(Box::new(reading.seen.clone()));
        self.election.seen(now_ms, reading.revision, reading.elected);
        if self.latest.as_ref().is_none_or(|it| it.revision <= reading.revision) {
            self.latest = Some(*reading);
        }
        Event::ClusterRead { request, seen }
    }

    fn votes_read(&mut self, request: Request, reading: Option<VotesReading>) -> Event {
        let Some(reading) = reading else { return Event::VotesRead { request, votes: None } };
        let wanted: BTreeSet<_> = reading.wanted.iter().map(|it| it.id.clone()).collect();
        if let Some(done) = &self.done {
            for it in reading.wanted.into_iter().filter(|it| !done.contains(&it.id)) {
                self.hands.carry_out(it.doing, it.dead);
            }
        }
        // What has vanished does not come back under the same revision.
        self.done = Some(wanted);
        Event::VotesRead { request, votes: Some(reading.votes) }
    }

    fn vote(&mut self, vote: Vote) {
        if self.voting.under_way.is_some() {
            self.voting.next = Some(vote);
            return;
        }
        let Some(lease) = self.election.lease() else { return };
        let last = self.voting.last;
        self.voting.under_way = Some(vote.clone());
        self.hands.start(async move |hands| {
            Happened::Voted(hands.store.write_vote(&vote, lease, last).await)
        });
    }

    fn voted(&mut self, voting: Voting) {
        let written = self.voting.under_way.take();
        let next = match voting {
            Voting::Done(revision) => {
                self.voting.last = revision;
                self.voting.next.take()
            }
            Voting::Stale(revision) => {
                self.voting.last = revision;
                self.voting.next.take().or(written)
            }
            Voting::Unknown => self.voting.next.take(),
        };
        if let Some(vote) = next {
            self.vote(vote);
        }
    }

    fn say(&mut self, evidence: &Evidence) {
        let term = self.election.leadership().map(|(term, _)| term);
        let line = Line::new(&self.hands.config.node, term, evidence);
        tracing::info!(node = %line.node, term = line.term, "{}", line.text);
        self.last_line = Some(line.clone());
        if self.lines.send(line).is_err() {
            tracing::debug!("nobody writes evidence any more");
        }
    }

    fn carry_out(&mut self, command: Command, now_ms: u64) {
        let hands = &self.hands;
        let told = Happened::Guard;
        match command {
            Command::Probe { node } => hands.start(async move |hands| {
                let reach = hands.prober.probe(&node).await;
                told(Event::Probed { node, sent_ms: now_ms, reach })
            }),
            Command::ReadVotes { request } => hands.start(async move |hands| {
                let read = hands.store.read_votes().await;
                Happened::Votes(request, read.map_err(|error| quiet(&error)).ok())
            }),
            Command::WriteVote { vote } => self.vote(vote),
            Command::ReadCluster { request } => hands.start(async move |hands| {
                let read = hands.store.read_cluster().await.map(Box::new);
                Happened::Cluster(request, read)
            }),
            Command::WriteIntent { request, intent, writing } => {
                let latest = self.latest.clone();
                // The power-off that follows is sent only while enough of the leadership is left.
                self.election.hurry(now_ms);
                hands.start(async move |hands| {
                    let written = hands.store.write_intent(&intent, writing, latest.as_ref()).await;
                    told(Event::IntentWritten { request, written })
                });
            }
            Command::ClearIntent { request, id, term } => hands.start(async move |hands| {
                let written = hands.store.clear_intent(id, term).await;
                told(Event::IntentCleared { request, written })
            }),
            Command::AskPowerOff { request, server, not_after_ms } => {
                hands.start(async move |hands| {
                    let left = || hands.left(not_after_ms);
                    let answer = hands.cloud.power_off(server, left).await;
                    told(Event::PowerAnswered { request, answer })
                });
            }
            Command::AskPowerOn { request, server } => hands.start(async move |hands| {
                let answer = hands.cloud.power_on(server).await;
                told(Event::PowerAnswered { request, answer })
            }),
            Command::AskAction { request, action } => hands.start(async move |hands| {
                let state = hands.cloud.action(action).await;
                told(Event::ActionSeen { request, action, state })
            }),
            Command::AskServer { request, server } => hands.start(async move |hands| {
                let status = hands.cloud.server(server).await;
                told(Event::ServerSeen { request, server, status })
            }),
            Command::ReadLease { request } => hands.start(async move |hands| {
                let holder = hands.store.read_lease().await;
                told(Event::LeaseRead { request, holder })
            }),
            Command::RevokeLease { request, order } => hands.start(async move |hands| {
                let written = hands.store.revoke(order.lease_id()).await;
                told(Event::LeaseRevoked { request, written })
            }),
            Command::React { order } => hands.react(&order),
            Command::Record { evidence } => self.say(&evidence),
        }
    }
}

/// Notes an error that the guard takes as silence.
fn quiet(error: &impl std::fmt::Display) {
    tracing::debug!(%error, "the coordination cluster");
}
