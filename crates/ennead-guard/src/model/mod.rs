//! The guards in a small world, explored exhaustively: every order of messages, every fault at every
//! moment, up to a number of faults. What must hold is checked in every state.

use std::collections::HashSet;
use std::rc::Rc;

use crate::engine::Mutation;

mod act;
mod clock;
mod mixer;
mod services;
mod tests;
mod world;

use act::Act;
use world::{Happened, World};

/// Ticks after the first fault until which others may happen; then everything goes well.
const HORIZON: u32 = 13;

/// How a world came to be.
struct Path {
    act: Act,
    tick: u32,
    before: Option<Rc<Path>>,
}

/// What an exploration found.
#[derive(Debug, Default)]
struct Explored {
    states: usize,
    ends: usize,
    happened: Happened,
    /// The first violation and the way to it.
    violation: Option<(String, Vec<String>)>,
}

/// Explores everything that may follow from these worlds. Stops at the first violation.
fn explore(roots: Vec<World>, horizon: u32) -> Explored {
    let mut found = Explored::default();
    let mut known: HashSet<u128> = HashSet::new();
    let mut stack: Vec<(World, Option<Rc<Path>>)> =
        roots.into_iter().map(|world| (world, None)).collect();
    while let Some((world, path)) = stack.pop() {
        if !known.insert(world.bits()) {
            continue;
        }
        found.states += 1;
        found.happened = found.happened.or(world.seen);
        if let Some(violation) = world.violation.clone() {
            found.violation = Some((violation, story(path.as_ref())));
            return found;
        }
        let is_end = world.tick >= horizon;
        let acts = world.next_acts(horizon);
        if is_end || acts.is_empty() {
            found.ends += 1;
            if !world.clone().ends_well() {
                let what = "a server stays off and nothing says why, or worse".to_owned();
                found.violation = Some((what, story(path.as_ref())));
                return found;
            }
            continue;
        }
        for act in acts {
            let step = Path { act, tick: world.tick, before: path.clone() };
            stack.push((world.after(act), Some(Rc::new(step))));
        }
    }
    found
}

fn story(path: Option<&Rc<Path>>) -> Vec<String> {
    let mut lines = Vec::new();
    let mut at = path.cloned();
    while let Some(step) = at {
        lines.push(format!("tick {}: {:?}", step.tick, step.act));
        at = step.before.clone();
    }
    lines.reverse();
    lines
}

impl Happened {
    fn or(self, other: Self) -> Self {
        Self {
            revoked: self.revoked | other.revoked,
            gave_up: self.gave_up | other.gave_up,
            adopted: self.adopted | other.adopted,
            refenced: self.refenced | other.refenced,
            not_revoked: self.not_revoked | other.not_revoked,
            restored: self.restored | other.restored,
            told: self.told | other.told,
            marked_down: self.marked_down | other.marked_down,
        }
    }
}

/// The ways in which it begins: d0 loses its mind, or the network breaks.
#[derive(Debug, Clone, Copy)]
enum Beginning {
    /// d0 answers nobody, but might go on.
    Hangs,
    /// d0 is cut off from everybody, and writes.
    Isolated,
    /// d0 and the first guard's node are cut off from the others.
    SiteCut,
    /// The first guard's node is cut off; d0 is well.
    GuardCut,
    /// d0 loses its power, and somebody may switch it on.
    NoPower,
}

impl Beginning {
    fn world(self, budget: u8, mutation: Option<Mutation>) -> World {
        let mut world = World::healthy(budget, mutation);
        match self {
            Self::Hangs => (world.target.hangs, world.target.writes) = (true, false),
            Self::Isolated => world.target_side = 1,
            Self::SiteCut => (world.target_side, world.guard_side[0]) = (1, 1),
            Self::GuardCut => world.guard_side[0] = 1,
            Self::NoPower => world.cut_power(),
        }
        world
    }
}
