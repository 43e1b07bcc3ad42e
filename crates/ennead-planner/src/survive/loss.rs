//! What becomes of the services when servers are lost or sites no longer see each other.
//!
//! The rules of the database are Patroni's for quorum commit. With `s` replicas in the set and `k`
//! that confirm each commit, any `s - k + 1` replicas hold the last commit among them: so many have
//! to be left, so that one of them may take over by itself. Fewer could lack it. In the set are the
//! primary and the replicas that may confirm; it is written anew when the cluster has settled.

use super::entries;
use super::layout::{Layout, Settings};
use super::outcome::{Outcome, Outcomes, Verdict, Why};
use super::services;
use super::set::Servers;
use super::times::{self, Besides};

/// What is the case at one moment: who runs, and who sees whom of them.
#[derive(Debug, Clone, Copy)]
pub(super) struct Scene<'a> {
    /// The servers that run.
    pub(super) alive: Servers,
    /// Groups of them that see each other; one when there is no partition.
    pub(super) sides: &'a [Servers],
}

/// What the database's instances know when something happens.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(super) struct Database {
    /// The primary, or the last one.
    pub(super) primary: usize,
    /// It and the replicas that may confirm commits.
    pub(super) set: Servers,
    /// Whether the primary takes writes.
    pub(super) running: bool,
}

/// What becomes of the database.
pub(super) struct Fate {
    pub(super) writes: Verdict,
    pub(super) reads: Verdict,
    /// Who may be primary afterwards; none when there is none.
    pub(super) primaries: Servers,
    /// The side on which it goes on.
    pub(super) side: Option<Servers>,
}

/// Returns the worst outcomes for the loss of these servers at one moment, from full health and
/// wherever the primary was.
#[must_use]
pub fn lose(layout: &Layout, lost: Servers) -> Outcomes {
    let alive = layout.all.minus(lost);
    from_health(layout, Scene { alive, sides: &[alive] })
}

/// Returns the worst outcomes for a partition of a healthy platform into these sides.
#[must_use]
pub fn part(layout: &Layout, sides: &[Servers]) -> Outcomes {
    from_health(layout, Scene { alive: layout.all, sides })
}

fn from_health(layout: &Layout, scene: Scene<'_>) -> Outcomes {
    let healthy = layout.members.iter().map(|primary| Database {
        primary,
        set: layout.members,
        running: true,
    });
    worst(layout, scene, healthy)
}

/// Returns the worst outcomes over everything that the database may be before.
pub(super) fn worst(
    layout: &Layout,
    scene: Scene<'_>,
    databases: impl Iterator<Item = Database>,
) -> Outcomes {
    let each = databases.map(|database| {
        let fate = judge(layout, scene, database);
        outcomes(layout, scene, &fate)
    });
    each.reduce(|one, other| one.worse(&other)).unwrap_or_else(|| {
        let none = Verdict::new(Outcome::Down, Why::NoneRuns("database"));
        let fate = Fate { writes: none, reads: none, primaries: Servers::NONE, side: None };
        outcomes(layout, scene, &fate)
    })
}

fn outcomes(layout: &Layout, scene: Scene<'_>, fate: &Fate) -> Outcomes {
    let coordination = coordinate(layout, scene);
    // Clients must get in where the database is.
    let side = fate.side.unwrap_or_else(|| home(layout, scene));
    let entry = enter(layout, fate.side.unwrap_or(scene.alive));
    let services = services::judge(layout, side, [coordination, fate.writes, fate.reads, entry]);
    let entries = entries::judge(layout, side, coordination.outcome);
    Outcomes { coordination, writes: fate.writes, reads: fate.reads, entry, services, entries }
}

/// Returns the side that goes on without a database: the one that decides, else the largest.
fn home(layout: &Layout, scene: Scene<'_>) -> Servers {
    let decides = scene.sides.iter().copied().find(|side| layout.decides(*side));
    decides
        .or_else(|| scene.sides.iter().copied().max_by_key(|side| side.len()))
        .unwrap_or_default()
}

fn coordinate(layout: &Layout, scene: Scene<'_>) -> Verdict {
    let all = layout.voters.len();
    let left = layout.voters.and(scene.alive).len();
    if all == 0 {
        return Verdict::new(Outcome::Down, Why::NoneRuns("etcd"));
    }
    match scene.sides.iter().find(|side| layout.decides(**side)) {
        Some(side) => match side.and(layout.voters).len() {
            here if here == all => Verdict::new(Outcome::Up, Why::Whole),
            here => {
                let seconds = times::elect(&layout.settings).most_s();
                Verdict::new(Outcome::UpAfter { seconds }, Why::Left("voters", here, all))
            }
        },
        None if left >= layout.majority() => Verdict::new(Outcome::Down, Why::NoSide),
        None => {
            let outcome = if left == 0 { Outcome::Down } else { Outcome::ByHand };
            Verdict::new(outcome, Why::TooFew(left, all, layout.majority()))
        }
    }
}

fn enter(layout: &Layout, side: Servers) -> Verdict {
    let (left, all) = (layout.balancers.and(side).len(), layout.balancers.len());
    match left {
        _ if all == 0 => Verdict::new(Outcome::Down, Why::NoneRuns("load balancer")),
        0 => Verdict::new(Outcome::Down, Why::Left("load balancers", 0, all)),
        _ if left == all => Verdict::new(Outcome::Up, Why::Whole),
        _ => Verdict::new(Outcome::Up, Why::Left("load balancers", left, all)),
    }
}

/// Decides what becomes of the database.
pub(super) fn judge(layout: &Layout, scene: Scene<'_>, database: Database) -> Fate {
    let Database { primary, set, running } = database;
    let own = scene.sides.iter().copied().find(|side| side.has(primary));
    let home = scene.sides.iter().copied().find(|side| layout.decides(*side));
    if let Some(side) = own.filter(|_| home == own) {
        return stay(layout, database, side);
    }
    if let Some(side) = own.filter(|side| running && set.within(*side)) {
        let fate = stay(layout, database, side);
        let writes = match fate.writes.outcome {
            Outcome::Up => Verdict { why: Why::Failsafe, ..fate.writes },
            _ => fate.writes,
        };
        return Fate { writes, ..fate };
    }
    if let Some(side) = home {
        let heirs = set.and(side);
        if heirs.len() >= needed(layout, set) {
            return take_over(layout, database, side, heirs);
        }
    }
    stop(layout, scene, database, home)
}

/// Returns how many replicas confirm a commit with this set.
fn confirming(layout: &Layout, set: Servers) -> usize {
    layout.synchronous.min(set.len().saturating_sub(1))
}

/// Returns how many replicas of the set have to be left for a takeover.
fn needed(layout: &Layout, set: Servers) -> usize {
    // A primary that was alone has confirmed commits alone.
    set.len().saturating_sub(confirming(layout, set)).max(1)
}

fn stay(layout: &Layout, database: Database, side: Servers) -> Fate {
    let Database { primary, set, running } = database;
    let (here, all) = (set.and(side).len().saturating_sub(1), set.len().saturating_sub(1));
    let settings = &layout.settings;
    let (outcome, why) = if !running {
        let seconds = times::resume(settings).most_s();
        (Outcome::UpAfter { seconds }, Why::Resumed)
    } else if here < confirming(layout, set) {
        let seconds = times::stall(settings).most_s();
        (Outcome::UpAfter { seconds }, Why::Stalled(here))
    } else if here < all {
        (Outcome::Up, Why::Replicas(here, all))
    } else {
        (Outcome::Up, Why::Whole)
    };
    let verdict = |outcome, why| Verdict { outcome, why, primary: Some(primary) };
    let reads = if here == all {
        verdict(Outcome::Up, Why::Whole)
    } else {
        let seconds = times::check_out(settings).most_s();
        let why = if here == 0 { Why::ReadsAtPrimary } else { Why::ReadersMoved(here) };
        verdict(Outcome::UpAfter { seconds }, why)
    };
    let writes = match why {
        Why::Whole => Verdict::new(outcome, why),
        _ => verdict(outcome, why),
    };
    let fate = Fate { writes, reads, primaries: Servers::one(primary), side: Some(side) };
    reach(layout, database, fate)
}

fn take_over(layout: &Layout, database: Database, side: Servers, heirs: Servers) -> Fate {
    let away = database.set.minus(Servers::one(database.primary)).minus(side);
    let besides = Besides { voter: !layout.voters.within(side), instance: !away.is_empty() };
    let seconds = times::takeover(&layout.settings, besides).most_s();
    let outcome = Outcome::UpAfter { seconds };
    let verdict =
        Verdict { outcome, why: Why::Takeover(heirs.len()), primary: Some(database.primary) };
    let fate = Fate { writes: verdict, reads: verdict, primaries: heirs, side: Some(side) };
    reach(layout, database, fate)
}

/// Clients come through the connection pool beside the primary: without one a person has to move it.
fn reach(layout: &Layout, database: Database, fate: Fate) -> Fate {
    if layout.balancers.is_empty() {
        return fate;
    }
    let primary = Some(database.primary);
    let Some(without) = fate.primaries.minus(layout.poolers).iter().next() else { return fate };
    let writes = Verdict { outcome: Outcome::ByHand, why: Why::NoPooler(without), primary };
    let pooled = layout.members.and(layout.poolers).and(fate.side.unwrap_or_default());
    let reads = if pooled.is_empty() {
        Verdict { outcome: Outcome::Down, why: Why::NoPooler(without), primary }
    } else {
        fate.reads
    };
    Fate { writes, reads, ..fate }
}

fn stop(layout: &Layout, scene: Scene<'_>, database: Database, home: Option<Servers>) -> Fate {
    let Database { primary, set, .. } = database;
    let copies = layout.members.and(scene.alive);
    let heirs = set.and(scene.alive).minus(Servers::one(primary)).len();
    let whole = scene.alive.has(primary) || heirs >= needed(layout, set);
    let (outcome, why) = if copies.is_empty() {
        (Outcome::Down, Why::NoCopy)
    } else if !whole {
        let Settings { sender_timeout_s, loop_wait_s, .. } = &layout.settings;
        let up_to_s = sender_timeout_s.saturating_add(*loop_wait_s);
        (Outcome::DataLost { up_to_s }, Why::Unproven(heirs, needed(layout, set)))
    } else if home.is_some() {
        (Outcome::ReadOnly, Why::CutOff)
    } else {
        (Outcome::ReadOnly, Why::NoLock)
    };
    let matters = Some(primary).filter(|_| !copies.is_empty());
    let writes = Verdict { outcome, why, primary: matters };
    let reads = if copies.is_empty() {
        writes
    } else if layout.balancers.is_empty() {
        Verdict::new(Outcome::Up, Why::Left("instances", copies.len(), layout.members.len()))
    } else {
        Verdict { outcome: Outcome::Down, why: Why::NoStream, primary: Some(primary) }
    };
    Fate { writes, reads, primaries: Servers::NONE, side: None }
}
