//! What happens when a tick passes: actions end, leases run out, guards are elected and called.

use std::rc::Rc;

use ennead_model::NodeName;

use super::world::{
    Action, DEMOTE, GUARD_TTL, IN_FLIGHT, Life, MAJORITY, TTL, World, node, timing,
};
use super::world::{Body, TICK_MS};
use crate::detect::Reach;
use crate::message::{ActionState, Command, Event};
use crate::votes::Vote;
use crate::words::Term;

impl World {
    /// Lets one tick pass.
    pub(super) fn tick(&mut self) {
        self.tick += 1;
        self.live_on();
        let tick = self.tick;
        self.pool.retain(|message| {
            let is_power_off = matches!(&message.body, Body::Question(Command::AskPowerOff { .. }));
            !is_power_off || tick - message.sent <= IN_FLIGHT
        });
        self.end_actions();
        self.run_target();
        self.run_leases();
        self.witness();
        self.elect();
        for guard in 0..2 {
            if self.guards[guard].life == Life::Runs {
                self.call(guard, Event::Tick);
            }
        }
        self.check();
    }

    fn live_on(&mut self) {
        for guard in 0..2 {
            let process = self.process(guard);
            process.life = match process.life {
                Life::Dead(1) | Life::Paused(1) | Life::Runs => Life::Runs,
                Life::Dead(left) => Life::Dead(left.saturating_sub(1)),
                Life::Paused(left) => Life::Paused(left.saturating_sub(1)),
            };
        }
    }

    fn end_actions(&mut self) {
        if let Some(left) = self.target.off_in {
            self.target.off_in = (left > 1).then(|| left - 1);
            if left <= 1 {
                self.cut_power();
            }
        }
        for number in 0..self.actions.len() {
            let Action { switches_on, state, is_stuck, .. } = self.actions[number].clone();
            if state != ActionState::Running || is_stuck {
                continue;
            }
            self.actions[number].state = ActionState::Success;
            if switches_on {
                self.give_power();
            } else {
                self.cut_power();
            }
        }
    }

    pub(super) fn cut_power(&mut self) {
        let target = &mut self.target;
        (target.has_power, target.writes, target.hangs) = (false, false, false);
        (target.lease, target.ticks_alone) = (None, 0);
    }

    pub(super) fn give_power(&mut self) {
        if !self.target.has_power {
            self.was_switched_on = true;
            self.target.has_power = true;
            self.target.boot += 1;
        }
    }

    /// One turn of Patroni on d0.
    fn run_target(&mut self) {
        if !self.target.has_power || self.target.hangs {
            return;
        }
        if self.target_side != MAJORITY {
            self.target.ticks_alone = self.target.ticks_alone.saturating_add(1);
            if self.target.ticks_alone >= DEMOTE {
                self.target.writes = false;
            }
            return;
        }
        self.target.ticks_alone = 0;
        let lives = self.target.lease.filter(|lease| self.leases.contains_key(lease));
        let lease = lives.unwrap_or_else(|| {
            self.next_lease += 1;
            self.next_lease
        });
        self.leases.insert(lease, (self.target.boot, TTL));
        self.target.lease = Some(lease);
        match self.leader {
            // It puts the key under its own lease where the key still has its name, as Patroni does.
            Some((0, _)) | None => {
                self.leader = Some((0, lease));
                self.target.writes = true;
            }
            Some(_) => self.target.writes = false,
        }
    }

    fn run_leases(&mut self) {
        for (_, left) in self.leases.values_mut() {
            *left = left.saturating_sub(1);
        }
        let gone: Vec<i64> =
            self.leases.iter().filter(|(_, (_, left))| *left == 0).map(|(id, _)| *id).collect();
        for lease in gone {
            self.drop_lease(lease);
        }
        self.promote();
    }

    /// A lease is gone, and the leader key with it if it hung on it.
    pub(super) fn drop_lease(&mut self, lease: i64) {
        self.leases.remove(&lease);
        if self.leader.is_some_and(|(_, by)| by == lease) {
            self.leader = None;
            self.promote();
        }
    }

    /// A replica of the majority takes a free leader key at once: the most dangerous moment.
    fn promote(&mut self) {
        if self.leader.is_none() {
            let fit = (0..2).find(|guard| self.guard_side[*guard] == MAJORITY);
            self.leader = fit.map(|guard| (guard + 1, -1));
        }
    }

    fn witness(&mut self) {
        let reach = if self.reaches_target(MAJORITY) { Reach::Reached } else { Reach::Silent };
        let now_ms = self.now_ms();
        self.witness.probed(now_ms, reach);
        let vantage = NodeName::new("s").unwrap();
        let verdicts = [(node(0), self.witness.verdict(now_ms, &timing()))].into();
        let vote = Vote {
            vantage: vantage.clone(),
            number: u64::from(self.tick),
            in_majority: true,
            verdicts,
        };
        Rc::make_mut(&mut self.votes).insert(vantage, vote);
    }

    fn elect(&mut self) {
        let fit = |world: &Self, guard: usize| {
            world.guards[guard].life == Life::Runs && world.guard_side[guard] == MAJORITY
        };
        if let Some((guard, until)) = self.election {
            if self.tick >= until {
                self.election = None;
            } else if fit(self, guard) {
                self.lead(guard);
            }
        }
        if self.election.is_none()
            && let Some(guard) = (0..2).find(|guard| fit(self, *guard))
        {
            self.term += 1;
            self.lead(guard);
        }
    }

    fn lead(&mut self, guard: usize) {
        self.election = Some((guard, self.tick + GUARD_TTL));
        let until_ms = self.now_ms() + u64::from(GUARD_TTL) * TICK_MS;
        self.call(guard, Event::Leads { term: Term(self.term), until_ms });
    }
}
