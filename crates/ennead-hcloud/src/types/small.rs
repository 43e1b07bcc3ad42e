//! SSH keys and placement groups.

use std::collections::BTreeMap;

use serde::{Deserialize, Serialize};

/// Labels by key.
pub type Labels = BTreeMap<String, String>;

/// An SSH key.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct SshKey {
    /// Its id.
    pub id: u64,
    /// Its name, unique in the project.
    pub name: String,
    /// MD5 fingerprint, unique in the project.
    pub fingerprint: String,
    /// OpenSSH public key.
    pub public_key: String,
    /// Labels.
    pub labels: Labels,
    /// RFC 3339 time.
    pub created: String,
}

/// Body of `POST /ssh_keys`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateSshKey {
    /// Name.
    pub name: String,
    /// OpenSSH public key.
    pub public_key: String,
    /// Labels.
    #[serde(default)]
    pub labels: Labels,
}

/// A placement group.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct PlacementGroup {
    /// Its id.
    pub id: u64,
    /// Its name, unique in the project.
    pub name: String,
    /// `spread`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Labels.
    pub labels: Labels,
    /// RFC 3339 time.
    pub created: String,
    /// Ids of its servers, at most ten.
    pub servers: Vec<u64>,
}

/// Body of `POST /placement_groups`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreatePlacementGroup {
    /// Name.
    pub name: String,
    /// `spread`.
    #[serde(rename = "type")]
    pub kind: String,
    /// Labels.
    #[serde(default)]
    pub labels: Labels,
}
