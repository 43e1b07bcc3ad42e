//! What becomes of the services that run besides the components.
//!
//! Each has a rule of its own about what must be left of it, and is never better than what it uses.
//! Assumed: shards are where the rule puts them, as after a rebalance; a service whose majority is
//! gone needs a person even when its data is whole.

use ennead_model::service::{BASE_SERVICES, in_order};
use ennead_model::{Fleet, Needs, NodeName};

use super::layout::Layout;
use super::outcome::{Outcome, Verdict, Why};
use super::set::Servers;

/// What a service uses.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Use {
    /// A service of the components, by its place among the columns.
    Base(usize),
    /// A service before it, by its place among the services.
    Service(usize),
}

/// A service reduced to what counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Laid {
    /// Its name.
    pub name: String,
    /// Its servers in the order of their names.
    pub servers: Vec<usize>,
    /// What must be left.
    pub needs: Needs,
    /// Seconds until what is left carries on.
    pub after_s: u32,
    /// What it uses.
    pub uses: Vec<Use>,
    /// Whether promises are about it.
    pub promised: bool,
}

/// Returns a fleet's services, each after those that it uses. A circle, which reading a spec refuses,
/// gives none.
pub(super) fn lay(fleet: &Fleet) -> Vec<Laid> {
    let order = in_order(&fleet.services).unwrap_or_default();
    let index = |name: &NodeName| fleet.nodes.keys().position(|it| it == name);
    let find = |name: &String| {
        let base = BASE_SERVICES.iter().position(|it| it == name).map(Use::Base);
        base.or_else(|| order.iter().position(|it| it.name.as_str() == name).map(Use::Service))
    };
    order
        .iter()
        .map(|service| Laid {
            name: service.name.to_string(),
            servers: service.nodes.iter().filter_map(index).collect(),
            needs: service.needs,
            after_s: service.after_s,
            uses: service.uses.iter().filter_map(find).collect(),
            promised: service.promised,
        })
        .collect()
}

/// Decides what becomes of every service when these servers are left and see each other and the
/// services of the components are as given.
pub(super) fn judge(layout: &Layout, side: Servers, base: [Verdict; 4]) -> Vec<Verdict> {
    let mut verdicts: Vec<Verdict> = Vec::with_capacity(layout.services.len());
    for (at, service) in layout.services.iter().enumerate() {
        let mut verdict = alone(at, service, side);
        for used in &service.uses {
            let below = match *used {
                Use::Base(index) => base.get(index),
                Use::Service(index) => verdicts.get(index),
            };
            let Some(below) = below else { continue };
            if below.outcome > verdict.outcome {
                let outcome = below.outcome;
                verdict = Verdict { outcome, why: Why::Uses(*used), primary: below.primary };
            }
        }
        verdicts.push(verdict);
    }
    verdicts
}

/// Decides by the service's own rule.
fn alone(at: usize, service: &Laid, side: Servers) -> Verdict {
    let all = service.servers.len();
    let left = service.servers.iter().filter(|index| side.has(**index)).count();
    let carries_on = || match service.after_s {
        _ if left == all => Outcome::Up,
        0 => Outcome::Up,
        seconds => Outcome::UpAfter { seconds },
    };
    let (outcome, needed) = match service.needs {
        Needs::One if left > 0 => (carries_on(), 1),
        Needs::One => (Outcome::Down, 1),
        Needs::Majority => {
            let needed = all / 2 + 1;
            let outcome = match left {
                0 => Outcome::Down,
                _ if left >= needed => carries_on(),
                _ => Outcome::ByHand,
            };
            (outcome, needed)
        }
        Needs::Shards { masters, copies } => return shards(at, service, side, masters, copies),
    };
    let why = if left == all { Why::Whole } else { Why::Parts { at, left, all, needed } };
    Verdict::new(outcome, why)
}

fn shards(at: usize, service: &Laid, side: Servers, masters: u32, copies: u32) -> Verdict {
    let all = service.servers.len().max(1);
    let (masters, copies) = (masters as usize, copies as usize);
    let is_left =
        |place: usize| service.servers.get(place % all).is_some_and(|index| side.has(*index));
    let left = (0..masters).filter(|shard| is_left(*shard)).count();
    let held = (0..masters).filter(|shard| (0..=copies).any(|copy| is_left(shard + copy))).count();
    let needed = masters / 2 + 1;
    let outcome = if held < masters {
        Outcome::Down
    } else if left < needed {
        Outcome::ByHand
    } else if left < masters && service.after_s > 0 {
        Outcome::UpAfter { seconds: service.after_s }
    } else {
        Outcome::Up
    };
    let why = match outcome {
        Outcome::Down => Why::Shards { at, held, all: masters },
        _ if left == masters => Why::Whole,
        _ => Why::Masters { at, left, all: masters, needed },
    };
    Verdict::new(outcome, why)
}
