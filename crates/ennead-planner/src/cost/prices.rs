//! A list of prices: of one currency, of one day, from one source.

use std::collections::BTreeMap;

use ennead_model::{Day, Money};
use serde::Serialize;

use super::item::Item;

/// Largest price of one thing for a month, and largest percentage. Above it a list is wrong.
/// An estimate: the dearest server of 2026 is 1,006.99.
const PRICE_MAX: u32 = 1_000_000;

/// Hours after which an hour's price has become the month's. For lists without prices by the hour:
/// an estimate from one published pair of October 2025, 24.49 a month and 0.0392 an hour.
const HOURS_TO_MONTH: u64 = 624;

/// A list that cannot be true.
#[derive(Debug, Clone, PartialEq, Eq, thiserror::Error)]
#[error("these prices cannot be used: {what}: {why}")]
pub struct PriceError {
    /// What it is the price of.
    pub what: String,
    /// What is wrong with it.
    pub why: String,
}

/// A percentage in ten-thousandths of a percent: 190,000 for 19 %.
#[derive(Debug, Clone, Copy, Default, PartialEq, Eq, PartialOrd, Ord)]
pub struct Percent(u32);

impl Percent {
    /// Ten-thousandths of a percent in a whole.
    const WHOLE: u64 = 1_000_000;

    /// Reads `19`, `19.00` or `8.1250`.
    ///
    /// # Errors
    /// [`PriceError`] when it is no number, below 0, above 1,000, or finer than four decimals.
    pub fn read(what: &str, text: &str) -> Result<Self, PriceError> {
        let wrong = |why: &str| PriceError { what: what.to_owned(), why: why.to_owned() };
        let number: Money = text.parse().map_err(|error| wrong(&format!("{error}")))?;
        let scaled = number.times(10_000).filter(|_| !number.is_negative());
        let scaled = scaled.map(|scaled| scaled.to_string());
        let whole = scaled.as_deref().and_then(|scaled| scaled.strip_suffix(".00"));
        let parts = whole.and_then(|whole| whole.parse().ok()).filter(|it| *it <= 10_000_000);
        parts.map(Self).ok_or_else(|| wrong("a percentage is from 0 to 1000, with four decimals"))
    }

    /// Returns so many percent of an amount.
    pub fn of(self, amount: Money) -> Option<Money> {
        amount.ratio(u64::from(self.0), Self::WHOLE)
    }

    /// Returns an amount with so many percent added.
    pub fn on(self, amount: Money) -> Option<Money> {
        amount.ratio(Self::WHOLE + u64::from(self.0), Self::WHOLE)
    }
}

impl std::fmt::Display for Percent {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        let (whole, rest) = (self.0 / 10_000, self.0 % 10_000);
        let rest = format!("{rest:04}");
        match rest.trim_end_matches('0') {
            "" => write!(f, "{whole}"),
            rest => write!(f, "{whole}.{rest}"),
        }
    }
}

/// An amount without and with VAT.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize)]
pub struct Price {
    /// Without VAT.
    pub net: Money,
    /// With VAT.
    pub gross: Money,
}

impl Price {
    /// Makes a price from both amounts.
    ///
    /// # Errors
    /// [`PriceError`] when one is below 0 or above a million, or when VAT makes it smaller.
    pub fn new(what: &str, net: Money, gross: Money) -> Result<Self, PriceError> {
        let wrong = |why: String| Err(PriceError { what: what.to_owned(), why });
        if net.is_negative() || gross.is_negative() {
            return wrong(format!("{} is below 0", net.min(gross)));
        }
        if net.max(gross) > Money::from_cents(PRICE_MAX).times(100).unwrap_or_default() {
            return wrong(format!("{} is above {PRICE_MAX}", net.max(gross)));
        }
        if gross < net {
            return wrong(format!("{gross} with VAT is less than {net} without"));
        }
        Ok(Self { net, gross })
    }

    /// Makes a price from a net amount.
    ///
    /// # Errors
    /// As [`Price::new`].
    pub fn from_net(what: &str, net: Money, vat: Percent) -> Result<Self, PriceError> {
        let too_large = || PriceError { what: what.to_owned(), why: format!("{net} is too large") };
        Self::new(what, net, vat.on(net).ok_or_else(too_large)?)
    }

    /// Returns so many times the price.
    pub fn times(self, count: u64) -> Option<Self> {
        Some(Self { net: self.net.times(count)?, gross: self.gross.times(count)? })
    }
}

/// What a thing costs by the month, at most, and by the hour.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Rate {
    /// For a month at most.
    pub monthly: Price,
    /// For an hour; `None` when the list does not say.
    pub hourly: Option<Price>,
}

impl Rate {
    /// Returns the price of an hour: the list's, or an estimate from the month's.
    pub fn hour(self) -> Option<Price> {
        let month = self.monthly;
        let hour = |amount: Money| amount.ratio(1, HOURS_TO_MONTH);
        self.hourly.or_else(|| Some(Price { net: hour(month.net)?, gross: hour(month.gross)? }))
    }
}

/// What a server costs in a location.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct ServerPrice {
    /// Without an address; `None` when no source names it.
    pub rate: Option<Rate>,
    /// Outgoing traffic in bytes a month that costs nothing; `None` when no source names it.
    pub included_bytes: Option<u64>,
    /// A TB of traffic beyond that.
    pub traffic_tb: Option<Price>,
    /// Whether the price was not read but computed from another.
    pub derived: bool,
}

/// Where a list comes from.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
#[serde(tag = "from", rename_all = "snake_case")]
pub enum Source {
    /// The dated table in this program.
    Table,
    /// The cloud itself, asked on that day.
    Live {
        /// Its address.
        endpoint: String,
    },
}

/// Prices of one currency. Every amount in it is from 0 to a million: see [`Price::new`].
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct PriceList {
    /// For example `USD`.
    pub currency: String,
    /// VAT that gross amounts contain.
    pub vat: Percent,
    /// The day of the prices.
    pub as_of: Day,
    /// Where they come from.
    pub source: Source,
    /// Servers by type and location.
    pub servers: BTreeMap<(String, String), ServerPrice>,
    /// Primary IPv4 addresses by location.
    pub primary_ipv4: BTreeMap<String, Rate>,
    /// Floating IPv4 addresses by location.
    pub floating_ipv4: BTreeMap<String, Rate>,
    /// Floating IPv6 prefixes by location.
    pub floating_ipv6: BTreeMap<String, Rate>,
    /// A GB of volumes.
    pub volume_gb: Option<Rate>,
    /// A GB of snapshots.
    pub snapshot_gb: Option<Rate>,
    /// Backups, in percent of the server.
    pub backup: Option<Percent>,
    /// Load balancers by type and location.
    pub load_balancers: BTreeMap<(String, String), Rate>,
}

impl PriceList {
    /// Returns what is known of a server in a location.
    pub fn server(&self, server_type: &str, location: &str) -> Option<&ServerPrice> {
        self.servers.get(&(server_type.to_owned(), location.to_owned()))
    }

    /// Returns the price of one of an item; `None` when no source names it.
    pub fn rate(&self, item: &Item) -> Option<Rate> {
        let flat = |monthly| Rate { monthly, hourly: None };
        match item {
            Item::Server { server_type, location } => self.server(server_type, location)?.rate,
            Item::PrimaryIpv4 { location } => self.primary_ipv4.get(location).copied(),
            Item::FloatingIpv4 { location } => self.floating_ipv4.get(location).copied(),
            Item::FloatingIpv6 { location } => self.floating_ipv6.get(location).copied(),
            Item::VolumeGb => self.volume_gb,
            Item::SnapshotGb => self.snapshot_gb,
            Item::LoadBalancer { load_balancer_type, location } => {
                let key = (load_balancer_type.clone(), location.clone());
                self.load_balancers.get(&key).copied()
            }
            Item::Backup { server_type, location } => {
                let server = self.server(server_type, location)?.rate?;
                let part = |price: Price| {
                    let percent = self.backup?;
                    Some(Price { net: percent.of(price.net)?, gross: percent.of(price.gross)? })
                };
                let hourly = server.hourly.and_then(part);
                Some(Rate { monthly: part(server.monthly)?, hourly })
            }
            // Every type of a location has the same price for it; the dearest, should they differ.
            Item::TrafficTb { location } => {
                let here = self.servers.iter().filter(|((_, at), _)| at == location);
                here.filter_map(|(_, server)| server.traffic_tb).max_by_key(|it| it.net).map(flat)
            }
        }
    }
}
