//! A zone as it is answered for.

use std::collections::BTreeMap;

use hickory_proto::rr::{Name, RData, Record, RecordType};

use crate::state::zone::{parse_value, record_type};
use crate::world::ZoneSeed;

/// All sets of one name.
pub(super) type Sets = BTreeMap<RecordType, Vec<Record>>;

/// A zone with its records, names in lower case.
#[derive(Debug)]
pub(super) struct ServedZone {
    /// Its name.
    pub(super) apex: Name,
    /// Sets by name. Names that only have something below them are there too, without sets.
    names: BTreeMap<Name, Sets>,
    /// For answers that say that something is not there.
    pub(super) soa: Record,
}

/// Returns the name of a zone.
pub(super) fn apex(zone: &str) -> Result<Name, String> {
    let name = Name::from_ascii(format!("{zone}."));
    Ok(name.map_err(|error| format!("{zone}: {error}"))?.to_lowercase())
}

impl ServedZone {
    pub(super) fn from_seed(seed: &ZoneSeed) -> Result<Self, String> {
        let apex = apex(&seed.name)?;
        let mut names: BTreeMap<Name, Sets> = BTreeMap::from([(apex.clone(), Sets::new())]);
        for set in &seed.records {
            let name = match set.name.as_str() {
                "@" => Ok(apex.clone()),
                name => Name::from_ascii(name).and_then(|name| name.append_domain(&apex)),
            };
            let name = name.map_err(|error| format!("{}: {error}", set.name))?.to_lowercase();
            let kind = record_type(&set.kind).ok_or_else(|| format!("type {}", set.kind))?;
            for value in &set.values {
                let data = parse_value(&set.kind, value, &apex)
                    .map_err(|why| format!("{} {} '{value}' {why}", set.name, set.kind))?;
                let record = Record::from_rdata(name.clone(), set.ttl, data);
                names.entry(name.clone()).or_default().entry(kind).or_default().push(record);
            }
            for parent in ancestors(&name, &apex) {
                names.entry(parent).or_default();
            }
        }
        let soa = names.get(&apex).and_then(|sets| sets.get(&RecordType::SOA)?.first()).cloned();
        let mut soa = soa.ok_or_else(|| format!("zone {} has no SOA record", seed.name))?;
        if let RData::SOA(data) = &soa.data {
            // Source: RFC 2308, section 5.
            soa.ttl = soa.ttl.min(data.minimum);
        }
        Ok(Self { apex, names, soa })
    }

    /// Returns the sets of a name, which may be none; nothing when there is no such name.
    pub(super) fn sets(&self, name: &Name) -> Option<&Sets> {
        self.names.get(name)
    }

    /// Returns the sets that stand for a name that is not there. Source: RFC 4592.
    pub(super) fn wildcard(&self, name: &Name) -> Option<&Sets> {
        let parents = ancestors(name, &self.apex);
        let encloser = parents.into_iter().find(|parent| self.names.contains_key(parent))?;
        let wildcard = encloser.prepend_label("*").ok()?;
        self.names.get(&wildcard)
    }

    /// Returns the name servers that a part of the zone was given to, at the name or above it.
    pub(super) fn delegation(&self, name: &Name) -> Option<&Vec<Record>> {
        let mut all = ancestors(name, &self.apex);
        all.insert(0, name.clone());
        let mut below = all.iter().rev().filter(|name| **name != self.apex);
        below.find_map(|name| self.names.get(name)?.get(&RecordType::NS))
    }
}

/// Returns the names above a name up to the apex, nearest first.
fn ancestors(name: &Name, apex: &Name) -> Vec<Name> {
    let mut all = Vec::new();
    let mut name = name.clone();
    while name != *apex && apex.zone_of(&name) {
        name = name.base_name();
        all.push(name.clone());
    }
    all
}
