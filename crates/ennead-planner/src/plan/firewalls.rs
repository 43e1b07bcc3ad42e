//! The cloud's firewalls, which guard the public side: one for each set of servers with the same
//! open ports. They come from the same declarations as the rules on the nodes.
//!
//! A server is made with its firewall. On one that exists the new firewall is applied before the old
//! one is lifted. The API is reached past any firewall, so a mistake is corrected by another run.

use std::collections::{BTreeMap, BTreeSet};

use ennead_components::access::{openings, operator_prefixes};
use ennead_components::{Context, Options, Peers};
use ennead_model::cloud::CloudRule;
use ennead_model::{CloudAction, Fleet, Inventory, Node, NodeName, StepId, sha256_hex};

use super::PlanInput;
use super::cloud::CloudPart;
use super::objects::{is_ours, platform_labels};
use super::step::{cloud_step, object_id};

/// Longest name in characters, as for servers. Longer ones get a digest in place of their ports.
const NAME_CHARS_MAX: usize = 63;
/// Every address of both families.
const WORLD: [&str; 2] = ["0.0.0.0/0", "::/0"];

/// A firewall and the nodes whose servers it guards.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub struct WantedFirewall {
    /// What passes, sorted.
    pub rules: BTreeSet<CloudRule>,
    /// Whose servers.
    pub nodes: BTreeSet<NodeName>,
}

/// Returns the firewalls that a platform wants, by name. The name says the ports and not who may
/// come to them: when the operator moves, the firewall stays and gets other rules.
pub fn wanted_firewalls(fleet: &Fleet, options: &Options) -> BTreeMap<String, WantedFirewall> {
    let inventory = Inventory::empty();
    let context = Context { fleet, options, inventory: &inventory };
    let mut all: BTreeMap<String, WantedFirewall> = BTreeMap::new();
    for node in fleet.nodes.values() {
        let (name, rules) = of_node(&context, node);
        let wanted = all.entry(name).or_default();
        wanted.rules = rules;
        wanted.nodes.insert(node.name.clone());
    }
    all
}

fn of_node(context: &Context<'_>, node: &Node) -> (String, BTreeSet<CloudRule>) {
    let world = || WORLD.map(str::to_owned).into();
    let operator = || operator_prefixes(context.options).iter().map(ToString::to_string).collect();
    let mut rules = BTreeSet::from([CloudRule::inbound("icmp", None, world(), "ICMP")]);
    let mut ports = BTreeSet::new();
    for opening in openings(context, node) {
        let port = &opening.port;
        let (who, from) = match port.peers {
            Peers::World => ("", world()),
            Peers::Operator => ("op-", operator()),
            Peers::Fleet | Peers::Components(_) => continue,
        };
        ports.insert(format!("{who}{}{}", port.protocol.name(), port.number));
        let purpose = format!("{}: {}", opening.component, port.purpose);
        rules.insert(CloudRule::inbound(port.protocol.name(), Some(port.number), from, &purpose));
    }
    (name(&context.fleet.platform, &ports), rules)
}

fn name(platform: &str, ports: &BTreeSet<String>) -> String {
    let ports: Vec<&str> = ports.iter().map(String::as_str).collect();
    let ports = ports.join("-");
    let name = format!("{platform}-{ports}");
    if name.len() <= NAME_CHARS_MAX {
        return name;
    }
    let digest: String = sha256_hex(&ports).chars().take(16).collect();
    format!("{platform}-ports-{digest}")
}

/// Plans all firewalls. Servers that are made later take theirs along: see [`firewall_of`].
pub(super) fn plan_firewalls(input: &PlanInput<'_>, part: &mut CloudPart) {
    let wanted = wanted_firewalls(input.fleet, input.options);
    for (name, firewall) in &wanted {
        plan_rules(input, name, firewall, part);
        for node in &firewall.nodes {
            plan_applied(input, name, node, part);
        }
    }
    plan_unused(input, &wanted, part);
}

/// Returns the firewall of a node's server.
pub(super) fn firewall_of(input: &PlanInput<'_>, node: &Node) -> String {
    let context =
        Context { fleet: input.fleet, options: input.options, inventory: input.inventory };
    of_node(&context, node).0
}

fn plan_rules(input: &PlanInput<'_>, name: &str, wanted: &WantedFirewall, part: &mut CloudPart) {
    let why = match input.inventory.cloud.firewalls.get(name) {
        Some(facts) if facts.rules == wanted.rules => return,
        Some(_) => "it lets other packets in than the components declare",
        None => "the public side of servers is to be guarded",
    };
    let action = CloudAction::SetFirewall {
        name: name.to_owned(),
        rules: wanted.rules.clone(),
        labels: platform_labels(&input.fleet.platform),
    };
    let id = object_id("firewall", name);
    part.steps.push(cloud_step(id.clone(), action, Vec::new(), why));
    // Nodes are reached with these rules.
    let exists = |node: &&NodeName| input.inventory.cloud.servers.contains_key(node.as_str());
    part.last.extend(wanted.nodes.iter().filter(exists).map(|node| (node.clone(), id.clone())));
}

fn plan_applied(input: &PlanInput<'_>, name: &str, node: &NodeName, part: &mut CloudPart) {
    let cloud = &input.inventory.cloud;
    let Some(server) = cloud.servers.get(node.as_str()) else { return };
    if !is_ours(&server.labels, &input.fleet.platform) || server.status == "deleting" {
        return;
    }
    let is_applied = |name: &str| {
        cloud.firewalls.get(name).is_some_and(|facts| facts.servers.contains(&server.id))
    };
    if !is_applied(name) {
        let action =
            CloudAction::ApplyFirewall { firewall: name.to_owned(), server: node.to_string() };
        let after = part.last.get(node).cloned().into_iter().collect();
        let id = StepId(format!("{}/apply/{node}", object_id("firewall", name)));
        part.steps.push(cloud_step(id.clone(), action, after, "the server is not guarded by it"));
        part.last.insert(node.clone(), id);
    }
    for other in cloud.firewalls.keys().filter(|other| *other != name && is_applied(other)) {
        let action =
            CloudAction::LiftFirewall { firewall: other.clone(), server: node.to_string() };
        let after = part.last.get(node).cloned().into_iter().collect();
        let id = StepId(format!("{}/lift/{node}", object_id("firewall", other)));
        let why = format!("the server is guarded by {name}");
        part.steps.push(cloud_step(id.clone(), action, after, why));
        part.last.insert(node.clone(), id);
    }
}

/// A firewall of a server that is no node any more stays until the server is gone.
fn plan_unused(
    input: &PlanInput<'_>,
    wanted: &BTreeMap<String, WantedFirewall>,
    part: &mut CloudPart,
) {
    let cloud = &input.inventory.cloud;
    for (name, facts) in cloud.firewalls.iter().filter(|(name, _)| !wanted.contains_key(*name)) {
        let prefix = format!("{}/lift/", object_id("firewall", name));
        let steps = part.steps.iter().map(|step| &step.id);
        let lifts: Vec<StepId> = steps.filter(|id| id.0.starts_with(&prefix)).cloned().collect();
        if lifts.len() == facts.servers.len() {
            let action = CloudAction::DeleteFirewall { name: name.clone() };
            let id = StepId(format!("{}/delete", object_id("firewall", name)));
            part.steps.push(cloud_step(id, action, lifts, "it guards no server any more"));
        }
    }
}
