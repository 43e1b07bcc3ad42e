//! Images that were made from servers: snapshots and backups.

mod change;
mod choose;

use ennead_hcloud::types::{Action, Image, ImageCreatedFrom, ImageProtection, Labels};
use serde::{Deserialize, Serialize};

pub use change::ImageChange;

use super::effect::{Effect, Lane};
use super::moment::{Moment, rfc3339};
use super::{Change, Code, Refusal, State};
use crate::catalogue;

/// Backups of one server; the next one takes the place of the oldest. Source: the official
/// description of `enable_backup`.
pub const BACKUPS_MAX: usize = 7;

/// What is known of one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ImageRecord {
    /// Its id.
    pub id: u64,
    /// The system image that lies beneath it.
    pub base: String,
    /// As it is shown.
    pub image: Image,
}

/// What is asked of an image to be made.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct ImageWish {
    /// Whether it is a backup; otherwise a snapshot.
    pub is_backup: bool,
    /// In words; chosen when absent.
    pub description: Option<String>,
    /// Labels.
    pub labels: Labels,
}

impl State {
    /// Returns a system image, a snapshot or a backup.
    ///
    /// # Errors
    /// `not_found`.
    pub fn image(&self, id: u64) -> Result<Image, Refusal> {
        let own = self.images.get(&id).map(|record| record.image.clone());
        let system = || catalogue::images().into_iter().find(|image| image.id == id);
        own.or_else(system).ok_or_else(|| Refusal::not_found("image", id))
    }

    /// Copies a server's disk to an image.
    ///
    /// # Errors
    /// `not_found`, `locked`; `service_error` for a backup of a server without backups.
    pub fn create_image(
        &mut self,
        server: u64,
        wish: ImageWish,
        moment: &Moment<'_>,
    ) -> Result<(Image, Action), Refusal> {
        let record = self.free_server(server)?;
        if wish.is_backup && record.disk.backup_window.is_none() {
            let message = "backups are not enabled for the server";
            return Err(Refusal::new(Code::ServiceError, message));
        }
        let base = record.image.clone();
        let system = catalogue::image(&base);
        let created_from = ImageCreatedFrom { id: server, name: record.name.clone() };
        let shown = self.server(server, moment)?;
        let kind = if wish.is_backup { "backup" } else { "snapshot" };
        let id = self.fresh_id();
        let created = rfc3339(moment.now);
        let image = Image {
            id,
            kind: kind.into(),
            status: "creating".into(),
            name: None,
            description: wish.description.unwrap_or_else(|| format!("{kind} {created}")),
            image_size: None,
            disk_size: gigabytes(shown.primary_disk_size),
            created,
            created_from: Some(created_from),
            bound_to: wish.is_backup.then_some(server),
            os_flavor: system.as_ref().map_or("unknown".into(), |image| image.os_flavor.clone()),
            os_version: system.and_then(|image| image.os_version),
            rapid_deploy: false,
            protection: ImageProtection::default(),
            deprecated: None,
            deleted: None,
            labels: wish.labels,
            architecture: shown.server_type.architecture,
        };
        self.images.insert(id, ImageRecord { id, base, image: image.clone() });
        let (effects, change) =
            (vec![Effect::CreateImage(id, server)], Change::Image(ImageChange::Create(id)));
        let (lane, resources) = (Lane::Server(server), [("server", server), ("image", id)]);
        Ok((image, self.begin("create_image", &resources, lane, effects, change, moment)))
    }

    /// Returns a snapshot or backup on which no action runs.
    fn free_image(&self, id: u64, verb: &str) -> Result<&Image, Refusal> {
        let Some(record) = self.images.get(&id) else {
            self.image(id)?;
            let message = format!("only snapshots and backups can be {verb}");
            return Err(Refusal::new(Code::UnsupportedError, message));
        };
        if self.is_locked(Lane::Image(id)) {
            return Err(Refusal::locked("image"));
        }
        Ok(&record.image)
    }

    /// Changes description or labels, or makes a snapshot of a backup.
    ///
    /// # Errors
    /// `not_found`, `locked`, `unsupported_error`, `invalid_input`.
    pub fn update_image(
        &mut self,
        id: u64,
        description: Option<String>,
        labels: Option<Labels>,
        kind: Option<&str>,
    ) -> Result<Image, Refusal> {
        self.free_image(id, "changed")?;
        if kind.is_some_and(|kind| kind != "snapshot") {
            return Err(Refusal::invalid("type", "must be one of: snapshot"));
        }
        if let Some(ImageRecord { image, .. }) = self.images.get_mut(&id) {
            image.description = description.unwrap_or_else(|| image.description.clone());
            image.labels = labels.unwrap_or_else(|| image.labels.clone());
            if kind.is_some() {
                image.kind = "snapshot".into();
                image.bound_to = None;
            }
        }
        self.image(id)
    }

    /// Removes a snapshot or backup. Servers that were made from it keep their disks.
    ///
    /// # Errors
    /// `not_found`, `locked`, `protected`, `unsupported_error`.
    pub fn delete_image(&mut self, id: u64) -> Result<(), Refusal> {
        if self.free_image(id, "deleted")?.protection.delete {
            return Err(Refusal::new(Code::Protected, "snapshot deletion is protected"));
        }
        self.drop_image(id);
        Ok(())
    }

    /// Sets whether a snapshot can be deleted.
    ///
    /// # Errors
    /// `not_found`, `locked`, `unsupported_error`.
    pub fn protect_image(
        &mut self,
        id: u64,
        delete: Option<bool>,
        moment: &Moment<'_>,
    ) -> Result<Action, Refusal> {
        let image = self.free_image(id, "protected")?;
        if image.kind != "snapshot" {
            let message = "only snapshots can be protected";
            return Err(Refusal::new(Code::UnsupportedError, message));
        }
        let before = image.protection.delete;
        if let Some(record) = self.images.get_mut(&id) {
            record.image.protection.delete = delete.unwrap_or(before);
        }
        let change = Change::Image(ImageChange::Protect(id, before));
        let (lane, resources) = (Lane::Image(id), [("image", id)]);
        Ok(self.begin("change_protection", &resources, lane, Vec::new(), change, moment))
    }

    /// Removes an image at once and from the world in its turn.
    pub(crate) fn drop_image(&mut self, id: u64) {
        self.images.remove(&id);
        self.add_job(Lane::Image(id), None, vec![Effect::DeleteImage(id)], Change::Nothing);
    }

    /// Returns a server's backups, oldest first.
    pub(crate) fn backups_of(&self, server: u64) -> Vec<u64> {
        let images = self.images.values().map(|record| &record.image);
        images.filter(|image| image.bound_to == Some(server)).map(|image| image.id).collect()
    }

    /// Removes all backups of a server that is gone or has no backups any more.
    pub(crate) fn drop_backups_of(&mut self, server: u64) {
        for id in self.backups_of(server) {
            self.drop_image(id);
        }
    }
}

#[expect(clippy::cast_precision_loss, reason = "disks have thousands of GB at most")]
fn gigabytes(whole: u64) -> f64 {
    whole as f64
}
