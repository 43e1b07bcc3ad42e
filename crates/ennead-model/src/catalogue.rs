//! What the cloud sells, and where: data compiled in, so that `check` needs no network.
//!
//! The live catalogue moves (types are withdrawn, prices change, stock runs out). This copy decides
//! only what a spec may name; what can be had at this moment is asked of the cloud when it matters.
//! Source: `data/catalogue.json`, which names its own sources and date.

use std::collections::BTreeMap;
use std::sync::OnceLock;

use serde::Deserialize;

const CATALOGUE_JSON: &str = include_str!("../data/catalogue.json");

/// A location.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct CatalogueLocation {
    /// The cloud's id in this copy.
    pub id: u64,
    /// For example `hil`.
    pub name: String,
    /// In words.
    pub description: String,
    /// ISO 3166-1 code.
    pub country: String,
    /// City.
    pub city: String,
    /// Degrees north.
    pub latitude: f64,
    /// Degrees east.
    pub longitude: f64,
    /// For example `us-west`.
    pub network_zone: String,
}

/// A server type.
#[derive(Debug, Clone, PartialEq, Deserialize)]
pub struct CatalogueServerType {
    /// The cloud's id in this copy.
    pub id: u64,
    /// For example `ccx23`.
    pub name: String,
    /// For example `general_purpose`.
    pub category: String,
    /// `shared` or `dedicated`.
    pub cpu_type: String,
    /// `x86` or `arm`.
    pub architecture: String,
    /// Virtual processors.
    pub cores: u32,
    /// Memory in GiB.
    pub memory_gb: f64,
    /// Disk in GB.
    pub disk_gb: u64,
    /// Names of locations where it is sold.
    pub locations: Vec<String>,
    /// Monthly price in USD by location, net, without an IPv4 address; null when not published.
    pub price_monthly_usd_net: BTreeMap<String, Option<f64>>,
    /// Free outgoing traffic in TB by location; null when not published.
    pub included_traffic_tb: BTreeMap<String, Option<f64>>,
}

/// A system image.
#[derive(Debug, Clone, PartialEq, Eq, Deserialize)]
pub struct CatalogueImage {
    /// The cloud's id in this copy.
    pub id: u64,
    /// For example `debian-13`.
    pub name: String,
    /// For example `debian`.
    pub os_flavor: String,
    /// For example `13`.
    pub os_version: String,
    /// In words.
    pub description: String,
}

/// Everything in the copy.
#[derive(Debug, Clone, Default, PartialEq, Deserialize)]
pub struct Catalogue {
    /// The day that it describes.
    pub as_of: String,
    /// Locations.
    pub locations: Vec<CatalogueLocation>,
    /// Server types.
    pub server_types: Vec<CatalogueServerType>,
    /// Images.
    pub images: Vec<CatalogueImage>,
}

impl Catalogue {
    /// Returns the compiled-in copy.
    pub fn embedded() -> &'static Self {
        static CATALOGUE: OnceLock<Catalogue> = OnceLock::new();
        // The text is a constant that a test parses, so the default is never used.
        CATALOGUE.get_or_init(|| serde_json::from_str(CATALOGUE_JSON).unwrap_or_default())
    }

    /// Returns the location of that name.
    pub fn location(&self, name: &str) -> Option<&CatalogueLocation> {
        self.locations.iter().find(|location| location.name == name)
    }

    /// Returns the server type of that name.
    pub fn server_type(&self, name: &str) -> Option<&CatalogueServerType> {
        self.server_types.iter().find(|server_type| server_type.name == name)
    }

    /// Returns the image of that name.
    pub fn image(&self, name: &str) -> Option<&CatalogueImage> {
        self.images.iter().find(|image| image.name == name)
    }
}

impl CatalogueServerType {
    /// Returns its memory in bytes.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "memory sizes are small positive numbers of GiB"
    )]
    pub fn memory_bytes(&self) -> u64 {
        (self.memory_gb * 1024.0 * 1024.0 * 1024.0) as u64
    }

    /// Returns its price in a location, in US cents a month, net, without an IPv4 address; `None`
    /// when it is not sold there or no price is published.
    #[expect(
        clippy::cast_possible_truncation,
        clippy::cast_sign_loss,
        reason = "prices are small positive numbers of dollars"
    )]
    pub fn monthly_cents(&self, location: &str) -> Option<u64> {
        let sold = self.locations.iter().any(|at| at == location);
        let price = (*self.price_monthly_usd_net.get(location)?).filter(|_| sold)?;
        Some((price * 100.0).round() as u64)
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_embedded_copy_is_whole() {
        let parsed: Catalogue = serde_json::from_str(CATALOGUE_JSON).unwrap();
        assert_eq!(&parsed, Catalogue::embedded());
        for server_type in &parsed.server_types {
            assert!(!server_type.locations.is_empty(), "{}", server_type.name);
            for location in &server_type.locations {
                assert!(parsed.location(location).is_some(), "{location}");
            }
        }
        assert_eq!(parsed.server_type("ccx23").unwrap().memory_bytes(), 16 << 30);
        assert!(parsed.image("debian-13").is_some());
        let ccx23 = parsed.server_type("ccx23").unwrap();
        assert_eq!(ccx23.monthly_cents("ash"), Some(10_299));
        assert_eq!((ccx23.monthly_cents("sin"), ccx23.monthly_cents("moon")), (None, None));
    }
}
