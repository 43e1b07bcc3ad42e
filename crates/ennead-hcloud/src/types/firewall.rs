//! Firewalls.

use serde::{Deserialize, Serialize};

use super::small::Labels;

/// Packets that pass.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirewallRule {
    /// In words.
    #[serde(default)]
    pub description: Option<String>,
    /// `in` or `out`.
    pub direction: String,
    /// Where packets to the server come from; empty with `out`.
    #[serde(default)]
    pub source_ips: Vec<String>,
    /// Where packets of the server go to; empty with `in`.
    #[serde(default)]
    pub destination_ips: Vec<String>,
    /// `tcp`, `udp`, `icmp`, `esp` or `gre`.
    pub protocol: String,
    /// For example `80` or `80-85`; only with `tcp` and `udp`.
    #[serde(default)]
    pub port: Option<String>,
}

/// A server that a firewall is applied to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirewallServer {
    /// Its id.
    pub id: u64,
}

/// The labels of servers that a firewall is applied to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirewallSelector {
    /// In the label selector language.
    pub selector: String,
}

/// What a firewall is applied to.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct FirewallResource {
    /// `server` or `label_selector`.
    #[serde(rename = "type")]
    pub kind: String,
    /// With `server`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<FirewallServer>,
    /// With `label_selector`.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub label_selector: Option<FirewallSelector>,
    /// With `label_selector`: the servers that it selects now; absent in requests.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub applied_to_resources: Option<Vec<FirewallResource>>,
}

impl FirewallResource {
    /// Names a server.
    pub fn server(id: u64) -> Self {
        Self {
            kind: "server".into(),
            server: Some(FirewallServer { id }),
            label_selector: None,
            applied_to_resources: None,
        }
    }

    /// Names servers by their labels.
    pub fn selector(selector: String) -> Self {
        Self {
            kind: "label_selector".into(),
            server: None,
            label_selector: Some(FirewallSelector { selector }),
            applied_to_resources: None,
        }
    }
}

/// A firewall.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Firewall {
    /// Its id.
    pub id: u64,
    /// Its name, unique in the project.
    pub name: String,
    /// Labels.
    pub labels: Labels,
    /// RFC 3339 time.
    pub created: String,
    /// What passes, at most 50.
    pub rules: Vec<FirewallRule>,
    /// What it is applied to.
    pub applied_to: Vec<FirewallResource>,
}

/// Body of `POST /firewalls`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateFirewall {
    /// Name.
    pub name: String,
    /// Labels.
    #[serde(default)]
    pub labels: Labels,
    /// What passes.
    #[serde(default)]
    pub rules: Vec<FirewallRule>,
    /// What it is applied to.
    #[serde(default)]
    pub apply_to: Vec<FirewallResource>,
}

/// A firewall that a server is made with.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateServerFirewall {
    /// Its id.
    pub firewall: u64,
}
