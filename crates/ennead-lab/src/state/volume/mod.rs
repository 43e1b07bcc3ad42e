//! Volumes: disks that are attached to servers of their own location.

mod change;
mod create;
mod place;

use ennead_hcloud::types::{Action, Labels, Volume, VolumeProtection};
use serde::{Deserialize, Serialize};

pub use change::VolumeChange;

use create::check_name;

use super::effect::{Effect, Lane};
use super::moment::Moment;
use super::{Change, Code, Refusal, State, check_name_free};
use crate::catalogue;
use crate::world::{VolumeSeed, VolumeUse};

/// Smallest and largest size in GB. Source: the official description of `POST /volumes`.
const SIZE_GB: std::ops::RangeInclusive<u64> = 10..=10_240;

/// Where a volume is attached, reserved from the request on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumePlace {
    /// The server.
    pub server: u64,
    /// Whether the server mounts it.
    pub automount: bool,
    /// Whether the world has carried it out.
    pub attached: bool,
}

/// What is known of one.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct VolumeRecord {
    /// Its id.
    pub id: u64,
    /// Its name, unique in the project.
    pub name: String,
    /// RFC 3339 time.
    pub created: String,
    /// Its location's name.
    pub location: String,
    /// Size in GB.
    pub size_gb: u64,
    /// `ext4` or `xfs`; not formatted when absent.
    pub format: Option<String>,
    /// Labels.
    pub labels: Labels,
    /// Whether it cannot be deleted.
    pub protected: bool,
    /// Whether the world has made it.
    pub made: bool,
    /// Its server.
    pub place: Option<VolumePlace>,
}

impl VolumeRecord {
    /// Returns what the world has to know of it.
    pub(crate) fn seed(&self) -> VolumeSeed {
        VolumeSeed { id: self.id, size_gb: self.size_gb, format: self.format.clone() }
    }

    /// Returns where it is in the world, or will be.
    pub(crate) fn usage(&self) -> Option<VolumeUse> {
        let place = self.place.as_ref()?;
        Some(VolumeUse { volume: self.id, server: place.server, automount: place.automount })
    }
}

impl State {
    /// Returns a volume as the API shows it.
    ///
    /// # Errors
    /// `not_found`.
    pub fn volume(&self, id: u64) -> Result<Volume, Refusal> {
        let record = self.volume_record(id)?;
        let missing = || Refusal::new(Code::ServerError, "the catalogue has changed");
        let attached = record.place.as_ref().filter(|place| place.attached);
        Ok(Volume {
            id,
            created: record.created.clone(),
            name: record.name.clone(),
            server: attached.map(|place| place.server),
            location: catalogue::location(&record.location).ok_or_else(missing)?,
            size: record.size_gb,
            linux_device: format!("/dev/disk/by-id/scsi-0HC_Volume_{id}"),
            protection: VolumeProtection { delete: record.protected },
            labels: record.labels.clone(),
            status: if record.made { "available" } else { "creating" }.into(),
            format: record.format.clone(),
        })
    }

    /// Returns a volume's record.
    pub(crate) fn volume_record(&self, id: u64) -> Result<&VolumeRecord, Refusal> {
        self.volumes.get(&id).ok_or_else(|| Refusal::not_found("volume", id))
    }

    /// Returns a volume on which no action runs.
    pub(crate) fn free_volume(&self, id: u64) -> Result<&VolumeRecord, Refusal> {
        let record = self.volume_record(id)?;
        if self.is_locked(Lane::Volume(id)) { Err(Refusal::locked("volume")) } else { Ok(record) }
    }

    /// Changes name or labels.
    ///
    /// # Errors
    /// `not_found`, `invalid_input`, `uniqueness_error`.
    pub fn update_volume(
        &mut self,
        id: u64,
        name: Option<String>,
        labels: Option<Labels>,
    ) -> Result<Volume, Refusal> {
        self.volume_record(id)?;
        if let Some(name) = &name {
            check_name(name)?;
            let others = self.volumes.values().filter(|volume| volume.id != id);
            check_name_free(name, others.map(|volume| volume.name.as_str()))?;
        }
        if let Some(record) = self.volumes.get_mut(&id) {
            record.name = name.unwrap_or_else(|| record.name.clone());
            record.labels = labels.unwrap_or_else(|| record.labels.clone());
        }
        self.volume(id)
    }

    /// Removes a volume that is attached to no server.
    ///
    /// # Errors
    /// `not_found`, `locked`, `protected`, `service_error`.
    pub fn delete_volume(&mut self, id: u64) -> Result<(), Refusal> {
        let record = self.free_volume(id)?;
        if record.protected {
            return Err(Refusal::new(Code::Protected, "volume deletion is protected"));
        }
        if record.place.is_some() {
            let message = format!("volume with ID '{id}' is still attached to a server");
            return Err(Refusal::new(Code::ServiceError, message));
        }
        self.volumes.remove(&id);
        let effects = vec![Effect::DeleteVolume(id)];
        self.add_job(Lane::Volume(id), None, effects, Change::Nothing);
        Ok(())
    }

    /// Makes a volume larger.
    ///
    /// # Errors
    /// `not_found`, `locked`, `invalid_input`.
    pub fn resize_volume(
        &mut self,
        id: u64,
        size_gb: u64,
        moment: &Moment<'_>,
    ) -> Result<Action, Refusal> {
        let before = self.free_volume(id)?.size_gb;
        check_size(size_gb)?;
        if size_gb <= before {
            return Err(Refusal::invalid("size", "must be greater than the current size"));
        }
        if let Some(record) = self.volumes.get_mut(&id) {
            record.size_gb = size_gb;
        }
        let change = Change::Volume(VolumeChange::Resize(id, before));
        let effects = vec![Effect::ResizeVolume(id, size_gb)];
        let resources = [("volume", id)];
        Ok(self.begin("resize_volume", &resources, Lane::Volume(id), effects, change, moment))
    }

    /// Sets whether a volume can be deleted.
    ///
    /// # Errors
    /// `not_found`, `locked`.
    pub fn protect_volume(
        &mut self,
        id: u64,
        delete: Option<bool>,
        moment: &Moment<'_>,
    ) -> Result<Action, Refusal> {
        let before = self.free_volume(id)?.protected;
        if let Some(record) = self.volumes.get_mut(&id) {
            record.protected = delete.unwrap_or(before);
        }
        let change = Change::Volume(VolumeChange::Protect(id, before));
        let (lane, resources) = (Lane::Volume(id), [("volume", id)]);
        Ok(self.begin("change_protection", &resources, lane, Vec::new(), change, moment))
    }
}

fn check_size(size_gb: u64) -> Result<(), Refusal> {
    if SIZE_GB.contains(&size_gb) {
        Ok(())
    } else {
        Err(Refusal::invalid("size", "must be between 10 and 10240"))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn sizes_have_both_limits() {
        assert!(check_size(9).is_err() && check_size(10_241).is_err());
        assert!(check_size(10).is_ok() && check_size(10_240).is_ok());
    }
}
