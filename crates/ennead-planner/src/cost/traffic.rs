//! Outgoing traffic beyond what the servers include.
//!
//! Only what leaves counts, and traffic inside a network zone is free; traffic between sites of
//! different zones leaves. What is included is a matter of the server type and the location.
//! **Assumption:** it is pooled over all servers of the platform in a location. No source was found
//! that says so; without pooling the overage is larger wherever servers are loaded unevenly.

use std::collections::BTreeMap;

use ennead_model::Fleet;

use super::item::Item;
use super::prices::PriceList;
use super::table::TB;

/// Outgoing traffic of a month in whole TB, by location.
pub type Outgoing = BTreeMap<String, u64>;

/// Returns how many bytes a month the servers of each location include, pooled. A server of which it
/// is not known adds nothing.
pub fn included(fleet: &Fleet, prices: &PriceList) -> BTreeMap<String, u128> {
    let mut bytes = BTreeMap::new();
    for node in fleet.nodes.values() {
        let Some(site) = fleet.site_of(node) else { continue };
        let server = prices.server(&node.server_type, &site.location);
        let known = server.and_then(|server| server.included_bytes).unwrap_or_default();
        *bytes.entry(site.location.clone()).or_insert(0) += u128::from(known);
    }
    bytes
}

/// Returns how many TB beyond what is included must be paid, by location, begun ones whole (an
/// estimate: how the cloud rounds is not known, and this is never too little). A
/// location where nothing must be paid is left out. Where what is included is not known for a
/// server, its part counts as 0.
pub fn overage(fleet: &Fleet, outgoing: &Outgoing, prices: &PriceList) -> BTreeMap<Item, u64> {
    let included = included(fleet, prices);
    let mut over = BTreeMap::new();
    for (location, tb) in outgoing {
        let free = included.get(location).copied().unwrap_or_default();
        let sent = u128::from(*tb) * u128::from(TB);
        let paid = sent.saturating_sub(free).div_ceil(u128::from(TB));
        // Never more than was sent, which fits.
        let paid = u64::try_from(paid).unwrap_or(*tb);
        if paid > 0 {
            over.insert(Item::TrafficTb { location: location.clone() }, paid);
        }
    }
    over
}
