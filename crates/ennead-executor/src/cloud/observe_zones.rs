//! Reads the zones in which wanted names lie, and what stands there. A platform without names in DNS
//! asks for nothing.

use std::collections::BTreeMap;

use ennead_hcloud::types::{RrSet, Zone};
use ennead_hcloud::{Client, CloudError, Owner};
use ennead_model::entry::relative;
use ennead_model::{RecordFacts, ZoneFacts};

use super::wanted::WantedNames;

/// The type of records that lead to IPv4 addresses.
pub(super) const ADDRESS: &str = "A";

/// Returns the zones in which a wanted name lies, or that are wanted themselves, by name.
///
/// # Errors
/// [`CloudError`] when a list cannot be read.
pub(super) async fn observe_zones(
    client: &Client,
    owner: &Owner,
    wanted: &WantedNames,
) -> Result<BTreeMap<String, ZoneFacts>, CloudError> {
    if wanted.dns.is_empty() {
        return Ok(BTreeMap::new());
    }
    let matters = |zone: &Zone| {
        wanted.zones.contains(&zone.name)
            || wanted.dns.iter().any(|name| relative(name, &zone.name).is_some())
    };
    let zones: Vec<Zone> = client.zones("").await?.into_iter().filter(matters).collect();
    let sets = zones.iter().map(|zone| client.rrsets(zone.id, ADDRESS));
    let sets = futures::future::try_join_all(sets).await?;
    Ok(zones.into_iter().zip(sets).map(|(zone, sets)| facts(zone, sets, owner, wanted)).collect())
}

fn facts(zone: Zone, sets: Vec<RrSet>, owner: &Owner, wanted: &WantedNames) -> (String, ZoneFacts) {
    let is_wanted = |set: &RrSet| {
        wanted.dns.iter().any(|name| relative(name, &zone.name) == Some(set.name.as_str()))
    };
    let matters = |set: &RrSet| owner.owns(&set.labels) || is_wanted(set);
    let record = |set: RrSet| {
        let facts = RecordFacts {
            ours: owner.owns(&set.labels),
            ttl_s: set.ttl,
            addresses: set.records.into_iter().map(|record| record.value).collect(),
        };
        (set.name, facts)
    };
    let records = sets.into_iter().filter(matters).map(record).collect();
    let facts = ZoneFacts { id: zone.id, ours: owner.owns(&zone.labels), records };
    (zone.name, facts)
}
