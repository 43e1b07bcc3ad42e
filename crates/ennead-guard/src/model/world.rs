//! The truth that the guards cannot see: power, leases, processes, and messages under way.
//!
//! Three database nodes: `d0` is primary and the only one that breaks; `d1` and `d2` are synchronous
//! replicas and run one guard each; `s` is a third vantage point. `d0` and `d1` stand in one site,
//! `d2` and `s` in the other. One tick is one second of the guards' clocks.

use std::cell::OnceCell;
use std::collections::BTreeMap;
use std::rc::Rc;
use std::sync::Arc;

use ennead_model::{ComponentName, NodeName, SiteName};

use crate::detect::Detector;
use crate::engine::{Guard, Mutation, Settings};
use crate::intent::Intent;
use crate::message::{ActionState, Command, Event};
use crate::react::{Balancers, Postgres, Reaction};
use crate::timing::Timing;
use crate::votes::Vote;
use crate::words::{Domain, ServerId, Watched};

use super::mixer::bits;

/// Milliseconds of one tick.
pub(super) const TICK_MS: u64 = 1_000;
/// Ticks after which an unrefreshed lease of PostgreSQL's runs out.
pub(super) const TTL: u8 = 8;
/// Ticks without etcd after which a primary stops writing of itself: less than its lease.
pub(super) const DEMOTE: u8 = 5;
/// Ticks after which an unrefreshed leadership of a guard runs out.
pub(super) const GUARD_TTL: u32 = 3;
/// Ticks after its sending within which a power-off is carried out, or never. Below `doubt_ms`.
pub(super) const IN_FLIGHT: u32 = 3;
/// The side of a partition that etcd's majority is on.
pub(super) const MAJORITY: u8 = 0;

/// The node that breaks.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Target {
    pub(super) has_power: bool,
    /// Grows with each power-on: one life of its processes.
    pub(super) boot: u32,
    /// Its kernel hangs: it answers nothing, but could go on at any time.
    pub(super) hangs: bool,
    pub(super) writes: bool,
    pub(super) lease: Option<i64>,
    pub(super) ticks_alone: u8,
    /// It will lose its power in so many ticks, after an action that said so too early.
    pub(super) off_in: Option<u8>,
}

/// One guard's process.
#[derive(Debug, Clone)]
pub(super) struct Process {
    pub(super) guard: Guard,
    pub(super) life: Life,
    /// Grows with each start: answers to an earlier life are lost with its connections.
    pub(super) start: u32,
    /// Kept until something changes.
    bits: OnceCell<u128>,
}

impl Process {
    pub(super) fn new(guard: Guard) -> Self {
        Self { guard, life: Life::Runs, start: 0, bits: OnceCell::new() }
    }

    /// 128 bits of everything that it has in memory.
    pub(super) fn bits(&self) -> u128 {
        *self.bits.get_or_init(|| bits(&(self.life, self.start, self.guard.state())))
    }
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Life {
    Runs,
    /// For so many more ticks; 0 is for good.
    Dead(u8),
    /// For so many more ticks: it neither hears nor does anything, and then goes on.
    Paused(u8),
}

/// A question or an answer of one guard, under way.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Message {
    pub(super) guard: usize,
    pub(super) start: u32,
    pub(super) sent: u32,
    pub(super) slow: bool,
    pub(super) body: Body,
}

#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) enum Body {
    Question(Command),
    Answer(Event, Service),
}

#[derive(Debug, Clone, Copy, PartialEq, Eq, Hash)]
pub(super) enum Service {
    Etcd,
    Cloud,
}

/// An action of the cloud.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub(super) struct Action {
    pub(super) id: u64,
    pub(super) switches_on: bool,
    pub(super) state: ActionState,
    pub(super) is_stuck: bool,
}

/// Everything.
#[derive(Debug, Clone)]
pub(super) struct World {
    pub(super) tick: u32,
    /// Faults that may still happen.
    pub(super) budget: u8,
    pub(super) target: Target,
    /// Of d0, and of each guard's node.
    pub(super) target_side: u8,
    pub(super) guard_side: [u8; 2],
    /// Who holds PostgreSQL's leader key: node number and lease.
    pub(super) leader: Option<(usize, i64)>,
    /// d0's leases: whose life they belong to, and ticks left.
    pub(super) leases: BTreeMap<i64, (u32, u8)>,
    pub(super) next_lease: i64,
    pub(super) actions: Vec<Action>,
    pub(super) next_action: u64,
    pub(super) guards: [Rc<Process>; 2],
    /// Who leads the guards, and until which tick.
    pub(super) election: Option<(usize, u32)>,
    pub(super) term: u64,
    pub(super) intent: Option<Intent>,
    pub(super) acts: u32,
    pub(super) votes: Rc<BTreeMap<NodeName, Vote>>,
    pub(super) witness: Detector,
    pub(super) pool: Vec<Message>,
    pub(super) maintenance: bool,
    pub(super) api_is_down: bool,
    /// Somebody, a person or a guard, switched d0 on.
    pub(super) was_switched_on: bool,
    pub(super) power_offs: u32,
    pub(super) mutation: Option<Mutation>,
    /// Readings of the cluster are messages too, which may be late or lost. Otherwise they are
    /// answered at once, which makes the world a good deal smaller.
    pub(super) readings_travel: bool,
    pub(super) seen: Happened,
    pub(super) violation: Option<String>,
}

/// What happened on the way here, to know that the model is not empty.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Hash)]
pub(super) struct Happened {
    pub(super) revoked: bool,
    pub(super) gave_up: bool,
    pub(super) adopted: bool,
    pub(super) refenced: bool,
    pub(super) not_revoked: bool,
    pub(super) restored: bool,
    pub(super) told: bool,
    pub(super) marked_down: bool,
}

pub(super) fn node(number: usize) -> NodeName {
    NodeName::new(format!("d{number}")).unwrap()
}

pub(super) fn timing() -> Timing {
    Timing {
        probe_every_ms: TICK_MS,
        misses: 2,
        vote_every_ms: TICK_MS,
        vote_max_age_ms: 3_000,
        domain_patience_ms: 4_000,
        cluster_max_age_ms: 1_500,
        lease_margin_ms: 500,
        primary_settle_ms: 1_000,
        etcd_ms: 2_000,
        api_ms: 2_000,
        fence_ms: 5_000,
        confirm_poll_ms: TICK_MS,
        sighting_max_age_ms: 1_000,
        takeover_ms: 9_000,
        restore_poll_ms: 1_000,
        restore_ms: 8_000,
        doubt_ms: 4_000,
        acts_max: 2,
    }
}

fn settings(own: usize) -> Settings {
    let site = |name: &str| Domain::Site(SiteName::new(name).unwrap());
    let sites = [site("east"), site("east"), site("west")];
    let watched = |number: usize| {
        let server = ServerId(u64::try_from(number).unwrap());
        (node(number), Watched { server, domain: sites[number].clone() })
    };
    let witness = NodeName::new("s").unwrap();
    Settings {
        own: node(own),
        nodes: (0..3).map(watched).collect(),
        vantages: [
            (node(1), sites[1].clone()),
            (node(2), sites[2].clone()),
            (witness, site("west")),
        ]
        .into(),
        timing: timing(),
    }
}

/// Makes the guard on d1 (0) or d2 (1).
pub(super) fn guard(number: usize, mutation: Option<Mutation>) -> Guard {
    let name = |text: &str| ComponentName::new(text).unwrap();
    let balancers = Balancers::new(name("balancer"), vec![node(1), node(2)]);
    let reactions: Vec<Box<dyn Reaction>> =
        vec![Box::new(Postgres::new(name("database"))), Box::new(balancers)];
    let mut guard = Guard::new(Arc::new(settings(number + 1)), reactions.into());
    if let Some(mutation) = mutation {
        guard.break_it(mutation);
    }
    guard
}

impl World {
    /// A healthy world in which guard 0 leads and everybody has seen everybody.
    pub(super) fn healthy(budget: u8, mutation: Option<Mutation>) -> Self {
        let process = |number| Rc::new(Process::new(guard(number, mutation)));
        let target = Target {
            has_power: true,
            boot: 1,
            hangs: false,
            writes: true,
            lease: Some(1),
            ticks_alone: 0,
            off_in: None,
        };
        let mut world = Self {
            tick: 100,
            budget,
            target,
            target_side: MAJORITY,
            guard_side: [MAJORITY; 2],
            leader: Some((0, 1)),
            leases: [(1, (1, TTL))].into(),
            next_lease: 2,
            actions: Vec::new(),
            next_action: 1,
            guards: [process(0), process(1)],
            election: None,
            term: 0,
            intent: None,
            acts: 0,
            votes: Rc::default(),
            witness: Detector::default(),
            pool: Vec::new(),
            maintenance: false,
            api_is_down: false,
            was_switched_on: false,
            power_offs: 0,
            mutation,
            readings_travel: false,
            seen: Happened::default(),
            violation: None,
        };
        for _ in 0..4 {
            world.tick();
        }
        world
    }

    /// A guard's process, to be changed.
    pub(super) fn process(&mut self, number: usize) -> &mut Process {
        let process = Rc::make_mut(&mut self.guards[number]);
        process.bits = OnceCell::new();
        process
    }

    /// 128 bits of everything that matters for what follows.
    pub(super) fn bits(&self) -> u128 {
        let truth = (self.tick, self.budget, &self.target, self.target_side, self.guard_side);
        let postgres = (self.leader, &self.leases, self.next_lease);
        let cloud = (&self.actions, self.next_action, self.api_is_down, self.was_switched_on);
        let etcd = (self.election, self.term, &self.intent, self.acts, self.maintenance);
        let votes = (&*self.votes, &self.witness);
        let kept = (&self.pool, self.power_offs, self.seen, &self.violation);
        let guards = [self.guards[0].bits(), self.guards[1].bits()];
        bits(&((truth, postgres, cloud), (etcd, votes, kept), guards))
    }

    pub(super) fn now_ms(&self) -> u64 {
        u64::from(self.tick) * TICK_MS
    }

    pub(super) fn violate(&mut self, what: &str) {
        if self.violation.is_none() {
            self.violation = Some(what.to_owned());
        }
    }

    /// Whether a node on this side gets an answer of d0.
    pub(super) fn reaches_target(&self, side: u8) -> bool {
        self.target.has_power && !self.target.hangs && self.target_side == side
    }

    /// What must hold in every state.
    pub(super) fn check(&mut self) {
        let replica_writes = self.leader.is_some_and(|(node, _)| node != 0);
        if self.target.writes && replica_writes {
            self.violate("two primaries write");
        }
        if self.power_offs > timing().acts_max {
            self.violate("more power-offs than allowed");
        }
    }
}
