//! etcd, the cloud and the network, as the guards meet them.

use std::rc::Rc;

use super::world::{Action, Body, Life, MAJORITY, Message, Service, World, node, timing};
use crate::allow::{Seen, Sync};
use crate::detect::Reach;
use crate::evidence::What;
use crate::intent::Writing;
use crate::message::{ActionState, ApiAnswer, Command, Event, ServerStatus, Written};
use crate::words::{ActionId, Holder, LeaseId, ServerId, Term};

impl World {
    /// Calls a guard and does what it asks for.
    pub(super) fn call(&mut self, guard: usize, event: Event) {
        let now_ms = self.now_ms();
        let commands = self.process(guard).guard.step(now_ms, event);
        for command in commands {
            self.obey(guard, command);
        }
    }

    fn obey(&mut self, guard: usize, command: Command) {
        let side = self.guard_side[guard];
        let in_majority = side == MAJORITY;
        match command {
            Command::Probe { node: probed } => {
                let reached = (0..3).find(|number| node(*number) == probed).is_some_and(|number| {
                    if number == 0 {
                        self.reaches_target(side)
                    } else {
                        self.guard_side[number - 1] == side
                    }
                });
                let reach = if reached { Reach::Reached } else { Reach::Silent };
                let sent_ms = self.now_ms();
                self.call(guard, Event::Probed { node: probed, sent_ms, reach });
            }
            Command::ReadVotes { request } => {
                let votes = in_majority.then(|| self.votes.values().cloned().collect());
                self.call(guard, Event::VotesRead { request, votes });
            }
            Command::WriteVote { vote } => {
                if in_majority {
                    Rc::make_mut(&mut self.votes).insert(vote.vantage.clone(), vote);
                }
            }
            Command::ReadCluster { .. } if self.readings_travel => self.send(guard, command),
            Command::ReadCluster { request } => {
                let seen = in_majority.then(|| Box::new(self.cluster()));
                self.call(guard, Event::ClusterRead { request, seen });
            }
            Command::React { .. } => {
                self.seen.marked_down = true;
                if self.target.has_power && !self.was_switched_on {
                    self.violate("a reaction to the death of a server that is on");
                }
            }
            Command::Record { evidence } => self.keep(&evidence.what),
            Command::AskPowerOff { .. } => {
                self.power_offs += 1;
                if !in_majority {
                    self.violate("the minority sends a power-off");
                }
                self.send(guard, command);
            }
            Command::RevokeLease { .. } => {
                if self.target.has_power && !self.was_switched_on {
                    self.violate("a lease is revoked while the server is on");
                }
                self.send(guard, command);
            }
            Command::WriteIntent { .. }
            | Command::ClearIntent { .. }
            | Command::AskAction { .. }
            | Command::AskServer { .. }
            | Command::ReadLease { .. }
            | Command::AskPowerOn { .. } => self.send(guard, command),
        }
    }

    fn keep(&mut self, what: &What) {
        let seen = &mut self.seen;
        match what {
            What::Revoked(_) => seen.revoked = true,
            What::GaveUp(_) => seen.gave_up = true,
            What::Adopted { .. } => seen.adopted = true,
            What::Fencing { .. } => seen.refenced |= seen.adopted,
            What::NotRevoked(_) => seen.not_revoked = true,
            What::BackOn => seen.restored = true,
            What::StillOff { .. } | What::Gone => seen.told = true,
            _ => {}
        }
    }

    fn send(&mut self, guard: usize, command: Command) {
        let start = self.guards[guard].start;
        let body = Body::Question(command);
        self.pool.push(Message { guard, start, sent: self.tick, slow: false, body });
    }

    fn cluster(&self) -> Seen {
        let streaming = (0..2).filter(|guard| self.guard_side[*guard] == MAJORITY);
        Seen {
            asked_ms: 0,
            leader: self.holder(),
            sync: Sync { standbys: [node(1), node(2)].into(), quorum: 0 },
            streaming: streaming.map(|guard| node(guard + 1)).collect(),
            paused: false,
            maintenance: self.maintenance,
            acts: self.acts,
            intent: self.intent.clone(),
        }
    }

    fn holder(&self) -> Option<Holder> {
        self.leader.map(|(number, lease)| Holder { member: node(number), lease: LeaseId(lease) })
    }

    /// Whether the message can arrive now. One to a guard that is paused waits.
    pub(super) fn can_arrive(&self, message: &Message) -> bool {
        let is_answer = matches!(message.body, Body::Answer(..));
        !(is_answer && matches!(self.guards[message.guard].life, Life::Paused(_)))
    }

    /// A message arrives, if there still is somebody whom it can reach.
    pub(super) fn deliver(&mut self, message: Message) {
        let guard = message.guard;
        let has_etcd = self.guard_side[guard] == MAJORITY;
        match message.body {
            Body::Answer(event, service) => {
                let process = &self.guards[guard];
                let is_heard = process.life == Life::Runs && process.start == message.start;
                if is_heard && (service == Service::Cloud || has_etcd) {
                    self.call(guard, event);
                }
            }
            Body::Question(command) => {
                let service = service(&command);
                if service == Service::Etcd && !has_etcd {
                    return;
                }
                let answer = if service == Service::Cloud && self.api_is_down {
                    unreachable(&command)
                } else {
                    self.carry_out(guard, command)
                };
                self.answer(guard, message.start, answer, service);
            }
        }
        self.check();
    }

    pub(super) fn answer(&mut self, guard: usize, start: u32, event: Event, service: Service) {
        let body = Body::Answer(event, service);
        self.pool.push(Message { guard, start, sent: self.tick, slow: false, body });
    }

    fn carry_out(&mut self, guard: usize, command: Command) -> Event {
        let leads = |world: &Self, term: Term| {
            world.election.is_some_and(|(it, _)| it == guard) && world.term == term.0
        };
        match command {
            Command::WriteIntent { request, intent, writing } => {
                let fits = leads(self, intent.id.term)
                    && match writing {
                        Writing::Act { acts } => {
                            let free = self
                                .intent
                                .as_ref()
                                .is_none_or(|open| open.node == intent.node && open.id < intent.id);
                            free && (acts == self.acts || self.acts_do_not_count())
                        }
                        Writing::Note => {
                            self.intent.as_ref().is_some_and(|open| open.id == intent.id)
                        }
                    };
                if fits {
                    self.acts += u32::from(writing != Writing::Note);
                    self.intent = Some(intent);
                }
                Event::IntentWritten { request, written: yes(fits) }
            }
            Command::ClearIntent { request, id, term } => {
                let fits =
                    leads(self, term) && self.intent.as_ref().is_some_and(|open| open.id == id);
                if fits {
                    self.intent = None;
                }
                Event::IntentCleared { request, written: yes(fits) }
            }
            Command::ReadCluster { request } => {
                Event::ClusterRead { request, seen: Some(Box::new(self.cluster())) }
            }
            Command::ReadLease { request } => {
                Event::LeaseRead { request, holder: Ok(self.holder()) }
            }
            Command::RevokeLease { request, order } => {
                let lease = order.lease_id().0;
                let existed = self.revoke(lease);
                Event::LeaseRevoked { request, written: yes(existed) }
            }
            Command::AskAction { request, action } => {
                let found = self.actions.iter().find(|it| it.id == action.0);
                let state = found.map_or(ActionState::Unknown, |it| it.state.clone());
                Event::ActionSeen { request, action, state }
            }
            Command::AskServer { request, server } => {
                let status =
                    if self.target.has_power { ServerStatus::Running } else { ServerStatus::Off };
                Event::ServerSeen { request, server, status: Some(status) }
            }
            Command::AskPowerOn { request, .. } => self.begin_action(request, true),
            Command::AskPowerOff { request, .. } => self.begin_action(request, false),
            other => panic!("not a question: {other:?}"),
        }
    }

    fn acts_do_not_count(&self) -> bool {
        self.mutation == Some(crate::engine::Mutation::NoLimit)
    }

    fn revoke(&mut self, lease: i64) -> bool {
        let Some((boot, _)) = self.leases.get(&lease).copied() else { return false };
        if self.target.has_power && self.target.boot == boot {
            self.violate("the lease of a living process is revoked");
        }
        self.drop_lease(lease);
        true
    }

    fn begin_action(&mut self, request: crate::words::Request, switches_on: bool) -> Event {
        let id = self.next_action;
        self.next_action += 1;
        let state = ActionState::Running;
        self.actions.push(Action { id, switches_on, state, is_stuck: false });
        Event::PowerAnswered { request, answer: ApiAnswer::Accepted(ActionId(id)) }
    }

    /// Lets everything go well from here on, and returns whether d0 has power in the end, or the
    /// evidence says why not, or no guard had anything to do with it.
    pub(super) fn ends_well(mut self) -> bool {
        for guard in 0..2 {
            self.process(guard).life = Life::Runs;
        }
        (self.target_side, self.guard_side) = (MAJORITY, [MAJORITY; 2]);
        let patience = timing().takeover_ms + timing().restore_ms + timing().doubt_ms;
        for _ in 0..(patience / super::world::TICK_MS + 25) {
            while let Some(number) = self.pool.iter().position(|it| self.can_arrive(it)) {
                let message = self.pool.remove(number);
                self.deliver(message);
            }
            if self.violation.is_some() {
                return false;
            }
            let is_calm = self.intent.is_none() && self.target.off_in.is_none();
            let is_idle = self.actions.iter().all(|it| it.state != ActionState::Running);
            let is_on = self.target.has_power || self.power_offs == 0;
            if is_calm && is_idle && is_on && self.pool.is_empty() {
                return true;
            }
            self.tick();
        }
        self.target.has_power || self.power_offs == 0 || self.seen.told
    }
}

fn yes(happened: bool) -> Written {
    if happened { Written::Yes } else { Written::No }
}

/// Who answers a question.
pub(super) fn service(command: &Command) -> Service {
    match command {
        Command::AskPowerOff { .. }
        | Command::AskPowerOn { .. }
        | Command::AskAction { .. }
        | Command::AskServer { .. } => Service::Cloud,
        _ => Service::Etcd,
    }
}

/// The answer of a cloud that is not reached.
pub(super) fn unreachable(command: &Command) -> Event {
    let answer = ApiAnswer::Unknown("not reached".to_owned());
    match command {
        Command::AskPowerOff { request, .. } | Command::AskPowerOn { request, .. } => {
            Event::PowerAnswered { request: *request, answer }
        }
        Command::AskAction { request, action } => {
            Event::ActionSeen { request: *request, action: *action, state: ActionState::Unknown }
        }
        Command::AskServer { request, server } => {
            Event::ServerSeen { request: *request, server: *server, status: None }
        }
        other => panic!("not a question to the cloud: {other:?}"),
    }
}

/// The answer of a cloud that refuses.
pub(super) fn refusal(command: &Command) -> Option<Event> {
    match command {
        Command::AskPowerOff { request, .. } | Command::AskPowerOn { request, .. } => {
            let answer = ApiAnswer::Refused("locked".to_owned());
            Some(Event::PowerAnswered { request: *request, answer })
        }
        Command::AskAction { request, action } => {
            let state = ActionState::Error("action_failed".to_owned());
            Some(Event::ActionSeen { request: *request, action: *action, state })
        }
        Command::AskServer { request, .. } => {
            // Another server's status, as a proxy that mixes answers up would give.
            let (server, status) = (ServerId(99), Some(ServerStatus::Off));
            Some(Event::ServerSeen { request: *request, server, status })
        }
        _ => None,
    }
}
