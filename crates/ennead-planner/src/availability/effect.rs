//! What a series of faults does to the services, asked of the survival model once for each series.

use std::collections::HashMap;

use super::fault::Fault;
use crate::survive::{Layout, Moment, Outcome, Outcomes, Servers, endure, maintain};

/// Faults that are told apart by their order; older ones count as having come together.
const ORDERED_MAX: usize = 3;
/// Most series that are remembered, so that absurd rates cannot fill the memory.
const REMEMBERED_MAX: usize = 200_000;

/// How long a service is away. The order is from good to bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub enum Effect {
    /// Not at all, or at most so many seconds.
    Back {
        /// Seconds.
        seconds: u32,
    },
    /// Until a person has brought it back.
    ByHand,
    /// Until something that is missing has come back.
    Away,
}

impl Effect {
    fn of(outcome: Outcome) -> Self {
        match outcome {
            Outcome::Up => Self::Back { seconds: 0 },
            Outcome::UpAfter { seconds } => Self::Back { seconds },
            Outcome::ByHand | Outcome::DataLost { .. } => Self::ByHand,
            Outcome::ReadOnly | Outcome::Down => Self::Away,
        }
    }
}

impl Effect {
    /// Returns whether a further fault makes a difference to a service: from what it was before to what
    /// it is now, with what the fault does alone. A person who has brought a service back does not
    /// have to do so again because of a fault that does not touch it.
    pub(super) fn is_new(before: Self, now: Self, alone: Self) -> bool {
        !(before == Self::ByHand && now == Self::ByHand && alone == Self::Back { seconds: 0 })
    }
}

/// What becomes of the services that are counted.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Effects {
    /// Writes to the database.
    pub writes: Effect,
    /// The load balancers.
    pub entry: Effect,
}

impl Effects {
    fn of(outcomes: &Outcomes) -> Self {
        let Outcomes { writes, entry, .. } = outcomes;
        Self { writes: Effect::of(writes.outcome), entry: Effect::of(entry.outcome) }
    }

    /// Returns writes, entry, and both together: the platform is there when both are.
    #[must_use]
    pub fn each(self) -> [Effect; 3] {
        [self.writes, self.entry, self.writes.max(self.entry)]
    }
}

/// Answers what a series of faults does.
pub(super) struct Oracle<'a> {
    layout: &'a Layout,
    faults: &'a [Fault],
    /// For each fault the first one that does the same: servers that run nothing are all alike, and a
    /// loss is like a crash.
    alike: Vec<usize>,
    remembered: HashMap<Vec<usize>, Effects>,
}

impl<'a> Oracle<'a> {
    pub(super) fn new(layout: &'a Layout, faults: &'a [Fault]) -> Self {
        let Layout { voters, members, poolers, balancers, .. } = layout;
        let counts = voters.or(*members).or(*poolers).or(*balancers);
        let mut shapes = HashMap::new();
        let shape = |(index, fault): (usize, &Fault)| {
            let sides: Vec<Servers> = fault.sides.iter().map(|side| side.and(counts)).collect();
            *shapes.entry((fault.lost.and(counts), sides)).or_insert(index)
        };
        let alike = faults.iter().enumerate().map(shape).collect();
        Self { layout, faults, alike, remembered: HashMap::new() }
    }

    /// Returns what the last of these faults does while the others last; they are named by index, the
    /// oldest first. None gives what is the case when all is well.
    pub(super) fn after(&mut self, active: &[usize]) -> Effects {
        if let [only] = active
            && let Some(effects) = self.planned(*only)
        {
            return effects;
        }
        let alike = |index: &usize| self.alike.get(*index).copied();
        let mut key: Vec<usize> = active.iter().filter_map(alike).collect();
        let together = key.len().saturating_sub(ORDERED_MAX - 1);
        if together > 1 {
            key.get_mut(..together).unwrap_or_default().sort_unstable();
        }
        if let Some(effects) = self.remembered.get(&key) {
            return *effects;
        }
        let effects = self.compute(&key, together);
        if self.remembered.len() < REMEMBERED_MAX {
            self.remembered.insert(key, effects);
        }
        effects
    }

    /// Returns what planned work does when all is well: the primary was moved first.
    fn planned(&self, index: usize) -> Option<Effects> {
        let fault = self.faults.get(index).filter(|fault| fault.is_planned())?;
        let server = fault.lost.iter().next()?;
        Some(Effects::of(&maintain(self.layout, server)))
    }

    fn compute(&self, series: &[usize], together: usize) -> Effects {
        let faults: Vec<&Fault> = series.iter().filter_map(|it| self.faults.get(*it)).collect();
        let mut moment = Moment::default();
        let mut moments = vec![moment.clone()];
        for (index, fault) in faults.iter().enumerate() {
            moment.lost = moment.lost.or(fault.lost);
            moment.sides = cut(&moment.sides, &fault.sides);
            if index + 1 >= together {
                moments.push(moment.clone());
            }
        }
        let well = Effects { writes: Effect::Away, entry: Effect::Away };
        endure(self.layout, &moments).last().map_or(well, Effects::of)
    }
}

/// Returns the sides after a second cut.
fn cut(sides: &[Servers], further: &[Servers]) -> Vec<Servers> {
    if sides.is_empty() || further.is_empty() {
        return [sides, further].concat();
    }
    let pairs = sides.iter().flat_map(|side| further.iter().map(|other| side.and(*other)));
    pairs.filter(|side| !side.is_empty()).collect()
}
