//! DNS zones and their record sets.
//!
//! A change is written down when it is asked for; its job then publishes the whole zone, and a job
//! that fails takes its change back. Several changes of one zone may be under way: the cloud's own
//! programs send them without waiting, so they queue instead of being refused as `locked`. Only a
//! zone that is being deleted is locked.

mod create;
mod edit;
mod name;
mod records;
mod rrset;
mod settings;
mod value;
mod words;
mod zonefile;

use std::collections::BTreeMap;

use ennead_hcloud::types::{
    AuthoritativeNameservers, Labels, PrimaryNameserver, ResourceRecord, RrSet, RrSetProtection,
    Zone, ZoneProtection,
};
use serde::{Deserialize, Serialize};

pub use edit::ZoneChange;
#[cfg(test)]
pub(crate) use value::EXAMPLES;
pub use value::{KINDS, parse_value, record_type};

use super::effect::Lane;
use super::{Code, Refusal, State};
use crate::world::{RecordSet, ZoneSeed};

/// The cloud's name servers, which every zone is assigned. Source: the official description.
pub const NAMESERVERS: [&str; 3] =
    ["hydrogen.ns.hetzner.com.", "oxygen.ns.hetzner.com.", "helium.ns.hetzner.de."];

/// TTL of a zone in seconds unless asked otherwise. Source: the official description.
pub const TTL_DEFAULT: u32 = 3600;

/// TTLs in seconds that are allowed. Source: the official description.
pub const TTL_RANGE: std::ops::RangeInclusive<u32> = 60..=2_147_483_647;

/// Records in one request about records. Source: the official description.
pub const RECORDS_MAX: usize = 50;

/// The SOA's id among the record sets of a zone.
const SOA: &str = "@/SOA";

/// Where a zone's records come from.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Mode {
    /// From the API.
    Primary,
    /// From other name servers. The lab never transfers such a zone, shows it with the status
    /// `error` and does not answer for it.
    Secondary,
}

impl Mode {
    /// Returns the word used in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Primary => "primary",
            Self::Secondary => "secondary",
        }
    }
}

/// What can be changed of a zone besides records and labels.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZoneSettings {
    /// TTL of sets that have none of their own, in seconds.
    pub ttl: u32,
    /// Whether it cannot be deleted.
    pub is_protected: bool,
    /// Of a secondary zone.
    pub primary_nameservers: Vec<PrimaryNameserver>,
}

/// A set of records.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RrSetRecord {
    /// Relative to the zone; `@` is the zone itself.
    pub name: String,
    /// For example `A`.
    pub kind: String,
    /// Seconds; the zone's when absent.
    pub ttl: Option<u32>,
    /// Labels.
    pub labels: Labels,
    /// Whether its records and TTL cannot be changed.
    pub is_protected: bool,
    /// The records; never empty.
    pub records: Vec<ResourceRecord>,
}

impl RrSetRecord {
    /// Returns its id in the zone, for example `www/AAAA`.
    pub fn id(&self) -> String {
        set_id(&self.name, &self.kind)
    }
}

/// Returns the id of a set in its zone.
pub(crate) fn set_id(name: &str, kind: &str) -> String {
    format!("{name}/{kind}")
}

/// What is known of a zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZoneRecord {
    /// Its id.
    pub id: u64,
    /// For example `example.com`, unique in the project.
    pub name: String,
    /// Where its records come from.
    pub mode: Mode,
    /// What can be changed.
    pub settings: ZoneSettings,
    /// Labels.
    pub labels: Labels,
    /// RFC 3339 time.
    pub created: String,
    /// Record sets by id; none of a secondary zone.
    pub sets: BTreeMap<String, RrSetRecord>,
    /// Whether a deletion is under way.
    pub is_deleting: bool,
}

impl ZoneRecord {
    /// Returns what the world has to know of it; nothing of a secondary zone.
    pub fn seed(&self) -> Option<ZoneSeed> {
        let set = |set: &RrSetRecord| RecordSet {
            name: set.name.clone(),
            kind: set.kind.clone(),
            ttl: set.ttl.unwrap_or(self.settings.ttl),
            values: set.records.iter().map(|record| record.value.clone()).collect(),
        };
        let records = self.sets.values().map(set).collect();
        let is_served = self.mode == Mode::Primary;
        is_served.then(|| ZoneSeed { name: self.name.clone(), records })
    }

    fn show_set(&self, set: &RrSetRecord) -> RrSet {
        RrSet {
            id: set.id(),
            name: set.name.clone(),
            kind: set.kind.clone(),
            ttl: set.ttl,
            labels: set.labels.clone(),
            protection: RrSetProtection { change: set.is_protected },
            records: set.records.clone(),
            zone: self.id,
        }
    }
}

impl State {
    /// Returns the id of a zone that is named by its id or its name.
    ///
    /// # Errors
    /// `not_found`.
    pub fn zone_id(&self, id_or_name: &str) -> Result<u64, Refusal> {
        let by_id = id_or_name.parse().ok().filter(|id| self.zones.contains_key(id));
        let by_name = || self.zones.values().find(|zone| zone.name == id_or_name);
        by_id
            .or_else(|| by_name().map(|zone| zone.id))
            .ok_or_else(|| Refusal::not_found("zone", id_or_name))
    }

    /// Returns a zone.
    ///
    /// # Errors
    /// `not_found`.
    pub fn zone(&self, id: u64) -> Result<Zone, Refusal> {
        let zone = self.zone_record(id)?;
        let is_busy = self.jobs.iter().any(|job| job.lane == Lane::Zone(id));
        let status = match zone.mode {
            Mode::Secondary => "error",
            Mode::Primary if is_busy => "updating",
            Mode::Primary => "ok",
        };
        Ok(Zone {
            id,
            name: zone.name.clone(),
            mode: zone.mode.word().into(),
            status: status.into(),
            ttl: zone.settings.ttl,
            record_count: zone.sets.values().map(|set| set.records.len() as u64).sum(),
            labels: zone.labels.clone(),
            protection: ZoneProtection { delete: zone.settings.is_protected },
            primary_nameservers: zone.settings.primary_nameservers.clone(),
            authoritative_nameservers: AuthoritativeNameservers {
                assigned: NAMESERVERS.map(str::to_owned).to_vec(),
                delegated: Vec::new(),
                delegation_last_check: Some(zone.created.clone()),
                // The lab has no parent zones that could name anybody.
                delegation_status: "unknown".into(),
            },
            registrar: "other".into(),
            created: zone.created.clone(),
        })
    }

    /// Returns the record sets of a primary zone, by id.
    ///
    /// # Errors
    /// `not_found`, `incorrect_zone_mode`.
    pub fn rrsets(&self, zone: u64) -> Result<Vec<RrSet>, Refusal> {
        let zone = self.primary_zone(zone)?;
        Ok(zone.sets.values().map(|set| zone.show_set(set)).collect())
    }

    /// Returns a record set of a primary zone.
    ///
    /// # Errors
    /// `not_found`, `incorrect_zone_mode`.
    pub fn rrset(&self, zone: u64, id: &str) -> Result<RrSet, Refusal> {
        let zone = self.primary_zone(zone)?;
        Ok(zone.show_set(set_of(zone, id)?))
    }

    fn zone_record(&self, id: u64) -> Result<&ZoneRecord, Refusal> {
        self.zones.get(&id).ok_or_else(|| Refusal::not_found("zone", id))
    }

    /// Returns a zone whose records come from the API.
    fn primary_zone(&self, id: u64) -> Result<&ZoneRecord, Refusal> {
        let zone = self.zone_record(id)?;
        if zone.mode == Mode::Primary { Ok(zone) } else { Err(wrong_mode(zone.mode)) }
    }
}

fn set_of<'a>(zone: &'a ZoneRecord, id: &str) -> Result<&'a RrSetRecord, Refusal> {
    zone.sets.get(id).ok_or_else(|| Refusal::not_found("RRSet", id))
}

fn wrong_mode(mode: Mode) -> Refusal {
    let message = format!("operation is not supported for zones in {} mode", mode.word());
    Refusal::new(Code::IncorrectZoneMode, message)
}
