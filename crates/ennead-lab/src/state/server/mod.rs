//! Servers: what is known of one, how it is shown, and what the world has to know.

pub mod aliases;
pub mod create;
pub mod disk;
pub mod group;
pub mod names;
pub mod networks;
pub mod power;
pub mod release;

use std::net::Ipv4Addr;

use ennead_hcloud::types::{Action, Labels, PrivateNet, Server, ServerProtection};
use serde::{Deserialize, Serialize};

pub use disk::{DiskChange, ServerDisk};

use super::effect::{Effect, Lane};
use super::firewall::filter::SentFilter;
use super::moment::Moment;
use super::{Change, Code, Refusal, State, check_name_free};
use crate::catalogue;
use crate::world::{Attachment, ServerSeed};

/// What a server is doing.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
#[expect(missing_docs, reason = "the names are the API's own words")]
pub enum Status {
    Initializing,
    Starting,
    Running,
    Stopping,
    Off,
    Deleting,
    Migrating,
    Rebuilding,
}

impl Status {
    /// Returns the word used in JSON.
    pub fn word(self) -> &'static str {
        match self {
            Self::Initializing => "initializing",
            Self::Starting => "starting",
            Self::Running => "running",
            Self::Stopping => "stopping",
            Self::Off => "off",
            Self::Deleting => "deleting",
            Self::Migrating => "migrating",
            Self::Rebuilding => "rebuilding",
        }
    }
}

/// A place in a network, reserved from the request on.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Place {
    /// The network.
    pub network: u64,
    /// The server's address there.
    pub ip: Ipv4Addr,
    /// Further addresses, reserved only: the server configures them by itself.
    pub alias_ips: Vec<Ipv4Addr>,
    /// Its interface's address.
    pub mac: String,
    /// Whether the world has carried it out.
    pub attached: bool,
}

/// A server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ServerRecord {
    /// Its id.
    pub id: u64,
    /// Its name.
    pub name: String,
    /// What it is doing.
    pub status: Status,
    /// RFC 3339 time.
    pub created: String,
    /// Its type's name.
    pub server_type: String,
    /// Its image's name.
    pub image: String,
    /// Its location's name.
    pub location: String,
    /// Public keys given at creation.
    pub ssh_keys: Vec<String>,
    /// cloud-init user data.
    pub user_data: Option<String>,
    /// Public address with the id of its primary IP.
    pub ipv4: Option<(u64, Ipv4Addr)>,
    /// Id of its primary IPv6.
    pub ipv6: Option<u64>,
    /// Places in networks.
    pub attachments: Vec<Place>,
    /// What is forbidden.
    pub protection: ServerProtection,
    /// Labels.
    pub labels: Labels,
    /// Its placement group.
    pub placement_group: Option<u64>,
    /// Whether a reboot was asked for and it has not stopped yet.
    pub restart_on_stop: bool,
    /// Its disk.
    #[serde(default)]
    pub disk: ServerDisk,
    /// What passes its public interface.
    #[serde(default)]
    pub filter: SentFilter,
}

impl State {
    /// Returns a server as the API shows it.
    ///
    /// # Errors
    /// `not_found`.
    pub fn server(&self, id: u64, moment: &Moment<'_>) -> Result<Server, Refusal> {
        let record = self.server_record(id)?;
        let missing = || Refusal::new(Code::ServerError, "the catalogue has changed");
        let server_type =
            catalogue::server_type(&record.server_type, moment.rules).ok_or_else(missing)?;
        let traffic = server_type.prices.iter().find(|price| price.location == record.location);
        Ok(Server {
            id,
            name: record.name.clone(),
            status: record.status.word().into(),
            created: record.created.clone(),
            public_net: self.public_net(record),
            private_net: record
                .attachments
                .iter()
                .filter(|p| p.attached)
                .map(private_net)
                .collect(),
            location: catalogue::location(&record.location).ok_or_else(missing)?,
            image: match record.disk.snapshot {
                Some(id) => self.image(id).ok(),
                None => catalogue::image(&record.image),
            },
            iso: None,
            rescue_enabled: false,
            locked: self.is_locked(Lane::Server(id)),
            backup_window: record.disk.backup_window.clone(),
            outgoing_traffic: Some(0),
            ingoing_traffic: Some(0),
            included_traffic: Some(traffic.map_or(0, |price| price.included_traffic)),
            protection: record.protection.clone(),
            labels: record.labels.clone(),
            volumes: self.volumes_attached_to(id),
            load_balancers: Vec::new(),
            primary_disk_size: record.disk.size_gb.unwrap_or(server_type.disk),
            placement_group: record.placement_group.and_then(|id| self.placement_group(id).ok()),
            server_type,
        })
    }

    /// Returns a server's record.
    pub(crate) fn server_record(&self, id: u64) -> Result<&ServerRecord, Refusal> {
        self.servers.get(&id).ok_or_else(|| Refusal::not_found("server", id))
    }

    /// Returns a server on which no action runs.
    pub(crate) fn free_server(&self, id: u64) -> Result<&ServerRecord, Refusal> {
        let record = self.server_record(id)?;
        if self.is_locked(Lane::Server(id)) { Err(Refusal::locked("server")) } else { Ok(record) }
    }

    /// Changes name or labels.
    ///
    /// # Errors
    /// `not_found`, `invalid_input`, `uniqueness_error`.
    pub fn update_server(
        &mut self,
        id: u64,
        name: Option<String>,
        labels: Option<Labels>,
        moment: &Moment<'_>,
    ) -> Result<Server, Refusal> {
        self.server_record(id)?;
        if let Some(name) = &name {
            create::check_host_name(name)?;
            let others = self.servers.values().filter(|server| server.id != id);
            check_name_free(name, others.map(|server| server.name.as_str()))?;
        }
        if let Some(record) = self.servers.get_mut(&id) {
            record.name = name.unwrap_or_else(|| record.name.clone());
            record.labels = labels.unwrap_or_else(|| record.labels.clone());
        }
        self.queue_filters();
        self.server(id, moment)
    }

    /// Removes a server, running or not.
    ///
    /// # Errors
    /// `not_found`, `locked`, `protected`.
    pub fn delete_server(&mut self, id: u64, moment: &Moment<'_>) -> Result<Action, Refusal> {
        let record = self.free_server(id)?;
        if record.protection.delete {
            return Err(Refusal::new(Code::Protected, "server deletion is protected"));
        }
        let change = Change::DeleteServer { server: id, before: record.status };
        if let Some(record) = self.servers.get_mut(&id) {
            record.status = Status::Deleting;
        }
        let mut effects = self.detach_volumes_of(id);
        effects.push(Effect::DeleteServer(id));
        let resources = [("server", id)];
        Ok(self.begin("delete_server", &resources, Lane::Server(id), effects, change, moment))
    }

    /// Sets what is forbidden; both must have the same value.
    ///
    /// # Errors
    /// `not_found`, `locked`, `invalid_input`.
    pub fn protect_server(
        &mut self,
        id: u64,
        delete: Option<bool>,
        rebuild: Option<bool>,
        moment: &Moment<'_>,
    ) -> Result<Action, Refusal> {
        let before = self.free_server(id)?.protection.clone();
        let after = ServerProtection {
            delete: delete.unwrap_or(before.delete),
            rebuild: rebuild.unwrap_or(before.rebuild),
        };
        if after.delete != after.rebuild {
            let why = "delete and rebuild must have the same value".to_owned();
            return Err(Refusal::invalid_fields(&[
                ("delete".to_owned(), why.clone()),
                ("rebuild".to_owned(), why),
            ]));
        }
        if let Some(record) = self.servers.get_mut(&id) {
            record.protection = after;
        }
        let (lane, change) = (Lane::Server(id), Change::ProtectServer(id, before));
        let resources = [("server", id)];
        Ok(self.begin("change_protection", &resources, lane, Vec::new(), change, moment))
    }
}

impl ServerRecord {
    /// Returns whether it has a public interface.
    pub(crate) fn is_public(&self) -> bool {
        self.ipv4.is_some() || self.ipv6.is_some()
    }

    /// Returns the ids of its primary IPs.
    pub(crate) fn primary_ips(&self) -> impl Iterator<Item = u64> {
        self.ipv4.map(|(id, _)| id).into_iter().chain(self.ipv6)
    }

    /// Returns what the world has to know before the server's first start. None when the
    /// catalogue no longer has its type or location.
    pub(crate) fn seed(&self) -> Option<ServerSeed> {
        let catalogue = ennead_model::Catalogue::embedded();
        let server_type = catalogue.server_type(&self.server_type)?;
        let location = catalogue.location(&self.location)?;
        Some(ServerSeed {
            id: self.id,
            name: self.name.clone(),
            image: self.image.clone(),
            location: self.location.clone(),
            network_zone: location.network_zone.clone(),
            snapshot: self.disk.snapshot,
            public_ip: self.ipv4.map(|(_, address)| address),
            public_mac: mac(0x96, self.id),
            ssh_keys: self.ssh_keys.clone(),
            root_password: None,
            user_data: self.user_data.clone(),
            memory_bytes: server_type.memory_bytes(),
            cores: server_type.cores,
            disk_gb: self.disk.size_gb.unwrap_or(server_type.disk_gb),
        })
    }
}

impl Place {
    /// Returns what the world has to know of it.
    pub(crate) fn attachment(&self) -> Attachment {
        Attachment { network: self.network, ip: self.ip, mac: self.mac.clone() }
    }
}

/// Returns an interface's address: `96:00:…` on public and `86:00:…` on private ones.
pub(crate) fn mac(first: u8, id: u64) -> String {
    let [_, _, _, _, a, b, c, d] = id.to_be_bytes();
    format!("{first:02x}:00:{a:02x}:{b:02x}:{c:02x}:{d:02x}")
}

fn private_net(place: &Place) -> PrivateNet {
    PrivateNet {
        network: place.network,
        ip: place.ip.to_string(),
        alias_ips: place.alias_ips.iter().map(ToString::to_string).collect(),
        mac_address: place.mac.clone(),
    }
}
