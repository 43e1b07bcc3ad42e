//! What can be bought, and where.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// A location.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Location {
    /// Its id.
    pub id: u64,
    /// For example `hil`.
    pub name: String,
    /// For example `Hillsboro, OR`.
    pub description: String,
    /// ISO 3166-1 code.
    pub country: String,
    /// City.
    pub city: String,
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// For example `us-west`.
    pub network_zone: String,
}

/// A time after which something is no longer sold.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Deprecation {
    /// RFC 3339 time.
    pub unavailable_after: String,
    /// RFC 3339 time.
    pub announced: String,
}

/// A price, net and gross, as decimal texts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Price {
    /// Without VAT.
    pub net: String,
    /// With VAT.
    pub gross: String,
}

/// Prices of a server type in a location.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct LocationPrice {
    /// Location's name.
    pub location: String,
    /// Per hour.
    pub price_hourly: Price,
    /// Per month at most.
    pub price_monthly: Price,
    /// Outgoing traffic that is free, in bytes per month.
    pub included_traffic: u64,
    /// Per TB beyond that.
    pub price_per_tb_traffic: Price,
}

/// Where a server type can be had. Absent: not sold there. `available` false: out of stock.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerTypeLocation {
    /// Location's id.
    pub id: u64,
    /// Location's name.
    pub name: String,
    /// When it is no longer sold there.
    pub deprecation: Option<Deprecation>,
    /// Whether it is in stock; advisory.
    pub available: bool,
    /// Whether the cloud recommends it there.
    pub recommended: bool,
}

/// A server type.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ServerType {
    /// Its id.
    pub id: u64,
    /// For example `ccx23`.
    pub name: String,
    /// For example `CCX23`.
    pub description: String,
    /// For example `General Purpose`.
    #[serde(default)]
    pub category: Option<String>,
    /// Virtual processors.
    pub cores: u32,
    /// Memory in GB (10^9 as marketed, GiB in fact).
    pub memory: f64,
    /// Disk in GB.
    pub disk: u64,
    /// Prices by location.
    pub prices: Vec<LocationPrice>,
    /// `local` or `network`.
    pub storage_type: String,
    /// `shared` or `dedicated`.
    pub cpu_type: String,
    /// `x86` or `arm`.
    pub architecture: String,
    /// When it is no longer sold anywhere.
    #[serde(default)]
    pub deprecation: Option<Deprecation>,
    /// Where it can be had.
    #[serde(default)]
    pub locations: Vec<ServerTypeLocation>,
}

/// Whether an image can be deleted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageProtection {
    /// True: it cannot.
    pub delete: bool,
}

/// The server that a snapshot was made from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ImageCreatedFrom {
    /// Its id.
    pub id: u64,
    /// Its name.
    pub name: String,
}

/// An operating system or a snapshot.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Image {
    /// Its id.
    pub id: u64,
    /// `system`, `app`, `snapshot` or `backup`.
    #[serde(rename = "type")]
    pub kind: String,
    /// `available`, `creating` or `unavailable`.
    pub status: String,
    /// For example `debian-13`; null for snapshots.
    pub name: Option<String>,
    /// For example `Debian 13`.
    pub description: String,
    /// Size in GB.
    pub image_size: Option<f64>,
    /// Disk that it needs in GB.
    pub disk_size: f64,
    /// RFC 3339 time.
    pub created: String,
    /// What a snapshot was made from.
    pub created_from: Option<ImageCreatedFrom>,
    /// The server a backup belongs to.
    pub bound_to: Option<u64>,
    /// For example `debian`.
    pub os_flavor: String,
    /// For example `13`.
    pub os_version: Option<String>,
    /// Whether it is deployed fast.
    #[serde(default)]
    pub rapid_deploy: bool,
    /// Protection.
    pub protection: ImageProtection,
    /// RFC 3339 time of deprecation.
    pub deprecated: Option<String>,
    /// RFC 3339 time of deletion.
    #[serde(default)]
    pub deleted: Option<String>,
    /// Labels.
    pub labels: BTreeMap<String, String>,
    /// `x86` or `arm`.
    pub architecture: String,
}
