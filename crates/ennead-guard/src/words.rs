//! Identifiers and small facts that all parts of the guard share.

use std::collections::{BTreeMap, BTreeSet};
use std::fmt;

use ennead_model::{NodeName, SiteName};
use serde::{Deserialize, Serialize};

macro_rules! id {
    ($(#[$doc:meta])* $type:ident($inner:ty)) => {
        $(#[$doc])*
        #[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
        pub struct $type(pub $inner);

        impl fmt::Display for $type {
            fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
                self.0.fmt(f)
            }
        }
    };
}

id!(
    /// The cloud's id of a server.
    ServerId(u64)
);
id!(
    /// The cloud's id of an action.
    ActionId(u64)
);
id!(
    /// The id of a lease in etcd. etcd never gives the same id to two leases at a time, and a member
    /// keeps its lease's id in memory only: the id names one life of one process.
    LeaseId(i64)
);
id!(
    /// One question of this guard. Grows by one; an answer that carries another number is ignored.
    Request(u64)
);
id!(
    /// One period of leadership among the guards: the create revision of the leader's election key.
    Term(u64)
);

/// Who holds PostgreSQL's leader key, and by which lease.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Holder {
    /// The member's name, which is its node's.
    pub member: NodeName,
    /// The lease that the leader key hangs on.
    pub lease: LeaseId,
}

/// What fails together.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash)]
pub enum Domain {
    /// Everything in a site.
    Site(SiteName),
    /// One server, on a platform of a single site.
    Server(NodeName),
}

impl fmt::Display for Domain {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::Site(site) => write!(f, "site {site}"),
            Self::Server(node) => write!(f, "server {node}"),
        }
    }
}

/// A node that the guard may fence.
#[derive(Debug, Clone, PartialEq, Eq, Hash)]
pub struct Watched {
    /// Its server in the cloud.
    pub server: ServerId,
    /// What it fails together with.
    pub domain: Domain,
}

/// Returns the failure domain of each node: its site, or, where all stand in one site, its server.
///
/// # Caveats
/// In a single site a server is a domain of its own only if the servers stand on different physical
/// hosts; a placement group of type `spread` sees to that, and `ennead check` asks for it.
pub fn domains(sites: &BTreeMap<NodeName, SiteName>) -> BTreeMap<NodeName, Domain> {
    let different: BTreeSet<&SiteName> = sites.values().collect();
    let domain = |node: &NodeName, site: &SiteName| {
        if different.len() > 1 { Domain::Site(site.clone()) } else { Domain::Server(node.clone()) }
    };
    sites.iter().map(|(node, site)| (node.clone(), domain(node, site))).collect()
}

#[cfg(test)]
mod tests {
    use super::*;

    fn sites(pairs: &[(&str, &str)]) -> BTreeMap<NodeName, SiteName> {
        let pair = |(node, site): &(&str, &str)| {
            (NodeName::new(*node).unwrap(), SiteName::new(*site).unwrap())
        };
        pairs.iter().map(pair).collect()
    }

    #[test]
    fn several_sites_are_the_domains() {
        let domains = domains(&sites(&[("n1", "east"), ("n2", "west"), ("n3", "west")]));
        let texts: Vec<String> = domains.values().map(ToString::to_string).collect();
        assert_eq!(texts, ["site east", "site west", "site west"]);
    }

    #[test]
    fn in_a_single_site_each_server_is_a_domain() {
        let domains = domains(&sites(&[("n1", "east"), ("n2", "east")]));
        let texts: Vec<String> = domains.values().map(ToString::to_string).collect();
        assert_eq!(texts, ["server n1", "server n2"]);
    }
}
