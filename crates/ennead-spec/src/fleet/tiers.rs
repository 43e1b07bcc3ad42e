//! Tiers: groups of nodes that run the same components.

use std::collections::{BTreeMap, BTreeSet};

use ennead_components::find;
use ennead_model::{Catalogue, ComponentName, Finding, Tier, TierName};

use super::named;
use super::server_types::find_server_type;
use crate::options::unknown_component;
use crate::text::Section;

/// Reads the table of tiers. The second value says whether every one of them could be made.
pub(crate) fn read_tiers(
    section: &Section<'_, '_>,
    catalogue: &Catalogue,
) -> (BTreeMap<TierName, Tier>, bool) {
    let mut tiers = BTreeMap::new();
    let entries = section.sections();
    let count = entries.len();
    for (name, entry) in entries {
        let name = named(&entry, TierName::new(name));
        let server_type = entry
            .required_text("server_type", "ccx23")
            .and_then(|name| find_server_type(&entry, name, catalogue));
        let components = read_components(&entry, "components");
        let backups = entry.boolean("backups").unwrap_or(false);
        entry.finish();
        if let (Some(name), Some(server_type)) = (name, server_type) {
            let server_type = server_type.name.clone();
            tiers.insert(name.clone(), Tier { name, server_type, components, backups });
        }
    }
    let whole = tiers.len() == count;
    (tiers, whole)
}

/// Reads a list of components. One that does not exist or stands twice is a finding.
pub(super) fn read_components(
    entry: &Section<'_, '_>,
    key: &'static str,
) -> BTreeSet<ComponentName> {
    let mut components = BTreeSet::new();
    for (place, text) in entry.texts(key) {
        let Some(component) = find(text).and_then(|found| ComponentName::new(found.name()).ok())
        else {
            let text: String = text.chars().take(80).collect();
            entry.note(unknown_component(place, &text));
            continue;
        };
        if !components.insert(component) {
            let message = format!("{text} stands in this list twice");
            entry.note(Finding::warning("duplicate-component", place, message));
        }
    }
    components
}
