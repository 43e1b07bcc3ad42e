//! Disks, images and volumes.

use async_trait::async_trait;
use camino::Utf8PathBuf;
use ennead_host::{Host as _, LocalHost, files};

use super::{Inner, RealWorld, server_error};
use crate::world::nspawn::{self, inside};
use crate::world::record::{find_server, load_server, save_server};
use crate::world::why::Why;
use crate::world::{
    Disks, Password, ServerSeed, ServerSize, VolumeSeed, VolumeUse, WorldError, copy, mounts,
    own_disk, volume,
};

fn volume_error(id: u64, verb: &'static str) -> impl FnOnce(Why) -> WorldError {
    move |why| why.about(format!("volume {id}"), verb)
}

fn image_error(id: u64, verb: &'static str) -> impl FnOnce(Why) -> WorldError {
    move |why| why.about(format!("image {id}"), verb)
}

impl Inner {
    fn check_off(&self, server: u64) -> Result<(), Why> {
        match self.running(server)? {
            Some(_) => Err(Why("it runs".to_owned())),
            None => Ok(()),
        }
    }

    /// Gives a server that runs all its volumes.
    pub(super) async fn plug_volumes(&self, server: u64) -> Result<(), Why> {
        let volumes = volume::of_server(&self.place, server)?;
        if volumes.is_empty() {
            return Ok(());
        }
        let init = nspawn::own_init(&self.place.server(server)).await?;
        let init = init.ok_or_else(|| Why("it does not run".to_owned()))?;
        for usage in volumes {
            volume::plug(&self.place, &usage, &init).await?;
        }
        Ok(())
    }

    async fn rebuild(&self, seed: &ServerSeed) -> Result<(), Why> {
        self.check_off(seed.id)?;
        let mut record = load_server(&self.place, seed.id)?;
        mounts::unmount_below(&self.place.server(seed.id).root())?;
        record.image = self.fresh_disk(seed, record.own_disk).await?;
        record.seed = seed.clone();
        save_server(&self.place, &record)
    }

    /// Gives a server that does not run an empty disk, or one from an image. Returns the root
    /// beneath.
    pub(super) async fn fresh_disk(
        &self,
        seed: &ServerSeed,
        own: bool,
    ) -> Result<Utf8PathBuf, Why> {
        let place = self.place.server(seed.id);
        files::remove(&place.prepared())?;
        if !own {
            return copy::fill(&self.place, &place.disk(false), seed.snapshot).await;
        }
        own_disk::make(&place, seed.disk_gb).await?;
        own_disk::mount(&place).await?;
        let filled = copy::fill(&self.place, &place.disk(true), seed.snapshot).await;
        own_disk::put_away(&place).await?;
        filled
    }

    async fn resize(&self, server: u64, size: ServerSize) -> Result<(), Why> {
        self.check_off(server)?;
        let mut record = load_server(&self.place, server)?;
        if record.own_disk && size.disk_gb != record.seed.disk_gb {
            own_disk::grow(&self.place.server(server), size.disk_gb).await?;
        }
        record.seed.cores = size.cores;
        record.seed.memory_bytes = size.memory_bytes;
        record.seed.disk_gb = size.disk_gb;
        save_server(&self.place, &record)
    }

    async fn set_password(&self, server: u64, password: &Password) -> Result<(), Why> {
        let init = nspawn::own_init(&self.place.server(server)).await?;
        let init = init.ok_or_else(|| Why("it does not run".to_owned()))?;
        // Standard input is no argument: nobody sees it in a list of processes or in an error.
        let command = inside(&init).arg("chpasswd").stdin(format!("root:{}\n", password.0));
        LocalHost::new("lab").run_ok(&command).await?;
        Ok(())
    }

    async fn create_image(&self, image: u64, server: u64) -> Result<u64, Why> {
        files::make_directory(&self.place.images())?;
        let record = load_server(&self.place, server)?;
        let place = self.place.server(server);
        if record.own_disk {
            own_disk::mount(&place).await?;
        }
        let copied = copy::create(&self.place, image, &record).await;
        if record.own_disk && self.running(server)?.is_none() {
            own_disk::put_away(&place).await?;
        }
        copied
    }

    async fn attach_volume(&self, wanted: &VolumeUse) -> Result<(), Why> {
        if find_server(&self.place, wanted.server)?.is_none() {
            return Err(Why(format!("there is no server {}", wanted.server)));
        }
        let mut record = volume::get(&self.place, wanted.volume)?;
        match record.place {
            // What was mounted or unmounted in the server since then stays so.
            Some(place) if place == *wanted => return Ok(()),
            Some(place) if place.server != wanted.server => {
                return Err(Why(format!("it is attached to server {}", place.server)));
            }
            _ => {}
        }
        if let Some(init) = nspawn::own_init(&self.place.server(wanted.server)).await? {
            volume::plug(&self.place, wanted, &init).await?;
        }
        record.place = Some(*wanted);
        volume::put(&self.place, &record)
    }

    async fn detach_volume(&self, id: u64, server: Option<u64>) -> Result<(), Why> {
        let Some(mut record) = volume::find(&self.place, id)? else { return Ok(()) };
        if let Some(server) = server
            && let Some(init) = nspawn::own_init(&self.place.server(server)).await?
        {
            volume::unplug(&self.place, id, &init).await?;
        }
        volume::release(&self.place, id).await?;
        record.place = None;
        volume::put(&self.place, &record)
    }

    /// Returns the server that has a volume.
    fn server_of(&self, volume: u64) -> Result<Option<u64>, Why> {
        let place = volume::find(&self.place, volume)?.and_then(|record| record.place);
        Ok(place.map(|place| place.server))
    }
}

#[async_trait]
impl Disks for RealWorld {
    async fn rebuild(&self, seed: &ServerSeed) -> Result<(), WorldError> {
        let _turn = self.inner.server_turn(seed.id).await;
        self.inner.rebuild(seed).await.map_err(server_error(seed.id, "rebuild"))
    }

    async fn resize(&self, server: u64, size: ServerSize) -> Result<(), WorldError> {
        let _turn = self.inner.server_turn(server).await;
        self.inner.resize(server, size).await.map_err(server_error(server, "resize"))
    }

    async fn set_password(&self, server: u64, password: &Password) -> Result<(), WorldError> {
        let _turn = self.inner.server_turn(server).await;
        let set = self.inner.set_password(server, password).await;
        set.map_err(server_error(server, "set the password of"))
    }

    async fn create_image(&self, image: u64, server: u64) -> Result<u64, WorldError> {
        let _turn = self.inner.server_turn(server).await;
        self.inner.create_image(image, server).await.map_err(image_error(image, "create"))
    }

    async fn delete_image(&self, image: u64) -> Result<(), WorldError> {
        copy::delete(self.place(), image).map_err(image_error(image, "delete"))
    }

    async fn create_volume(&self, seed: &VolumeSeed) -> Result<(), WorldError> {
        let _turn = self.inner.turn(format!("volume {}", seed.id)).await;
        volume::create(self.place(), seed).await.map_err(volume_error(seed.id, "create"))
    }

    async fn attach_volume(&self, place: &VolumeUse) -> Result<(), WorldError> {
        // Always the volume first, then its server.
        let _turn = self.inner.turn(format!("volume {}", place.volume)).await;
        let _server = self.inner.server_turn(place.server).await;
        self.inner.attach_volume(place).await.map_err(volume_error(place.volume, "attach"))
    }

    async fn detach_volume(&self, volume: u64) -> Result<(), WorldError> {
        let _turn = self.inner.turn(format!("volume {volume}")).await;
        let detach = async {
            let server = self.inner.server_of(volume)?;
            let _server = match server {
                Some(server) => Some(self.inner.server_turn(server).await),
                None => None,
            };
            self.inner.detach_volume(volume, server).await
        };
        detach.await.map_err(volume_error(volume, "detach"))
    }

    async fn resize_volume(&self, volume: u64, size_gb: u64) -> Result<(), WorldError> {
        let _turn = self.inner.turn(format!("volume {volume}")).await;
        let resize = async {
            // A server that starts or stops makes and frees the device.
            let _server = match self.inner.server_of(volume)? {
                Some(server) => Some(self.inner.server_turn(server).await),
                None => None,
            };
            volume::resize(self.place(), volume, size_gb).await
        };
        resize.await.map_err(volume_error(volume, "resize"))
    }

    async fn delete_volume(&self, volume: u64) -> Result<(), WorldError> {
        let _turn = self.inner.turn(format!("volume {volume}")).await;
        volume::delete(self.place(), volume).await.map_err(volume_error(volume, "delete"))
    }
}
