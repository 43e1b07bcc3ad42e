//! What everything costs: the answer of `/pricing`.

use serde::Deserialize;

use super::catalogue::Price;

/// All prices, in the currency of the account. What the API no longer has or has not yet is absent.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Pricing {
    /// ISO 4217, for example `EUR`.
    pub currency: String,
    /// VAT in percent that gross prices contain, as a decimal text.
    pub vat_rate: String,
    /// Primary addresses by type.
    #[serde(default)]
    pub primary_ips: Vec<AddressPrices>,
    /// Floating addresses by type.
    #[serde(default)]
    pub floating_ips: Vec<AddressPrices>,
    /// Snapshots.
    #[serde(default)]
    pub image: Option<GbPrice>,
    /// Volumes.
    #[serde(default)]
    pub volume: Option<GbPrice>,
    /// Backups.
    #[serde(default)]
    pub server_backup: Option<BackupPrice>,
    /// Servers.
    #[serde(default)]
    pub server_types: Vec<NamedPrices>,
    /// Load balancers.
    #[serde(default)]
    pub load_balancer_types: Vec<NamedPrices>,
}

/// Prices of addresses of one type.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct AddressPrices {
    /// `ipv4` or `ipv6`.
    #[serde(rename = "type")]
    pub kind: String,
    /// By location.
    pub prices: Vec<LocationRate>,
}

/// Prices of a type of server or load balancer.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct NamedPrices {
    /// For example `ccx23`.
    pub name: String,
    /// By location.
    pub prices: Vec<LocationRate>,
}

/// A price in a location.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct LocationRate {
    /// Location's name.
    pub location: String,
    /// Per hour; floating addresses have none.
    #[serde(default)]
    pub price_hourly: Option<Price>,
    /// Per month at most.
    pub price_monthly: Price,
    /// Outgoing traffic that is free, in bytes per month.
    #[serde(default)]
    pub included_traffic: Option<u64>,
    /// Per TB beyond that.
    #[serde(default)]
    pub price_per_tb_traffic: Option<Price>,
}

/// A price of a GB for a month.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct GbPrice {
    /// The price.
    pub price_per_gb_month: Price,
}

/// What backups of a server cost.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct BackupPrice {
    /// In percent of the server's price, as a decimal text.
    pub percentage: String,
}
