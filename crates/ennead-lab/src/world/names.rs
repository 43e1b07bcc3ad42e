//! Every name that a lab gives to something of this machine, derived from the lab's own name.
//!
//! Because names are derived and never looked up, several labs run beside each other, and what a
//! killed daemon left behind is found again without matching anybody else's things.

use ennead_model::sha256_hex;

/// Names of one lab's things on this machine.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct LabNames {
    id: String,
}

impl LabNames {
    /// Derives them from the lab's name.
    pub fn new(lab: &str) -> Self {
        Self { id: sha256_hex(lab).chars().take(6).collect() }
    }

    /// The link between this machine and the lab's internet, in the root namespace.
    pub fn host_link(&self) -> String {
        format!("en{}", self.id)
    }

    /// What all its network namespaces begin with.
    pub fn namespace_prefix(&self) -> String {
        format!("en{}-", self.id)
    }

    /// Namespace of the internet's router.
    pub fn internet(&self) -> String {
        format!("en{}-internet", self.id)
    }

    /// Namespace of a server, also its container's name.
    pub fn server(&self, server: u64) -> String {
        format!("en{}-s{server}", self.id)
    }

    /// Namespace of a private network's router.
    pub fn network(&self, network: u64) -> String {
        format!("en{}-n{network}", self.id)
    }

    /// Its control group in every hierarchy.
    pub fn cgroup(&self) -> String {
        format!("ennead-{}", self.id)
    }

    /// A server's control group below that.
    pub fn server_cgroup(&self, server: u64) -> String {
        format!("ennead-{}/s{server}", self.id)
    }
}

/// A server's link in a router's namespace. Names of links have at most 15 bytes, so ids above
/// 14 digits cannot be used; the lab counts from 1.
pub(crate) fn router_link(server: u64) -> String {
    format!("s{server}")
}

/// Name of a server's interface in its nth private network, counted from 0, as the cloud's newer
/// server types name them.
pub(crate) fn private_interface(slot: u8) -> String {
    format!("enp{}s0", u16::from(slot) + 7)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn names_differ_between_labs_and_fit_into_a_link_name() {
        let (one, two) = (LabNames::new("one"), LabNames::new("one2"));
        assert_ne!(one.host_link(), two.host_link());
        assert!(one.host_link().len() <= 15);
        assert!(one.server(12).starts_with(&one.namespace_prefix()));
        assert_eq!(private_interface(1), "enp8s0");
    }
}
