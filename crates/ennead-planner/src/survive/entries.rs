//! What becomes of the entries: whether users of each of their sites still come in.
//!
//! In a site the floating IP goes to another of its nodes that can hold it: Keepalived notices and
//! asks the cloud. A floating IP stays in its network zone (decision 0006) and never leaves its
//! site here. So a site without such a node is left through the name alone: the guard takes the
//! site's address out of the record, and users find another one when resolvers ask anew. The guard
//! acts only while etcd decides. Assumed: both run, and resolvers keep a name no longer than its time.

use ennead_model::{Fleet, SiteName};

use super::layout::Layout;
use super::outcome::{Outcome, Verdict, Why};
use super::set::Servers;
use super::times::{self, Formula};

/// An entry reduced to what counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LaidEntry {
    /// As tables show it, for example `entry public`.
    pub name: String,
    /// Its sites, with the servers that can hold its address there.
    pub sites: Vec<(SiteName, Servers)>,
    /// How long its name is kept, seconds; `None` when it has none.
    pub ttl_s: Option<u32>,
}

/// Returns a fleet's entries.
pub(super) fn lay(fleet: &Fleet) -> Vec<LaidEntry> {
    let index = |node: &ennead_model::Node| fleet.nodes.keys().position(|it| *it == node.name);
    let entries = fleet.entries.values().map(|entry| LaidEntry {
        name: format!("entry {}", entry.name),
        sites: entry
            .sites
            .iter()
            .map(|site| (site.clone(), fleet.holders(entry, site).filter_map(index).collect()))
            .collect(),
        ttl_s: entry.dns.as_ref().map(|dns| dns.ttl_s),
    });
    entries.collect()
}

/// Decides what becomes of every entry when these servers are left and see each other, and
/// coordination is as given.
pub(super) fn judge(layout: &Layout, side: Servers, coordination: Outcome) -> Vec<Verdict> {
    let entries = layout.entries.iter().enumerate();
    entries.map(|(at, entry)| alone(layout, at, entry, side, coordination)).collect()
}

fn alone(
    layout: &Layout,
    at: usize,
    entry: &LaidEntry,
    side: Servers,
    coordination: Outcome,
) -> Verdict {
    let settings = &layout.settings;
    let lost = entry.sites.iter().position(|(_, holders)| holders.and(side).is_empty());
    let fewer = entry.sites.iter().position(|(_, holders)| !holders.within(side));
    let any_left = entry.sites.iter().any(|(_, holders)| !holders.and(side).is_empty());
    let (outcome, why) = match (lost, fewer, entry.ttl_s) {
        _ if !any_left => (Outcome::Down, Why::NobodyHolds { at }),
        (Some(site), _, None) => (Outcome::Down, Why::NoName { at, site }),
        (Some(site), _, Some(_)) if !coordination.by_itself() => {
            (Outcome::ByHand, Why::NameByHand { at, site })
        }
        (Some(site), _, Some(ttl_s)) => {
            let seconds = times::rename(settings, ttl_s).most_s();
            (Outcome::UpAfter { seconds }, Why::NameMoves { at, site })
        }
        (None, Some(site), _) => {
            let seconds = times::hold(settings).most_s();
            (Outcome::UpAfter { seconds }, Why::AddressMoves { at, site })
        }
        (None, None, _) => (Outcome::Up, Why::Whole),
    };
    Verdict::new(outcome, why)
}

/// Returns the formulas of the times that entries take, one for each time that names are kept.
pub(super) fn explain(layout: &Layout) -> Vec<Formula> {
    if layout.entries.is_empty() {
        return Vec::new();
    }
    let kept = layout.entries.iter().filter_map(|entry| entry.ttl_s);
    let kept: std::collections::BTreeSet<u32> = kept.collect();
    let names = kept.into_iter().map(|ttl_s| times::rename(&layout.settings, ttl_s));
    std::iter::once(times::hold(&layout.settings)).chain(names).collect()
}

/// Says which site is without a holder, and why its address goes nowhere else.
pub(super) fn stranded(layout: &Layout, at: usize, site: usize) -> String {
    let Some((name, holders)) = layout.entries.get(at).and_then(|entry| entry.sites.get(site))
    else {
        return String::new();
    };
    let who = match holders.len() {
        1 => format!("{} alone can hold the address of site {name}", layout.list(*holders)),
        _ => format!("nobody is left to hold the address of site {name}"),
    };
    format!("{who}, and a floating IP cannot leave its network zone")
}
