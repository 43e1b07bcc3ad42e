//! Primary IPs.

use serde::{Deserialize, Serialize};

use super::catalogue::Location;
use super::small::Labels;

/// The reverse name of an address.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct DnsPointer {
    /// The address.
    pub ip: String,
    /// Its name.
    pub dns_ptr: String,
}

/// Whether an address can be deleted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct IpProtection {
    /// True: it cannot.
    pub delete: bool,
}

/// The address of a server's public interface.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct PrimaryIp {
    /// Its id.
    pub id: u64,
    /// Its name, unique in the project.
    pub name: String,
    /// Labels.
    pub labels: Labels,
    /// RFC 3339 time.
    pub created: String,
    /// Whether the cloud blocked it.
    pub blocked: bool,
    /// Where it can be used.
    pub location: Location,
    /// The address, or the /64 of an IPv6.
    pub ip: String,
    /// Reverse names.
    pub dns_ptr: Vec<DnsPointer>,
    /// Protection.
    pub protection: IpProtection,
    /// `ipv4` or `ipv6`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Whether it goes with its server.
    pub auto_delete: bool,
    /// `server`, or `unassigned` since 2026-08-01.
    pub assignee_type: String,
    /// Its server.
    pub assignee_id: Option<u64>,
}

/// Body of `POST /primary_ips`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreatePrimaryIp {
    /// Name.
    pub name: String,
    /// `ipv4` or `ipv6`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The server that gets it; in place of `location`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub assignee_id: Option<u64>,
    /// Where it can be used, by id or name; in place of `assignee_id`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Whether it goes with its server.
    #[serde(default)]
    pub auto_delete: bool,
    /// Labels.
    #[serde(default)]
    pub labels: Labels,
}
