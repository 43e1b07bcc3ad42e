//! The `[volumes]` table: disks of their own, beside those of the servers.

use std::collections::BTreeMap;

use ennead_model::entry::{VOLUME_GB, VOLUMES_PER_SERVER_MAX};
use ennead_model::{Finding, Fleet, NodeName, Volume, VolumeName};

use crate::fleet::named;
use crate::text::{Section, did_you_mean};

/// Reads the volumes of a fleet whose nodes are known. Mistakes are findings.
pub(crate) fn read_volumes(
    section: &Section<'_, '_>,
    fleet: &Fleet,
) -> BTreeMap<VolumeName, Volume> {
    let mut volumes: BTreeMap<VolumeName, Volume> = BTreeMap::new();
    for (name, table) in section.sections() {
        let made = named(&table, VolumeName::new(name));
        let node = read_node(&table, fleet);
        let size_gb = read_size(&table);
        table.finish();
        let (Some(name), Some(node), Some(size_gb)) = (made, node, size_gb) else { continue };
        let before = volumes.values().filter(|volume| volume.node == node).count();
        if before == VOLUMES_PER_SERVER_MAX {
            let message = format!(
                "{node} has more than {VOLUMES_PER_SERVER_MAX} volumes, the most of one server"
            );
            let hint = "attach it to another node";
            table.note(Finding::error("volumes-many", table.place("node"), message).hint(hint));
        }
        volumes.insert(name.clone(), Volume { name, node, size_gb });
    }
    volumes
}

fn read_node(table: &Section<'_, '_>, fleet: &Fleet) -> Option<NodeName> {
    let example = fleet.nodes.keys().next().map_or("NAME", AsRef::as_ref);
    let text = table.required_text("node", example)?;
    if let Some(node) = fleet.node(text) {
        return Some(node.name.clone());
    }
    let shown: String = text.chars().take(80).collect();
    let hint = did_you_mean(text, "nodes", fleet.nodes.keys().map(AsRef::as_ref));
    let message = format!("there is no node {shown:?}");
    table.note(Finding::error("unknown-name", table.place("node"), message).hint(hint));
    None
}

fn read_size(table: &Section<'_, '_>) -> Option<u32> {
    if table.value("size_gb").is_none() {
        table.missing("size_gb", "size_gb = 100");
    }
    let number = table.integer("size_gb")?;
    let size = u32::try_from(number).ok().filter(|size| VOLUME_GB.contains(size));
    if size.is_none() {
        let message = format!("{number} is not from {} to {}", VOLUME_GB.start(), VOLUME_GB.end());
        table.note(Finding::error("out-of-range", table.place("size_gb"), message));
    }
    size
}
