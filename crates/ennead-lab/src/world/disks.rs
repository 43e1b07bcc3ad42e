//! What servers keep and how large they are: disks, images, volumes, types.

use std::fmt;

use async_trait::async_trait;
use serde::{Deserialize, Serialize};

use super::{ServerSeed, WorldError};

/// The size of a server's type.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerSize {
    /// Virtual processors.
    pub cores: u32,
    /// Memory in bytes.
    pub memory_bytes: u64,
    /// Disk in GB.
    pub disk_gb: u64,
}

/// A password on its way to a server. It stands in the state until its job has ended, and in no log.
#[derive(Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(transparent)]
pub struct Password(pub String);

impl fmt::Debug for Password {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str("Password(..)")
    }
}

/// A volume before it is attached.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumeSeed {
    /// The API's id.
    pub id: u64,
    /// Size in GB.
    pub size_gb: u64,
    /// `ext4` or `xfs`; not formatted when absent.
    pub format: Option<String>,
}

/// A volume's place.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumeUse {
    /// Which volume.
    pub volume: u64,
    /// At which server.
    pub server: u64,
    /// Whether it is mounted at `/mnt/HC_Volume_<id>`.
    pub automount: bool,
}

/// Carries out what concerns storage. As everything in the world: idempotent.
#[async_trait]
pub trait Disks: Send + Sync {
    /// Gives a server that is off an empty disk from an image, as if it had just been created. Its
    /// places in networks and its volumes stay.
    async fn rebuild(&self, seed: &ServerSeed) -> Result<(), WorldError>;

    /// Gives a server that is off another size.
    async fn resize(&self, server: u64, size: ServerSize) -> Result<(), WorldError>;

    /// Sets root's password in a server that runs.
    async fn set_password(&self, server: u64, password: &Password) -> Result<(), WorldError>;

    /// Copies a server's disk as it is now to an image; returns the bytes that the image takes.
    async fn create_image(&self, image: u64, server: u64) -> Result<u64, WorldError>;

    /// Removes an image that was made by [`Disks::create_image`].
    async fn delete_image(&self, image: u64) -> Result<(), WorldError>;

    /// Makes a volume.
    async fn create_volume(&self, volume: &VolumeSeed) -> Result<(), WorldError>;

    /// Attaches a volume to a server, running or not.
    async fn attach_volume(&self, place: &VolumeUse) -> Result<(), WorldError>;

    /// Takes a volume from its server; no-op when it is attached to none.
    async fn detach_volume(&self, volume: u64) -> Result<(), WorldError>;

    /// Makes a volume larger. The file system on it stays as it is, as in the cloud.
    async fn resize_volume(&self, volume: u64, size_gb: u64) -> Result<(), WorldError>;

    /// Removes a volume with what is on it.
    async fn delete_volume(&self, volume: u64) -> Result<(), WorldError>;
}
