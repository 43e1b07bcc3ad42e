//! Servers that would only vote: where they could stand, of which type, for which price.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;

use ennead_model::catalogue::CatalogueServerType;
use ennead_model::fleet::Prefix;
use ennead_model::{Catalogue, Fleet, NodeName, SiteName, TierName};
use serde::Serialize;

/// Architecture of the packages and of the program on the nodes.
const ARCHITECTURE: &str = "x86";
/// Least size of a witness, in virtual processors and GiB. An estimate: etcd of a small platform.
const CORES_MIN: u32 = 2;
const MEMORY_GIB_MIN: f64 = 2.0;
/// Most witnesses that are thought of in one site that exists.
const PER_SITE_MAX: usize = 2;
/// First last number of a witness's address in a new site: below it is room for other things.
const HOST_FIRST: u32 = 11;
/// The name of the tier.
const TIER: &str = "witness";

/// Gives the price of a server type in a location, in cents a month; `None` when it is not known.
pub type Price<'a> = &'a dyn Fn(&str, &str) -> Option<u64>;

/// Returns the prices of a catalogue: US cents a month, net, without an IPv4 address.
pub fn catalogue_price(catalogue: &Catalogue) -> impl Fn(&str, &str) -> Option<u64> + '_ {
    |server_type, location| catalogue.server_type(server_type)?.monthly_cents(location)
}

/// A site that does not exist yet.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct NewSite {
    /// The cloud's location.
    pub location: String,
    /// The network zone of that location.
    pub network_zone: String,
    /// A private prefix that overlaps no other site's.
    pub private_prefix: Prefix,
}

/// A server that does not exist yet and would run etcd and nothing else of the platform's services.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize)]
pub struct Witness {
    /// Its name.
    pub node: NodeName,
    /// Its site.
    pub site: SiteName,
    /// What has to be made for that, when the site does not exist.
    pub new_site: Option<NewSite>,
    /// Its tier; made when it does not exist.
    pub tier: TierName,
    /// The cheapest server type that is large enough and sold there.
    pub server_type: String,
    /// Memory of that type in bytes.
    pub memory_bytes: u64,
    /// Virtual processors of that type.
    pub cores: u32,
    /// Its address in the site's prefix.
    pub address: Ipv4Addr,
    /// What it costs, in cents a month; `None` when no price is known.
    pub monthly_cents: Option<u64>,
}

/// Returns every witness that is thought of, the cheapest first, those of known price before others:
/// two in each site, and one in each location that is no site.
pub(super) fn witnesses(fleet: &Fleet, catalogue: &Catalogue, price: Price<'_>) -> Vec<Witness> {
    let mut taken = Taken::of(fleet);
    let mut found = Vec::new();
    for site in fleet.sites.values() {
        for _ in 0..PER_SITE_MAX {
            let place = Place { site: &site.name, location: &site.location, new: None };
            found.extend(witness(fleet, catalogue, price, &mut taken, place));
        }
    }
    let used: BTreeSet<&str> = fleet.sites.values().map(|it| it.location.as_str()).collect();
    for location in catalogue.locations.iter().filter(|it| !used.contains(it.name.as_str())) {
        let Some(site) = site_name(fleet, &location.name) else { continue };
        let Some(private_prefix) = taken.prefix() else { continue };
        let new = NewSite {
            location: location.name.clone(),
            network_zone: location.network_zone.clone(),
            private_prefix,
        };
        let place = Place { site: &site, location: &location.name, new: Some(new) };
        found.extend(witness(fleet, catalogue, price, &mut taken, place));
    }
    let known = |it: &Witness| it.monthly_cents.is_none();
    found.sort_by_key(|it| (known(it), it.monthly_cents, it.new_site.is_some(), it.node.clone()));
    found
}

struct Place<'a> {
    site: &'a SiteName,
    location: &'a str,
    new: Option<NewSite>,
}

fn witness(
    fleet: &Fleet,
    catalogue: &Catalogue,
    price: Price<'_>,
    taken: &mut Taken,
    place: Place<'_>,
) -> Option<Witness> {
    let (server_type, monthly_cents) = cheapest(catalogue, price, place.location)?;
    let prefix = place.new.as_ref().map(|new| new.private_prefix);
    let prefix = prefix.or_else(|| fleet.sites.get(place.site).map(|it| it.private_prefix))?;
    Some(Witness {
        node: taken.name(&format!("{}-{TIER}-{}", fleet.platform, place.site))?,
        site: place.site.clone(),
        new_site: place.new,
        tier: tier(fleet)?,
        server_type: server_type.name.clone(),
        memory_bytes: server_type.memory_bytes(),
        cores: server_type.cores,
        address: taken.address(prefix)?,
        monthly_cents,
    })
}

/// Returns the cheapest type that is large enough; those of known price come first.
fn cheapest<'c>(
    catalogue: &'c Catalogue,
    price: Price<'_>,
    location: &str,
) -> Option<(&'c CatalogueServerType, Option<u64>)> {
    let fits = |it: &&CatalogueServerType| {
        it.architecture == ARCHITECTURE
            && it.cores >= CORES_MIN
            && it.memory_gb >= MEMORY_GIB_MIN
            && it.locations.iter().any(|at| at == location)
    };
    let priced = catalogue.server_types.iter().filter(fits);
    let priced = priced.map(|it| (it, price(&it.name, location)));
    priced.min_by_key(|(it, cents)| (cents.is_none(), *cents, it.name.clone()))
}

/// Returns the name of a new site: the location's, or one like it.
fn site_name(fleet: &Fleet, location: &str) -> Option<SiteName> {
    let free = |name: &SiteName| !fleet.sites.contains_key(name);
    numbered(location).filter_map(|name| SiteName::new(name).ok()).find(free)
}

/// Returns the tier of witnesses: one that runs nothing but etcd may exist already.
fn tier(fleet: &Fleet) -> Option<TierName> {
    let fits = |name: &TierName| {
        fleet.tiers.get(name).is_none_or(|it| {
            it.components.iter().map(ennead_model::ComponentName::as_str).eq(["etcd"])
        })
    };
    numbered(TIER).filter_map(|name| TierName::new(name).ok()).find(fits)
}

/// Names that are tried: the first as it is, then with a number.
fn numbered(name: &str) -> impl Iterator<Item = String> + '_ {
    (1_u32..100).map(move |number| match number {
        1 => name.to_owned(),
        _ => format!("{name}-{number}"),
    })
}

/// What is given already, also to witnesses that were thought of before.
struct Taken {
    names: BTreeSet<NodeName>,
    addresses: BTreeSet<Ipv4Addr>,
    prefixes: Vec<Prefix>,
}

impl Taken {
    fn of(fleet: &Fleet) -> Self {
        Self {
            names: fleet.nodes.keys().cloned().collect(),
            addresses: fleet.nodes.values().map(|node| node.address).collect(),
            prefixes: fleet.sites.values().map(|site| site.private_prefix).collect(),
        }
    }

    fn name(&mut self, name: &str) -> Option<NodeName> {
        let mut names = numbered(name).filter_map(|name| NodeName::new(name).ok());
        names.find(|name| self.names.insert(name.clone()))
    }

    fn address(&mut self, prefix: Prefix) -> Option<Ipv4Addr> {
        let first = u32::from(prefix.address).saturating_add(HOST_FIRST);
        let mut free = (first..u32::from(prefix.broadcast())).map(Ipv4Addr::from);
        free.find(|address| self.addresses.insert(*address))
    }

    fn prefix(&mut self) -> Option<Prefix> {
        let all =
            (1_u8..=u8::MAX).map(|n| Prefix { address: Ipv4Addr::new(10, n, 0, 0), bits: 24 });
        let free = |it: &Prefix| !self.prefixes.iter().any(|other| other.overlaps(*it));
        let prefix = all.into_iter().find(free)?;
        self.prefixes.push(prefix);
        Some(prefix)
    }
}
