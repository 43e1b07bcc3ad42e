//! Floating IPs.

use serde::{Deserialize, Serialize};

use super::catalogue::Location;
use super::primary_ip::{DnsPointer, IpProtection};
use super::small::Labels;

/// An address that moves between servers.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct FloatingIp {
    /// Its id.
    pub id: u64,
    /// Its name, unique in the project.
    pub name: String,
    /// In words.
    pub description: Option<String>,
    /// The address, or the /64 of an IPv6.
    pub ip: String,
    /// `ipv4` or `ipv6`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The server that it leads to.
    pub server: Option<u64>,
    /// Reverse names.
    pub dns_ptr: Vec<DnsPointer>,
    /// Where it is at home.
    pub home_location: Location,
    /// Whether the cloud blocked it.
    pub blocked: bool,
    /// Protection.
    pub protection: IpProtection,
    /// Labels.
    pub labels: Labels,
    /// RFC 3339 time.
    pub created: String,
}

/// Body of `POST /floating_ips`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateFloatingIp {
    /// `ipv4` or `ipv6`.
    #[serde(rename = "type")]
    pub kind: String,
    /// The server that it leads to; in place of `home_location`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<u64>,
    /// Where it is at home, by id or name; in place of `server`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub home_location: Option<String>,
    /// In words.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub description: Option<String>,
    /// Name; made up by the cloud when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub name: Option<String>,
    /// Labels.
    #[serde(default)]
    pub labels: Labels,
}
