//! Volumes.

use serde::{Deserialize, Serialize};

use super::catalogue::Location;
use super::small::Labels;

/// Whether a volume can be deleted.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumeProtection {
    /// True: it cannot.
    pub delete: bool,
}

/// A volume: a disk that can be moved between the servers of a location.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct Volume {
    /// Its id.
    pub id: u64,
    /// RFC 3339 time.
    pub created: String,
    /// Its name, unique in the project.
    pub name: String,
    /// The server that it is attached to.
    pub server: Option<u64>,
    /// Where it is.
    pub location: Location,
    /// Size in GB.
    pub size: u64,
    /// Its device's path in the server, `/dev/disk/by-id/scsi-0HC_Volume_<id>`.
    pub linux_device: String,
    /// Protection.
    pub protection: VolumeProtection,
    /// Labels.
    pub labels: Labels,
    /// `available` or `creating`.
    pub status: String,
    /// `ext4` or `xfs`; null when it was not formatted.
    pub format: Option<String>,
}

/// Body of `POST /volumes`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct CreateVolume {
    /// Name.
    pub name: String,
    /// Size in GB, 10 to 10240.
    pub size: u64,
    /// Location, by id or name; either this or a server.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub location: Option<String>,
    /// Server to be attached to.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub server: Option<u64>,
    /// `ext4` or `xfs`; not formatted when absent.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub format: Option<String>,
    /// Whether the server mounts it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub automount: Option<bool>,
    /// Labels.
    #[serde(default)]
    pub labels: Labels,
}
