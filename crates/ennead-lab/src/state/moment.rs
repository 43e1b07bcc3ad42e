//! What the state may not find out by itself: the time, chance and the lab's rules.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::prefix::Prefix;

/// Quotas of the account. None: as many as fit.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(default, deny_unknown_fields)]
pub struct Limits {
    /// Servers of every kind; a new account of the real cloud has 5.
    pub servers: Option<usize>,
    /// Servers with dedicated processors; a new account of the real cloud has 8.
    pub dedicated_servers: Option<usize>,
}

impl Limits {
    /// Quotas of a new account. Source: the cloud's documentation, page "Servers", 2026.
    pub const NEW_ACCOUNT: Self = Self { servers: Some(5), dedicated_servers: Some(8) };
}

/// The lab's rules.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Rules {
    /// Where public addresses are taken from. Its first three addresses and its last are never
    /// given to a server.
    pub public_prefix: Prefix,
    /// Public addresses that other projects of the lab have.
    pub taken: BTreeSet<Ipv4Addr>,
    /// Quotas.
    pub limits: Limits,
    /// Server types that are out of stock: type, location.
    pub sold_out: BTreeSet<(String, String)>,
    /// Whether a floating IP may lead to a server of another network zone than its home's. What
    /// is known of the cloud contradicts itself; see decision 0006.
    pub floating_ips_cross_zones: bool,
}

impl Default for Rules {
    fn default() -> Self {
        Self {
            public_prefix: Prefix::new(Ipv4Addr::new(198, 18, 7, 0), 24),
            taken: BTreeSet::new(),
            limits: Limits::default(),
            sold_out: BTreeSet::new(),
            floating_ips_cross_zones: false,
        }
    }
}

/// The circumstances of one change.
#[derive(Debug, Clone, Copy)]
pub struct Moment<'a> {
    /// The time of day.
    pub now: Timestamp,
    /// A number that nobody can foresee.
    pub salt: u64,
    /// The lab's rules.
    pub rules: &'a Rules,
}

/// Returns a time as the cloud writes it: RFC 3339, UTC, whole seconds.
pub fn rfc3339(time: Timestamp) -> String {
    time.strftime("%Y-%m-%dT%H:%M:%SZ").to_string()
}
