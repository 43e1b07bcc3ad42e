//! What other clouds ask for servers of the same sizes: data compiled in, each figure dated and with
//! its source. What has no source has no figure. Source: `data/clouds.json`.

use std::sync::OnceLock;

use serde::Deserialize;

use crate::day::Day;
use crate::money::Money;

const CLOUDS_JSON: &str = include_str!("../data/clouds.json");

/// How a figure was come by.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Confidence {
    /// It stands in the source.
    Read,
    /// It was computed from figures of the same family in the source.
    Derived,
}

/// The whole table.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Clouds {
    /// Of every price, for example `USD`.
    pub currency: String,
    /// Hours by which an hourly price becomes a monthly one: 730, a twelfth of a year.
    pub hours_per_month: u64,
    /// Where the figures come from.
    pub sources: Vec<CloudsSource>,
    /// The other clouds.
    pub providers: Vec<Provider>,
}

/// Where figures come from.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CloudsSource {
    /// How figures refer to it.
    pub name: String,
    /// Its address.
    pub address: String,
    /// What it is.
    pub what: String,
}

/// Another cloud.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Provider {
    /// Its name.
    pub name: String,
    /// The region whose prices stand here.
    pub region: String,
    /// A GB of block storage for a month.
    pub disk_gb_month: Quote,
    /// A GB of traffic to the internet, first tier.
    pub egress_gb: Quote,
    /// Its servers.
    pub instances: Vec<CloudInstance>,
}

/// A price with its source; all absent when no source was found.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct Quote {
    /// The price.
    pub price: Option<Money>,
    /// Name of its source.
    pub source: Option<String>,
    /// The day that it was of.
    pub date: Option<Day>,
    /// How it was come by.
    pub confidence: Option<Confidence>,
    /// What it is for, or why it is absent.
    #[serde(default)]
    pub note: String,
}

/// A server of another cloud. At least one of the prices is there.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CloudInstance {
    /// Its name.
    pub name: String,
    /// Virtual processors.
    pub cores: u32,
    /// Memory in GiB.
    pub memory_gb: u32,
    /// Price of an hour.
    pub hourly: Option<Money>,
    /// Price of a whole month, where the cloud has one of its own.
    pub monthly: Option<Money>,
    /// Name of its source.
    pub source: String,
    /// The day that it was of.
    pub date: Day,
    /// How it was come by.
    pub confidence: Confidence,
}

impl Clouds {
    /// Returns the compiled-in table; `None` only if it could not be read, which a test forbids.
    pub fn embedded() -> Option<&'static Self> {
        static CLOUDS: OnceLock<Option<Clouds>> = OnceLock::new();
        CLOUDS.get_or_init(|| serde_json::from_str(CLOUDS_JSON).ok()).as_ref()
    }

    /// Returns what an instance costs for a month.
    pub fn monthly(&self, instance: &CloudInstance) -> Option<Money> {
        instance.monthly.or_else(|| instance.hourly?.times(self.hours_per_month))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn every_figure_of_the_embedded_table_has_its_source() {
        let parsed: Clouds = serde_json::from_str(CLOUDS_JSON).unwrap();
        assert_eq!(Some(&parsed), Clouds::embedded());
        let known = |name: &str| parsed.sources.iter().any(|source| source.name == name);
        assert!(parsed.sources.iter().all(|source| source.address.starts_with("https://")));
        assert_eq!(parsed.providers.len(), 3);
        for provider in &parsed.providers {
            for quote in [&provider.disk_gb_month, &provider.egress_gb] {
                let told = quote.source.as_deref().is_some_and(known)
                    && quote.date.is_some()
                    && quote.confidence.is_some();
                assert_eq!(told, quote.price.is_some(), "{} {quote:?}", provider.name);
                assert!(told || !quote.note.is_empty());
            }
            for instance in &provider.instances {
                assert!(known(&instance.source), "{}", instance.name);
                assert!(parsed.monthly(instance).is_some_and(|price| price > Money::ZERO));
            }
            for (cores, memory) in [(2, 8), (4, 16), (8, 32), (16, 64)] {
                let of_size = |it: &CloudInstance| it.cores == cores && it.memory_gb == memory;
                assert!(provider.instances.iter().any(of_size), "{} {cores}", provider.name);
            }
        }
    }
}
