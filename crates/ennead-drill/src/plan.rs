//! What a fault means for a platform in its steady state: what is broken, who must come back, who
//! must be primary afterwards, where the client stands. Pure.

use ennead_model::{Fleet, Node, NodeName, SiteName};

use crate::fault::{Fault, LabFault, Process, Target};
use crate::rehearsal::DrillError;
use crate::steady::{POSTGRES, Steady, probe_node};

const ETCD: &str = "etcd";

/// How something is broken.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Break {
    /// The cloud cuts the power of all of them at once; mended by power.
    CutPower(Vec<NodeName>),
    /// A process is killed; nothing is mended.
    Kill {
        /// Where.
        node: NodeName,
        /// Which.
        process: Process,
    },
    /// The lab does it; mended by ending it, and by power when its servers lost that meanwhile.
    Order(LabFault),
    /// The primary moves on order; nothing is mended.
    Switchover(Move),
}

/// A planned change of the primary.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Move {
    /// Who is primary.
    pub from: NodeName,
    /// Who shall be.
    pub to: NodeName,
}

/// One run, before it is begun.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Plan {
    /// What must be done first; then the platform is looked at and planned for again.
    pub first: Option<Move>,
    /// How it is broken.
    pub breaks: Break,
    /// The fault in words, for example `db-1` or `site west (db-1, app-1)`.
    pub what: String,
    /// Nodes that the fault takes away, and which must be whole again; the first is the one that
    /// the report names.
    pub touched: Vec<NodeName>,
    /// Whether another must be primary while the fault lasts: one outside of `touched`.
    pub takeover: bool,
    /// Where the probe runs.
    pub probe: NodeName,
    /// Where another one runs, cut off from the first: it must be promised nothing that is lost.
    pub beyond: Option<NodeName>,
}

impl Fault {
    /// Plans a run.
    ///
    /// # Errors
    /// [`DrillError`] when the fault means nothing here, or when nothing could survive it.
    /// [`DrillError::NoReplica`] may pass by itself.
    pub fn plan(&self, steady: &Steady, fleet: &Fleet) -> Result<Plan, DrillError> {
        let primary = || steady.primary.clone();
        match self {
            Self::PowerLoss { target } => {
                let target = match target {
                    Target::Primary => primary(),
                    Target::Node(node) if fleet.nodes.contains_key(node) => node.clone(),
                    Target::Node(node) => return Err(DrillError::NoNode { node: node.clone() }),
                };
                one(fleet, steady, &target, Break::CutPower(vec![target.clone()]))
            }
            Self::SiteLoss { site } => {
                let home = fleet.nodes.get(&steady.primary).map(|node| &node.site);
                match site.as_ref().or(home) {
                    Some(site) => site_loss(fleet, steady, site),
                    None => Err(DrillError::NoNode { node: primary() }),
                }
            }
            Self::ProcessKill { process } => {
                let breaks = Break::Kill { node: primary(), process: *process };
                let what = format!("{process} on {}", steady.primary);
                let plan = one(fleet, steady, &steady.primary, breaks)?;
                // The process may come back before anybody takes over.
                Ok(Plan { takeover: false, what, ..plan })
            }
            Self::Freeze => {
                let servers = vec![steady.primary.to_string()];
                one(fleet, steady, &steady.primary, Break::Order(LabFault::Freeze { servers }))
            }
            Self::Switchover => {
                let to = successor(fleet, steady, |_| true)?;
                let what = format!("{} to {to}", steady.primary);
                let moves = Break::Switchover(Move { from: primary(), to });
                Ok(Plan { what, ..one(fleet, steady, &steady.primary, moves)? })
            }
            Self::Partition { sites } => partition(fleet, steady, sites.as_ref()),
        }
    }
}

/// A plan that touches one node.
fn one(fleet: &Fleet, steady: &Steady, node: &NodeName, breaks: Break) -> Result<Plan, DrillError> {
    let touched = vec![node.clone()];
    Ok(Plan {
        first: None,
        breaks,
        what: node.to_string(),
        takeover: *node == steady.primary,
        probe: probe_for(fleet, &touched, node.as_str())?,
        beyond: None,
        touched,
    })
}

fn site_loss(fleet: &Fleet, steady: &Steady, site: &SiteName) -> Result<Plan, DrillError> {
    if !fleet.sites.contains_key(site) {
        return Err(DrillError::NoSite { site: site.clone() });
    }
    let here = |node: &Node| node.site == *site;
    let mut touched = names(fleet, here);
    survives(fleet, &touched, &format!("site {site}"))?;
    let runs_database = fleet.running(POSTGRES).any(here);
    let is_home = touched.contains(&steady.primary);
    let first = if runs_database && !is_home {
        let to = successor(fleet, steady, here)?;
        Some(Move { from: steady.primary.clone(), to })
    } else {
        None
    };
    touched.sort_by_key(|node| *node != steady.primary);
    Ok(Plan {
        first,
        breaks: Break::CutPower(touched.clone()),
        what: format!("site {site} ({})", joined(&touched)),
        takeover: runs_database,
        probe: probe_for(fleet, &touched, &format!("site {site}"))?,
        beyond: None,
        touched,
    })
}

fn partition(
    fleet: &Fleet,
    steady: &Steady,
    sites: Option<&(SiteName, SiteName)>,
) -> Result<Plan, DrillError> {
    if let Some((from, to)) = sites {
        for site in [from, to] {
            if !fleet.sites.contains_key(site) {
                return Err(DrillError::NoSite { site: site.clone() });
            }
        }
    }
    let home = fleet.nodes.get(&steady.primary).map(|node| node.site.clone());
    let (from, to) = match sites {
        Some((from, to)) => {
            (names(fleet, |node| node.site == *from), names(fleet, |node| node.site == *to))
        }
        None => (
            names(fleet, |node| Some(&node.site) == home.as_ref()),
            names(fleet, |node| Some(&node.site) != home.as_ref()),
        ),
    };
    if from.is_empty() || to.is_empty() || from.iter().any(|node| to.contains(node)) {
        return Err(DrillError::OneSide);
    }
    // The side that decides nothing is the one that must fall silent.
    let (lesser, greater) =
        if voters(fleet, &from) <= voters(fleet, &to) { (from, to) } else { (to, from) };
    survives(fleet, &lesser, "the smaller side")?;
    let mut touched = lesser.clone();
    touched.sort_by_key(|node| *node != steady.primary);
    let words = |nodes: &[NodeName]| nodes.iter().map(ToString::to_string).collect();
    Ok(Plan {
        first: None,
        breaks: Break::Order(LabFault::Partition { from: words(&lesser), to: words(&greater) }),
        what: format!("{} from {}", joined(&lesser), joined(&greater)),
        takeover: lesser.contains(&steady.primary),
        probe: probe_for(fleet, &touched, &joined(&lesser))?,
        beyond: probe_node(fleet, &names(fleet, |node| !lesser.contains(&node.name))),
        touched,
    })
}

/// Returns the synchronous replica that takes over on order: one in the primary's site before one
/// elsewhere, the first by name.
fn successor(
    fleet: &Fleet,
    steady: &Steady,
    fits: impl Fn(&Node) -> bool,
) -> Result<NodeName, DrillError> {
    let home = fleet.nodes.get(&steady.primary).map(|node| &node.site);
    let ready = steady.synchronous.iter().filter_map(|name| fleet.nodes.get(name));
    let mut ready: Vec<&Node> =
        ready.filter(|node| node.name != steady.primary && fits(node)).collect();
    ready.sort_by_key(|node| (Some(&node.site) != home, &node.name));
    let first = ready.first().map(|node| node.name.clone());
    first.ok_or_else(|| DrillError::NoReplica { primary: steady.primary.clone() })
}

fn probe_for(fleet: &Fleet, touched: &[NodeName], what: &str) -> Result<NodeName, DrillError> {
    probe_node(fleet, touched).ok_or_else(|| DrillError::NoProbeNode { target: what.to_owned() })
}

/// Refuses a loss after which etcd has no majority: nobody could become primary.
fn survives(fleet: &Fleet, lost: &[NodeName], what: &str) -> Result<(), DrillError> {
    let (gone, all) = (voters(fleet, lost), fleet.running(ETCD).count());
    if all == 0 || (all - gone) * 2 > all {
        return Ok(());
    }
    Err(DrillError::NoMajority { what: what.to_owned(), gone, all })
}

fn voters(fleet: &Fleet, among: &[NodeName]) -> usize {
    fleet.running(ETCD).filter(|node| among.contains(&node.name)).count()
}

fn names(fleet: &Fleet, fits: impl Fn(&Node) -> bool) -> Vec<NodeName> {
    fleet.nodes.values().filter(|node| fits(node)).map(|node| node.name.clone()).collect()
}

pub(crate) fn joined(nodes: &[NodeName]) -> String {
    nodes.iter().map(NodeName::as_str).collect::<Vec<_>>().join(", ")
}

/// Returns the first site by name that holds a part of the database and whose loss leaves etcd its
/// majority.
pub fn site_that_may_be_lost(fleet: &Fleet) -> Option<SiteName> {
    let may = |site: &&SiteName| {
        let here = |node: &Node| node.site == **site;
        fleet.running(POSTGRES).any(here) && survives(fleet, &names(fleet, here), "").is_ok()
    };
    fleet.sites.keys().find(may).cloned()
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::steady::steady;
    use crate::testing::{fleet, healthy, name};

    fn planned(fault: &Fault, primary: &str) -> Result<Plan, DrillError> {
        let fleet = fleet();
        fault.plan(&steady(&fleet, &healthy(primary)).unwrap(), &fleet)
    }

    fn site(text: &str) -> SiteName {
        SiteName::new(text).unwrap()
    }

    fn lost(text: &str) -> Fault {
        Fault::SiteLoss { site: Some(site(text)) }
    }

    #[test]
    fn a_site_is_lost_with_the_primary_in_it_and_watched_from_another() {
        for fault in [Fault::SiteLoss { site: None }, lost("west")] {
            let plan = planned(&fault, "db-1").unwrap();
            assert_eq!(plan.breaks, Break::CutPower(vec![name("db-1"), name("app-1")]));
            assert_eq!((plan.first, plan.takeover), (None, true));
            assert_eq!(plan.probe, name("app-2"));
        }
        let plan = planned(&lost("west"), "db-3").unwrap();
        assert_eq!(plan.first, Some(Move { from: name("db-3"), to: name("db-1") }));
    }

    #[test]
    fn what_nothing_could_survive_is_refused() {
        let refused = DrillError::NoMajority { what: "site east".to_owned(), gone: 2, all: 3 };
        assert_eq!(planned(&lost("east"), "db-1").unwrap_err(), refused);
        assert_eq!(planned(&Fault::SiteLoss { site: None }, "db-2").unwrap_err(), refused);
        assert!(matches!(planned(&lost("north"), "db-1"), Err(DrillError::NoSite { .. })));
        assert_eq!(site_that_may_be_lost(&fleet()), Some(site("west")));
    }

    #[test]
    fn a_switchover_goes_to_a_synchronous_replica_nearby() {
        let to = |primary: &str| match planned(&Fault::Switchover, primary).unwrap().breaks {
            Break::Switchover(Move { to, .. }) => to,
            other => panic!("{other:?}"),
        };
        assert_eq!(to("db-1"), name("db-2"));
        assert_eq!(to("db-2"), name("db-3"));
        let fleet = fleet();
        let mut alone = steady(&fleet, &healthy("db-1")).unwrap();
        alone.synchronous.clear();
        let error = Fault::Switchover.plan(&alone, &fleet).unwrap_err();
        assert_eq!(error, DrillError::NoReplica { primary: name("db-1") });
    }

    #[test]
    fn a_killed_process_may_come_back_where_it_was() {
        let plan = planned(&Fault::ProcessKill { process: Process::Postgres }, "db-2").unwrap();
        let kill = Break::Kill { node: name("db-2"), process: Process::Postgres };
        assert_eq!((plan.breaks, plan.takeover), (kill, false));
        assert_eq!(plan.what, "postgres on db-2");
    }

    #[test]
    fn the_client_stands_on_the_side_that_decides() {
        let both = |from, to| Fault::Partition { sites: Some((site(from), site(to))) };
        for fault in [Fault::Partition { sites: None }, both("west", "east"), both("east", "west")]
        {
            for (primary, takeover) in [("db-1", true), ("db-3", false)] {
                let plan = planned(&fault, primary).unwrap();
                let words = |names: &[&str]| names.iter().map(ToString::to_string).collect();
                let parted = LabFault::Partition {
                    from: words(&["app-1", "db-1"]),
                    to: words(&["app-2", "db-2", "db-3"]),
                };
                assert_eq!(plan.breaks, Break::Order(parted));
                assert_eq!((plan.takeover, plan.probe), (takeover, name("app-2")));
                assert_eq!(plan.beyond, Some(name("app-1")));
            }
        }
        assert_eq!(planned(&both("west", "west"), "db-1"), Err(DrillError::OneSide));
    }
}
