//! What may happen next in a world: messages arrive, time passes, and faults as long as the budget
//! lasts.

use super::services::{refusal, service, unreachable};
use super::world::{Body, Life, MAJORITY, Service, World, guard};
use crate::message::{ActionState, Command};

/// One thing that may happen. Numbers of messages count from the oldest.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Act {
    /// A tick passes.
    Tick,
    /// A message arrives.
    Arrive(usize),
    /// A message is lost.
    Lose(usize),
    /// A message may arrive much later from here on.
    Slow(usize),
    /// A message arrives twice, the second time perhaps much later.
    Twice(usize),
    /// The cloud refuses, or answers nonsense.
    Refuse(usize),
    /// The cloud is not reached by this question.
    NotReached(usize),
    /// The cloud is not reached by anybody from here on.
    CloudDown,
    /// The power-off under way ends with an error, and nothing happened.
    ActionFails,
    /// The power-off under way never ends.
    ActionSticks,
    /// The power-off under way says that it succeeded; the server loses its power much later.
    ActionLies,
    /// Somebody switches d0 on.
    PowerOnByHand,
    /// A guard dies, for so many ticks; 0 is for good.
    Crash(usize, u8),
    /// A guard stops for so many ticks and then goes on, knowing nothing of it.
    Pause(usize, u8),
    /// A guard's node is cut off: alone, or together with d0.
    Cut(usize, u8),
    /// d0 can be reached again.
    TargetHeals,
    /// Somebody declares maintenance.
    Maintenance,
}

impl World {
    /// Everything that may happen now, until tick `horizon`.
    pub(super) fn next_acts(&self, horizon: u32) -> Vec<Act> {
        let mut acts = Vec::new();
        let mut is_urgent = false;
        for (number, message) in self.pool.iter().enumerate() {
            if self.can_arrive(message) {
                acts.push(Act::Arrive(number));
                is_urgent |= !message.slow;
            }
        }
        if !is_urgent && self.tick < horizon {
            acts.push(Act::Tick);
        }
        if self.budget > 0 && self.tick < horizon {
            self.add_message_faults(&mut acts);
            self.add_faults(&mut acts);
        }
        acts
    }

    fn add_message_faults(&self, acts: &mut Vec<Act>) {
        for (number, message) in self.pool.iter().enumerate() {
            if message.slow {
                continue;
            }
            acts.extend([Act::Lose(number), Act::Slow(number), Act::Twice(number)]);
            if let Body::Question(command) = &message.body
                && service(command) == Service::Cloud
            {
                acts.extend([Act::Refuse(number), Act::NotReached(number)]);
            }
        }
    }

    fn add_faults(&self, acts: &mut Vec<Act>) {
        let runs_off = |world: &Self| {
            let mut actions = world.actions.iter();
            actions.any(|it| !it.switches_on && it.state == ActionState::Running && !it.is_stuck)
        };
        if runs_off(self) {
            acts.extend([Act::ActionFails, Act::ActionSticks, Act::ActionLies]);
        }
        if !self.target.has_power {
            acts.push(Act::PowerOnByHand);
        }
        if self.target_side != MAJORITY || self.target.hangs {
            acts.push(Act::TargetHeals);
        }
        if !self.api_is_down {
            acts.push(Act::CloudDown);
        }
        if !self.maintenance {
            acts.push(Act::Maintenance);
        }
        for guard in 0..2 {
            if self.guards[guard].life == Life::Runs {
                acts.extend([Act::Crash(guard, 0), Act::Crash(guard, 2)]);
                acts.extend([Act::Pause(guard, 2), Act::Pause(guard, 5)]);
            }
            if self.guard_side[guard] == MAJORITY {
                acts.extend([Act::Cut(guard, 1), Act::Cut(guard, 2)]);
            }
        }
    }

    /// Returns the world after one act.
    pub(super) fn after(&self, act: Act) -> Self {
        let mut world = self.clone();
        if !matches!(act, Act::Tick | Act::Arrive(_)) {
            world.budget -= 1;
        }
        match act {
            Act::Tick => world.tick(),
            Act::Arrive(number) => {
                let message = world.pool.remove(number);
                world.deliver(message);
            }
            Act::Lose(number) => {
                world.pool.remove(number);
            }
            Act::Slow(number) => world.pool[number].slow = true,
            Act::Twice(number) => {
                let mut again = world.pool[number].clone();
                again.slow = true;
                world.pool.push(again);
            }
            Act::Refuse(number) => world.answer_instead(number, refusal),
            Act::NotReached(number) => {
                world.answer_instead(number, |command| Some(unreachable(command)));
            }
            other => world.break_something(other),
        }
        world
    }

    fn answer_instead(
        &mut self,
        number: usize,
        answer: impl Fn(&Command) -> Option<crate::message::Event>,
    ) {
        let message = self.pool.remove(number);
        if let Body::Question(command) = &message.body
            && let Some(event) = answer(command)
        {
            self.answer(message.guard, message.start, event, Service::Cloud);
        }
    }

    fn break_something(&mut self, act: Act) {
        match act {
            Act::CloudDown => self.api_is_down = true,
            Act::ActionFails => {
                self.end_power_off(|action| action.state = ActionState::Error("failed".to_owned()));
            }
            Act::ActionSticks => self.end_power_off(|action| action.is_stuck = true),
            Act::ActionLies => {
                self.end_power_off(|action| action.state = ActionState::Success);
                self.target.off_in = Some(3);
            }
            Act::PowerOnByHand => self.give_power(),
            Act::Crash(number, ticks) => {
                let fresh = guard(number, self.mutation);
                let process = self.process(number);
                process.guard = fresh;
                process.life = Life::Dead(ticks);
                process.start += 1;
            }
            Act::Pause(number, ticks) => {
                self.process(number).life = Life::Paused(ticks);
            }
            Act::Cut(number, side) => self.guard_side[number] = side,
            Act::TargetHeals => {
                self.target_side = MAJORITY;
                self.target.hangs = false;
            }
            Act::Maintenance => self.maintenance = true,
            other => panic!("not a fault: {other:?}"),
        }
    }

    fn end_power_off(&mut self, change: impl Fn(&mut super::world::Action)) {
        let running = |it: &&mut super::world::Action| {
            !it.switches_on && it.state == ActionState::Running && !it.is_stuck
        };
        if let Some(action) = self.actions.iter_mut().find(running) {
            change(action);
        }
    }
}
