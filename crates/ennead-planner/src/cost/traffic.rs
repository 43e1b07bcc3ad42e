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

/// Returns how many TB beyond what is included must be paid, by location, begun ones whole. A
/// location where nothing must be paid is left out. Where what is included is not known for a
/// server, its part counts as 0.
pub fn overage(fleet: &Fleet, outgoing: &Outgoing, prices: &PriceList) -> BTreeMap<Item, u64> {
    let mut over = BTreeMap::new();
    for (location, tb) in outgoing {
        let here = fleet
            .nodes
            .values()
            .filter(|node| fleet.site_of(node).is_some_and(|site| site.location == *location));
        let bytes = here
            .filter_map(|node| prices.server(&node.server_type, location)?.included_bytes)
            .fold(0_u128, |sum, bytes| sum + u128::from(bytes));
        let sent = u128::from(*tb) * u128::from(TB);
        let paid = sent.saturating_sub(bytes).div_ceil(u128::from(TB));
        // Never more than was sent, which fits.
        let paid = u64::try_from(paid).unwrap_or(*tb);
        if paid > 0 {
            over.insert(Item::TrafficTb { location: location.clone() }, paid);
        }
    }
    over
}
