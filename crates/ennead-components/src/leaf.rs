//! The platform's names and the leaf certificates that carry them.
//!
//! Every certificate of a node carries all names and addresses under which the node is reached, so
//! that each client can verify in full whatever name it used.

use std::net::Ipv4Addr;

use camino::{Utf8Path, Utf8PathBuf};
use ennead_model::Node;

use crate::{Certificate, Context, Usage};

/// The platform's certificate authority on every node; the base component writes it.
pub const CA_PATH: &str = "/etc/ennead/ca.pem";

/// Returns a node's name inside the platform, for example `n1.crm.internal`.
pub fn internal_name(context: &Context<'_>, name: &str) -> String {
    format!("{name}.{}.internal", context.fleet.platform)
}

/// Returns the name under which clients reach the database through any load balancer.
pub fn database_name(context: &Context<'_>) -> String {
    internal_name(context, "db")
}

/// Who owns a certificate and what it is for.
#[derive(Debug, Clone, Copy)]
pub struct Purpose<'a> {
    /// Its name, unique on the node.
    pub name: &'a str,
    /// Subject common name; a server may accept only peers of one common name.
    pub common_name: &'a str,
    /// What it may be used for.
    pub usage: Usage,
    /// The directory of `NAME.pem` and `NAME.key`.
    pub directory: &'a str,
    /// Owner of both files.
    pub owner: &'a str,
    /// Group of both files.
    pub group: &'a str,
}

impl Purpose<'_> {
    /// Returns the path of the certificate.
    pub fn cert_path(&self) -> Utf8PathBuf {
        Utf8Path::new(self.directory).join(format!("{}.pem", self.name))
    }

    /// Returns the path of the private key.
    pub fn key_path(&self) -> Utf8PathBuf {
        Utf8Path::new(self.directory).join(format!("{}.key", self.name))
    }
}

/// Returns a certificate with every name and address of the node.
pub fn leaf(context: &Context<'_>, node: &Node, purpose: &Purpose<'_>) -> Certificate {
    Certificate {
        name: purpose.name.to_owned(),
        common_name: purpose.common_name.to_owned(),
        dns_names: vec![
            node.name.to_string(),
            internal_name(context, node.name.as_str()),
            "localhost".to_owned(),
        ],
        addresses: vec![node.address, Ipv4Addr::LOCALHOST],
        usage: purpose.usage,
        cert_path: purpose.cert_path(),
        key_path: purpose.key_path(),
        owner: purpose.owner.to_owned(),
        group: purpose.group.to_owned(),
    }
}

/// Returns a certificate that is also valid for the database's own name.
pub fn database_leaf(context: &Context<'_>, node: &Node, purpose: &Purpose<'_>) -> Certificate {
    let mut certificate = leaf(context, node, purpose);
    certificate.dns_names.push(database_name(context));
    certificate
}
