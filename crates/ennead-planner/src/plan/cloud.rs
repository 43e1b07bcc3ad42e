//! What the cloud must hold before nodes can be reached: an SSH key, networks, groups, servers.
//!
//! Nothing that exists is replaced: a server's disk holds data, and a new order of the same type may
//! cost several times what the old one does. What differs in a way that only a replacement would
//! mend is refused, with what the operator can do.

use std::collections::{BTreeMap, BTreeSet};

use ennead_model::{
    Blocked, CloudAction, Node, NodeName, Ref, RefKind, ServerFacts, Site, Step, StepId,
};

use super::PlanInput;
use super::entries::{plan_backups, plan_beside_servers};
use super::firewalls::{firewall_of, plan_firewalls};
use super::objects::{is_ours, network_name, platform_labels, server_labels, ssh_key_name};
use super::placement::place_new_servers;
use super::price::order_lost;
use super::step::{cloud_step, object_id, server_id};
use super::user_data::user_data;

/// The cloud's part of a plan.
#[derive(Debug, Default)]
pub(super) struct CloudPart {
    /// The steps in order.
    pub(super) steps: Vec<Step>,
    /// What is refused.
    pub(super) blocked: Vec<Blocked>,
    /// For each node with cloud steps: the last of them.
    pub(super) last: BTreeMap<NodeName, StepId>,
    /// For each node whose server does not exist yet: the step that makes it.
    pub(super) created: BTreeMap<NodeName, StepId>,
    /// For each node whose server is held by further steps, which nobody else waits for: the last of
    /// them. The cloud locks a server while one goes on, so they follow each other.
    pub(super) holding: BTreeMap<NodeName, StepId>,
    /// Nodes whose network attachment is still to be made.
    pub(super) attached: BTreeSet<NodeName>,
    /// Steps that come when every node has converged.
    pub(super) late: Vec<Step>,
    /// For each floating IP that is still to be made, by `ENTRY/SITE`: the step that makes it.
    pub(super) floating_ips: BTreeMap<String, StepId>,
}

/// Plans everything but deletions.
pub(super) fn plan_cloud(input: &PlanInput<'_>) -> CloudPart {
    let mut part = CloudPart::default();
    for foreign in &input.inventory.cloud.foreign {
        part.blocked.push(Blocked {
            what: foreign.clone(),
            why: "an object of this name exists in the cloud and belongs to somebody else: its \
                  labels are not this platform's"
                .to_owned(),
            hint: "rename the platform or the node in the spec, or delete the object in the cloud"
                .to_owned(),
        });
    }
    let missing = |node: &&Node| !input.inventory.cloud.servers.contains_key(node.name.as_str());
    if input.fleet.nodes.values().any(|node| missing(&node)) {
        plan_ssh_key(input, &mut part);
    }
    for site in input.fleet.sites.values() {
        plan_network(input, site, &mut part);
    }
    plan_firewalls(input, &mut part);
    let groups = place_new_servers(input.fleet, &input.inventory.cloud);
    let wanted: BTreeSet<&String> = groups.values().collect();
    for name in wanted {
        plan_placement_group(input, name, &mut part);
    }
    for node in input.fleet.nodes.values() {
        plan_server(input, node, groups.get(&node.name), &mut part);
    }
    plan_beside_servers(input, &mut part);
    part
}

fn plan_ssh_key(input: &PlanInput<'_>, part: &mut CloudPart) {
    let platform = &input.fleet.platform;
    let name = ssh_key_name(platform);
    if input.inventory.cloud.ssh_keys.contains_key(&name) {
        return;
    }
    let action = CloudAction::CreateSshKey {
        name: name.clone(),
        public_key: Ref::new(RefKind::OperatorPublicKey, "platform").to_string(),
        labels: platform_labels(platform),
    };
    let why = "new servers accept the operator's key";
    part.steps.push(cloud_step(object_id("ssh-key", &name), action, Vec::new(), why));
}

fn plan_network(input: &PlanInput<'_>, site: &Site, part: &mut CloudPart) {
    let platform = &input.fleet.platform;
    let name = network_name(platform, &site.name);
    let wanted = site.private_prefix.to_string();
    let Some(facts) = input.inventory.cloud.networks.get(&name) else {
        let action = CloudAction::CreateNetwork {
            name: name.clone(),
            ip_range: wanted,
            network_zone: site.network_zone.clone(),
            labels: platform_labels(platform),
        };
        let why = format!("site {} has no network", site.name);
        part.steps.push(cloud_step(object_id("network", &name), action, Vec::new(), why));
        return;
    };
    let subnet = (site.network_zone.clone(), wanted.clone());
    if facts.ip_range == wanted && facts.subnets.contains(&subnet) {
        return;
    }
    let zones: Vec<String> =
        facts.subnets.iter().map(|(zone, range)| format!("{range} in {zone}")).collect();
    part.blocked.push(Blocked {
        what: format!("network/{name}"),
        why: format!(
            "it has {} with subnets [{}], the spec wants {wanted} in {}; every server in it would \
             lose its address",
            facts.ip_range,
            zones.join(", "),
            site.network_zone
        ),
        hint: format!("set the prefix of site {} back, or move its nodes to a new site", site.name),
    });
}

fn plan_placement_group(input: &PlanInput<'_>, name: &str, part: &mut CloudPart) {
    if input.inventory.cloud.placement_groups.contains_key(name) {
        return;
    }
    let action = CloudAction::CreatePlacementGroup {
        name: name.to_owned(),
        labels: platform_labels(&input.fleet.platform),
    };
    let why = "servers of one tier stand on different machines";
    part.steps.push(cloud_step(object_id("placement-group", name), action, Vec::new(), why));
}

fn plan_server(input: &PlanInput<'_>, node: &Node, group: Option<&String>, part: &mut CloudPart) {
    let Some(site) = input.fleet.site_of(node) else {
        part.blocked.push(Blocked {
            what: node.name.to_string(),
            why: format!("it stands at {}, which is no site of this platform", node.site),
            hint: "run `ennead check`".to_owned(),
        });
        return;
    };
    match input.inventory.cloud.servers.get(node.name.as_str()) {
        None => plan_new_server(input, node, site, group, part),
        Some(facts) => plan_known_server(input, node, site, facts, part),
    }
}

fn plan_new_server(
    input: &PlanInput<'_>,
    node: &Node,
    site: &Site,
    group: Option<&String>,
    part: &mut CloudPart,
) {
    let platform = &input.fleet.platform;
    let key = ssh_key_name(platform);
    let mut needs = vec![object_id("ssh-key", &key)];
    needs.extend(group.map(|group| object_id("placement-group", group)));
    let firewall = firewall_of(input, node);
    needs.push(object_id("firewall", &firewall));
    let action = CloudAction::CreateServer {
        name: node.name.to_string(),
        server_type: node.server_type.clone(),
        image: input.image.to_owned(),
        location: site.location.clone(),
        ssh_keys: vec![key],
        placement_group: group.cloned(),
        firewalls: vec![firewall],
        labels: server_labels(input.fleet, node),
        user_data: user_data(node),
    };
    let id = server_id(node.name.as_str(), "create");
    let after = part.planned(needs);
    part.steps.push(cloud_step(id.clone(), action, after, "the server does not exist"));
    part.created.insert(node.name.clone(), id.clone());
    part.last.insert(node.name.clone(), id);
    plan_attach(input, node, site, part);
    plan_power_on(node, "a new server is started when it has its addresses", part);
    plan_backups(input, node, None, part);
}

fn plan_known_server(
    input: &PlanInput<'_>,
    node: &Node,
    site: &Site,
    facts: &ServerFacts,
    part: &mut CloudPart,
) {
    if let Some(blocked) = refuse_server(&input.fleet.platform, node, site, facts) {
        part.blocked.push(blocked);
        return;
    }
    let network = network_name(&input.fleet.platform, &site.name);
    let network_id = input.inventory.cloud.networks.get(&network).map(|network| network.id);
    match network_id.and_then(|id| facts.private_ips.get(&id)) {
        Some(address) if *address == node.address => {}
        Some(address) => part.blocked.push(Blocked {
            what: format!("server/{}", node.name),
            why: format!(
                "its address in {network} is {address}, the spec wants {}; every peer knows it by \
                 the old one",
                node.address
            ),
            hint: format!("set nodes.{}.address back to {address}", node.name),
        }),
        None => plan_attach(input, node, site, part),
    }
    // A server that is still being made, from a run that was cut off, will be off and not running.
    // The step waits until the server has settled, so it is right for everything in between.
    if facts.status != "running" {
        plan_power_on(node, &format!("the server is {}", facts.status), part);
    }
    plan_backups(input, node, Some(facts), part);
}

/// Returns why an existing server cannot be the node's, if so.
fn refuse_server(platform: &str, node: &Node, site: &Site, facts: &ServerFacts) -> Option<Blocked> {
    let what = format!("server/{}", node.name);
    let name = &node.name;
    if !is_ours(&facts.labels, platform) {
        let why = "a server of this name belongs to somebody else: its labels are not this \
                   platform's"
            .to_owned();
        let hint = "rename the node in the spec, or delete the server in the cloud".to_owned();
        return Some(Blocked { what, why, hint });
    }
    if facts.status == "deleting" {
        let why = "the cloud is deleting it".to_owned();
        return Some(Blocked { what, why, hint: "run again when it is gone".to_owned() });
    }
    if facts.location != site.location {
        let why = format!(
            "it stands in {}, the spec wants {}; a server cannot move, and its disk would not come \
             along",
            facts.location, site.location
        );
        let hint = format!(
            "set nodes.{name}.site back, or give the node at the new site another name and drop \
             {name} once the new one is healthy"
        );
        return Some(Blocked { what, why, hint });
    }
    if facts.server_type != node.server_type {
        let why = format!(
            "its type is {}, the spec wants {}; a change needs the server off, and {}",
            facts.server_type,
            node.server_type,
            order_lost(facts, &node.server_type)
        );
        let hint = format!(
            "set nodes.{name}.server_type back to {}, or rescale the server in the cloud while its \
             peers are healthy and run again",
            facts.server_type
        );
        return Some(Blocked { what, why, hint });
    }
    None
}

fn plan_attach(input: &PlanInput<'_>, node: &Node, site: &Site, part: &mut CloudPart) {
    let network = network_name(&input.fleet.platform, &site.name);
    let action = CloudAction::AttachNetwork {
        server: node.name.to_string(),
        network: network.clone(),
        ip: node.address,
    };
    let mut after: Vec<StepId> = part.last.get(&node.name).cloned().into_iter().collect();
    after.extend(part.planned(vec![object_id("network", &network)]));
    let id = server_id(node.name.as_str(), "attach");
    let why = format!("the server has no address in {network}");
    part.steps.push(cloud_step(id.clone(), action, after, why));
    part.attached.insert(node.name.clone());
    part.last.insert(node.name.clone(), id);
}

fn plan_power_on(node: &Node, why: &str, part: &mut CloudPart) {
    let action = CloudAction::PowerOn { server: node.name.to_string() };
    let after = part.last.get(&node.name).cloned().into_iter().collect();
    let id = server_id(node.name.as_str(), "power-on");
    part.steps.push(cloud_step(id.clone(), action, after, why));
    part.last.insert(node.name.clone(), id);
}

impl CloudPart {
    /// Returns the step that a next one on a node's server has to wait for.
    pub(super) fn before(&self, node: &NodeName) -> Option<StepId> {
        self.holding.get(node).or_else(|| self.last.get(node)).cloned()
    }

    /// Returns those of the ids that are steps of this plan.
    pub(super) fn planned(&self, ids: Vec<StepId>) -> Vec<StepId> {
        ids.into_iter().filter(|id| self.steps.iter().any(|step| step.id == *id)).collect()
    }
}
