//! What stands beside the servers: floating IPs and names of entries, volumes, backups.
//!
//! A plan gives a floating IP to a node only while it leads nowhere, and a name its addresses only
//! while it has none. Who holds an address after that is Keepalived's matter, and which addresses a
//! name has is the guard's: a plan that knew better would fight them.

use ennead_model::{
    Blocked, CloudAction, Entry, EntryDns, FloatingIpFacts, Node, ServerFacts, SiteName, Step,
    StepId, Volume, VolumeFacts,
};

use super::PlanInput;
use super::cloud::CloudPart;
use super::objects::{floating_ip_labels, floating_ip_name, platform_labels, volume_name};
use super::step::{cloud_step, object_id, server_id};

/// Plans floating IPs, names and volumes; the servers' steps are in the part already.
pub(super) fn plan_beside_servers(input: &PlanInput<'_>, part: &mut CloudPart) {
    for entry in input.fleet.entries.values() {
        for site in &entry.sites {
            plan_floating_ip(input, entry, site, part);
        }
        if let Some(dns) = &entry.dns {
            plan_name(input, entry, dns, part);
        }
    }
    for volume in input.fleet.volumes.values() {
        plan_volume(input, volume, part);
    }
}

fn plan_floating_ip(input: &PlanInput<'_>, entry: &Entry, site: &SiteName, part: &mut CloudPart) {
    let platform = &input.fleet.platform;
    let name = floating_ip_name(platform, &entry.name, site);
    let Some(place) = input.fleet.sites.get(site) else { return };
    let mut after = Vec::new();
    match input.inventory.cloud.floating_ips.get(&name) {
        Some(facts) if facts.home_location != place.location => {
            part.blocked.push(elsewhere(&name, facts, &place.location));
            return;
        }
        Some(facts) if facts.server.is_some() => return,
        Some(_) => {}
        None => {
            let action = CloudAction::CreateFloatingIp {
                name: name.clone(),
                home_location: place.location.clone(),
                labels: floating_ip_labels(platform, &entry.name, site),
            };
            let id = object_id("floating-ip", &name);
            let why = format!("entry {} has no address in site {site}", entry.name);
            part.steps.push(cloud_step(id.clone(), action, Vec::new(), why));
            part.floating_ips.insert(format!("{}/{site}", entry.name), id.clone());
            after.push(id);
        }
    }
    let Some(holder) = input.fleet.holders(entry, site).next() else { return };
    after.extend(part.before(&holder.name));
    let server = holder.name.to_string();
    let action = CloudAction::AssignFloatingIp { name: name.clone(), server };
    let id = StepId(format!("{}/assign", object_id("floating-ip", &name)));
    part.steps.push(cloud_step(id.clone(), action, after, "it leads to no server"));
    part.holding.insert(holder.name.clone(), id);
}

fn elsewhere(name: &str, facts: &FloatingIpFacts, wanted: &str) -> Blocked {
    Blocked {
        what: format!("floating-ip/{name}"),
        why: format!(
            "it is at home in {}, the spec wants {wanted}; an address cannot move",
            facts.home_location
        ),
        hint: "set the site's location back, or give the entry or the site another name".to_owned(),
    }
}

fn plan_name(input: &PlanInput<'_>, entry: &Entry, dns: &EntryDns, part: &mut CloudPart) {
    let platform = &input.fleet.platform;
    let mut after = Vec::new();
    let zones = &input.inventory.cloud.zones;
    let known = zones.keys().filter(|zone| dns.relative_to(zone).is_some());
    let zone = match known.max_by_key(|zone| zone.len()).or(dns.make_zone.as_ref()) {
        Some(zone) => zone.clone(),
        None => return part.blocked.push(no_zone(entry, dns)),
    };
    let Some(name) = dns.relative_to(&zone).map(str::to_owned) else { return };
    if let Some(facts) = zones.get(&zone) {
        if let Some(records) = facts.records.get(&name) {
            if !records.ours {
                part.blocked.push(taken(entry, dns, &zone));
            } else if records.ttl_s != Some(dns.ttl_s) {
                let action = CloudAction::SetRecordsTtl { zone, name, ttl_s: dns.ttl_s };
                let id = StepId(format!("{}/ttl", object_id("records", &dns.name)));
                let why = "it is kept for another time than the spec says";
                part.steps.push(cloud_step(id, action, Vec::new(), why));
            }
            return;
        }
    } else {
        let labels = platform_labels(platform);
        let id = object_id("zone", &zone);
        if !part.steps.iter().any(|step| step.id == id) {
            let action = CloudAction::CreateZone { name: zone.clone(), labels };
            let why = format!("{} lies in no zone of the cloud", dns.name);
            part.steps.push(cloud_step(id.clone(), action, Vec::new(), why));
        }
        after.push(id);
    }
    let of_site = |site: &SiteName| floating_ip_name(platform, &entry.name, site);
    let floating_ips: Vec<String> = entry.sites.iter().map(of_site).collect();
    let made = |name: &String| object_id("floating-ip", name);
    after.extend(part.planned(floating_ips.iter().map(made).collect()));
    let labels = platform_labels(platform);
    let action = CloudAction::CreateRecords { zone, name, ttl_s: dns.ttl_s, floating_ips, labels };
    let why = format!("users of {} have no name to come in by", entry.name);
    part.late.push(cloud_step(object_id("records", &dns.name), action, after, why));
}

fn no_zone(entry: &Entry, dns: &EntryDns) -> Blocked {
    Blocked {
        what: format!("records/{}", dns.name),
        why: "the cloud has no zone in which it lies".to_owned(),
        hint: format!(
            "make the zone in the cloud and delegate it, or let ennead make it with make_zone under \
             [entries.{}]",
            entry.name
        ),
    }
}

fn taken(entry: &Entry, dns: &EntryDns, zone: &str) -> Blocked {
    Blocked {
        what: format!("records/{}", dns.name),
        why: format!(
            "zone {zone} has address records of this name that belong to somebody else: their labels \
             are not this platform's"
        ),
        hint: format!("delete them, or give entries.{}.dns another name", entry.name),
    }
}

fn plan_volume(input: &PlanInput<'_>, volume: &Volume, part: &mut CloudPart) {
    let platform = &input.fleet.platform;
    let name = volume_name(platform, &volume.name);
    let Some(node) = input.fleet.nodes.get(&volume.node) else { return };
    let Some(site) = input.fleet.site_of(node) else { return };
    let mut after = Vec::new();
    if let Some(facts) = input.inventory.cloud.volumes.get(&name) {
        let server = input.inventory.cloud.servers.get(node.name.as_str());
        if let Some(blocked) = refuse_volume(&name, volume, &site.location, facts, server) {
            part.blocked.push(blocked);
            return;
        }
        if facts.server.is_some() {
            return;
        }
    } else {
        let action = CloudAction::CreateVolume {
            name: name.clone(),
            size_gb: volume.size_gb,
            location: site.location.clone(),
            labels: platform_labels(platform),
        };
        let id = object_id("volume", &name);
        part.steps.push(cloud_step(id.clone(), action, Vec::new(), "the volume does not exist"));
        after.push(id);
    }
    after.extend(part.before(&node.name));
    let action = CloudAction::AttachVolume { name: name.clone(), server: node.name.to_string() };
    let id = StepId(format!("{}/attach", object_id("volume", &name)));
    let why = format!("it is not attached to {}", node.name);
    part.steps.push(cloud_step(id.clone(), action, after, why));
    part.last.insert(node.name.clone(), id.clone());
    part.holding.insert(node.name.clone(), id);
}

/// Returns why an existing volume cannot be what the spec wants, if so. `server` is its node's.
fn refuse_volume(
    name: &str,
    volume: &Volume,
    location: &str,
    facts: &VolumeFacts,
    server: Option<&ServerFacts>,
) -> Option<Blocked> {
    let what = format!("volume/{name}");
    let back = format!("set volumes.{} back", volume.name);
    if facts.location != location {
        let why = format!(
            "it is in {}, its node stands in {location}; a volume cannot move, nor its data",
            facts.location
        );
        return Some(Blocked {
            what,
            why,
            hint: format!("{back}, or give the volume another name"),
        });
    }
    if facts.size_gb != u64::from(volume.size_gb) {
        let why = format!("it has {} GB, the spec wants {}", facts.size_gb, volume.size_gb);
        let hint = format!(
            "{back}, or resize the volume in the cloud, which can only grow, and run again"
        );
        return Some(Blocked { what, why, hint });
    }
    let attached = facts.server.filter(|at| server.is_none_or(|server| server.id != *at))?;
    let why = format!(
        "it is attached to the server with id {attached}, the spec wants {}; to take it from a running \
         system loses what is not written yet",
        volume.node
    );
    let hint = format!("{back}, or unmount and detach it, and run again");
    Some(Blocked { what, why, hint })
}

/// Plans whether the cloud makes backups of a node's disk; its server's steps are in the part.
pub(super) fn plan_backups(
    input: &PlanInput<'_>,
    node: &Node,
    facts: Option<&ServerFacts>,
    part: &mut CloudPart,
) {
    let now = facts.is_some_and(|facts| facts.backups);
    if now == node.backups {
        return;
    }
    let name = &node.name;
    if !node.backups && !input.allow_destroy.contains(name) {
        part.blocked.push(Blocked {
            what: format!("server/{name}"),
            why: "the spec wants no backups of it: to end them deletes those that there are"
                .to_owned(),
            hint: format!("set backups = true, or permit the loss with `--allow-destroy {name}`"),
        });
    }
    let action = CloudAction::SetBackups { server: name.to_string(), enabled: node.backups };
    let after = part.before(name).into_iter().collect();
    let id = server_id(name.as_str(), "backups");
    let why = if node.backups { "it has no backups" } else { "its backups are no longer wanted" };
    part.steps.push(cloud_step(id.clone(), action, after, why));
    part.holding.insert(name.clone(), id);
}

/// Plans the deletion of floating IPs and volumes that the spec no longer has. Each is refused until
/// the operator names it: an address that users know, or data, does not come back.
pub(super) fn plan_dropped_beside(input: &PlanInput<'_>) -> (Vec<Step>, Vec<Blocked>) {
    let fleet = input.fleet;
    let cloud = &input.inventory.cloud;
    let (mut steps, mut blocked) = (Vec::new(), Vec::new());
    let addresses = fleet.entries.values().flat_map(|entry| {
        entry.sites.iter().map(|site| floating_ip_name(&fleet.platform, &entry.name, site))
    });
    let addresses: Vec<String> = addresses.collect();
    let volumes: Vec<String> =
        fleet.volumes.keys().map(|name| volume_name(&fleet.platform, name)).collect();
    let dropped = cloud.floating_ips.iter().filter(|(name, _)| !addresses.contains(*name));
    let dropped = dropped.map(|(name, facts)| {
        let lost = format!(
            "its address {} is lost, and with it every name and user that leads there",
            facts.ip
        );
        ("floating-ip", name, lost, CloudAction::DeleteFloatingIp { name: name.clone() })
    });
    let data = cloud.volumes.iter().filter(|(name, _)| !volumes.contains(*name));
    let data = data.map(|(name, _)| {
        (
            "volume",
            name,
            "its data is lost".to_owned(),
            CloudAction::DeleteVolume { name: name.clone() },
        )
    });
    for (kind, name, lost, action) in dropped.chain(data) {
        let why = format!("it is no longer in the spec; {lost}");
        if !input.allow_destroy.contains(name.as_str()) {
            blocked.push(Blocked {
                what: format!("{kind}/{name}"),
                why: format!("{why}: deleting it cannot be undone"),
                hint: format!(
                    "put it back into the spec (a new name is a new {}), or permit the loss with \
                     `--allow-destroy {name}`",
                    if kind == "volume" { "volume" } else { "address" }
                ),
            });
        }
        let id = StepId(format!("{}/delete", object_id(kind, name)));
        steps.push(cloud_step(id, action, Vec::new(), why));
    }
    (steps, blocked)
}
