//! What layouts survive, in the order in which people ask.

mod brute;
mod claims;
mod entries;
mod property;
mod services;
mod table;

use ennead_components::Options;

use super::*;

/// Makes a layout of nameless servers: the site of each, then who runs what.
pub(super) fn layout(
    sites: &[usize],
    voters: &[usize],
    members: &[usize],
    balancers: &[usize],
    synchronous: usize,
) -> Layout {
    let set = |indexes: &[usize]| indexes.iter().copied().collect::<Servers>();
    let count = sites.iter().max().map_or(0, |most| most + 1);
    let at = |site: usize| (0..sites.len()).filter(|index| sites[*index] == site).collect();
    Layout {
        names: (0..sites.len()).map(|index| format!("n{index}").parse().unwrap()).collect(),
        sites: (0..count).map(|site| (format!("s{site}").parse().unwrap(), at(site))).collect(),
        groups: Vec::new(),
        all: (0..sites.len()).collect(),
        voters: set(voters),
        members: set(members),
        poolers: set(members),
        balancers: set(balancers),
        synchronous,
        settings: Settings::of(&Options::default()),
        services: Vec::new(),
        entries: Vec::new(),
    }
}
