//! Names and labels of the platform's objects in the cloud. Truth about them is found by these, so
//! they are made in this one place.

use std::collections::BTreeMap;

use ennead_model::{EntryName, Fleet, Node, SiteName, TierName, VolumeName};

/// Label that every object of every platform carries, with [`MANAGED_BY`].
pub const LABEL_MANAGED_BY: &str = "managed-by";
/// Value of [`LABEL_MANAGED_BY`].
pub const MANAGED_BY: &str = "ennead";
/// Label with the platform's name.
pub const LABEL_PLATFORM: &str = "platform";

/// Returns the name of the operator's SSH key.
pub fn ssh_key_name(platform: &str) -> String {
    format!("{platform}-operator")
}

/// Returns the name of a site's network.
pub fn network_name(platform: &str, site: &SiteName) -> String {
    format!("{platform}-{site}")
}

/// Returns the name of a tier's placement group, counted from 1.
pub fn placement_group_name(platform: &str, tier: &TierName, number: usize) -> String {
    format!("{platform}-{tier}-{number}")
}

/// Returns the name of an entry's floating IP in a site.
pub fn floating_ip_name(platform: &str, entry: &EntryName, site: &SiteName) -> String {
    format!("{platform}-{entry}-{site}")
}

/// Returns the name of a volume.
pub fn volume_name(platform: &str, volume: &VolumeName) -> String {
    format!("{platform}-{volume}")
}

/// Returns the labels of an entry's floating IP in a site.
pub fn floating_ip_labels(
    platform: &str,
    entry: &EntryName,
    site: &SiteName,
) -> BTreeMap<String, String> {
    let mut labels = platform_labels(platform);
    labels.insert("entry".to_owned(), entry.to_string());
    labels.insert("site".to_owned(), site.to_string());
    labels
}

/// Returns the labels of every object of the platform.
pub fn platform_labels(platform: &str) -> BTreeMap<String, String> {
    [(LABEL_MANAGED_BY, MANAGED_BY), (LABEL_PLATFORM, platform)]
        .map(|(key, value)| (key.to_owned(), value.to_owned()))
        .into()
}

/// Returns the labels of a node's server.
pub fn server_labels(fleet: &Fleet, node: &Node) -> BTreeMap<String, String> {
    let mut labels = platform_labels(&fleet.platform);
    labels.insert("node".to_owned(), node.name.to_string());
    labels.insert("site".to_owned(), node.site.to_string());
    labels.insert("tier".to_owned(), node.tier.to_string());
    labels
}

/// Returns whether labels say that an object belongs to the platform.
pub fn is_ours(labels: &BTreeMap<String, String>, platform: &str) -> bool {
    let has = |key: &str, value: &str| labels.get(key).is_some_and(|found| found == value);
    has(LABEL_MANAGED_BY, MANAGED_BY) && has(LABEL_PLATFORM, platform)
}
