//! The `[entries]` table: where users come in, by address and by name.

use std::collections::{BTreeMap, BTreeSet};

use ennead_components::find;
use ennead_model::entry::{TTL_S_MAX, TTL_S_MIN, relative};
use ennead_model::{ComponentName, Entry, EntryDns, EntryName, Finding, Fleet, SiteName};

use crate::fleet::named;
use crate::options::unknown_component;
use crate::text::{Section, did_you_mean};

/// Longest name in DNS, and longest part of one, in characters. Source: RFC 1035, section 2.3.4.
const DNS_CHARS_MAX: usize = 253;
const DNS_PART_CHARS_MAX: usize = 63;

/// Reads the entries of a fleet whose sites and nodes are known. Mistakes are findings.
pub(crate) fn read_entries(section: &Section<'_, '_>, fleet: &Fleet) -> BTreeMap<EntryName, Entry> {
    let mut entries = BTreeMap::new();
    let mut taken = BTreeMap::new();
    for (name, table) in section.sections() {
        let made = named(&table, EntryName::new(name));
        let component = read_component(&table);
        let sites = component.as_ref().map(|component| read_sites(&table, fleet, component));
        let dns = read_dns(&table);
        table.know("sites");
        table.finish();
        if let Some(dns) = &dns
            && let Some(other) = taken.insert(dns.name.clone(), name)
        {
            let message = format!("{} is the name of entry {other} already", dns.name);
            let hint = "give each entry a name of its own";
            table.note(Finding::error("dns-taken", table.place("dns"), message).hint(hint));
        }
        if let (Some(name), Some(component), Some((sites, everywhere))) = (made, component, sites) {
            entries.insert(name.clone(), Entry { name, component, sites, everywhere, dns });
        }
    }
    entries
}

fn read_component(table: &Section<'_, '_>) -> Option<ComponentName> {
    let text = table.required_text("component", "haproxy")?;
    let found = find(text).and_then(|found| ComponentName::new(found.name()).ok());
    if found.is_none() {
        let shown: String = text.chars().take(80).collect();
        table.note(unknown_component(table.place("component"), &shown));
    }
    found
}

/// Returns the sites of an entry, and whether they are all that there can be.
fn read_sites(
    table: &Section<'_, '_>,
    fleet: &Fleet,
    component: &ComponentName,
) -> (BTreeSet<SiteName>, bool) {
    let held: BTreeSet<&SiteName> =
        fleet.running(component.as_str()).map(|node| &node.site).collect();
    let listed = table.texts("sites");
    if held.is_empty() {
        let message = format!("no node runs {component}, so nobody can hold its address");
        let hint = format!("add {component} to the components of a tier or of a node");
        table.note(Finding::error("entry-nowhere", table.path(), message).hint(hint));
    } else if listed.is_empty() && table.value("sites").is_some() {
        let message = "names no site";
        let hint = "leave the key out for every site that can have it";
        table.note(Finding::error("entry-nowhere", table.place("sites"), message).hint(hint));
    }
    if table.value("sites").is_none() {
        return (held.into_iter().cloned().collect(), true);
    }
    let mut sites = BTreeSet::new();
    for (place, text) in listed {
        let Some(site) = fleet.sites.get(text) else {
            let shown: String = text.chars().take(80).collect();
            let hint = did_you_mean(text, "sites", fleet.sites.keys().map(AsRef::as_ref));
            let message = format!("there is no site {shown:?}");
            table.note(Finding::error("unknown-site", place, message).hint(hint));
            continue;
        };
        if !held.is_empty() && !held.contains(&site.name) {
            let message = format!(
                "no node of site {} runs {component}, so nobody there can hold its address",
                site.name
            );
            let hint = format!("let a node there run {component}, or take the site out");
            table.note(Finding::error("entry-site-empty", place, message).hint(hint));
            continue;
        }
        if !sites.insert(site.name.clone()) {
            let message = format!("{text} stands in this list twice");
            table.note(Finding::warning("duplicate-site", place, message));
        }
    }
    (sites, false)
}

fn read_dns(table: &Section<'_, '_>) -> Option<EntryDns> {
    let name = table.text("dns");
    let ttl_s = read_ttl(table);
    let make_zone = table.text("make_zone");
    let Some(name) = name else {
        for key in ["ttl_s", "make_zone"] {
            if table.value(key).is_some() {
                let message = "has no effect without dns";
                let hint = "add dns = \"app.example.com\", or remove the key";
                table.note(Finding::warning("dns-missing", table.place(key), message).hint(hint));
            }
        }
        return None;
    };
    let name = read_name(table, "dns", name);
    let zone = make_zone.map(|zone| read_name(table, "make_zone", zone));
    let (name, make_zone) = (name?, zone.map_or(Some(None), |zone| zone.map(Some))?);
    if let Some(zone) = make_zone.as_ref().filter(|zone| relative(&name, zone).is_none()) {
        let message = format!("{name} does not lie in the zone {zone}");
        let hint = "the zone is the name, or the end of it after a dot";
        table.note(Finding::error("dns-zone", table.place("make_zone"), message).hint(hint));
        return None;
    }
    Some(EntryDns { name, ttl_s, make_zone })
}

fn read_ttl(table: &Section<'_, '_>) -> u32 {
    let Some(number) = table.integer("ttl_s") else { return TTL_S_MIN };
    let read = u32::try_from(number).ok().filter(|it| (TTL_S_MIN..=TTL_S_MAX).contains(it));
    read.unwrap_or_else(|| {
        let message = format!("{number} is not from {TTL_S_MIN} to {TTL_S_MAX}");
        table.note(Finding::error("out-of-range", table.place("ttl_s"), message));
        TTL_S_MIN
    })
}

/// Reads a host's name. Source: RFC 1123, section 2.1.
fn read_name(table: &Section<'_, '_>, key: &'static str, text: &str) -> Option<String> {
    let is_good = |part: &str| {
        (1..=DNS_PART_CHARS_MAX).contains(&part.len())
            && part.chars().all(|c| c.is_ascii_lowercase() || c.is_ascii_digit() || c == '-')
            && !part.starts_with('-')
            && !part.ends_with('-')
    };
    let is_number = |part: &str| part.chars().all(|c| c.is_ascii_digit());
    let good = text.len() <= DNS_CHARS_MAX
        && text.contains('.')
        && text.split('.').all(is_good)
        && !text.rsplit('.').next().is_some_and(is_number);
    if good {
        return Some(text.to_owned());
    }
    let shown: String = text.chars().take(80).collect();
    let message = format!("{shown:?} is not a name in DNS");
    let hint = "write the whole name, such as app.example.com: parts of a-z, 0-9 and '-', joined by \
                dots, without one at the end";
    table.note(Finding::error("bad-dns-name", table.place(key), message).hint(hint));
    None
}
