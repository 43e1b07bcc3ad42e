//! The way back to nothing: every object of the platform is deleted, servers first, because the
//! cloud refuses to delete what is still in use.

use ennead_model::plan::PLAN_FORMAT_VERSION;
use ennead_model::{CloudAction, Inventory, Plan, Step, StepId};

use super::objects::is_ours;
use super::step::{cloud_step, object_id, server_id};

/// Returns the plan that deletes everything which carries the platform's labels, data included.
/// It asks no permission; the operator's word is asked for at the edge.
pub fn down_plan(platform: &str, inventory: &Inventory) -> Plan {
    let cloud = &inventory.cloud;
    let why = "the platform is taken down";
    let ours = cloud.servers.iter().filter(|(_, server)| is_ours(&server.labels, platform));
    let mut steps: Vec<Step> = ours
        .map(|(name, _)| {
            let action = CloudAction::DeleteServer { name: name.clone() };
            cloud_step(server_id(name, "delete"), action, Vec::new(), why)
        })
        .collect();
    let servers: Vec<StepId> = steps.iter().map(|step| step.id.clone()).collect();
    let mut delete = |kind: &str, name: &String, action: CloudAction| {
        let id = StepId(format!("{}/delete", object_id(kind, name)));
        steps.push(cloud_step(id, action, servers.clone(), why));
    };
    for name in cloud.placement_groups.keys() {
        delete("placement-group", name, CloudAction::DeletePlacementGroup { name: name.clone() });
    }
    for name in cloud.firewalls.keys() {
        delete("firewall", name, CloudAction::DeleteFirewall { name: name.clone() });
    }
    for name in cloud.floating_ips.keys() {
        delete("floating-ip", name, CloudAction::DeleteFloatingIp { name: name.clone() });
    }
    for name in cloud.volumes.keys() {
        delete("volume", name, CloudAction::DeleteVolume { name: name.clone() });
    }
    for (zone, facts) in &cloud.zones {
        for (name, _) in facts.records.iter().filter(|(_, records)| records.ours) {
            let whole = format!("{name}.{zone}");
            let (zone, name) = (zone.clone(), name.clone());
            delete("records", &whole, CloudAction::DeleteRecords { zone, name });
        }
    }
    for name in cloud.networks.keys() {
        delete("network", name, CloudAction::DeleteNetwork { name: name.clone() });
    }
    for name in cloud.ssh_keys.keys() {
        delete("ssh-key", name, CloudAction::DeleteSshKey { name: name.clone() });
    }
    // A zone goes after the names in it.
    let names: Vec<StepId> = steps.iter().map(|step| step.id.clone()).collect();
    for (name, _) in cloud.zones.iter().filter(|(_, facts)| facts.ours) {
        let id = StepId(format!("{}/delete", object_id("zone", name)));
        let action = CloudAction::DeleteZone { name: name.clone() };
        steps.push(cloud_step(id, action, names.clone(), why));
    }
    Plan {
        format_version: PLAN_FORMAT_VERSION,
        platform: platform.to_owned(),
        generation: inventory.generation(),
        steps,
        blocked: Vec::new(),
    }
}
