//! What is remembered of servers and networks between two runs of the daemon.

use ennead_host::files;
use serde::de::DeserializeOwned;
use serde::{Deserialize, Serialize};
use std::net::Ipv4Addr;

use camino::{Utf8Path, Utf8PathBuf};

use super::place::{DiskPlace, LabPlace, ids};
use super::why::Why;
use super::{Attachment, NetworkRoute, NetworkSeed, PacketFilter, ServerSeed};

/// A server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ServerRecord {
    /// As it was created.
    pub(crate) seed: ServerSeed,
    /// The root it was created from: its disk only fits that one.
    pub(crate) image: Utf8PathBuf,
    /// Its private networks.
    pub(crate) attached: Vec<Attached>,
    /// What passes its public interface; everything when absent.
    #[serde(default)]
    pub(crate) filter: Option<PacketFilter>,
    /// Floating addresses that lead to it.
    #[serde(default)]
    pub(crate) floating: Vec<Ipv4Addr>,
    /// Its disk is a file system of its own instead of a part of this machine's.
    #[serde(default)]
    pub(crate) own_disk: bool,
}

/// A private network of a server.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Attached {
    /// Which interface, counted from 0; kept while attached.
    pub(crate) slot: u8,
    /// The rest.
    pub(crate) attachment: Attachment,
    /// Further addresses that are routed to it.
    #[serde(default)]
    pub(crate) aliases: Vec<Ipv4Addr>,
}

/// A private network.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct NetworkRecord {
    /// As it was created, or changed to.
    #[serde(flatten)]
    pub(crate) seed: NetworkSeed,
    /// Routes that it adds.
    #[serde(default)]
    pub(crate) routes: Vec<NetworkRoute>,
}

impl ServerRecord {
    /// Returns where its disk is.
    pub(crate) fn disk(&self, place: &LabPlace) -> DiskPlace {
        place.server(self.seed.id).disk(self.own_disk)
    }

    /// Returns the attachment to a network.
    pub(crate) fn attached_to(&self, network: u64) -> Option<&Attached> {
        self.attached.iter().find(|attached| attached.attachment.network == network)
    }

    /// Adds an attachment in the lowest free slot, or returns the one that is there.
    pub(crate) fn attach(&mut self, attachment: &Attachment) -> Attached {
        if let Some(attached) = self.attached_to(attachment.network) {
            return attached.clone();
        }
        let used = |slot: &u8| self.attached.iter().any(|attached| attached.slot == *slot);
        let slot = (0..u8::MAX).find(|slot| !used(slot)).unwrap_or(u8::MAX);
        let attached = Attached { slot, attachment: attachment.clone(), aliases: Vec::new() };
        self.attached.push(attached.clone());
        attached
    }

    /// Removes an attachment and returns it.
    pub(crate) fn detach(&mut self, network: u64) -> Option<Attached> {
        let place = self.attached.iter().position(|it| it.attachment.network == network)?;
        Some(self.attached.remove(place))
    }
}

/// Reads a server's record; `None` when there is no such server.
pub(crate) fn find_server(place: &LabPlace, server: u64) -> Result<Option<ServerRecord>, Why> {
    load(&place.server(server).record())
}

/// Reads all servers' records. One that is being removed is left out.
pub(crate) fn all_servers(place: &LabPlace) -> Result<Vec<ServerRecord>, Why> {
    let mut ids = ids(&place.servers())?;
    ids.sort_unstable();
    let records = ids.into_iter().map(|id| find_server(place, id));
    records.filter_map(Result::transpose).collect()
}

/// Reads a server's record.
pub(crate) fn load_server(place: &LabPlace, server: u64) -> Result<ServerRecord, Why> {
    find_server(place, server)?.ok_or_else(|| Why("there is no such server".to_owned()))
}

/// Writes a server's record. It may hold keys in its user data, so only root can read it.
pub(crate) fn save_server(place: &LabPlace, record: &ServerRecord) -> Result<(), Why> {
    save(&place.server(record.seed.id).record(), record)
}

/// Reads what a network was created from.
pub(crate) fn load_network(place: &LabPlace, network: u64) -> Result<NetworkSeed, Why> {
    let found = find_network(place, network)?;
    found.map(|it| it.seed).ok_or_else(|| Why(format!("there is no network {network}")))
}

/// Reads a network's record; `None` when there is no such network.
pub(crate) fn find_network(place: &LabPlace, id: u64) -> Result<Option<NetworkRecord>, Why> {
    load(&network_path(place, id))
}

/// Writes a network's record; routes that it has stay.
pub(crate) fn save_network(place: &LabPlace, seed: &NetworkSeed) -> Result<(), Why> {
    let routes = find_network(place, seed.id)?.map(|it| it.routes).unwrap_or_default();
    save_network_record(place, &NetworkRecord { seed: seed.clone(), routes })
}

/// Writes a network's record.
pub(crate) fn save_network_record(place: &LabPlace, network: &NetworkRecord) -> Result<(), Why> {
    save(&network_path(place, network.seed.id), network)
}

/// Removes a network's record.
pub(crate) fn remove_network(place: &LabPlace, network: u64) -> Result<(), Why> {
    files::remove(&network_path(place, network))?;
    Ok(())
}

fn network_path(place: &LabPlace, network: u64) -> Utf8PathBuf {
    place.networks().join(format!("{network}.json"))
}

/// Reads a record; `None` when there is none.
pub(crate) fn load<T: DeserializeOwned>(path: &Utf8Path) -> Result<Option<T>, Why> {
    let Some(bytes) = files::read(path)? else { return Ok(None) };
    serde_json::from_slice(&bytes).map(Some).map_err(|error| Why(format!("{path}: {error}")))
}

/// Writes a record that only root can read.
pub(crate) fn save<T: Serialize>(path: &Utf8Path, value: &T) -> Result<(), Why> {
    let bytes = serde_json::to_vec_pretty(value).map_err(|error| Why::of(&error))?;
    Ok(files::write_private(path, bytes)?)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn attachment(network: u64) -> Attachment {
        Attachment { network, ip: [10, 0, 0, 2].into(), mac: "86:00:00:00:00:01".to_owned() }
    }

    #[test]
    fn a_freed_interface_is_given_to_the_next_network() {
        let text = r#"{"seed": {"id": 1, "name": "a", "image": "debian-13", "location": "fsn1",
            "network_zone": "eu-central", "public_ip": null, "public_mac": "96:00:00:00:00:01",
            "ssh_keys": [], "user_data": null, "memory_bytes": 1, "cores": 1, "disk_gb": 1},
            "image": "/image", "attached": []}"#;
        let mut record: ServerRecord = serde_json::from_str(text).unwrap();
        assert_eq!(record.attach(&attachment(7)).slot, 0);
        assert_eq!(record.attach(&attachment(8)).slot, 1);
        assert_eq!(record.attach(&attachment(8)).slot, 1);
        assert_eq!(record.detach(7).map(|attached| attached.slot), Some(0));
        assert_eq!(record.attach(&attachment(9)).slot, 0);
    }
}
