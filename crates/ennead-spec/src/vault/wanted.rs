//! What a vault has to hold for a fleet: computed from what the components declare.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use ennead_components::{ALL, Context, Declaration, Options, Usage};
use ennead_model::{Fleet, Inventory, NodeName};
use serde::{Deserialize, Serialize};

/// What a leaf certificate has to say. A change of any of it makes a new certificate.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct LeafRequest {
    /// Subject common name.
    pub common_name: String,
    /// DNS names.
    pub dns_names: Vec<String>,
    /// Addresses.
    pub addresses: Vec<Ipv4Addr>,
    /// What it may be used for.
    pub usage: Usage,
}

/// Everything that a vault has to hold.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Wanted {
    /// The platform's name; part of the authority's and the operator key's name.
    pub platform: String,
    /// Passwords by name, with what each is for.
    pub secrets: BTreeMap<String, String>,
    /// Leaf certificates by `NAME/NODE`.
    pub leaves: BTreeMap<String, LeafRequest>,
    /// Nodes, each of which gets an SSH host key and a WireGuard key.
    pub nodes: BTreeSet<NodeName>,
}

impl Wanted {
    /// Computes what is wanted from the declarations of every component on every node.
    pub fn of(fleet: &Fleet, options: &Options) -> Self {
        let inventory = Inventory::empty();
        let context = Context { fleet, options, inventory: &inventory };
        let mut wanted = Self::nothing(&fleet.platform, fleet.nodes.keys().cloned());
        for component in ALL {
            for node in fleet.running(component.name()) {
                wanted.take(&node.name, component.declare(&context, node));
            }
        }
        wanted
    }

    /// Returns what a fleet without components wants.
    pub fn nothing(platform: &str, nodes: impl IntoIterator<Item = NodeName>) -> Self {
        Self {
            platform: platform.to_owned(),
            secrets: BTreeMap::new(),
            leaves: BTreeMap::new(),
            nodes: nodes.into_iter().collect(),
        }
    }

    /// Adds what one declaration asks for.
    pub fn take(&mut self, node: &NodeName, declaration: Declaration) {
        for secret in declaration.secrets {
            self.secrets.insert(secret.name, secret.purpose);
        }
        for certificate in declaration.certificates {
            let request = LeafRequest {
                common_name: certificate.common_name,
                dns_names: certificate.dns_names,
                addresses: certificate.addresses,
                usage: certificate.usage,
            };
            self.leaves.insert(format!("{}/{node}", certificate.name), request);
        }
    }
}
