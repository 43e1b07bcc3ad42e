//! Reads what the platform has in the cloud, in few requests that run together.

use std::collections::{BTreeMap, BTreeSet};
use std::future::Future;

use ennead_hcloud::types::{
    Firewall, FloatingIp, Labels, Network, PlacementGroup, Server, SshKey, Volume,
};
use ennead_hcloud::{Client, CloudError, Owner};
use ennead_model::cloud::CloudRule;
use ennead_model::{
    CloudInventory, FirewallFacts, FloatingIpFacts, NetworkFacts, ServerFacts, VolumeFacts,
};

use super::observe_zones::observe_zones;
use super::wanted::WantedNames;
use super::{owner, shared_key_mark};

/// Returns the platform's objects, and which of the wanted names belong to somebody else. Seven
/// requests while every wanted name is there; up to six more otherwise, more for many pages, and with
/// names in DNS one more, and one for each zone of theirs.
///
/// # Errors
/// [`CloudError`] when any list cannot be read: half an inventory would make things twice.
pub async fn observe_cloud(
    client: &Client,
    platform: &str,
    wanted: &WantedNames,
) -> Result<CloudInventory, CloudError> {
    // Boxed: the futures of all lists together are large for a caller to hold.
    Box::pin(read_cloud(client, platform, wanted)).await
}

async fn read_cloud(
    client: &Client,
    platform: &str,
    wanted: &WantedNames,
) -> Result<CloudInventory, CloudError> {
    let owner = owner(platform);
    let ours = owner.selector();
    let (keys, networks, groups, firewalls, servers, addresses, volumes, zones) = tokio::try_join!(
        client.ssh_keys(""),
        client.networks(&ours),
        client.placement_groups(&ours),
        client.firewalls(&ours),
        client.servers(&ours),
        client.floating_ips(&ours),
        client.volumes(&ours),
        observe_zones(client, &owner, wanted),
    )?;
    let (ssh_keys, mut foreign) = ssh_keys(keys, platform, &owner, wanted);
    let mut inventory = CloudInventory {
        ssh_keys,
        networks: networks.into_iter().map(network_facts).collect(),
        placement_groups: groups.into_iter().map(|group| (group.name, group.id)).collect(),
        firewalls: firewalls.into_iter().map(firewall_facts).collect(),
        servers: servers.into_iter().map(server_facts).collect(),
        floating_ips: addresses.into_iter().filter_map(floating_ip_facts).collect(),
        volumes: volumes.into_iter().map(volume_facts).collect(),
        zones,
        foreign: Vec::new(),
    };
    let (networks, groups, firewalls, servers, addresses, volumes) = tokio::try_join!(
        foreign_names(&wanted.networks, &inventory.networks, &owner, client.networks("")),
        foreign_names(
            &wanted.placement_groups,
            &inventory.placement_groups,
            &owner,
            client.placement_groups("")
        ),
        foreign_names(&wanted.firewalls, &inventory.firewalls, &owner, client.firewalls("")),
        foreign_names(&wanted.servers, &inventory.servers, &owner, client.servers("")),
        foreign_names(
            &wanted.floating_ips,
            &inventory.floating_ips,
            &owner,
            client.floating_ips("")
        ),
        foreign_names(&wanted.volumes, &inventory.volumes, &owner, client.volumes("")),
    )?;
    let prefixed = |kind: &str, names: Vec<String>| -> Vec<String> {
        names.into_iter().map(|name| format!("{kind}/{name}")).collect()
    };
    foreign.extend(prefixed("network", networks));
    foreign.extend(prefixed("placement-group", groups));
    foreign.extend(prefixed("firewall", firewalls));
    foreign.extend(prefixed("server", servers));
    foreign.extend(prefixed("floating-ip", addresses));
    foreign.extend(prefixed("volume", volumes));
    foreign.sort();
    inventory.foreign = foreign;
    Ok(inventory)
}

/// Keys under the names that the platform knows them by, and wanted names that are somebody else's.
fn ssh_keys(
    keys: Vec<SshKey>,
    platform: &str,
    owner: &Owner,
    wanted: &WantedNames,
) -> (BTreeMap<String, (u64, String)>, Vec<String>) {
    let mark = shared_key_mark(platform);
    let mut known = BTreeMap::new();
    let mut others = Vec::new();
    for key in keys {
        if let Some(name) = key.labels.get(&mark) {
            known.insert(name.clone(), (key.id, key.public_key));
        } else if owner.owns(&key.labels) {
            known.insert(key.name, (key.id, key.public_key));
        } else {
            others.push(key.name);
        }
    }
    let taken = |name: &String| wanted.ssh_keys.contains(name) && !known.contains_key(name);
    let taken = others.into_iter().filter(taken).map(|name| format!("ssh-key/{name}")).collect();
    (known, taken)
}

trait Named {
    fn into_name_and_labels(self) -> (String, Labels);
}

macro_rules! named {
    ($($type:ty),*) => {
        $(impl Named for $type {
            fn into_name_and_labels(self) -> (String, Labels) {
                (self.name, self.labels)
            }
        })*
    };
}

named!(Firewall, Network, PlacementGroup, Server, FloatingIp, Volume);

/// Returns the missing names that somebody else has. The whole list is read only when any is
/// missing: one request where asking for each name would be one per node.
async fn foreign_names<T: Named, F>(
    wanted: &BTreeSet<String>,
    found: &BTreeMap<String, F>,
    owner: &Owner,
    whole_list: impl Future<Output = Result<Vec<T>, CloudError>>,
) -> Result<Vec<String>, CloudError> {
    if wanted.iter().all(|name| found.contains_key(name)) {
        return Ok(Vec::new());
    }
    let everything = whole_list.await?.into_iter().map(Named::into_name_and_labels);
    // What became ours since the first list is not foreign; the next observation finds it.
    let is_foreign =
        |(name, labels): &(String, Labels)| wanted.contains(name) && !owner.owns(labels);
    Ok(everything.filter(is_foreign).map(|(name, _)| name).collect())
}

fn network_facts(network: Network) -> (String, NetworkFacts) {
    let subnets = network.subnets.into_iter();
    let facts = NetworkFacts {
        id: network.id,
        ip_range: network.ip_range,
        subnets: subnets.map(|s| (s.network_zone, s.ip_range.unwrap_or_default())).collect(),
    };
    (network.name, facts)
}

/// An IPv6 prefix is none that the platform makes, and has no place here.
fn floating_ip_facts(floating_ip: FloatingIp) -> Option<(String, FloatingIpFacts)> {
    let facts = FloatingIpFacts {
        id: floating_ip.id,
        ip: floating_ip.ip.parse().ok()?,
        home_location: floating_ip.home_location.name,
        server: floating_ip.server,
    };
    Some((floating_ip.name, facts))
}

fn volume_facts(volume: Volume) -> (String, VolumeFacts) {
    let facts = VolumeFacts {
        id: volume.id,
        size_gb: volume.size,
        location: volume.location.name,
        server: volume.server,
    };
    (volume.name, facts)
}

fn firewall_facts(firewall: Firewall) -> (String, FirewallFacts) {
    let servers = firewall.servers().collect();
    let rules = firewall.rules.into_iter().map(|rule| CloudRule {
        direction: rule.direction,
        protocol: rule.protocol,
        port: rule.port,
        addresses: rule.source_ips.into_iter().chain(rule.destination_ips).collect(),
        description: rule.description.unwrap_or_default(),
    });
    (firewall.name, FirewallFacts { id: firewall.id, rules: rules.collect(), servers })
}

fn server_facts(server: Server) -> (String, ServerFacts) {
    let places = server.private_net.iter();
    let facts = ServerFacts {
        id: server.id,
        status: server.status,
        server_type: server.server_type.name,
        location: server.location.name,
        public_ip: server.public_net.ipv4.and_then(|ipv4| ipv4.ip.parse().ok()),
        private_ips: places.filter_map(|p| Some((p.network, p.ip.parse().ok()?))).collect(),
        placement_group: server.placement_group.map(|group| group.id),
        backups: server.backup_window.is_some(),
        labels: server.labels,
    };
    (server.name, facts)
}

#[cfg(test)]
mod tests {
    use super::*;

    fn key(id: u64, name: &str, labels: &[(&str, &str)]) -> SshKey {
        SshKey {
            id,
            name: name.to_owned(),
            fingerprint: String::new(),
            public_key: format!("ssh-ed25519 {name}"),
            labels: labels.iter().map(|(k, v)| ((*k).to_owned(), (*v).to_owned())).collect(),
            created: String::new(),
        }
    }

    #[test]
    fn keys_are_known_by_label_or_by_mark_and_only_wanted_names_can_be_taken() {
        let ours = [("managed-by", "ennead"), ("platform", "one")];
        let two = [("managed-by", "ennead"), ("platform", "two"), ("ennead/one", "one-shared")];
        let keys = vec![
            key(1, "one-operator", &ours),
            key(2, "two-operator", &two),
            key(3, "one-backup", &[]),
            key(4, "laptop", &[]),
        ];
        let names = ["one-operator", "one-shared", "one-backup", "one-new"].map(str::to_owned);
        let wanted = WantedNames { ssh_keys: names.into(), ..WantedNames::default() };
        let (known, taken) = ssh_keys(keys, "one", &owner("one"), &wanted);
        let ids: Vec<(&str, u64)> = known.iter().map(|(name, (id, _))| (&**name, *id)).collect();
        assert_eq!(ids, [("one-operator", 1), ("one-shared", 2)]);
        assert_eq!(taken, ["ssh-key/one-backup"]);
    }
}
