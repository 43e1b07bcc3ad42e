//! Faults of servers and between them, as they are ordered: by names instead of numbers.

use serde::{Deserialize, Serialize};

use crate::catalogue;
use crate::state::{Code, Refusal, State};
use crate::world::Harm;
use crate::world::harm::Side;

/// Names of servers, locations and network zones; a place means all servers there, also those that
/// are made later.
pub type Selection = Vec<String>;

/// A fault of servers or between them. Between two sets of servers it is in both directions unless
/// `one_way`.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
#[serde(tag = "kind", rename_all = "snake_case", deny_unknown_fields)]
pub enum WorldFault {
    /// No packet passes between them.
    Partition {
        /// The one side.
        from: Selection,
        /// The other side.
        to: Selection,
        /// Only packets from the one to the other.
        #[serde(default)]
        one_way: bool,
    },
    /// Some packets get lost.
    Loss {
        /// The one side.
        from: Selection,
        /// The other side.
        to: Selection,
        /// Only packets from the one to the other.
        #[serde(default)]
        one_way: bool,
        /// How many, 0 to 100.
        percent: f64,
    },
    /// Packets take longer.
    Delay {
        /// The one side.
        from: Selection,
        /// The other side.
        to: Selection,
        /// Only packets from the one to the other.
        #[serde(default)]
        one_way: bool,
        /// How much longer, in milliseconds.
        ms: f64,
        /// How much that varies, in milliseconds to both sides.
        #[serde(default)]
        jitter_ms: f64,
    },
    /// An interface carries nothing; its link stays up.
    Cut {
        /// Whose.
        servers: Selection,
        /// Which.
        side: Side,
    },
    /// Everything in the servers stops; their addresses stay. A power cycle ends it.
    Freeze {
        /// Which.
        servers: Selection,
    },
    /// The servers' disks have no byte left.
    FullDisk {
        /// Whose.
        servers: Selection,
    },
    /// The servers' disks are slow.
    SlowDisk {
        /// Whose.
        servers: Selection,
        /// Bytes per second that each writes and reads at most.
        bytes_per_second: u64,
    },
    /// The servers' clocks are off. Never possible: containers share this machine's clock.
    Clock {
        /// Whose.
        servers: Selection,
        /// How far, in milliseconds.
        offset_ms: i64,
    },
}

impl WorldFault {
    /// Returns whether a fault of this kind is one of the world.
    pub fn is_kind(kind: &str) -> bool {
        let all = "partition loss delay cut freeze full_disk slow_disk clock";
        all.split(' ').any(|known| known == kind)
    }

    /// Refuses what can never be done.
    ///
    /// # Errors
    /// `invalid_input` for amounts and names that mean nothing, `unsupported_error` for a clock.
    pub fn check(&self, state: &State) -> Result<(), Refusal> {
        if matches!(self, Self::Clock { .. }) {
            let why = "servers are containers and share this machine's clock: the kernel gives a \
                       container no real-time clock of its own";
            return Err(Refusal::new(Code::UnsupportedError, why));
        }
        let is_amount =
            |amount: f64, most: f64| amount.is_finite() && (0.0..=most).contains(&amount);
        let fits = match self {
            Self::Loss { percent, .. } => is_amount(*percent, 100.0),
            Self::Delay { ms, jitter_ms, .. } => {
                is_amount(*ms, LONGEST_MS) && is_amount(*jitter_ms, LONGEST_MS)
            }
            Self::SlowDisk { bytes_per_second, .. } => *bytes_per_second > 0,
            _ => true,
        };
        if !fits {
            return Err(Refusal::new(Code::InvalidInput, "an amount is out of its range"));
        }
        for selection in self.selections() {
            if selection.is_empty() {
                return Err(Refusal::new(Code::InvalidInput, "no server is named"));
            }
            let unknown = selection.iter().find(|name| !is_known(name, state));
            if let Some(name) = unknown {
                let why = format!("{name:?} is no server, location or network zone");
                return Err(Refusal::new(Code::InvalidInput, why));
            }
        }
        Ok(())
    }

    fn selections(&self) -> Vec<&Selection> {
        match self {
            Self::Partition { from, to, .. }
            | Self::Loss { from, to, .. }
            | Self::Delay { from, to, .. } => vec![from, to],
            Self::Cut { servers, .. }
            | Self::Freeze { servers }
            | Self::FullDisk { servers }
            | Self::SlowDisk { servers, .. }
            | Self::Clock { servers, .. } => vec![servers],
        }
    }

    /// Returns what it means for the servers that there are now.
    pub fn harm(&self, state: &State) -> Vec<Harm> {
        let ids = |selection: &Selection| ids(selection, state);
        let servers = self.selections().first().map(|first| ids(first)).unwrap_or_default();
        match self {
            Self::Partition { from, to, one_way } => both_ways(ids(from), ids(to), *one_way)
                .into_iter()
                .map(|(from, to)| Harm::Partition { from, to })
                .collect(),
            Self::Loss { from, to, one_way, percent } => both_ways(ids(from), ids(to), *one_way)
                .into_iter()
                .map(|(from, to)| Harm::Loss { from, to, percent: *percent })
                .collect(),
            Self::Delay { from, to, one_way, ms, jitter_ms } => {
                both_ways(ids(from), ids(to), *one_way)
                    .into_iter()
                    .map(|(from, to)| Harm::Delay { from, to, ms: *ms, jitter_ms: *jitter_ms })
                    .collect()
            }
            Self::Cut { side, .. } => vec![Harm::Cut { servers, side: *side }],
            Self::Freeze { .. } => vec![Harm::Freeze { servers }],
            Self::FullDisk { .. } => vec![Harm::FullDisk { servers }],
            Self::SlowDisk { bytes_per_second, .. } => {
                vec![Harm::SlowDisk { servers, bytes_per_second: *bytes_per_second }]
            }
            Self::Clock { .. } => Vec::new(),
        }
    }
}

/// The longest delay: as long as the kernel and its connections put up with.
const LONGEST_MS: f64 = 60_000.0;

/// Splits into sets of senders and receivers, in which each pair is met once in each direction,
/// also where the two sides share servers.
fn both_ways(from: Vec<u64>, to: Vec<u64>, one_way: bool) -> Vec<(Vec<u64>, Vec<u64>)> {
    let without = |all: &[u64], others: &[u64]| -> Vec<u64> {
        all.iter().filter(|id| !others.contains(id)).copied().collect()
    };
    let (only_from, only_to) = (without(&from, &to), without(&to, &from));
    let shared = without(&to, &only_to);
    let mut all = vec![(from.clone(), to)];
    if !one_way {
        all.extend([(only_to, from), (shared, only_from)]);
        all.retain(|(from, to)| !from.is_empty() && !to.is_empty());
    }
    all
}

fn is_known(name: &str, state: &State) -> bool {
    state.servers.values().any(|server| server.name == name)
        || catalogue::location(name).is_some()
        || ennead_model::Catalogue::embedded().locations.iter().any(|it| it.network_zone == name)
}

fn ids(selection: &Selection, state: &State) -> Vec<u64> {
    let is_meant = |server: &crate::state::server::ServerRecord| {
        let zone = catalogue::location(&server.location).map(|it| it.network_zone);
        let names = [Some(&server.name), Some(&server.location), zone.as_ref()];
        names.into_iter().flatten().any(|name| selection.contains(name))
    };
    state.servers.values().filter(|server| is_meant(server)).map(|server| server.id).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_pair_on_both_sides_is_met_once_in_each_direction() {
        let mut met: Vec<(u64, u64)> = both_ways(vec![1, 2], vec![1, 2, 3], false)
            .iter()
            .flat_map(|(from, to)| from.iter().flat_map(|from| to.iter().map(|to| (*from, *to))))
            .filter(|(from, to)| from != to)
            .collect();
        met.sort_unstable();
        assert_eq!(met, [(1, 2), (1, 3), (2, 1), (2, 3), (3, 1), (3, 2)]);
        assert_eq!(both_ways(vec![1], vec![2], true), [(vec![1], vec![2])]);
    }
}
