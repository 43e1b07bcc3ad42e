//! Carries out what stands beside the servers: floating IPs, volumes, names, backups.

use ennead_hcloud::types::{
    CreateFloatingIp, CreateRrSet, CreateVolume, CreateZone, FloatingIp, ResourceRecord,
};
use ennead_model::CloudAction;

use super::apply::{Scope, Why};
use super::observe_zones::ADDRESS;

/// The file system that a new volume gets.
const FILE_SYSTEM: &str = "ext4";

impl Scope<'_> {
    /// Carries out one of these actions; true when something was changed. Any other action is none of
    /// its business and changes nothing.
    pub(super) async fn apply_beside(&self, action: &CloudAction) -> Result<bool, Why> {
        let Self { client, owner, .. } = self;
        Ok(match action {
            CloudAction::SetBackups { server, enabled } => {
                client.ensure_backups(self.server_id(server).await?, *enabled).await?.changed
            }
            CloudAction::CreateFloatingIp { name, home_location, labels } => {
                let body = CreateFloatingIp {
                    kind: "ipv4".to_owned(),
                    server: None,
                    home_location: Some(home_location.clone()),
                    description: None,
                    name: Some(name.clone()),
                    labels: labels.clone(),
                };
                client.ensure_floating_ip(name, &body, owner).await?.changed
            }
            CloudAction::AssignFloatingIp { name, server } => {
                let floating_ip = self.floating_ip(name).await?;
                client.ensure_led(floating_ip.id, self.server_id(server).await?).await?.changed
            }
            CloudAction::CreateVolume { name, size_gb, location, labels } => {
                let body = CreateVolume {
                    name: name.clone(),
                    size: u64::from(*size_gb),
                    location: Some(location.clone()),
                    server: None,
                    format: Some(FILE_SYSTEM.to_owned()),
                    automount: None,
                    labels: labels.clone(),
                };
                client.ensure_volume(&body, owner).await?.changed
            }
            CloudAction::AttachVolume { name, server } => {
                let found = client.volume_named(name).await?;
                let id = self.own("volume", name, found.map(|it| (it.id, it.labels)))?;
                client.ensure_volume_at(id, self.server_id(server).await?).await?.changed
            }
            CloudAction::DeleteFloatingIp { name } => {
                client.ensure_no_floating_ip(name, owner).await?
            }
            CloudAction::DeleteVolume { name } => client.ensure_no_volume(name, owner).await?,
            other => self.apply_name(other).await?,
        })
    }

    async fn apply_name(&self, action: &CloudAction) -> Result<bool, Why> {
        let Self { client, owner, .. } = self;
        Ok(match action {
            CloudAction::CreateZone { name, labels } => {
                let body = CreateZone {
                    name: name.clone(),
                    mode: "primary".to_owned(),
                    labels: labels.clone(),
                    ..CreateZone::default()
                };
                client.ensure_zone(&body, owner).await?.changed
            }
            CloudAction::CreateRecords { zone, name, ttl_s, floating_ips, labels } => {
                let mut records = Vec::new();
                for floating_ip in floating_ips {
                    let value = self.floating_ip(floating_ip).await?.ip;
                    records.push(ResourceRecord { value, comment: String::new() });
                }
                let body = CreateRrSet {
                    name: name.clone(),
                    kind: ADDRESS.to_owned(),
                    ttl: Some(*ttl_s),
                    records,
                    labels: labels.clone(),
                };
                client.ensure_rrset(self.zone_id(zone).await?, &body, owner).await?.changed
            }
            CloudAction::SetRecordsTtl { zone, name, ttl_s } => {
                let zone = self.zone_id(zone).await?;
                client.ensure_rrset_ttl(zone, (name, ADDRESS), *ttl_s, owner).await?
            }
            CloudAction::DeleteRecords { zone, name } => match client.zone_named(zone).await? {
                Some(zone) => client.ensure_no_rrset(zone.id, (name, ADDRESS), owner).await?,
                None => false,
            },
            CloudAction::DeleteZone { name } => client.ensure_no_zone(name, owner).await?,
            _ => false,
        })
    }

    async fn floating_ip(&self, name: &str) -> Result<FloatingIp, Why> {
        let found = self.client.floating_ip_named(name).await?;
        self.own("floating IP", name, found.as_ref().map(|it| (it.id, it.labels.clone())))?;
        found.ok_or_else(|| Why::Missing { kind: "floating IP", name: name.to_owned() })
    }

    /// Returns the id of a zone, whoever made it: the names in it are what is ours.
    async fn zone_id(&self, name: &str) -> Result<u64, Why> {
        let found = self.client.zone_named(name).await?;
        let missing = || Why::Missing { kind: "zone", name: name.to_owned() };
        found.map(|zone| zone.id).ok_or_else(missing)
    }
}
