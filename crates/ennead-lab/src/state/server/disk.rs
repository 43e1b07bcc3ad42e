//! What a server's disk holds and how large the server is: rebuild, change of type, backups.

use ennead_hcloud::types::Action;
use serde::{Deserialize, Serialize};

use super::create::{USER_DATA_BYTES_MAX, find_server_type, root_password};
use super::{ServerRecord, Status};
use crate::state::effect::{Effect, Lane};
use crate::state::moment::Moment;
use crate::state::{Change, Code, Refusal, State};
use crate::world::{Password, ServerSize};

/// Time windows of backups, in UTC. Source: the official description of servers names `22-02`.
const BACKUP_WINDOWS: [&str; 6] = ["22-02", "02-06", "06-10", "10-14", "14-18", "18-22"];

/// What is known of a server's disk beyond its type and image.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerDisk {
    /// The snapshot or backup that it was made from.
    pub snapshot: Option<u64>,
    /// Its size in GB, when that is not the type's.
    pub size_gb: Option<u64>,
    /// When backups are made; none are when absent.
    pub backup_window: Option<String>,
}

/// What a job changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum DiskChange {
    /// The server runs with its new disk; or is described as before.
    Rebuild(Box<ServerRecord>),
    /// The server runs with its new size; or is described as before.
    Resize(Box<ServerRecord>),
    /// The window is as changed; or as before.
    Backups(u64, Option<String>),
    /// The server has no backups; or keeps them.
    NoBackups(u64),
}

impl State {
    /// Gives a server an empty disk from an image and starts it. Returns root's new password when
    /// it has no keys.
    ///
    /// # Errors
    /// `not_found`, `locked`, `protected`, `invalid_input`.
    pub fn rebuild_server(
        &mut self,
        id: u64,
        image: &str,
        user_data: Option<String>,
        moment: &Moment<'_>,
    ) -> Result<(Option<String>, Action), Refusal> {
        let before = self.free_server(id)?.clone();
        if before.protection.rebuild {
            return Err(Refusal::new(Code::Protected, "server rebuild is protected"));
        }
        if user_data.as_ref().is_some_and(|data| data.len() > USER_DATA_BYTES_MAX) {
            return Err(Refusal::invalid("user_data", "must be at most 32 KiB"));
        }
        let server_type = find_server_type(&before.server_type)?;
        let size_gb = before.disk.size_gb.unwrap_or(server_type.disk_gb);
        let chosen = self.choose_image(image, server_type, size_gb)?;
        let after = ServerRecord {
            image: chosen.base,
            user_data: user_data.or_else(|| before.user_data.clone()),
            disk: super::ServerDisk { snapshot: chosen.snapshot, ..before.disk.clone() },
            status: Status::Rebuilding,
            restart_on_stop: false,
            ..before.clone()
        };
        let missing = || Refusal::new(Code::ServerError, "the catalogue has changed");
        let seed = Box::new(after.seed().ok_or_else(missing)?);
        let mut effects = vec![Effect::PowerOff(id), Effect::Rebuild(seed), Effect::Start(id)];
        let password = after.ssh_keys.is_empty().then(|| root_password(moment.salt));
        effects.extend(password.clone().map(|text| Effect::SetPassword(id, Password(text))));
        self.servers.insert(id, after);
        let change = Change::Disk(DiskChange::Rebuild(Box::new(before)));
        let (lane, resources) = (Lane::Server(id), [("server", id)]);
        Ok((password, self.begin("rebuild_server", &resources, lane, effects, change, moment)))
    }

    /// Gives a server that is off another type and starts it.
    ///
    /// # Errors
    /// `not_found`, `locked`, `server_not_stopped`, `invalid_server_type`, `invalid_input`,
    /// `resource_unavailable`, `resource_limit_exceeded`.
    pub fn change_server_type(
        &mut self,
        id: u64,
        wanted: &str,
        upgrade_disk: bool,
        moment: &Moment<'_>,
    ) -> Result<Action, Refusal> {
        let before = self.free_server(id)?.clone();
        if before.status != Status::Off {
            return Err(Refusal::new(Code::ServerNotStopped, "server must be stopped"));
        }
        let (from, to) = (find_server_type(&before.server_type)?, find_server_type(wanted)?);
        let disk_gb = before.disk.size_gb.unwrap_or(from.disk_gb);
        let unfit = |message: &str| Err(Refusal::new(Code::InvalidServerType, message));
        if from.name == to.name {
            return unfit("server is already of this type");
        }
        if from.architecture != to.architecture {
            return unfit("server type has another architecture");
        }
        if to.disk_gb < disk_gb {
            return unfit("server type has a smaller disk than the server");
        }
        if !to.locations.contains(&before.location) {
            return unfit("server type is not offered in the location of the server");
        }
        if moment.rules.sold_out.contains(&(to.name.clone(), before.location.clone())) {
            return Err(Refusal::new(Code::ResourceUnavailable, "error during placement"));
        }
        self.check_dedicated_limit(Some(from), to, moment)?;
        let size_gb = if upgrade_disk { to.disk_gb } else { disk_gb };
        let size =
            ServerSize { cores: to.cores, memory_bytes: to.memory_bytes(), disk_gb: size_gb };
        if let Some(record) = self.servers.get_mut(&id) {
            record.server_type.clone_from(&to.name);
            record.disk.size_gb = Some(size_gb);
            record.status = Status::Migrating;
        }
        let effects = vec![Effect::Resize(id, size), Effect::Start(id)];
        let change = Change::Disk(DiskChange::Resize(Box::new(before)));
        let (lane, resources) = (Lane::Server(id), [("server", id)]);
        Ok(self.begin("change_server_type", &resources, lane, effects, change, moment))
    }

    /// Sets root's password in a server that runs.
    ///
    /// # Errors
    /// `not_found`, `locked`, `service_error`.
    pub fn reset_password(
        &mut self,
        id: u64,
        moment: &Moment<'_>,
    ) -> Result<(String, Action), Refusal> {
        if self.free_server(id)?.status != Status::Running {
            return Err(Refusal::new(Code::ServiceError, "server must be running"));
        }
        let password = root_password(moment.salt);
        let effects = vec![Effect::SetPassword(id, Password(password.clone()))];
        let (lane, resources) = (Lane::Server(id), [("server", id)]);
        let change = Change::Nothing;
        Ok((password, self.begin("reset_password", &resources, lane, effects, change, moment)))
    }

    /// Turns backups on or off; without them the server's backups are removed.
    ///
    /// # Errors
    /// `not_found`, `locked`.
    pub fn set_backups(
        &mut self,
        id: u64,
        enabled: bool,
        moment: &Moment<'_>,
    ) -> Result<Action, Refusal> {
        let before = self.free_server(id)?.disk.backup_window.clone();
        let (lane, resources) = (Lane::Server(id), [("server", id)]);
        let (command, change) = if enabled {
            let window = BACKUP_WINDOWS.iter().cycle().nth((id % 6) as usize);
            if let Some(record) = self.servers.get_mut(&id) {
                record.disk.backup_window =
                    before.clone().or_else(|| window.map(|window| (*window).to_owned()));
            }
            ("enable_backup", Change::Disk(DiskChange::Backups(id, before)))
        } else {
            ("disable_backup", Change::Disk(DiskChange::NoBackups(id)))
        };
        Ok(self.begin(command, &resources, lane, Vec::new(), change, moment))
    }
}

impl DiskChange {
    /// The job ended well.
    pub(in crate::state) fn carry_over(&self, state: &mut State) {
        match self {
            Self::Rebuild(before) | Self::Resize(before) => {
                if let Some(record) = state.servers.get_mut(&before.id) {
                    record.status = Status::Running;
                }
            }
            Self::Backups(..) => {}
            Self::NoBackups(server) => {
                if let Some(record) = state.servers.get_mut(server) {
                    record.disk.backup_window = None;
                }
                state.drop_backups_of(*server);
            }
        }
    }

    /// The job failed. How far it came is looked at in its turn.
    pub(in crate::state) fn take_back(&self, state: &mut State) {
        match self {
            Self::Rebuild(before) | Self::Resize(before) => {
                if let Some(record) = state.servers.get_mut(&before.id) {
                    record.server_type.clone_from(&before.server_type);
                    record.image.clone_from(&before.image);
                    record.user_data.clone_from(&before.user_data);
                    record.disk.clone_from(&before.disk);
                    record.status = Status::Running;
                    state.note_stopped(before.id);
                }
            }
            Self::Backups(server, before) => {
                if let Some(record) = state.servers.get_mut(server) {
                    record.disk.backup_window.clone_from(before);
                }
            }
            Self::NoBackups(_) => {}
        }
    }
}
