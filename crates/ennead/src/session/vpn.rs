//! What a person's profile needs to know of a gateway.

use std::net::Ipv4Addr;

use ennead_model::{NodeName, Ref, RefKind, RefResolver as _};

use super::Session;
use crate::error::{CommandError, OrExit};
use crate::exit_code::Exit;

impl Session {
    /// Returns a node's public address, once its server was observed.
    pub(crate) fn public_ip(&self, node: &NodeName) -> Option<Ipv4Addr> {
        self.resolver.public_ip(node.as_str())
    }

    /// Returns a node's WireGuard public key.
    pub(crate) fn wireguard_public_key(&self, node: &NodeName) -> Result<String, CommandError> {
        self.resolver.resolve(&Ref::new(RefKind::WgPublic, node)).or_exit(Exit::Internal)
    }
}
