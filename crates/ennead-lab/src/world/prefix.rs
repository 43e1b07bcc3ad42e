//! An IPv4 prefix such as `198.18.7.0/24`.

use std::fmt;
use std::net::Ipv4Addr;
use std::str::FromStr;

use thiserror::Error;

/// A text that is no IPv4 prefix.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("{text:?} is no IPv4 prefix such as 10.0.0.0/16")]
pub struct PrefixError {
    /// The text.
    pub text: String,
}

/// An IPv4 prefix; its host bits are zero.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Prefix {
    network: Ipv4Addr,
    length: u8,
}

impl Prefix {
    /// Returns the first address after the network's own.
    pub fn first(&self) -> Ipv4Addr {
        Ipv4Addr::from_bits(self.network.to_bits().saturating_add(1))
    }

    /// Returns whether an address is in it.
    pub fn contains(&self, address: Ipv4Addr) -> bool {
        address.to_bits() & mask(self.length) == self.network.to_bits()
    }
}

fn mask(length: u8) -> u32 {
    u32::MAX.checked_shl(32 - u32::from(length)).unwrap_or(0)
}

impl FromStr for Prefix {
    type Err = PrefixError;

    fn from_str(text: &str) -> Result<Self, PrefixError> {
        let parse = || {
            let (network, length) = text.split_once('/')?;
            let network: Ipv4Addr = network.parse().ok()?;
            let length: u8 = length.parse().ok().filter(|length| *length <= 32)?;
            let network = Ipv4Addr::from_bits(network.to_bits() & mask(length));
            Some(Self { network, length })
        };
        parse().ok_or_else(|| PrefixError { text: text.to_owned() })
    }
}

impl fmt::Display for Prefix {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}/{}", self.network, self.length)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_prefix_knows_its_gateway_and_its_addresses() {
        let prefix: Prefix = "10.1.0.7/16".parse().unwrap();
        assert_eq!(prefix.to_string(), "10.1.0.0/16");
        assert_eq!(prefix.first(), Ipv4Addr::new(10, 1, 0, 1));
        assert!(prefix.contains(Ipv4Addr::new(10, 1, 255, 255)));
        assert!(!prefix.contains(Ipv4Addr::new(10, 2, 0, 0)));
        let everything: Prefix = "0.0.0.0/0".parse().unwrap();
        assert!(everything.contains(Ipv4Addr::BROADCAST));
    }

    #[test]
    fn other_texts_are_refused() {
        for text in ["", "10.0.0.0", "10.0.0.0/33", "10.0.0/8", "a/8"] {
            assert!(text.parse::<Prefix>().is_err(), "{text}");
        }
    }
}
