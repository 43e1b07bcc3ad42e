//! Private prefixes and the addresses inside them.

use std::collections::BTreeMap;
use std::net::Ipv4Addr;

use ennead_model::fleet::Prefix;
use ennead_model::{Finding, NodeName, Site};

use crate::text::Section;

/// Ranges for private networks. Source: RFC 1918.
const PRIVATE: [(Ipv4Addr, u8); 3] = [
    (Ipv4Addr::new(10, 0, 0, 0), 8),
    (Ipv4Addr::new(172, 16, 0, 0), 12),
    (Ipv4Addr::new(192, 168, 0, 0), 16),
];

/// Smallest network of the cloud: no more bits than these. Source: Hetzner's description of
/// `POST /networks`, "minimum network size is /24".
const PREFIX_BITS_MAX: u8 = 24;

/// The public gateway of every server. Source: Hetzner, as above: the address is reserved.
const PUBLIC_GATEWAY: Ipv4Addr = Ipv4Addr::new(172, 31, 1, 1);

/// Notes what a private network may not be.
pub(super) fn check_prefix(entry: &Section<'_, '_>, place: String, prefix: Prefix) {
    let inside = |(address, bits): &(Ipv4Addr, u8)| {
        prefix.bits >= *bits && Prefix { address: *address, bits: *bits }.contains(prefix.address)
    };
    let finding = if !PRIVATE.iter().any(inside) {
        let message = format!("{prefix} is not in a range for private networks (RFC 1918)");
        Finding::error("prefix-not-private", place, message)
            .hint("choose it from 10.0.0.0/8, 172.16.0.0/12 or 192.168.0.0/16")
    } else if prefix.bits > PREFIX_BITS_MAX {
        let message = format!("{prefix} is smaller than the cloud's smallest network");
        let wide = u32::from(prefix.address) & (u32::MAX << (32 - u32::from(PREFIX_BITS_MAX)));
        let wide = Ipv4Addr::from(wide);
        Finding::error("prefix-too-small", place, message)
            .hint(format!("use {wide}/{PREFIX_BITS_MAX} or a larger one"))
    } else if prefix.contains(PUBLIC_GATEWAY) {
        let message = format!("{prefix} holds {PUBLIC_GATEWAY}, every server's public gateway");
        Finding::error("prefix-reserved", place, message).hint("choose another range")
    } else {
        return;
    };
    entry.note(finding);
}

/// Reads a node's address and notes what it may not be. `taken` grows by it.
pub(super) fn read_address(
    entry: &Section<'_, '_>,
    site: Option<&Site>,
    taken: &mut BTreeMap<Ipv4Addr, NodeName>,
    name: Option<&NodeName>,
) -> Option<Ipv4Addr> {
    let place = entry.place("address");
    let text = entry.required_text("address", "10.1.0.11")?;
    let Ok(address) = text.parse::<Ipv4Addr>() else {
        let text: String = text.chars().take(80).collect();
        let message = format!("{text:?} is not an IPv4 address");
        let hint = "for example address = \"10.1.0.11\"";
        entry.note(Finding::error("bad-address", place, message).hint(hint));
        return None;
    };
    if let Some(site) = site
        && let Some(finding) = misplaced(&place, address, site)
    {
        entry.note(finding);
    }
    if let Some(other) = taken.get(&address) {
        let message = format!("{address} is the address of {other} already");
        let hint = free_hint(site, taken);
        entry.note(Finding::error("duplicate-address", place, message).hint(hint));
    } else if let Some(name) = name {
        taken.insert(address, name.clone());
    }
    Some(address)
}

fn misplaced(place: &str, address: Ipv4Addr, site: &Site) -> Option<Finding> {
    let prefix = site.private_prefix;
    let name = &site.name;
    let usable = format!(
        "usable addresses of site {name}: {} to {}",
        Ipv4Addr::from(u32::from(prefix.gateway()).saturating_add(1)),
        Ipv4Addr::from(u32::from(prefix.broadcast()).saturating_sub(1)),
    );
    let (code, what) = if !prefix.contains(address) {
        ("address-outside", format!("{address} lies outside {prefix} of site {name}"))
    } else if address == prefix.address {
        ("address-is-network", format!("{address} is the network's own address"))
    } else if address == prefix.gateway() {
        ("address-is-gateway", format!("{address} is the gateway of the site's network"))
    } else if address == prefix.broadcast() {
        ("address-is-broadcast", format!("{address} is the broadcast address of {prefix}"))
    } else {
        return None;
    };
    Some(Finding::error(code, place, what).hint(usable))
}

fn free_hint(site: Option<&Site>, taken: &BTreeMap<Ipv4Addr, NodeName>) -> String {
    let fallback = || "give each node an address of its own".to_owned();
    let Some(site) = site else { return fallback() };
    let first = u32::from(site.private_prefix.gateway()).saturating_add(1);
    let last = u32::from(site.private_prefix.broadcast());
    let free = (first..last).map(Ipv4Addr::from).find(|address| !taken.contains_key(address));
    free.map_or_else(fallback, |address| format!("the first address not given yet is {address}"))
}
