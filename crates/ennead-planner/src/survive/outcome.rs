//! What becomes of a service, and why.

use serde::Serialize;

use super::entries;
use super::layout::Layout;
use super::services::Use;

/// What becomes of a service. The order is from good to bad.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case", tag = "is")]
pub enum Outcome {
    /// It goes on.
    Up,
    /// It comes back by itself.
    UpAfter {
        /// After at most so many seconds.
        seconds: u32,
    },
    /// Data can be read at most, until what is missing comes back. Nothing is lost.
    ReadOnly,
    /// A person has to bring it back. Nothing is lost.
    ByHand,
    /// A person can bring it back, but the last acknowledged commits may be gone.
    DataLost {
        /// The last so many seconds at most, as long as every replica streams.
        up_to_s: u32,
    },
    /// It stays away until lost servers come back.
    Down,
}

impl Outcome {
    /// Returns whether it goes on or comes back without a person and without loss.
    #[must_use]
    pub fn by_itself(self) -> bool {
        matches!(self, Self::Up | Self::UpAfter { .. })
    }
}

impl std::fmt::Display for Outcome {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        match self {
            Self::Up => f.write_str("up"),
            Self::UpAfter { seconds } => write!(f, "up after {seconds} s"),
            Self::ReadOnly => f.write_str("read-only"),
            Self::ByHand => f.write_str("by hand"),
            Self::DataLost { up_to_s } => write!(f, "by hand, up to {up_to_s} s lost"),
            Self::Down => f.write_str("down"),
        }
    }
}

/// Why an outcome is so; [`Verdict::reason`] makes a sentence of it.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Why {
    /// Nothing that it needs is missing.
    Whole,
    /// The platform runs none of it.
    NoneRuns(&'static str),
    /// So many of so many are left.
    Left(&'static str, usize, usize),
    /// So many voters of so many are left; that many are needed.
    TooFew(usize, usize, usize),
    /// No side of a partition has a majority.
    NoSide,
    /// The database's instances go on with fewer replicas: so many of so many.
    Replicas(usize, usize),
    /// Commits wait until lost replicas are dropped.
    Stalled(usize),
    /// The primary stays although etcd has no majority.
    Failsafe,
    /// A replica takes over.
    Takeover(usize),
    /// A former primary takes up its role again.
    Resumed,
    /// So many replicas are left, that many must agree that nothing is missing.
    Unproven(usize, usize),
    /// The primary is cut off from the others until the partition ends.
    CutOff,
    /// Nobody may be primary without etcd's majority.
    NoLock,
    /// No instance is left.
    NoCopy,
    /// This server may have the primary and has no connection pool.
    NoPooler(usize),
    /// No replica streams without a primary.
    NoStream,
    /// Lost replicas are taken out by the load balancers.
    ReadersMoved(usize),
    /// The only replica or replicas are gone, the primary answers reads.
    ReadsAtPrimary,
    /// A planned change of the primary.
    Switchover(usize),
    /// So many of a service's servers are left, that many are needed.
    Parts {
        /// Which service.
        at: usize,
        /// Servers of it that are left.
        left: usize,
        /// All of its servers.
        all: usize,
        /// How many it needs.
        needed: usize,
    },
    /// So many of a service's masters are left, that many are needed.
    Masters {
        /// Which service.
        at: usize,
        /// Masters that are left.
        left: usize,
        /// All of its masters.
        all: usize,
        /// How many it needs to replace the others.
        needed: usize,
    },
    /// So many of a service's shards have a copy left.
    Shards {
        /// Which service.
        at: usize,
        /// Shards of which a copy is left.
        held: usize,
        /// All of its shards.
        all: usize,
    },
    /// Something that it uses is so.
    Uses(Use),
    /// An entry's address in a site goes to another node there.
    AddressMoves {
        /// Which entry.
        at: usize,
        /// Which of its sites.
        site: usize,
    },
    /// Users of an entry's site go to another one by name.
    NameMoves {
        /// Which entry.
        at: usize,
        /// Which of its sites.
        site: usize,
    },
    /// Users of an entry's site have to be led to another one by a person.
    NameByHand {
        /// Which entry.
        at: usize,
        /// Which of its sites.
        site: usize,
    },
    /// Users of an entry's site have no way to another one.
    NoName {
        /// Which entry.
        at: usize,
        /// Which of its sites.
        site: usize,
    },
    /// In no site of an entry anybody is left to hold its address.
    NobodyHolds {
        /// Which entry.
        at: usize,
    },
}

/// An outcome with its reason.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Verdict {
    /// What becomes of the service.
    pub outcome: Outcome,
    /// Why.
    pub why: Why,
    /// The primary before the loss for which it is so, when that matters.
    pub primary: Option<usize>,
}

impl Verdict {
    /// Makes a verdict that does not depend on where the primary was.
    #[must_use]
    pub fn new(outcome: Outcome, why: Why) -> Self {
        Self { outcome, why, primary: None }
    }

    /// Returns the worse of two; the first when they are equal.
    #[must_use]
    pub fn worse(self, other: Self) -> Self {
        if other.outcome > self.outcome { other } else { self }
    }

    /// Returns the reason as a sentence without its full stop.
    #[must_use]
    pub fn reason(&self, layout: &Layout) -> String {
        let text = self.why(layout);
        match self.primary {
            Some(primary) => {
                format!("{text} (the worst case: primary on {})", layout.name(primary))
            }
            None => text,
        }
    }

    fn why(&self, layout: &Layout) -> String {
        match self.why {
            Why::Whole => "nothing that it needs is missing".to_owned(),
            Why::NoneRuns(what) => format!("the platform runs no {what}"),
            Why::Left(what, left, all) => format!("{left} of {all} {what} are left"),
            Why::TooFew(left, all, needed) => {
                format!("{left} of {all} voters are left, {needed} are needed")
            }
            Why::NoSide => "no side has a majority of the voters".to_owned(),
            Why::Replicas(left, all) => {
                format!("the primary goes on with {left} of {all} replicas")
            }
            Why::Stalled(left) => {
                format!("commits wait until lost replicas are dropped; then {left} confirm them")
            }
            Why::Failsafe => "etcd has no majority, but the primary reaches every instance and \
                              stays (failsafe mode)"
                .to_owned(),
            Why::Takeover(left) => {
                format!("one of {left} replicas takes over when the lease has run out")
            }
            Why::Resumed => "the former primary takes up its role again".to_owned(),
            Why::Unproven(left, needed) => format!(
                "replicas left: {left}, needed to prove that nothing is missing: {needed}, so \
                 nobody is promoted by itself"
            ),
            Why::CutOff => "the primary steps down without etcd's majority, and the others cannot \
                            prove that nothing is missing until the partition ends"
                .to_owned(),
            Why::NoLock => {
                "etcd has no majority, so nobody may be primary until it has one again".to_owned()
            }
            Why::NoCopy => "no instance of the database is left".to_owned(),
            Why::NoPooler(index) => format!(
                "the primary may be on {}, which runs no connection pool",
                layout.name(index)
            ),
            Why::NoStream => "no replica streams without a primary, so the load balancers serve \
                              no reads; an instance that is asked directly may answer"
                .to_owned(),
            Why::ReadersMoved(left) => {
                format!("load balancers move readers of lost instances to the {left} that are left")
            }
            Why::ReadsAtPrimary => {
                "no replica is left, so the primary answers reads as well".to_owned()
            }
            Why::Switchover(to) => {
                format!("a planned switchover to one of {to} replicas")
            }
            Why::Parts { at, left, all, needed } => {
                let name = layout.service_name(at);
                format!("{left} of {all} servers of {name} are left, it needs {needed}")
            }
            Why::Masters { at, left, all, needed } => {
                let name = layout.service_name(at);
                format!("{left} of {all} masters of {name} are left, it needs {needed}")
            }
            Why::Shards { at, held, all } => {
                let name = layout.service_name(at);
                format!("{held} of {all} shards of {name} have a copy left")
            }
            Why::Uses(Use::Base(at)) => {
                format!("it uses {}", SERVICES.get(at).copied().unwrap_or("what is gone"))
            }
            Why::Uses(Use::Service(at)) => format!("it uses {}", layout.service_name(at)),
            Why::AddressMoves { .. }
            | Why::NameMoves { .. }
            | Why::NameByHand { .. }
            | Why::NoName { .. }
            | Why::NobodyHolds { .. } => self.why_of_entry(layout),
        }
    }

    fn why_of_entry(&self, layout: &Layout) -> String {
        match self.why {
            Why::AddressMoves { at, site } => {
                let entry = layout.entries.get(at).and_then(|entry| entry.sites.get(site));
                let site = entry.map_or("?", |(site, _)| site.as_str());
                format!("the address of site {site} goes to another node there")
            }
            Why::NameMoves { at, site } => {
                let stranded = entries::stranded(layout, at, site);
                format!("{stranded}; DNS leads its users to another site")
            }
            Why::NameByHand { at, site } => {
                let stranded = entries::stranded(layout, at, site);
                format!("{stranded}; without coordination nobody changes DNS by itself")
            }
            Why::NoName { at, site } => {
                let stranded = entries::stranded(layout, at, site);
                format!("{stranded}; without dns its users have no way to another site")
            }
            _ => "nobody is left to hold an address of it".to_owned(),
        }
    }
}

/// What becomes of every service.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Outcomes {
    /// etcd.
    pub coordination: Verdict,
    /// Writes to the database.
    pub writes: Verdict,
    /// Reads of the database through the load balancers.
    pub reads: Verdict,
    /// The load balancers.
    pub entry: Verdict,
    /// The services besides the components, in the order of [`Layout::services`].
    pub services: Vec<Verdict>,
    /// Where users come in, in the order of [`Layout::entries`].
    pub entries: Vec<Verdict>,
}

/// The services in the order of the columns.
pub const SERVICES: [&str; 4] = ["coordination", "database writes", "database reads", "entry"];

impl Outcomes {
    /// Returns the verdicts in the order of [`SERVICES`].
    #[must_use]
    pub fn verdicts(&self) -> [Verdict; 4] {
        [self.coordination, self.writes, self.reads, self.entry]
    }

    /// Returns whether the promise of a platform is kept: writes by themselves without loss, a load
    /// balancer, users of every entry, and every service that was promised.
    #[must_use]
    pub fn keeps(&self, layout: &Layout) -> bool {
        self.broken(layout).is_none()
    }

    /// Returns the first promised service that does not come back by itself.
    fn broken<'l>(&self, layout: &'l Layout) -> Option<(&'l str, Verdict)> {
        let base = [("database writes", self.writes), ("entry", self.entry)];
        let entries = layout.entries.iter().zip(&self.entries);
        let entries = entries.map(|(entry, verdict)| (entry.name.as_str(), *verdict));
        let others = layout.services.iter().zip(&self.services).filter(|(it, _)| it.promised);
        let others = others.map(|(service, verdict)| (service.name.as_str(), *verdict));
        base.into_iter()
            .chain(entries)
            .chain(others)
            .find(|(_, verdict)| !verdict.outcome.by_itself())
    }

    /// Returns the worse verdict for each service.
    #[must_use]
    pub fn worse(&self, other: &Self) -> Self {
        Self {
            coordination: self.coordination.worse(other.coordination),
            writes: self.writes.worse(other.writes),
            reads: self.reads.worse(other.reads),
            entry: self.entry.worse(other.entry),
            services: self.services.iter().zip(&other.services).map(|(a, b)| a.worse(*b)).collect(),
            entries: self.entries.iter().zip(&other.entries).map(|(a, b)| a.worse(*b)).collect(),
        }
    }

    /// Returns why a promise is not kept, as a sentence without its full stop.
    #[must_use]
    pub fn complaint(&self, layout: &Layout) -> String {
        let (service, verdict) = self.broken(layout).unwrap_or(("entry", self.entry));
        format!("{service} {}: {}", verdict.outcome, verdict.reason(layout))
    }
}
