//! Private networks.

use serde::{Deserialize, Serialize};

use super::small::Labels;

/// A part of a network, inside one network zone.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Subnet {
    /// `cloud`, `server` or `vswitch`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Its range; chosen by the cloud when absent in a request.
    #[serde(default)]
    pub ip_range: Option<String>,
    /// Its network zone.
    pub network_zone: String,
    /// First address of the network's range; absent in requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub gateway: Option<String>,
    /// For vswitch subnets.
    #[serde(default)]
    pub vswitch_id: Option<u64>,
}

/// A route that the network adds.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Route {
    /// Prefix.
    pub destination: String,
    /// Address of an attached server.
    pub gateway: String,
}

/// Whether a network can be deleted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct NetworkProtection {
    /// True: it cannot.
    pub delete: bool,
}

/// A network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Network {
    /// Its id.
    pub id: u64,
    /// Its name, unique in the project.
    pub name: String,
    /// Its whole range.
    pub ip_range: String,
    /// Its parts.
    pub subnets: Vec<Subnet>,
    /// Its routes.
    pub routes: Vec<Route>,
    /// Ids of attached servers.
    pub servers: Vec<u64>,
    /// Ids of attached load balancers.
    #[serde(default)]
    pub load_balancers: Vec<u64>,
    /// Protection.
    pub protection: NetworkProtection,
    /// Labels.
    pub labels: Labels,
    /// RFC 3339 time.
    pub created: String,
    /// Whether its routes reach the vswitch.
    #[serde(default)]
    pub expose_routes_to_vswitch: bool,
}

/// Body of `POST /networks`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateNetwork {
    /// Name.
    pub name: String,
    /// Whole range.
    pub ip_range: String,
    /// Parts.
    #[serde(default)]
    pub subnets: Vec<Subnet>,
    /// Routes.
    #[serde(default)]
    pub routes: Vec<Route>,
    /// Labels.
    #[serde(default)]
    pub labels: Labels,
    /// Whether its routes reach the vswitch.
    #[serde(default)]
    pub expose_routes_to_vswitch: bool,
}

/// Body of `POST /servers/{id}/actions/attach_to_network`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AttachToNetwork {
    /// Network's id.
    pub network: u64,
    /// Address; chosen by the cloud when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip: Option<String>,
    /// Further addresses.
    #[serde(default, skip_serializing_if = "Vec::is_empty")]
    pub alias_ips: Vec<String>,
    /// Subnet to choose the address from.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub ip_range: Option<String>,
}
