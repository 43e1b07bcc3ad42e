//! What can be bought, as the API shows it: the compiled-in catalogue in the cloud's own words.

use ennead_hcloud::types::{
    Image, ImageProtection, Location, LocationPrice, Price, ServerType, ServerTypeLocation,
};
use ennead_model::Catalogue;
use ennead_model::catalogue::{CatalogueImage, CatalogueLocation, CatalogueServerType};

use crate::state::Rules;

/// Hours of a month, by which the cloud derives hourly prices.
const HOURS_PER_MONTH: f64 = 730.0;

/// Disk in GB that a system image needs.
const IMAGE_DISK_GB: f64 = 5.0;

/// Day on which the images of this copy count as made.
const IMAGES_CREATED: &str = "2026-06-15T00:00:00Z";

/// Price in USD per TB of traffic beyond what is free. The cloud publishes 1.00 in euros for the
/// locations in Europe and America; no figure in dollars was found, so the number is the same.
const TRAFFIC_PER_TB: f64 = 1.0;

/// Returns all locations.
pub fn locations() -> Vec<Location> {
    Catalogue::embedded().locations.iter().map(show_location).collect()
}

/// Returns the location of that name.
pub fn location(name: &str) -> Option<Location> {
    Catalogue::embedded().location(name).map(show_location)
}

/// Returns all server types; what is sold out is shown so.
pub fn server_types(rules: &Rules) -> Vec<ServerType> {
    let types = Catalogue::embedded().server_types.iter();
    types.map(|server_type| show_server_type(server_type, rules)).collect()
}

/// Returns the server type of that name.
pub fn server_type(name: &str, rules: &Rules) -> Option<ServerType> {
    let server_type = Catalogue::embedded().server_type(name)?;
    Some(show_server_type(server_type, rules))
}

/// Returns all images.
pub fn images() -> Vec<Image> {
    Catalogue::embedded().images.iter().map(show_image).collect()
}

/// Returns the image of that name.
pub fn image(name: &str) -> Option<Image> {
    Catalogue::embedded().image(name).map(show_image)
}

/// Returns a price without VAT, net and gross alike, with ten decimals as the cloud writes it.
pub fn price(amount: f64) -> Price {
    let text = format!("{amount:.10}");
    Price { net: text.clone(), gross: text }
}

fn show_location(location: &CatalogueLocation) -> Location {
    Location {
        id: location.id,
        name: location.name.clone(),
        description: location.description.clone(),
        country: location.country.clone(),
        city: location.city.clone(),
        latitude: location.latitude,
        longitude: location.longitude,
        network_zone: location.network_zone.clone(),
    }
}

fn show_server_type(server_type: &CatalogueServerType, rules: &Rules) -> ServerType {
    let locations = Catalogue::embedded().locations.iter();
    let sold = locations.filter(|location| server_type.locations.contains(&location.name));
    let show = |location: &CatalogueLocation| {
        let key = (server_type.name.clone(), location.name.clone());
        let available = !rules.sold_out.contains(&key);
        ServerTypeLocation {
            id: location.id,
            name: location.name.clone(),
            deprecation: None,
            available,
            recommended: available,
        }
    };
    ServerType {
        id: server_type.id,
        name: server_type.name.clone(),
        description: server_type.name.to_uppercase(),
        category: Some(server_type.category.clone()),
        cores: server_type.cores,
        memory: server_type.memory_gb,
        disk: server_type.disk_gb,
        prices: prices(server_type),
        storage_type: "local".into(),
        cpu_type: server_type.cpu_type.clone(),
        architecture: server_type.architecture.clone(),
        deprecation: None,
        locations: sold.map(show).collect(),
    }
}

/// Prices that are not published are left out rather than guessed.
fn prices(server_type: &CatalogueServerType) -> Vec<LocationPrice> {
    let published = server_type.price_monthly_usd_net.iter();
    published
        .filter_map(|(location, monthly)| {
            let monthly = (*monthly)?;
            let traffic_tb = server_type.included_traffic_tb.get(location).copied().flatten();
            Some(LocationPrice {
                location: location.clone(),
                price_hourly: price(monthly / HOURS_PER_MONTH),
                price_monthly: price(monthly),
                included_traffic: terabytes(traffic_tb.unwrap_or(0.0)),
                price_per_tb_traffic: price(TRAFFIC_PER_TB),
            })
        })
        .collect()
}

#[expect(
    clippy::cast_possible_truncation,
    clippy::cast_sign_loss,
    reason = "traffic allowances are small positive numbers of TB"
)]
fn terabytes(amount: f64) -> u64 {
    (amount * 1024.0_f64.powi(4)) as u64
}

fn show_image(image: &CatalogueImage) -> Image {
    Image {
        id: image.id,
        kind: "system".into(),
        status: "available".into(),
        name: Some(image.name.clone()),
        description: image.description.clone(),
        image_size: None,
        disk_size: IMAGE_DISK_GB,
        created: IMAGES_CREATED.into(),
        created_from: None,
        bound_to: None,
        os_flavor: image.os_flavor.clone(),
        os_version: Some(image.os_version.clone()),
        rapid_deploy: true,
        protection: ImageProtection::default(),
        deprecated: None,
        deleted: None,
        labels: std::collections::BTreeMap::new(),
        architecture: "x86".into(),
    }
}
