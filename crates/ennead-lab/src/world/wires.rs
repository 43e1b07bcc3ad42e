//! What a router does to packets between servers: distance and faults, as one table of nftables.
//!
//! Packets are told by the router's links that they come from and go to, so every way between two
//! servers is covered: floating addresses, aliases and tunnels between public addresses too.

use std::collections::{BTreeMap, BTreeSet};
use std::time::Duration;

use super::Harm;
use super::harm::Side;
use super::names::router_link;
use super::ruleset::Ruleset;
use crate::distance::Distance;

/// Parts of a million: what `numgen` compares with.
const MILLION: f64 = 1_000_000.0;

/// A delay; packets that meet the same one stay in order.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Hold {
    /// How long.
    pub(crate) time: Duration,
    /// How much that varies to both sides.
    pub(crate) jitter: Duration,
}

/// What happens to packets from one server to another.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
struct Treatment {
    drop: bool,
    /// Of a million.
    lost: u32,
    hold: Option<Hold>,
}

impl Treatment {
    /// Losses on the way multiply, delays add up.
    fn add(&mut self, loss_percent: f64, ms: f64, jitter_ms: f64) {
        let passes = (1.0 - f64::from(self.lost) / MILLION) * (1.0 - loss_percent / 100.0);
        #[expect(
            clippy::cast_possible_truncation,
            clippy::cast_sign_loss,
            reason = "0 to a million"
        )]
        let lost = ((1.0 - passes).clamp(0.0, 1.0) * MILLION).round() as u32;
        self.lost = lost;
        if ms > 0.0 || jitter_ms > 0.0 {
            let hold =
                self.hold.get_or_insert(Hold { time: Duration::ZERO, jitter: Duration::ZERO });
            hold.time += Duration::from_secs_f64(ms.max(0.0) / 1e3);
            hold.jitter += Duration::from_secs_f64(jitter_ms.max(0.0) / 1e3);
        }
    }
}

/// A router's rules and the delays that they ask for: packets of the nth one carry the mark n + 1.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wires {
    /// The table.
    pub(crate) rules: Ruleset,
    /// The delays.
    pub(crate) holds: Vec<Hold>,
}

/// What a router of one side has to know.
pub(crate) struct Plan<'a> {
    /// Servers with their locations.
    pub(crate) servers: &'a [(u64, String)],
    /// Distances; none on private networks, which never span zones.
    pub(crate) distances: &'a [Distance],
    /// Faults.
    pub(crate) harm: &'a [Harm],
    /// Which interfaces of servers lead here.
    pub(crate) side: Side,
}

impl Plan<'_> {
    /// Computes the rules.
    pub(crate) fn wires(&self) -> Wires {
        let treated = self.treatments();
        let cut = self.cut();
        if treated.is_empty() && cut.is_empty() {
            let (bases, chains) = (Vec::new(), Vec::new());
            return Wires { rules: Ruleset { table: TABLE, bases, chains }, holds: Vec::new() };
        }
        let kinds: BTreeSet<Treatment> = treated.values().copied().collect();
        let kinds: Vec<Treatment> = kinds.into_iter().collect();
        let holds: BTreeSet<Hold> = kinds.iter().filter_map(|kind| kind.hold).collect();
        let holds: Vec<Hold> = holds.into_iter().collect();
        let chains = kinds.iter().enumerate();
        let chains = chains.map(|(n, kind)| (format!("t{n}"), rules_of(*kind, &holds))).collect();
        let pair = |((from, to), kind): (&(u64, u64), &Treatment)| {
            let n = kinds.iter().position(|other| other == kind).unwrap_or_default();
            format!("\"{}\" . \"{}\" : jump t{n}", router_link(*from), router_link(*to))
        };
        let pairs: Vec<String> = treated.iter().map(pair).collect();
        let forward = if pairs.is_empty() {
            Vec::new()
        } else {
            vec![format!("iifname . oifname vmap {{ {} }}", pairs.join(", "))]
        };
        let names: Vec<String> =
            cut.iter().map(|server| format!("\"{}\"", router_link(*server))).collect();
        let drop = |word: &str| {
            if names.is_empty() {
                return Vec::new();
            }
            vec![format!("{word} {{ {} }} drop", names.join(", "))]
        };
        let bases = vec![
            ("forward", FORWARD, forward),
            ("enter", ENTER, drop("iifname")),
            ("leave", LEAVE, drop("oifname")),
        ];
        Wires { rules: Ruleset { table: TABLE, bases, chains }, holds }
    }

    fn treatments(&self) -> BTreeMap<(u64, u64), Treatment> {
        let mut all: BTreeMap<(u64, u64), Treatment> = BTreeMap::new();
        for (from, here) in self.servers {
            for (to, there) in self.servers {
                for distance in self.distances.iter().filter(|it| it.is_between(here, there)) {
                    let treatment = all.entry((*from, *to)).or_default();
                    treatment.add(distance.loss_percent, distance.ms, distance.jitter_ms);
                }
            }
        }
        for harm in self.harm {
            let (Harm::Partition { from, to }
            | Harm::Loss { from, to, .. }
            | Harm::Delay { from, to, .. }) = harm
            else {
                continue;
            };
            for pair in from.iter().flat_map(|from| to.iter().map(move |to| (*from, *to))) {
                if pair.0 == pair.1 {
                    continue;
                }
                let treatment = all.entry(pair).or_default();
                match harm {
                    Harm::Partition { .. } => treatment.drop = true,
                    Harm::Loss { percent, .. } => treatment.add(*percent, 0.0, 0.0),
                    Harm::Delay { ms, jitter_ms, .. } => treatment.add(0.0, *ms, *jitter_ms),
                    _ => {}
                }
            }
        }
        for treatment in all.values_mut().filter(|it| it.drop || it.lost >= 1_000_000) {
            *treatment = Treatment { drop: true, lost: 0, hold: None };
        }
        all.retain(|_, treatment| *treatment != Treatment::default());
        all
    }

    fn cut(&self) -> BTreeSet<u64> {
        let cuts = self.harm.iter().filter_map(|harm| match harm {
            Harm::Cut { servers, side } if *side == self.side => Some(servers),
            _ => None,
        });
        cuts.flatten().copied().collect()
    }
}

/// The table's name, in a router's namespace.
const TABLE: &str = "wires";

/// After the filters, before packets are held.
const FORWARD: &str = "type filter hook forward priority -10; policy accept;";
/// Before anything else sees a packet.
const ENTER: &str = "type filter hook prerouting priority -310; policy accept;";
/// The last thing that a packet meets, those of the router itself too.
const LEAVE: &str = "type filter hook postrouting priority 310; policy accept;";

fn rules_of(treatment: Treatment, holds: &[Hold]) -> Vec<String> {
    if treatment.drop {
        return vec!["drop".to_owned()];
    }
    let mut rules = Vec::new();
    if treatment.lost > 0 {
        rules.push(format!("numgen random mod 1000000 < {} drop", treatment.lost));
    }
    if let Some(place) = holds.iter().position(|hold| Some(*hold) == treatment.hold) {
        rules.push(format!("meta mark set {}", place + 1));
    }
    rules
}

#[cfg(test)]
mod tests {
    use super::*;

    fn wires(distances: &[Distance], harm: &[Harm]) -> Wires {
        let servers = [(1, "fsn1".to_owned()), (2, "sin".to_owned()), (3, "sin".to_owned())];
        Plan { servers: &servers, distances, harm, side: Side::Public }.wires()
    }

    #[test]
    fn nothing_needs_no_table() {
        let none = wires(&[], &[Harm::Freeze { servers: vec![1] }]);
        assert!(none.rules.bases.is_empty() && none.holds.is_empty());
    }

    #[test]
    fn distance_is_between_locations_and_adds_to_a_delay() {
        let far = Distance::parse("fsn1:sin=30ms,loss=50%").unwrap();
        let more = Harm::Delay { from: vec![1], to: vec![2], ms: 5.0, jitter_ms: 1.0 };
        let lossy = Harm::Loss { from: vec![2], to: vec![1], percent: 50.0 };
        let wires = wires(&[far], &[more, lossy]);
        let ms = Duration::from_millis;
        let plain = Hold { time: ms(30), jitter: ms(0) };
        assert_eq!(wires.holds, [plain, Hold { time: ms(35), jitter: ms(1) }]);
        let chain = |n: &str| wires.rules.chains.iter().find(|it| it.0 == n).unwrap().1.clone();
        assert_eq!(chain("t0"), ["numgen random mod 1000000 < 500000 drop", "meta mark set 1"]);
        assert_eq!(chain("t1"), ["numgen random mod 1000000 < 500000 drop", "meta mark set 2"]);
        assert_eq!(chain("t2"), ["numgen random mod 1000000 < 750000 drop", "meta mark set 1"]);
        assert_eq!(
            wires.rules.bases[0].2,
            ["iifname . oifname vmap { \"s1\" . \"s2\" : jump t1, \"s1\" . \"s3\" : jump t0, \
              \"s2\" . \"s1\" : jump t2, \"s3\" . \"s1\" : jump t0 }"]
        );
    }

    #[test]
    fn a_partition_drops_one_way_and_a_cut_everything() {
        let partition = Harm::Partition { from: vec![2, 3], to: vec![1, 2] };
        let cut = Harm::Cut { servers: vec![3], side: Side::Public };
        let elsewhere = Harm::Cut { servers: vec![1], side: Side::Private };
        let wires = wires(&[], &[partition, cut, elsewhere]);
        let rules: Vec<&str> =
            wires.rules.bases.iter().flat_map(|base| &base.2).map(String::as_str).collect();
        assert_eq!(
            rules,
            [
                "iifname . oifname vmap { \"s2\" . \"s1\" : jump t0, \"s3\" . \"s1\" : jump t0, \
                 \"s3\" . \"s2\" : jump t0 }",
                "iifname { \"s3\" } drop",
                "oifname { \"s3\" } drop",
            ]
        );
        assert_eq!(wires.rules.chains, [("t0".to_owned(), vec!["drop".to_owned()])]);
    }
}
