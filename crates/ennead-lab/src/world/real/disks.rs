//! Disks, images and volumes.

use async_trait::async_trait;

use super::RealWorld;
use crate::world::{Disks, Password, ServerSeed, ServerSize, VolumeSeed, VolumeUse, WorldError};

fn absent<T>(object: String, verb: &str) -> Result<T, WorldError> {
    Err(WorldError { object, verb: verb.to_owned(), why: "this lab cannot do that yet".to_owned() })
}

#[async_trait]
impl Disks for RealWorld {
    async fn rebuild(&self, seed: &ServerSeed) -> Result<(), WorldError> {
        absent(format!("server {}", seed.id), "rebuild")
    }

    async fn resize(&self, server: u64, _size: ServerSize) -> Result<(), WorldError> {
        absent(format!("server {server}"), "resize")
    }

    async fn set_password(&self, server: u64, _password: &Password) -> Result<(), WorldError> {
        absent(format!("server {server}"), "set the password of")
    }

    async fn create_image(&self, image: u64, _server: u64) -> Result<u64, WorldError> {
        absent(format!("image {image}"), "create")
    }

    async fn delete_image(&self, image: u64) -> Result<(), WorldError> {
        absent(format!("image {image}"), "delete")
    }

    async fn create_volume(&self, volume: &VolumeSeed) -> Result<(), WorldError> {
        absent(format!("volume {}", volume.id), "create")
    }

    async fn attach_volume(&self, place: &VolumeUse) -> Result<(), WorldError> {
        absent(format!("volume {}", place.volume), "attach")
    }

    async fn detach_volume(&self, volume: u64) -> Result<(), WorldError> {
        absent(format!("volume {volume}"), "detach")
    }

    async fn resize_volume(&self, volume: u64, _size_gb: u64) -> Result<(), WorldError> {
        absent(format!("volume {volume}"), "resize")
    }

    async fn delete_volume(&self, volume: u64) -> Result<(), WorldError> {
        absent(format!("volume {volume}"), "delete")
    }
}
