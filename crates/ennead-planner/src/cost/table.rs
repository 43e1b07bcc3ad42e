//! The list from the table in this program, for when the cloud is not asked.

use std::collections::BTreeMap;

use ennead_model::catalogue::CatalogueServerType;
use ennead_model::prices::{CurrencyPrices, PriceTable};
use ennead_model::{Catalogue, Money};

use super::prices::{Percent, Price, PriceError, PriceList, Rate, ServerPrice, Source};

/// Bytes of a TB of traffic, as the lab's API has it. An estimate: the cloud's own API counts in bytes
/// and names no unit.
pub const TB: u64 = 1 << 40;

/// Returns the list of a currency from the tables of prices and of server types. `vat` is what the
/// operator pays, as the tables have net prices only.
///
/// # Errors
/// [`PriceError`] when there is no such currency, or a price in the table cannot be true.
pub fn list_from_table(
    table: &PriceTable,
    catalogue: &Catalogue,
    currency: &str,
    vat: Percent,
) -> Result<PriceList, PriceError> {
    let known = table.currencies.get(currency).ok_or_else(|| {
        let names: Vec<&str> = table.currencies.keys().map(String::as_str).collect();
        let why = format!("the table has only {}", names.join(" and "));
        PriceError { what: currency.to_owned(), why }
    })?;
    let monthly = |what: &str, amount: Option<Money>| -> Result<Option<Rate>, PriceError> {
        let price = amount.map(|amount| Price::from_net(what, amount, vat)).transpose()?;
        Ok(price.map(|monthly| Rate { monthly, hourly: None }))
    };
    let everywhere = |what: &str, amount| -> Result<BTreeMap<String, Rate>, PriceError> {
        let rate = monthly(what, amount)?;
        let places = catalogue.locations.iter();
        Ok(places.filter_map(|place| Some((place.name.clone(), rate?))).collect())
    };
    let mut list = PriceList {
        currency: currency.to_owned(),
        vat,
        as_of: table.as_of,
        source: Source::Table,
        servers: BTreeMap::new(),
        primary_ipv4: everywhere("a primary IPv4 address", known.primary_ipv4)?,
        floating_ipv4: everywhere("a floating IPv4 address", known.floating_ipv4)?,
        floating_ipv6: everywhere("a floating IPv6 prefix", known.floating_ipv6)?,
        volume_gb: monthly("a volume", known.volume_gb)?,
        snapshot_gb: monthly("a snapshot", known.snapshot_gb)?,
        backup: known
            .backup_percent
            .map(|it| Percent::read("a backup", &it.to_string()))
            .transpose()?,
        load_balancers: BTreeMap::new(),
    };
    for (name, amount) in &known.load_balancers {
        for (location, rate) in everywhere(&format!("load balancer {name}"), *amount)? {
            list.load_balancers.insert((name.clone(), location), rate);
        }
    }
    for server_type in &catalogue.server_types {
        for location in &server_type.locations {
            let what = format!("{} in {location}", server_type.name);
            let price = ServerPrice {
                rate: monthly(&what, net(server_type, location, known))?,
                included_bytes: included(server_type, location),
                traffic_tb: monthly("traffic", traffic(location, catalogue, known))?
                    .map(|rate| rate.monthly),
                derived: known
                    .derived
                    .get(&server_type.name)
                    .is_some_and(|places| places.contains(location)),
            };
            list.servers.insert((server_type.name.clone(), location.clone()), price);
        }
    }
    Ok(list)
}

fn net(server: &CatalogueServerType, location: &str, known: &CurrencyPrices) -> Option<Money> {
    match &known.servers {
        Some(servers) => servers.get(&server.name)?.get(location).copied().flatten(),
        None => Money::from_shortest(server.price_monthly_usd_net.get(location).copied()??),
    }
}

fn traffic(location: &str, catalogue: &Catalogue, known: &CurrencyPrices) -> Option<Money> {
    let zone = &catalogue.location(location)?.network_zone;
    known.traffic_tb.get(zone).copied().flatten()
}

/// The catalogue counts in TB with one decimal at most.
fn included(server: &CatalogueServerType, location: &str) -> Option<u64> {
    let tb = Money::from_shortest(server.included_traffic_tb.get(location).copied()??)?;
    let tenths = tb.times(10)?.fits(Money::from_cents(100))?;
    Some(TB.checked_mul(tenths)? / 10)
}
