//! Reverse names of a server's public addresses.

use std::net::{IpAddr, Ipv6Addr};

use ennead_hcloud::types::Action;

use super::ServerRecord;
use crate::state::effect::Lane;
use crate::state::labels::is_subdomain;
use crate::state::moment::Moment;
use crate::state::{Change, Refusal, State};

impl State {
    /// Sets the name of one of a server's public addresses; without one it has its first name again.
    ///
    /// # Errors
    /// `not_found`, `locked`, `invalid_input`.
    pub fn change_dns_ptr(
        &mut self,
        id: u64,
        ip: &str,
        name: Option<String>,
        moment: &Moment<'_>,
    ) -> Result<Action, Refusal> {
        let record = self.free_server(id)?;
        let address: Option<IpAddr> = ip.parse().ok();
        let own = address.is_some_and(|address| match address {
            IpAddr::V4(address) => record.ipv4.is_some_and(|(_, own)| own == address),
            IpAddr::V6(address) => record.ipv6.is_some() && is_in(ipv6_network(id), address),
        });
        let Some(address) = address.filter(|_| own) else {
            return Err(Refusal::invalid("ip", "is not an address of the server"));
        };
        if name.as_ref().is_some_and(|name| !is_subdomain(name.trim_end_matches('.'))) {
            return Err(Refusal::invalid("dns_ptr", "is not a valid domain name"));
        }
        let before = record.dns_ptr.get(&address).cloned();
        self.set_dns_ptr(id, address, name);
        let change = Change::NameServer(id, address, before);
        let (lane, resources) = (Lane::Server(id), [("server", id)]);
        Ok(self.begin("change_dns_ptr", &resources, lane, Vec::new(), change, moment))
    }

    /// Writes a name down.
    pub(crate) fn set_dns_ptr(&mut self, id: u64, address: IpAddr, name: Option<String>) {
        let Some(record) = self.servers.get_mut(&id) else { return };
        match name {
            Some(name) => record.dns_ptr.insert(address, name),
            None => record.dns_ptr.remove(&address),
        };
    }
}

impl ServerRecord {
    /// Returns the names of addresses in its IPv6 network, as the API shows them.
    pub(crate) fn ipv6_names(&self) -> Vec<serde_json::Value> {
        let names = self.dns_ptr.iter().filter(|(address, _)| address.is_ipv6());
        names.map(|(ip, name)| serde_json::json!({ "ip": ip, "dns_ptr": name })).collect()
    }
}

/// Returns the first address of a server's /64. The lab carries no IPv6: the network is shown
/// because programs expect one, and it is of the range for documentation, so that nothing is ever
/// sent to somebody.
pub(crate) fn ipv6_network(server: u64) -> Ipv6Addr {
    let [_, _, _, _, a, b, c, d] = server.to_be_bytes();
    let (high, low) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
    Ipv6Addr::new(0x2001, 0xdb8, high, low, 0, 0, 0, 0)
}

fn is_in(network: Ipv6Addr, address: Ipv6Addr) -> bool {
    network.to_bits() >> 64 == address.to_bits() >> 64
}
