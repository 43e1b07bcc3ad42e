//! DNS zones and their resource record sets.

use std::fmt;

use serde::{Deserialize, Serialize};

use super::Labels;

/// A DNS zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Zone {
    /// Its id.
    pub id: u64,
    /// For example `example.com`, unique in the project.
    pub name: String,
    /// `primary` or `secondary`.
    pub mode: String,
    /// `ok`, `updating` or `error`.
    pub status: String,
    /// TTL of sets that have none of their own, in seconds.
    pub ttl: u32,
    /// How many records it has.
    pub record_count: u64,
    /// Labels.
    pub labels: Labels,
    /// Protection.
    pub protection: ZoneProtection,
    /// Where a secondary zone comes from; empty for a primary one.
    #[serde(default)]
    pub primary_nameservers: Vec<PrimaryNameserver>,
    /// Who answers for it.
    pub authoritative_nameservers: AuthoritativeNameservers,
    /// `hetzner`, `other` or `unknown`.
    pub registrar: String,
    /// RFC 3339 time.
    pub created: String,
}

/// Protection of a zone.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ZoneProtection {
    /// Whether it cannot be deleted.
    pub delete: bool,
}

/// Who answers for a zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AuthoritativeNameservers {
    /// The cloud's name servers for it.
    pub assigned: Vec<String>,
    /// The name servers that its parent zone names.
    pub delegated: Vec<String>,
    /// RFC 3339 time.
    pub delegation_last_check: Option<String>,
    /// For example `valid` or `unknown`.
    pub delegation_status: String,
}

/// Where a secondary zone comes from.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PrimaryNameserver {
    /// Its IPv4 or IPv6 address.
    pub address: String,
    /// Its port.
    pub port: u16,
    /// Key of the zone transfer, base64. Never shown by `Debug`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tsig_key: Option<String>,
    /// For example `hmac-sha256`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub tsig_algorithm: Option<String>,
}

impl fmt::Debug for PrimaryNameserver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("PrimaryNameserver")
            .field("address", &self.address)
            .field("port", &self.port)
            .field("tsig_key", &self.tsig_key.as_ref().map(|_| ".."))
            .field("tsig_algorithm", &self.tsig_algorithm)
            .finish()
    }
}

/// All records of one name and type.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct RrSet {
    /// Name and type, for example `www/AAAA`.
    pub id: String,
    /// Relative to the zone; `@` is the zone itself.
    pub name: String,
    /// For example `AAAA`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Seconds; the zone's when absent.
    pub ttl: Option<u32>,
    /// Labels.
    pub labels: Labels,
    /// Protection.
    pub protection: RrSetProtection,
    /// The records.
    pub records: Vec<ResourceRecord>,
    /// The zone's id.
    pub zone: u64,
}

/// Protection of a record set.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct RrSetProtection {
    /// Whether its records and TTL cannot be changed.
    pub change: bool,
}

/// One record of a set.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ResourceRecord {
    /// In the words of zone files.
    pub value: String,
    /// For people; left out when empty.
    #[serde(default, skip_serializing_if = "String::is_empty")]
    pub comment: String,
}

/// Body of `POST /zones`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateZone {
    /// Name.
    pub name: String,
    /// `primary` or `secondary`.
    pub mode: String,
    /// Seconds.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ttl: Option<u32>,
    /// Labels.
    #[serde(default)]
    pub labels: Labels,
    /// Of a secondary zone only.
    #[serde(default)]
    pub primary_nameservers: Vec<PrimaryNameserver>,
    /// Of a primary zone only.
    #[serde(default)]
    pub rrsets: Vec<CreateRrSet>,
    /// Of a primary zone only, instead of `rrsets`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub zonefile: Option<String>,
}

/// Body of `POST /zones/{id}/rrsets`.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateRrSet {
    /// Relative to the zone; `@` is the zone itself.
    pub name: String,
    /// For example `A`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Seconds; the zone's when absent.
    pub ttl: Option<u32>,
    /// The records.
    pub records: Vec<ResourceRecord>,
    /// Labels.
    #[serde(default)]
    pub labels: Labels,
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_key_of_a_transfer_is_not_shown() {
        let server = PrimaryNameserver {
            address: "201.34.67.42".into(),
            port: 53,
            tsig_key: Some("c2VjcmV0".into()),
            tsig_algorithm: None,
        };
        assert!(!format!("{server:?}").contains("c2VjcmV0"));
    }
}
