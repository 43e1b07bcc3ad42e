//! What the cloud asks for what is not in the catalogue: data compiled in, dated and with sources.
//!
//! The dollar prices of servers stand in the catalogue; this table has them in euros, and everything
//! else in both currencies. Whatever no source names is absent, never 0. Source:
//! `data/prices.json`, which names its own sources and date.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

use crate::day::Day;
use crate::money::Money;

const PRICES_JSON: &str = include_str!("../data/prices.json");

/// The whole table.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct PriceTable {
    /// The day from which these prices are asked.
    pub as_of: Day,
    /// By currency, for example `USD`.
    pub currencies: BTreeMap<String, CurrencyPrices>,
}

/// Monthly prices in one currency, net of VAT. `None`: no source names it.
#[derive(Debug, Clone, Default, PartialEq, Eq, Deserialize)]
pub struct CurrencyPrices {
    /// Servers by type and location, without an IPv4 address; `None` where the catalogue has them.
    pub servers: Option<BTreeMap<String, BTreeMap<String, Option<Money>>>>,
    /// Servers by type with the locations where the price was not read but computed from another.
    #[serde(default)]
    pub derived: BTreeMap<String, Vec<String>>,
    /// A primary IPv4 address.
    pub primary_ipv4: Option<Money>,
    /// A floating IPv4 address.
    pub floating_ipv4: Option<Money>,
    /// A floating IPv6 prefix.
    pub floating_ipv6: Option<Money>,
    /// A GB of a volume.
    pub volume_gb: Option<Money>,
    /// A GB of a snapshot.
    pub snapshot_gb: Option<Money>,
    /// Backups of a server, in percent of its price.
    pub backup_percent: Option<Money>,
    /// Load balancers by type.
    pub load_balancers: BTreeMap<String, Option<Money>>,
    /// A TB of outgoing traffic beyond what is included, by network zone.
    pub traffic_tb: BTreeMap<String, Option<Money>>,
}

impl PriceTable {
    /// Returns the compiled-in table; `None` only if it could not be read, which a test forbids.
    pub fn embedded() -> Option<&'static Self> {
        static TABLE: OnceLock<Option<PriceTable>> = OnceLock::new();
        TABLE.get_or_init(|| serde_json::from_str(PRICES_JSON).ok()).as_ref()
    }
}

#[cfg(test)]
mod tests {
    use super::*;
    use crate::Catalogue;

    #[test]
    fn the_embedded_table_is_whole() {
        let parsed: PriceTable = serde_json::from_str(PRICES_JSON).unwrap();
        assert_eq!(Some(&parsed), PriceTable::embedded());
        assert_eq!(parsed.currencies.keys().collect::<Vec<_>>(), ["EUR", "USD"]);
        assert!(Catalogue::embedded().as_of.starts_with(&parsed.as_of.to_string()));
        let catalogue = Catalogue::embedded();
        let servers = parsed.currencies["EUR"].servers.as_ref().unwrap();
        for (name, places) in servers {
            let known = catalogue.server_type(name).unwrap();
            for (location, price) in places {
                assert!(known.locations.contains(location), "{name} in {location}");
                assert!(price.is_none_or(|price| price > Money::ZERO), "{name} in {location}");
            }
        }
        for currency in parsed.currencies.values() {
            for location in &catalogue.locations {
                assert!(currency.traffic_tb.contains_key(&location.network_zone));
            }
        }
    }
}
