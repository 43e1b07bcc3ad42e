//! IPv4 prefixes: what a network, a subnet and the lab's public range are.

use std::fmt;
use std::net::Ipv4Addr;

use serde::{Deserialize, Serialize};

/// A prefix, host bits cleared.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(into = "String", try_from = "String")]
pub struct Prefix {
    first: u32,
    length: u8,
}

impl From<Prefix> for String {
    fn from(prefix: Prefix) -> Self {
        prefix.to_string()
    }
}

impl TryFrom<String> for Prefix {
    type Error = String;

    fn try_from(text: String) -> Result<Self, Self::Error> {
        Self::parse(&text).ok_or_else(|| format!("{text:?} is no IPv4 prefix"))
    }
}

const PRIVATE: [Prefix; 3] = [
    Prefix { first: 0x0a00_0000, length: 8 },
    Prefix { first: 0xac10_0000, length: 12 },
    Prefix { first: 0xc0a8_0000, length: 16 },
];

impl Prefix {
    /// Parses `10.0.0.0/16`; host bits are cleared, as the cloud does for networks.
    pub fn parse(text: &str) -> Option<Self> {
        let (address, length) = text.split_once('/')?;
        let address: Ipv4Addr = address.parse().ok()?;
        let length: u8 = length.parse().ok().filter(|length| *length <= 32)?;
        Some(Self::new(address, length))
    }

    /// Makes a prefix; host bits are cleared, and a length above 32 is 32.
    pub fn new(address: Ipv4Addr, length: u8) -> Self {
        let length = length.min(32);
        Self { first: u32::from(address) & mask(length), length }
    }

    /// Returns the number of fixed bits.
    pub fn length(self) -> u8 {
        self.length
    }

    /// Returns the lowest address.
    pub fn network(self) -> Ipv4Addr {
        self.first.into()
    }

    /// Returns the highest address.
    pub fn broadcast(self) -> Ipv4Addr {
        (self.first | !mask(self.length)).into()
    }

    /// Returns the address after the lowest: the gateway of a private network.
    pub fn gateway(self) -> Ipv4Addr {
        self.first.saturating_add(1).into()
    }

    /// Returns whether the address is inside.
    pub fn contains(self, address: Ipv4Addr) -> bool {
        u32::from(address) & mask(self.length) == self.first
    }

    /// Returns whether all of the other prefix is inside.
    pub fn covers(self, other: Self) -> bool {
        self.length <= other.length && self.contains(other.network())
    }

    /// Returns whether the two share an address.
    pub fn overlaps(self, other: Self) -> bool {
        self.covers(other) || other.covers(self)
    }

    /// Returns whether it is inside one of the private ranges of RFC 1918.
    pub fn is_private(self) -> bool {
        PRIVATE.iter().any(|range| range.covers(self))
    }

    /// Returns its addresses without the lowest and the highest, in order.
    pub fn hosts(self) -> impl Iterator<Item = Ipv4Addr> {
        let last = u32::from(self.broadcast());
        (self.first.saturating_add(1)..last).map(Ipv4Addr::from)
    }

    /// Returns the prefixes of that length inside this one, in order.
    pub fn parts(self, length: u8) -> impl Iterator<Item = Self> {
        let length = length.clamp(self.length, 32);
        let count = 1_u64 << (length - self.length);
        (0..count).filter_map(move |index| {
            let step = u32::try_from(index << (32 - length)).ok()?;
            Some(Self { first: self.first.checked_add(step)?, length })
        })
    }
}

fn mask(length: u8) -> u32 {
    u32::MAX.checked_shl(32 - u32::from(length)).unwrap_or(0)
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.network(), self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    fn prefix(text: &str) -> Prefix {
        Prefix::parse(text).unwrap()
    }

    #[test]
    fn host_bits_are_cleared() {
        assert_eq!(prefix("10.0.2.0/16").to_string(), "10.0.0.0/16");
        assert_eq!(prefix("10.0.2.0/16").gateway().to_string(), "10.0.0.1");
        assert_eq!(prefix("0.0.0.0/0").broadcast().to_string(), "255.255.255.255");
        for wrong in ["10.0.0.0", "10.0.0/8", "10.0.0.0/33", "10.0.0.0/-1", "", "::/0"] {
            assert_eq!(Prefix::parse(wrong), None, "{wrong}");
        }
    }

    #[test]
    fn prefixes_cover_and_overlap() {
        assert!(prefix("10.0.0.0/8").covers(prefix("10.1.0.0/16")));
        assert!(!prefix("10.1.0.0/16").covers(prefix("10.0.0.0/8")));
        assert!(prefix("10.1.0.0/16").overlaps(prefix("10.0.0.0/8")));
        assert!(!prefix("10.1.0.0/16").overlaps(prefix("10.2.0.0/16")));
        assert!(prefix("172.31.0.0/16").is_private());
        assert!(!prefix("172.0.0.0/8").is_private());
        assert!(!prefix("198.18.7.0/24").is_private());
    }

    #[test]
    fn parts_and_hosts_are_in_order() {
        let parts: Vec<_> = prefix("10.0.0.0/22").parts(24).map(|p| p.to_string()).collect();
        assert_eq!(parts, ["10.0.0.0/24", "10.0.1.0/24", "10.0.2.0/24", "10.0.3.0/24"]);
        let hosts: Vec<_> = prefix("10.0.0.8/30").hosts().map(|h| h.to_string()).collect();
        assert_eq!(hosts, ["10.0.0.9", "10.0.0.10"]);
        assert_eq!(prefix("10.0.0.8/32").hosts().count(), 0);
        assert_eq!(prefix("0.0.0.0/0").parts(32).take(2).count(), 2);
    }
}
