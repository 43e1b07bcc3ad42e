//! The remembering cloud.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use ennead_model::{
    CloudAction, CloudInventory, FirewallFacts, NetworkFacts, NodeName, ServerFacts,
};

use super::super::EffectError;
use super::{Machine, SimulatedWorld, State};

/// First address of the documentation prefix that servers get their public addresses from.
const PUBLIC_FIRST: u32 = u32::from_be_bytes([198, 51, 100, 0]);

impl SimulatedWorld {
    /// Takes over a cloud that is remembered elsewhere: the nodes are in its servers from now on. A
    /// server under another id than before is another machine, with nothing on it.
    pub fn adopt(&self, cloud: CloudInventory) {
        let mut state = self.state();
        let mut before = std::mem::take(&mut state.nodes);
        for (name, server) in &cloud.servers {
            let Ok(node) = NodeName::new(name.as_str()) else { continue };
            let same = state.cloud.servers.get(name).is_some_and(|known| known.id == server.id);
            let machine = before.remove(&node).filter(|_| same);
            state.nodes.insert(node, machine.unwrap_or_default());
        }
        state.cloud = cloud;
    }
}

impl State {
    /// Makes the cloud as the action says. True when something changed.
    pub(super) fn change_cloud(&mut self, action: &CloudAction) -> Result<bool, EffectError> {
        match action {
            CloudAction::CreateSshKey { name, public_key, .. } => {
                let id = self.next_id();
                let key = (id, public_key.clone());
                Ok(insert(&mut self.cloud.ssh_keys, name, key))
            }
            CloudAction::CreateNetwork { name, ip_range, network_zone, .. } => {
                let (id, ip_range) = (self.next_id(), ip_range.clone());
                let subnets = vec![(network_zone.clone(), ip_range.clone())];
                Ok(insert(&mut self.cloud.networks, name, NetworkFacts { id, ip_range, subnets }))
            }
            CloudAction::CreatePlacementGroup { name, .. } => {
                let id = self.next_id();
                Ok(insert(&mut self.cloud.placement_groups, name, id))
            }
            CloudAction::CreateServer { name, .. } if self.cloud.servers.contains_key(name) => {
                Ok(false)
            }
            CloudAction::CreateServer { .. } => self.create_server(action),
            CloudAction::AttachNetwork { server, network, ip } => self.attach(server, network, *ip),
            CloudAction::PowerOn { server } => {
                let server = self.server(server)?;
                Ok(std::mem::replace(&mut server.status, "running".to_owned()) != "running")
            }
            CloudAction::SetFirewall { .. }
            | CloudAction::ApplyFirewall { .. }
            | CloudAction::LiftFirewall { .. }
            | CloudAction::DeleteFirewall { .. } => self.change_firewall(action),
            CloudAction::DeleteServer { name } => Ok(self.delete_server(name)),
            CloudAction::DeleteNetwork { name } => {
                let id = self.cloud.networks.get(name).map(|network| network.id);
                let used =
                    |id| self.cloud.servers.values().any(|s| s.private_ips.contains_key(&id));
                if id.is_some_and(used) {
                    return Err(EffectError::new(format!("network {name} is in use")));
                }
                Ok(self.cloud.networks.remove(name).is_some())
            }
            CloudAction::DeletePlacementGroup { name } => {
                Ok(self.cloud.placement_groups.remove(name).is_some())
            }
            CloudAction::DeleteSshKey { name } => Ok(self.cloud.ssh_keys.remove(name).is_some()),
            other => self.change_beside(other),
        }
    }

    pub(super) fn server(&mut self, name: &str) -> Result<&mut ServerFacts, EffectError> {
        let server = self.cloud.servers.get_mut(name);
        server.ok_or_else(|| EffectError::new(format!("there is no server {name}")))
    }

    fn firewall(&mut self, name: &str) -> Result<&mut FirewallFacts, EffectError> {
        let firewall = self.cloud.firewalls.get_mut(name);
        firewall.ok_or_else(|| EffectError::new(format!("there is no firewall {name}")))
    }

    fn change_firewall(&mut self, action: &CloudAction) -> Result<bool, EffectError> {
        match action {
            CloudAction::SetFirewall { name, rules, .. } => {
                let id = self.next_id();
                let new = || FirewallFacts { id, rules: BTreeSet::new(), servers: BTreeSet::new() };
                let is_new = !self.cloud.firewalls.contains_key(name);
                let facts = self.cloud.firewalls.entry(name.clone()).or_insert_with(new);
                Ok(std::mem::replace(&mut facts.rules, rules.clone()) != *rules || is_new)
            }
            CloudAction::ApplyFirewall { firewall, server } => {
                let id = self.server(server)?.id;
                Ok(self.firewall(firewall)?.servers.insert(id))
            }
            CloudAction::LiftFirewall { firewall, server } => {
                let id = self.server(server)?.id;
                Ok(self.firewall(firewall)?.servers.remove(&id))
            }
            CloudAction::DeleteFirewall { name } => match self.cloud.firewalls.get(name) {
                Some(facts) if !facts.servers.is_empty() => {
                    Err(EffectError::new(format!("firewall {name} is in use")))
                }
                _ => Ok(self.cloud.firewalls.remove(name).is_some()),
            },
            _ => Ok(false),
        }
    }

    fn create_server(&mut self, action: &CloudAction) -> Result<bool, EffectError> {
        let CloudAction::CreateServer {
            name,
            server_type,
            location,
            ssh_keys,
            placement_group,
            firewalls,
            labels,
            ..
        } = action
        else {
            return Ok(false);
        };
        for key in ssh_keys {
            if !self.cloud.ssh_keys.contains_key(key) {
                return Err(EffectError::new(format!("there is no SSH key {key}")));
            }
        }
        let group = placement_group.as_ref();
        let group_id = group.and_then(|group| self.cloud.placement_groups.get(group).copied());
        let members = self
            .cloud
            .servers
            .values()
            .filter(|server| group_id.is_some() && server.placement_group == group_id);
        if group.is_some() && (group_id.is_none() || members.count() >= 10) {
            return Err(EffectError::new(format!("{name} has no room in {group:?}")));
        }
        let id = self.next_id();
        let public_ip = Ipv4Addr::from(PUBLIC_FIRST.saturating_add(u32::try_from(id).unwrap_or(0)));
        let facts = ServerFacts {
            id,
            status: "off".to_owned(),
            server_type: server_type.clone(),
            location: location.clone(),
            public_ip: Some(public_ip),
            private_ips: BTreeMap::new(),
            placement_group: group_id,
            backups: false,
            labels: labels.clone(),
        };
        for firewall in firewalls {
            self.firewall(firewall)?.servers.insert(id);
        }
        self.cloud.servers.insert(name.clone(), facts);
        if let Ok(name) = NodeName::new(name.as_str()) {
            self.nodes.insert(name, Machine::default());
        }
        Ok(true)
    }

    fn attach(&mut self, server: &str, network: &str, ip: Ipv4Addr) -> Result<bool, EffectError> {
        let id = self.cloud.networks.get(network).map(|network| network.id);
        let id = id.ok_or_else(|| EffectError::new(format!("there is no network {network}")))?;
        let holder = |(name, facts): (&String, &ServerFacts)| {
            name != server && facts.private_ips.get(&id) == Some(&ip)
        };
        if self.cloud.servers.iter().any(holder) {
            return Err(EffectError::new(format!("{ip} is taken in {network}")));
        }
        Ok(self.server(server)?.private_ips.insert(id, ip) != Some(ip))
    }

    fn delete_server(&mut self, name: &str) -> bool {
        let Ok(node) = NodeName::new(name) else { return false };
        let runs: Vec<_> = self
            .nodes
            .get(&node)
            .map(|m| m.instances.keys().cloned().collect())
            .unwrap_or_default();
        for component in runs {
            self.note_disturbance(&component, &node);
        }
        self.nodes.remove(&node);
        let gone = self.cloud.servers.remove(name);
        self.free_what_led_to(gone.as_ref().map(|server| server.id));
        for firewall in self.cloud.firewalls.values_mut() {
            firewall.servers.retain(|id| gone.as_ref().is_none_or(|server| server.id != *id));
        }
        gone.is_some()
    }
}

pub(super) fn insert<T>(objects: &mut BTreeMap<String, T>, name: &str, object: T) -> bool {
    let is_new = !objects.contains_key(name);
    if is_new {
        objects.insert(name.to_owned(), object);
    }
    is_new
}
