//! Server types: whether the cloud has them, sells them in a location, and what comes near.

use ennead_model::catalogue::CatalogueServerType;
use ennead_model::{Catalogue, Finding, Site};

use crate::text::{Section, did_you_mean};

/// The architecture that the packages and the ennead program on the nodes are built for.
const ARCHITECTURE: &str = "x86";

/// How many server types a hint names.
const HINT_MAX: usize = 4;

/// Returns the server type of that name, or notes that there is none or that it cannot be used.
pub(super) fn find_server_type<'c>(
    entry: &Section<'_, '_>,
    name: &str,
    catalogue: &'c Catalogue,
) -> Option<&'c CatalogueServerType> {
    let place = entry.place("server_type");
    let Some(server_type) = catalogue.server_type(name) else {
        let names: Vec<&str> = catalogue
            .server_types
            .iter()
            .filter(|known| known.architecture == ARCHITECTURE)
            .map(|known| known.name.as_str())
            .collect();
        let shown: String = name.chars().take(80).collect();
        let message = format!("the cloud has no server type {shown:?}");
        let hint = did_you_mean(name, "server types", names.iter().copied());
        entry.note(Finding::error("unknown-server-type", place, message).hint(hint));
        return None;
    };
    if server_type.architecture != ARCHITECTURE {
        let architecture = &server_type.architecture;
        let message = format!("{name} is of architecture {architecture}, not {ARCHITECTURE}");
        let near = near(server_type, None, catalogue);
        entry.note(
            Finding::error("server-type-architecture", place, message)
                .hint(format!("of similar size: {near}")),
        );
    }
    Some(server_type)
}

/// Notes that a server type is not sold where the node stands. The finding is about the key that
/// names it: the node's own, or the tier's.
pub(super) fn check_sold(
    entry: &Section<'_, '_>,
    place: String,
    server_type: &CatalogueServerType,
    site: &Site,
    catalogue: &Catalogue,
) {
    if server_type.locations.contains(&site.location) {
        return;
    }
    let (name, location) = (&server_type.name, &site.location);
    let message = format!("{name} is not sold in {location}, where site {} stands", site.name);
    let near = near(server_type, Some(location), catalogue);
    entry.note(
        Finding::error("server-type-not-sold", place, message)
            .hint(format!("sold in {location}, of similar size: {near}")),
    );
}

/// Returns the usable types nearest in size, the nearest first; of one location when it is given.
fn near(wanted: &CatalogueServerType, location: Option<&str>, catalogue: &Catalogue) -> String {
    let usable = |known: &&CatalogueServerType| {
        known.architecture == ARCHITECTURE
            && location.is_none_or(|location| known.locations.iter().any(|at| at == location))
    };
    let mut types: Vec<_> = catalogue.server_types.iter().filter(usable).collect();
    // Sizes grow by doubling, so the distance is one of ratios; memory matters most to databases.
    let ratio = |a: f64, b: f64| (a / b).ln().abs();
    let distance = |known: &CatalogueServerType| {
        2.0 * ratio(known.memory_gb, wanted.memory_gb)
            + ratio(f64::from(known.cores), f64::from(wanted.cores))
            + if known.cpu_type == wanted.cpu_type { 0.0 } else { 0.1 }
    };
    types.sort_by(|a, b| distance(a).total_cmp(&distance(b)).then_with(|| a.name.cmp(&b.name)));
    let shown = types.iter().take(HINT_MAX).map(|known| {
        format!("{} ({} processors, {} GiB)", known.name, known.cores, known.memory_gb)
    });
    shown.collect::<Vec<_>>().join(", ")
}
