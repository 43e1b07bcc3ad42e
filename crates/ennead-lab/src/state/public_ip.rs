//! Public addresses, primary and floating ones: where they come from and what they are called.

use std::collections::BTreeMap;
use std::net::{IpAddr, Ipv4Addr, Ipv6Addr};

use ennead_hcloud::types::DnsPointer;
use serde::{Deserialize, Serialize};

use super::labels::is_subdomain;
use super::moment::Moment;
use super::server::create::find_location;
use super::{Refusal, State};

/// Hosts at the start of the public prefix that nobody gets: the lab's router and its operator.
const RESERVED: usize = 2;

/// An address of the lab's internet.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum PublicIp {
    /// One address.
    Ipv4(Ipv4Addr),
    /// A /64 network. The lab carries no IPv6: it is shown because programs expect one, and it is
    /// of the range for documentation, so that nothing is ever sent to somebody.
    Ipv6(Ipv6Addr),
}

impl PublicIp {
    /// Returns the /64 that belongs to an id.
    pub fn ipv6_of(id: u64) -> Self {
        let [.., a, b, c, d] = id.to_be_bytes();
        let (high, low) = (u16::from_be_bytes([a, b]), u16::from_be_bytes([c, d]));
        Self::Ipv6(Ipv6Addr::new(0x2001, 0xdb8, high, low, 0, 0, 0, 0))
    }

    /// Returns the word used in JSON.
    pub fn kind(self) -> &'static str {
        match self {
            Self::Ipv4(_) => "ipv4",
            Self::Ipv6(_) => "ipv6",
        }
    }

    /// Returns it as JSON has it: an address, or a /64.
    pub fn show(self) -> String {
        match self {
            Self::Ipv4(address) => address.to_string(),
            Self::Ipv6(network) => format!("{network}/64"),
        }
    }

    /// Returns the address that the lab routes.
    pub fn ipv4(self) -> Option<Ipv4Addr> {
        match self {
            Self::Ipv4(address) => Some(address),
            Self::Ipv6(_) => None,
        }
    }

    fn contains(self, address: IpAddr) -> bool {
        match (self, address) {
            (Self::Ipv4(own), IpAddr::V4(address)) => own == address,
            (Self::Ipv6(own), IpAddr::V6(address)) => {
                own.segments()[..4] == address.segments()[..4]
            }
            _ => false,
        }
    }
}

/// Reverse names that were set. An IPv4 address without one has the cloud's own.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReverseNames(BTreeMap<IpAddr, String>);

impl ReverseNames {
    /// Returns these names with that of one address set, or taken back.
    ///
    /// # Errors
    /// `invalid_input`.
    pub fn with(&self, own: PublicIp, ip: &str, name: Option<&str>) -> Result<Self, Refusal> {
        let wrong = || Refusal::invalid("ip", format!("is not of {}", own.show()));
        let address: IpAddr = ip.parse().map_err(|_| wrong())?;
        if !own.contains(address) {
            return Err(wrong());
        }
        let mut names = self.clone();
        match name.map(|name| name.strip_suffix('.').unwrap_or(name)) {
            Some(name) if !is_subdomain(name) => {
                return Err(Refusal::invalid("dns_ptr", "is not a valid domain name"));
            }
            Some(name) => names.0.insert(address, name.to_owned()),
            None => names.0.remove(&address),
        };
        Ok(names)
    }

    /// Returns all names of an address or of a /64.
    pub fn of(&self, own: PublicIp) -> Vec<DnsPointer> {
        if let PublicIp::Ipv4(address) = own {
            return vec![DnsPointer { ip: address.to_string(), dns_ptr: self.of_ipv4(address) }];
        }
        let names = self.0.iter();
        names.map(|(ip, name)| DnsPointer { ip: ip.to_string(), dns_ptr: name.clone() }).collect()
    }

    /// Returns the name of an IPv4 address.
    pub fn of_ipv4(&self, address: Ipv4Addr) -> String {
        let [a, b, c, d] = address.octets();
        let own = || format!("static.{d}.{c}.{b}.{a}.clients.lab.internal");
        self.0.get(&IpAddr::V4(address)).cloned().unwrap_or_else(own)
    }
}

impl State {
    /// Returns a free address of that kind for what has the id.
    ///
    /// # Errors
    /// `invalid_input` for another kind, `resource_limit_exceeded` when none is free.
    pub(crate) fn free_public_ip(
        &self,
        kind: &str,
        id: u64,
        limit: &str,
        moment: &Moment<'_>,
    ) -> Result<PublicIp, Refusal> {
        match kind {
            "ipv4" => {}
            "ipv6" => return Ok(PublicIp::ipv6_of(id)),
            _ => return Err(Refusal::invalid("type", "must be one of: ipv4, ipv6")),
        }
        let words = limit.replace('_', " ").replace(" ip ", " IP ");
        let full = || Refusal::limit(limit, &format!("{words} exceeded"));
        let hosts = moment.rules.public_prefix.hosts().skip(RESERVED);
        hosts
            .map(PublicIp::Ipv4)
            .find(|ip| {
                let by_others = ip.ipv4().is_some_and(|ip| moment.rules.taken.contains(&ip));
                !by_others && !self.public_ips().any(|taken| taken == *ip)
            })
            .ok_or_else(full)
    }

    /// Returns the name of the location of an address: that of its server, or the named one.
    /// `fields` are what the request calls the two.
    ///
    /// # Errors
    /// `not_found`; `invalid_input` unless exactly one of both is given.
    pub(crate) fn home_of(
        &self,
        server: Option<u64>,
        location: Option<&str>,
        fields: [&str; 2],
    ) -> Result<String, Refusal> {
        let why = match (server, location) {
            (Some(server), None) => return Ok(self.server_record(server)?.location.clone()),
            (None, Some(location)) => return Ok(find_location(location)?.name.clone()),
            (Some(_), Some(_)) => "only one of both may be given",
            (None, None) => "is missing",
        };
        Err(Refusal::invalid_fields(&fields.map(|name| (name.to_owned(), why.to_owned()))))
    }

    /// Returns every public address that something has.
    fn public_ips(&self) -> impl Iterator<Item = PublicIp> {
        let of_servers = self.servers.values().filter_map(|server| server.ipv4);
        of_servers
            .map(|(_, address)| PublicIp::Ipv4(address))
            .chain(self.primary_ips.values().map(|primary| primary.ip))
            .chain(self.floating_ips.values().map(|floating| floating.ip))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_name_is_set_and_taken_back() {
        let own = PublicIp::Ipv4(Ipv4Addr::new(198, 18, 7, 3));
        let names = ReverseNames::default();
        assert_eq!(names.of(own)[0].dns_ptr, "static.3.7.18.198.clients.lab.internal");
        let names = names.with(own, "198.18.7.3", Some("mail.example.com.")).unwrap();
        assert_eq!(names.of(own)[0].dns_ptr, "mail.example.com");
        let names = names.with(own, "198.18.7.3", None).unwrap();
        assert_eq!(names, ReverseNames::default());
        for (ip, name) in
            [("198.18.7.4", "a.b"), ("::1", "a.b"), ("x", "a.b"), ("198.18.7.3", "a b")]
        {
            assert!(names.with(own, ip, Some(name)).is_err(), "{ip} {name}");
        }
    }

    #[test]
    fn names_of_a_network_are_those_that_were_set() {
        let own = PublicIp::ipv6_of(0x1_0002);
        assert_eq!(own.show(), "2001:db8:1:2::/64");
        let names = ReverseNames::default();
        assert_eq!(names.of(own), []);
        let names = names.with(own, "2001:db8:1:2::1", Some("a.example.com")).unwrap();
        assert_eq!(names.of(own)[0].ip, "2001:db8:1:2::1");
        assert!(names.with(own, "2001:db8:1:3::1", Some("a.example.com")).is_err());
        let text = serde_json::to_string(&names).unwrap();
        assert_eq!(serde_json::from_str::<ReverseNames>(&text).unwrap(), names);
    }
}
