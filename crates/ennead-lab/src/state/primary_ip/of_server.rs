//! The primary IPs of one server: made, chosen, released and shown with it.

use std::net::Ipv4Addr;

use ennead_hcloud::types::{
    CreateServerPublicNet, IpProtection, Labels, PublicIpv4, PublicIpv6, PublicNet,
};
use serde_json::json;

use super::PrimaryIpRecord;
use crate::state::moment::{Moment, rfc3339};
use crate::state::public_ip::{PublicIp, ReverseNames};
use crate::state::server::ServerRecord;
use crate::state::{Code, Refusal, State};

/// What a new server's public interface gets: primary IPs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Addresses {
    /// With its address.
    pub(crate) ipv4: Option<(u64, Ipv4Addr)>,
    /// Its id.
    pub(crate) ipv6: Option<u64>,
}

impl State {
    /// Chooses the primary IPs of a new server and makes those that the request does not name.
    ///
    /// # Errors
    /// `not_found`, `primary_ip_version_mismatch`, `primary_ip_assigned`,
    /// `primary_ip_datacenter_mismatch`, `invalid_input`, `resource_limit_exceeded`.
    pub(crate) fn choose_addresses(
        &mut self,
        wanted: Option<&CreateServerPublicNet>,
        has_network: bool,
        location: &str,
        moment: &Moment<'_>,
    ) -> Result<Addresses, Refusal> {
        let default =
            CreateServerPublicNet { enable_ipv4: true, enable_ipv6: true, ipv4: None, ipv6: None };
        let wanted = wanted.unwrap_or(&default);
        if !wanted.enable_ipv4 && !wanted.enable_ipv6 && !has_network {
            let why = "a server needs an IPv4 address, an IPv6 address or a private network";
            return Err(Refusal::invalid("public_net", why));
        }
        let mut choose = |kind, is_enabled: bool, named: Option<u64>| match named {
            Some(_) if !is_enabled => {
                Err(Refusal::invalid(&format!("public_net.{kind}"), "is not enabled"))
            }
            Some(id) => self.check_usable(id, kind, location).map(Some),
            None if is_enabled => self.make_primary_ip(kind, location, moment).map(Some),
            None => Ok(None),
        };
        let ipv4 = choose("ipv4", wanted.enable_ipv4, wanted.ipv4)?;
        let ipv6 = choose("ipv6", wanted.enable_ipv6, wanted.ipv6)?;
        let address = ipv4.and_then(|id| Some((id, self.primary_ips.get(&id)?.ip.ipv4()?)));
        Ok(Addresses { ipv4: address, ipv6 })
    }

    fn check_usable(&self, id: u64, kind: &str, location: &str) -> Result<u64, Refusal> {
        let record = self.primary_ip_record(id)?;
        let (code, message) = if record.ip.kind() != kind {
            (Code::PrimaryIpVersionMismatch, "Primary IP has the wrong IP version")
        } else if self.assignee_of(id).is_some() {
            (Code::PrimaryIpAssigned, "Primary IP is already assigned to a server")
        } else if record.location != location {
            (Code::PrimaryIpDatacenterMismatch, "Primary IP and server are in different locations")
        } else {
            self.free_primary_ip(id)?;
            return Ok(id);
        };
        Err(Refusal::new(code, message))
    }

    /// Makes a primary IP that goes with its server. What the cloud sets there is not documented:
    /// read it back instead of relying on it.
    fn make_primary_ip(
        &mut self,
        kind: &str,
        location: &str,
        moment: &Moment<'_>,
    ) -> Result<u64, Refusal> {
        let id = self.fresh_id();
        let ip = self.free_public_ip(kind, id, "primary_ip_limit", moment)?;
        self.primary_ips.insert(id, of_server(id, ip, location, rfc3339(moment.now)));
        Ok(id)
    }

    /// Returns the server that has a primary IP.
    pub(crate) fn assignee_of(&self, id: u64) -> Option<u64> {
        let has = |server: &&ServerRecord| server.primary_ips().any(|own| own == id);
        self.servers.values().find(has).map(|server| server.id)
    }

    /// Takes a primary IP from a server that has it.
    pub(super) fn take_address(&mut self, id: u64, server: u64) {
        if let Some(record) = self.servers.get_mut(&server) {
            record.ipv4 = record.ipv4.filter(|(own, _)| *own != id);
            record.ipv6 = record.ipv6.filter(|own| *own != id);
        }
        self.queue_filters();
    }

    /// Removes what goes with a server that is gone.
    pub(crate) fn delete_addresses_of(&mut self, server: u64) {
        let Some(record) = self.servers.get(&server) else { return };
        for id in record.primary_ips().collect::<Vec<_>>() {
            if self.primary_ips.get(&id).is_some_and(|primary| primary.auto_delete) {
                self.primary_ips.remove(&id);
            }
        }
    }

    /// Adds the primary IPs that servers had before the lab kept them as objects.
    pub(crate) fn complete_primary_ips(&mut self) {
        for server in self.servers.values() {
            let ipv4 = server.ipv4.map(|(id, address)| (id, PublicIp::Ipv4(address)));
            let ipv6 = server.ipv6.map(|id| (id, PublicIp::ipv6_of(server.id)));
            for (id, ip) in ipv4.into_iter().chain(ipv6) {
                let fresh = || of_server(id, ip, &server.location, server.created.clone());
                self.primary_ips.entry(id).or_insert_with(fresh);
            }
        }
    }

    /// Returns a server's public side as the API shows it.
    pub(crate) fn public_net(&self, server: &ServerRecord) -> PublicNet {
        let record = |id: u64| self.primary_ips.get(&id);
        let ipv4 = server.ipv4.map(|(id, address)| {
            let names = record(id).map(|record| record.names.clone()).unwrap_or_default();
            let dns_ptr = Some(names.of_ipv4(address));
            PublicIpv4 { id: Some(id), ip: address.to_string(), blocked: false, dns_ptr }
        });
        let ipv6 = server.ipv6.and_then(record).map(|record| PublicIpv6 {
            id: Some(record.id),
            ip: record.ip.show(),
            blocked: false,
            dns_ptr: Some(record.names.of(record.ip).iter().map(|name| json!(name)).collect()),
        });
        let floating_ips = self.floating_ips_of(server.id).map(|floating| floating.id).collect();
        PublicNet { ipv4, ipv6, floating_ips, firewalls: self.show_firewalls_of(server) }
    }
}

fn of_server(id: u64, ip: PublicIp, location: &str, created: String) -> PrimaryIpRecord {
    PrimaryIpRecord {
        id,
        name: format!("primary_ip-{id}"),
        ip,
        location: location.to_owned(),
        auto_delete: true,
        names: ReverseNames::default(),
        protection: IpProtection::default(),
        labels: Labels::new(),
        created,
    }
}
