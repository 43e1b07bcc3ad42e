//! What matters of a fleet for what it survives: who votes, who has the data, who lets clients in.

use ennead_components::Options;
use ennead_model::{Fleet, NodeName, SiteName};

use super::entries::{self, LaidEntry};
use super::services::{Laid, lay};
use super::set::{SERVERS_MAX, Servers};
use crate::plan::placement_groups;

/// How often HAProxy asks a healthy instance, one that just changed, and one that is down, in
/// milliseconds. Source: the template `haproxy.cfg`, which a test compares.
const CHECK_MS: [u32; 3] = [1000, 500, 1000];
/// How long HAProxy waits for an answer to a check, in milliseconds. Source: the same.
const CHECK_TIMEOUT_MS: u32 = 2000;
/// Failed checks that take an instance out, and good ones that bring it in. Source: the same.
const CHECK_FALL_RISE: [u32; 2] = [2, 1];
/// Seconds after which a silent replica is dropped by PostgreSQL. Source: the template `config.yml`,
/// `wal_sender_timeout`.
const SENDER_TIMEOUT_S: u32 = 10;

/// Time between two of Keepalived's adverts, in milliseconds. An estimate until a component sets it.
const ADVERT_MS: u32 = 500;
/// Failed checks of a site's address after which it is taken out of a name, and seconds between two
/// of them. An estimate until something checks: two to three checks of ten seconds are usual.
const NAME_CHECKS: [u32; 2] = [3, 10];

/// The settings in force that decide about times.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Settings {
    /// Lease of the primary, seconds.
    pub ttl_s: u32,
    /// Time between two looks of Patroni, seconds.
    pub loop_wait_s: u32,
    /// How long etcd may be slow before a primary steps down, seconds.
    pub retry_timeout_s: u32,
    /// etcd's election timeout, milliseconds.
    pub election_ms: u32,
    /// Time between checks of a healthy instance, milliseconds.
    pub check_ms: u32,
    /// Time between checks of one that just changed, milliseconds.
    pub check_fast_ms: u32,
    /// Time between checks of one that is down, milliseconds.
    pub check_down_ms: u32,
    /// How long an answer is waited for, milliseconds.
    pub check_timeout_ms: u32,
    /// Failed checks that take an instance out.
    pub fall: u32,
    /// Good checks that bring it in.
    pub rise: u32,
    /// After which silence PostgreSQL drops a replica, seconds.
    pub sender_timeout_s: u32,
    /// Time between two adverts of who holds an address, milliseconds.
    pub advert_ms: u32,
    /// Failed checks that take a site's address out of a name.
    pub name_fall: u32,
    /// Time between two of them, seconds.
    pub name_check_s: u32,
}

impl Settings {
    /// Returns the settings of these options.
    #[must_use]
    pub fn of(options: &Options) -> Self {
        let [check_ms, check_fast_ms, check_down_ms] = CHECK_MS;
        let [fall, rise] = CHECK_FALL_RISE;
        let [name_fall, name_check_s] = NAME_CHECKS;
        Self {
            ttl_s: options.postgres.ttl_s,
            loop_wait_s: options.postgres.loop_wait_s,
            retry_timeout_s: options.postgres.retry_timeout_s,
            election_ms: options.etcd.election_timeout_ms,
            check_ms,
            check_fast_ms,
            check_down_ms,
            check_timeout_ms: CHECK_TIMEOUT_MS,
            fall,
            rise,
            sender_timeout_s: SENDER_TIMEOUT_S,
            advert_ms: ADVERT_MS,
            name_fall,
            name_check_s,
        }
    }
}

/// A fleet reduced to what counts.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Layout {
    /// The servers; their index is their bit.
    pub names: Vec<NodeName>,
    /// The sites that have servers, with these.
    pub sites: Vec<(SiteName, Servers)>,
    /// The placement groups with their servers. No two servers of one group share a machine of the
    /// provider; two of different groups may.
    pub groups: Vec<(String, Servers)>,
    /// All servers.
    pub all: Servers,
    /// Those that run etcd.
    pub voters: Servers,
    /// Those that run PostgreSQL.
    pub members: Servers,
    /// Those that run a connection pool.
    pub poolers: Servers,
    /// Those that run a load balancer.
    pub balancers: Servers,
    /// How many replicas confirm a commit, when there are enough of them.
    pub synchronous: usize,
    /// What decides about times.
    pub settings: Settings,
    /// The services besides the components, each after those that it uses.
    pub services: Vec<Laid>,
    /// Where users come in.
    pub entries: Vec<LaidEntry>,
}

impl Layout {
    /// Returns the layout; `None` for more servers than are computed.
    #[must_use]
    pub fn of(fleet: &Fleet, options: &Options) -> Option<Self> {
        if fleet.nodes.len() > SERVERS_MAX {
            return None;
        }
        let running = |component: &str| {
            let nodes = fleet.nodes.values().enumerate();
            nodes.filter(|(_, it)| it.components.contains(component)).map(|(at, _)| at).collect()
        };
        let at = |site: &SiteName| -> Servers {
            let nodes = fleet.nodes.values().enumerate();
            nodes.filter(|(_, node)| node.site == *site).map(|(index, _)| index).collect()
        };
        let sites = fleet.sites.keys().map(|site| (site.clone(), at(site)));
        let index = |node: &NodeName| fleet.nodes.keys().position(|it| it == node);
        let groups = placement_groups(fleet).into_iter();
        let groups = groups.map(|(name, nodes)| (name, nodes.iter().filter_map(index).collect()));
        // Patroni takes a count below one as one.
        let synchronous = usize::try_from(options.postgres.synchronous_node_count.max(1));
        Some(Self {
            names: fleet.nodes.keys().cloned().collect(),
            sites: sites.filter(|(_, servers)| !servers.is_empty()).collect(),
            groups: groups.collect(),
            all: (0..fleet.nodes.len()).collect(),
            voters: running("etcd"),
            members: running("postgres"),
            poolers: running("pgbouncer"),
            balancers: running("haproxy"),
            synchronous: synchronous.unwrap_or(usize::MAX),
            settings: Settings::of(options),
            services: lay(fleet),
            entries: entries::lay(fleet),
        })
    }

    /// Returns how many voters are a majority of all of them.
    #[must_use]
    pub fn majority(&self) -> usize {
        self.voters.len() / 2 + 1
    }

    /// Returns whether these servers hold a majority of the voters.
    #[must_use]
    pub fn decides(&self, servers: Servers) -> bool {
        !self.voters.is_empty() && servers.and(self.voters).len() >= self.majority()
    }

    /// Returns a server's name.
    #[must_use]
    pub fn name(&self, index: usize) -> &str {
        self.names.get(index).map_or("?", NodeName::as_str)
    }

    /// Returns the name of a service besides the components.
    #[must_use]
    pub fn service_name(&self, index: usize) -> &str {
        self.services.get(index).map_or("?", |service| service.name.as_str())
    }

    /// Returns the servers' names as a list for a sentence.
    #[must_use]
    pub fn list(&self, servers: Servers) -> String {
        let names: Vec<&str> = servers.iter().map(|index| self.name(index)).collect();
        match names.as_slice() {
            [] => "no server".to_owned(),
            [one] => (*one).to_owned(),
            [first @ .., last] => format!("{} and {last}", first.join(", ")),
        }
    }

    /// Returns every way in which the sites can be cut into sides, with words for it: each site
    /// alone, each group of sites against the others (up to six sites), all apart.
    #[must_use]
    pub fn partitions(&self) -> Vec<(String, Vec<Servers>)> {
        const GROUPED_MAX: usize = 6;
        let count = self.sites.len();
        if count < 2 {
            return Vec::new();
        }
        // The last site is never in the group that is cut off, so that no cut comes twice.
        let groups: Vec<Servers> = if count <= GROUPED_MAX {
            (1..1_u128 << (count - 1)).map(Servers::from_bits).collect()
        } else {
            (0..count).map(Servers::one).collect()
        };
        let side = |group: Servers| {
            let sites = group.iter().filter_map(|index| self.sites.get(index));
            sites.fold(Servers::NONE, |set, (_, servers)| set.or(*servers))
        };
        let words = |group: Servers| {
            let sites = self.sites.iter().enumerate().filter(|(index, _)| group.has(*index));
            sites.map(|(_, (name, _))| name.as_str()).collect::<Vec<_>>().join("+")
        };
        let every: Servers = (0..count).collect();
        let mut partitions: Vec<_> = groups
            .into_iter()
            .map(|group| {
                let rest = every.minus(group);
                let name = format!("{} | {}", words(group), words(rest));
                (name, vec![side(group), side(rest)])
            })
            .collect();
        if count > 2 {
            let name = (0..count).map(|index| words(Servers::one(index))).collect::<Vec<_>>();
            partitions.push((name.join(" | "), self.sites.iter().map(|(_, it)| *it).collect()));
        }
        partitions
    }
}
