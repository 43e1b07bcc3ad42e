//! Sites: places of the cloud, each with a private network of its own.

use std::collections::BTreeMap;

use ennead_model::fleet::Prefix;
use ennead_model::{Catalogue, Finding, Site, SiteName};

use super::named;
use crate::text::{Section, did_you_mean};

/// Reads the table of sites. The second value says whether every one of them could be made.
pub(crate) fn read_sites(
    section: &Section<'_, '_>,
    catalogue: &Catalogue,
) -> (BTreeMap<SiteName, Site>, bool) {
    let mut sites: BTreeMap<SiteName, Site> = BTreeMap::new();
    let entries = section.sections();
    let count = entries.len();
    for (name, entry) in entries {
        let name = named(&entry, SiteName::new(name));
        let place = read_location(&entry, catalogue);
        let prefix = read_prefix(&entry);
        entry.finish();
        let (Some(name), Some((location, network_zone)), Some(private_prefix)) =
            (name, place, prefix)
        else {
            continue;
        };
        for other in sites.values() {
            compare(&entry, other, &location, private_prefix);
        }
        sites.insert(name.clone(), Site { name, location, network_zone, private_prefix });
    }
    let whole = sites.len() == count;
    (sites, whole)
}

fn read_location(entry: &Section<'_, '_>, catalogue: &Catalogue) -> Option<(String, String)> {
    let location = entry.required_text("location", "fsn1")?;
    if let Some(known) = catalogue.location(location) {
        return Some((known.name.clone(), known.network_zone.clone()));
    }
    let names = catalogue.locations.iter().map(|location| location.name.as_str());
    entry.note(
        Finding::error(
            "unknown-location",
            entry.place("location"),
            format!("the cloud has no location {location:?}"),
        )
        .hint(did_you_mean(location, "locations", names)),
    );
    None
}

fn read_prefix(entry: &Section<'_, '_>) -> Option<Prefix> {
    let place = entry.place("private_prefix");
    let text = entry.required_text("private_prefix", "10.1.0.0/24")?;
    match text.parse::<Prefix>() {
        Ok(prefix) => {
            super::addresses::check_prefix(entry, place, prefix);
            Some(prefix)
        }
        Err(message) => {
            let hint = suggest_prefix(text).map_or_else(
                || "for example private_prefix = \"10.1.0.0/24\"".to_owned(),
                |prefix| format!("did you mean {prefix:?}?"),
            );
            entry.note(Finding::error("bad-prefix", place, message).hint(hint));
            None
        }
    }
}

/// Returns the prefix with its host bits cleared, when that is all that is wrong.
fn suggest_prefix(text: &str) -> Option<String> {
    let (address, bits) = text.split_once('/')?;
    let address: std::net::Ipv4Addr = address.parse().ok()?;
    let bits: u32 = bits.parse().ok().filter(|bits| (1..=32).contains(bits))?;
    let cleared = u32::from(address) & (u32::MAX << (32 - bits));
    Some(format!("{}/{bits}", std::net::Ipv4Addr::from(cleared)))
}

fn compare(entry: &Section<'_, '_>, other: &Site, location: &str, prefix: Prefix) {
    if prefix.overlaps(other.private_prefix) {
        let (theirs, name) = (other.private_prefix, &other.name);
        let message = format!("{prefix} overlaps {theirs} of site {name}");
        entry.note(
            Finding::error("prefix-overlap", entry.place("private_prefix"), message)
                .hint("give each site a range of its own, for example 10.1.0.0/24, 10.2.0.0/24"),
        );
    }
    if other.location == location {
        let message = format!("stands in the same location {location} as site {}", other.name);
        entry.note(
            Finding::warning("sites-share-location", entry.place("location"), message).hint(
                "what takes down a location takes down both; use one site, or another location",
            ),
        );
    }
}
