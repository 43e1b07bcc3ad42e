//! What a fault means for a platform in its steady state: what is broken, who must come back, who
//! must be primary afterwards, where the client stands. Pure.

#[cfg(test)]
mod tests;

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
