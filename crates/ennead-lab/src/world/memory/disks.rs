//! Disks, images and volumes, remembered.

use async_trait::async_trait;

use super::{MemoryVolume, MemoryWorld, error};
use crate::world::{Disks, Password, ServerSeed, ServerSize, VolumeSeed, VolumeUse, WorldError};

/// Size of a remembered image.
const IMAGE_BYTES: u64 = 1_500_000_000;

impl MemoryWorld {
    /// Returns a volume.
    pub fn volume(&self, id: u64) -> Option<MemoryVolume> {
        self.memory().volumes.get(&id).cloned()
    }

    /// Returns the server that an image was made from.
    pub fn image(&self, id: u64) -> Option<u64> {
        self.memory().images.get(&id).copied()
    }

    fn with_volume(
        &self,
        id: u64,
        verb: &str,
        change: impl FnOnce(&mut MemoryVolume),
    ) -> Result<(), WorldError> {
        let mut memory = self.memory();
        let volume = memory.volumes.get_mut(&id);
        change(volume.ok_or_else(|| error("volume", id, verb, "there is no such volume"))?);
        Ok(())
    }

    fn is_off(&self, id: u64, verb: &str) -> Result<(), WorldError> {
        if self.server(id).is_some_and(|server| server.is_running) {
            return Err(error("server", id, verb, "it runs"));
        }
        Ok(())
    }
}

#[async_trait]
impl Disks for MemoryWorld {
    async fn rebuild(&self, seed: &ServerSeed) -> Result<(), WorldError> {
        self.call("rebuild", "server", seed.id).await?;
        self.is_off(seed.id, "rebuild")?;
        self.with_server(seed.id, "rebuild", |server| {
            server.seed = seed.clone();
            server.rebuilt += 1;
        })
    }

    async fn resize(&self, server: u64, size: ServerSize) -> Result<(), WorldError> {
        self.call("resize", "server", server).await?;
        self.is_off(server, "resize")?;
        self.with_server(server, "resize", |server| {
            server.seed.cores = size.cores;
            server.seed.memory_bytes = size.memory_bytes;
            server.seed.disk_gb = size.disk_gb;
        })
    }

    async fn set_password(&self, server: u64, _password: &Password) -> Result<(), WorldError> {
        self.call("set_password", "server", server).await?;
        match self.server(server) {
            Some(server) if server.is_running => Ok(()),
            _ => Err(error("server", server, "set the password of", "it does not run")),
        }
    }

    async fn create_image(&self, image: u64, server: u64) -> Result<u64, WorldError> {
        self.call("create_image", "image", image).await?;
        self.with_server(server, "copy", |_| ())?;
        self.memory().images.insert(image, server);
        Ok(IMAGE_BYTES)
    }

    async fn delete_image(&self, image: u64) -> Result<(), WorldError> {
        self.call("delete_image", "image", image).await?;
        self.memory().images.remove(&image);
        Ok(())
    }

    async fn create_volume(&self, volume: &VolumeSeed) -> Result<(), WorldError> {
        self.call("create_volume", "volume", volume.id).await?;
        let fresh = || MemoryVolume { seed: volume.clone(), place: None };
        self.memory().volumes.entry(volume.id).or_insert_with(fresh);
        Ok(())
    }

    async fn attach_volume(&self, place: &VolumeUse) -> Result<(), WorldError> {
        self.call("attach_volume", "volume", place.volume).await?;
        self.with_server(place.server, "attach", |_| ())?;
        self.with_volume(place.volume, "attach", |volume| volume.place = Some(*place))
    }

    async fn detach_volume(&self, volume: u64) -> Result<(), WorldError> {
        self.call("detach_volume", "volume", volume).await?;
        if self.volume(volume).is_none() {
            return Ok(());
        }
        self.with_volume(volume, "detach", |volume| volume.place = None)
    }

    async fn resize_volume(&self, volume: u64, size_gb: u64) -> Result<(), WorldError> {
        self.call("resize_volume", "volume", volume).await?;
        self.with_volume(volume, "resize", |volume| volume.seed.size_gb = size_gb)
    }

    async fn delete_volume(&self, volume: u64) -> Result<(), WorldError> {
        self.call("delete_volume", "volume", volume).await?;
        self.memory().volumes.remove(&volume);
        Ok(())
    }
}
