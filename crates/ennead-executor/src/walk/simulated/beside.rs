//! What the remembering cloud holds beside servers.

use std::net::Ipv4Addr;

use ennead_model::{CloudAction, FloatingIpFacts, RecordFacts, VolumeFacts, ZoneFacts};

use super::super::EffectError;
use super::State;
use super::cloud::insert;

/// First address of the documentation prefix that floating IPs are from.
const FLOATING_FIRST: u32 = u32::from_be_bytes([203, 0, 113, 0]);

impl State {
    /// Makes what stands beside servers as the action says. True when something changed.
    pub(super) fn change_beside(&mut self, action: &CloudAction) -> Result<bool, EffectError> {
        let missing =
            |what: &str, name: &str| EffectError::new(format!("there is no {what} {name}"));
        match action {
            CloudAction::SetBackups { server, enabled } => {
                let server = self.server(server)?;
                Ok(std::mem::replace(&mut server.backups, *enabled) != *enabled)
            }
            CloudAction::CreateFloatingIp { name, home_location, .. } => {
                let id = self.next_id();
                let number = u32::try_from(id).unwrap_or(0);
                let ip = Ipv4Addr::from(FLOATING_FIRST.saturating_add(number));
                let home_location = home_location.clone();
                let facts = FloatingIpFacts { id, ip, home_location, server: None };
                Ok(insert(&mut self.cloud.floating_ips, name, facts))
            }
            CloudAction::AssignFloatingIp { name, server } => {
                let server = self.server(server)?.id;
                let found = self.cloud.floating_ips.get_mut(name);
                let facts = found.ok_or_else(|| missing("floating IP", name))?;
                let led = facts.server.is_some();
                facts.server = facts.server.or(Some(server));
                Ok(!led)
            }
            CloudAction::CreateVolume { name, size_gb, location, .. } => {
                let (id, location) = (self.next_id(), location.clone());
                let size_gb = u64::from(*size_gb);
                let facts = VolumeFacts { id, size_gb, location, server: None };
                Ok(insert(&mut self.cloud.volumes, name, facts))
            }
            CloudAction::AttachVolume { name, server } => {
                let server = self.server(server)?.id;
                let found = self.cloud.volumes.get_mut(name);
                let facts = found.ok_or_else(|| missing("volume", name))?;
                if facts.server.is_some_and(|at| at != server) {
                    return Err(EffectError::new(format!("volume {name} is attached elsewhere")));
                }
                Ok(facts.server.replace(server).is_none())
            }
            CloudAction::DeleteFloatingIp { name } => {
                Ok(self.cloud.floating_ips.remove(name).is_some())
            }
            CloudAction::DeleteVolume { name } => Ok(self.cloud.volumes.remove(name).is_some()),
            other => self.change_names(other),
        }
    }

    fn change_names(&mut self, action: &CloudAction) -> Result<bool, EffectError> {
        match action {
            CloudAction::CreateZone { name, .. } => {
                let facts = ZoneFacts { id: self.next_id(), ours: true, records: [].into() };
                Ok(insert(&mut self.cloud.zones, name, facts))
            }
            CloudAction::CreateRecords { zone, name, ttl_s, floating_ips, .. } => {
                let mut addresses = Vec::new();
                for floating_ip in floating_ips {
                    let found = self.cloud.floating_ips.get(floating_ip);
                    let missing =
                        || EffectError::new(format!("there is no floating IP {floating_ip}"));
                    addresses.push(found.ok_or_else(missing)?.ip.to_string());
                }
                let facts = RecordFacts { ours: true, ttl_s: Some(*ttl_s), addresses };
                Ok(insert(&mut self.zone(zone)?.records, name, facts))
            }
            CloudAction::SetRecordsTtl { zone, name, ttl_s } => {
                let records = self.zone(zone)?.records.get_mut(name);
                let missing = || EffectError::new(format!("there is no {name} in {zone}"));
                let records = records.ok_or_else(missing)?;
                Ok(records.ttl_s.replace(*ttl_s) != Some(*ttl_s))
            }
            CloudAction::DeleteRecords { zone, name } => {
                Ok(self.zone(zone)?.records.remove(name).is_some())
            }
            CloudAction::DeleteZone { name } => Ok(self.cloud.zones.remove(name).is_some()),
            _ => Ok(false),
        }
    }

    /// A server is gone: what led to it leads nowhere, what was attached to it is free.
    pub(super) fn free_what_led_to(&mut self, server: Option<u64>) {
        let Some(server) = server else { return };
        for facts in self.cloud.floating_ips.values_mut() {
            facts.server.take_if(|at| *at == server);
        }
        for facts in self.cloud.volumes.values_mut() {
            facts.server.take_if(|at| *at == server);
        }
    }

    fn zone(&mut self, name: &str) -> Result<&mut ZoneFacts, EffectError> {
        let missing = || EffectError::new(format!("there is no zone {name}"));
        self.cloud.zones.get_mut(name).ok_or_else(missing)
    }
}
