//! Attaching volumes to servers and detaching them.

use ennead_hcloud::types::Action;

use super::{VolumeChange, VolumePlace};
use crate::state::effect::{Effect, Lane};
use crate::state::moment::Moment;
use crate::state::server::Status;
use crate::state::{Change, Code, Refusal, State};

/// Volumes of one server. Source: the cloud's documentation of servers.
const VOLUMES_MAX: usize = 16;

impl State {
    /// Attaches a volume to a server of its location.
    ///
    /// # Errors
    /// `not_found`, `locked`, `volume_already_attached`, `invalid_input`,
    /// `resource_limit_exceeded`.
    pub fn attach_volume(
        &mut self,
        id: u64,
        server: u64,
        automount: bool,
        moment: &Moment<'_>,
    ) -> Result<Action, Refusal> {
        self.free_volume(id)?;
        self.free_server(server)?;
        self.begin_attach_volume(id, server, automount, moment)
    }

    /// Attaches a volume that may be just being made to a server of which the same is true.
    pub(crate) fn begin_attach_volume(
        &mut self,
        id: u64,
        server: u64,
        automount: bool,
        moment: &Moment<'_>,
    ) -> Result<Action, Refusal> {
        let record = self.volume_record(id)?;
        let host = self.server_record(server)?;
        if host.status == Status::Deleting {
            return Err(Refusal::locked("server"));
        }
        if record.place.is_some() {
            let message = "volume is already attached to a server";
            return Err(Refusal::new(Code::VolumeAlreadyAttached, message));
        }
        if record.location != host.location {
            return Err(Refusal::invalid("server", "is not in the location of the volume"));
        }
        if self.volumes_at(server).count() >= VOLUMES_MAX {
            return Err(Refusal::limit("server_volume_limit", "volume limit exceeded"));
        }
        let mut effects = Vec::new();
        if let Some(record) = self.volumes.get_mut(&id) {
            record.place = Some(VolumePlace { server, automount, attached: false });
            effects.extend(record.usage().map(Effect::AttachVolume));
        }
        let change = Change::Volume(VolumeChange::Attach(id));
        let (lane, resources) = (Lane::Server(server), [("server", server), ("volume", id)]);
        Ok(self.begin("attach_volume", &resources, lane, effects, change, moment))
    }

    /// Takes a volume from its server.
    ///
    /// # Errors
    /// `not_found`, `locked`, `service_error`.
    pub fn detach_volume(&mut self, id: u64, moment: &Moment<'_>) -> Result<Action, Refusal> {
        let Some(place) = &self.free_volume(id)?.place else {
            let message = format!("volume with ID '{id}' is not attached to a server");
            return Err(Refusal::new(Code::ServiceError, message));
        };
        let server = place.server;
        self.free_server(server)?;
        let change = Change::Volume(VolumeChange::Detach(id));
        let effects = vec![Effect::DetachVolume(id)];
        let (lane, resources) = (Lane::Server(server), [("server", server), ("volume", id)]);
        Ok(self.begin("detach_volume", &resources, lane, effects, change, moment))
    }

    /// Returns the volumes that a server has or will have.
    pub(crate) fn volumes_at(&self, server: u64) -> impl Iterator<Item = u64> {
        let is_there = move |place: &VolumePlace| place.server == server;
        let volumes = self.volumes.values();
        volumes.filter(move |it| it.place.as_ref().is_some_and(is_there)).map(|it| it.id)
    }

    /// Returns the volumes that a server has.
    pub(crate) fn volumes_attached_to(&self, server: u64) -> Vec<u64> {
        let attached = |id: &u64| {
            let place = self.volumes.get(id).and_then(|volume| volume.place.as_ref());
            place.is_some_and(|place| place.attached)
        };
        self.volumes_at(server).filter(attached).collect()
    }

    /// Returns what takes all volumes from a server that is to be removed.
    pub(crate) fn detach_volumes_of(&self, server: u64) -> Vec<Effect> {
        self.volumes_at(server).map(Effect::DetachVolume).collect()
    }

    /// Notes that a server is gone: its volumes are free.
    pub(crate) fn free_volumes_of(&mut self, server: u64) {
        for volume in self.volumes.values_mut() {
            volume.place.take_if(|place| place.server == server);
        }
    }

    /// A server that was to be removed stays: the volumes that were taken from it come back.
    pub(crate) fn give_volumes_back_to(&mut self, server: u64) {
        let volumes: Vec<_> = self.volumes_at(server).collect();
        let places = volumes.iter().filter_map(|id| self.volumes.get(id)?.usage());
        let effects: Vec<_> = places.map(Effect::AttachVolume).collect();
        if !effects.is_empty() {
            self.add_job(Lane::Server(server), None, effects, Change::Nothing);
        }
    }
}
