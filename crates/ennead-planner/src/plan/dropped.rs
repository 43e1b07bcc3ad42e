//! Servers that carry the platform's labels but are no longer in the spec: dropped or renamed nodes.
//!
//! A spec is a text, and a slip in a text must not delete a disk. So a server whose data would be
//! lost, or of which nothing is known, is refused until the operator names it. A permitted deletion
//! is one more disturbance of each cluster it takes a member from: one at a time, and only while the
//! members that stay are healthy.

use std::collections::{BTreeMap, BTreeSet};
use std::net::Ipv4Addr;

use ennead_components::{Component, Context};
use ennead_model::{
    Blocked, CloudAction, Gate, Known, NodeFacts, NodeName, ServerFacts, Step, StepId,
};

use super::PlanInput;
use super::cloud::CloudPart;
use super::nodes::NodesPart;
use super::objects::is_ours;
use super::price::order_lost;
use super::step::{cloud_step, server_id};

/// The deletions of a plan.
#[derive(Debug, Default)]
pub(super) struct DroppedPart {
    /// Deletions that have to come first: a new server needs the address.
    pub(super) early: Vec<Step>,
    /// Deletions that come when everything else has converged.
    pub(super) late: Vec<Step>,
    /// For each attachment that waits for an address: the deletion that frees it.
    pub(super) frees: BTreeMap<StepId, StepId>,
    /// What is refused.
    pub(super) blocked: Vec<Blocked>,
}

/// What would be lost with a server.
enum Loss {
    Nothing,
    Data(Vec<String>),
    Unknown(String),
}

/// Plans the deletion of each server of the platform that is no node of the spec.
pub(super) fn plan_dropped(
    input: &PlanInput<'_>,
    context: &Context<'_>,
    components: &[&'static dyn Component],
    nodes: &NodesPart,
    cloud: &CloudPart,
) -> DroppedPart {
    let mut part = DroppedPart::default();
    let wanted: BTreeMap<Ipv4Addr, StepId> = cloud
        .attached
        .iter()
        .filter_map(|name| input.fleet.nodes.get(name))
        .map(|node| (node.address, server_id(node.name.as_str(), "attach")))
        .collect();
    for (name, server) in &input.inventory.cloud.servers {
        let is_dropped = input.fleet.node(name).is_none()
            && is_ours(&server.labels, &input.fleet.platform)
            && server.status != "deleting";
        if !is_dropped {
            continue;
        }
        let facts = input.inventory.nodes.get(name.as_str());
        let loss = loss(components, facts);
        let allowed = input.allow_destroy.contains(name.as_str());
        let waiting: Vec<StepId> = attachments(server, &wanted);
        // The node that takes its address takes its place.
        let heir = input.fleet.nodes.values().find(|node| {
            cloud.attached.contains(&node.name)
                && server.private_ips.values().any(|address| *address == node.address)
        });
        let order = heir.map(|node| order_lost(server, &node.server_type));
        if !allowed && !matches!(loss, Loss::Nothing) {
            part.blocked.push(refuse(name, &loss, order.as_deref()));
        }
        let id = server_id(name, "delete");
        let chain = if waiting.is_empty() { &mut part.late } else { &mut part.early };
        let after = chain.last().map(|step| step.id.clone()).into_iter().collect();
        let action = CloudAction::DeleteServer { name: name.clone() };
        let mut step = cloud_step(id.clone(), action, after, why(&loss, order.as_deref()));
        step.gates = gates(context, components, nodes, name, facts, waiting.is_empty());
        if !step.gates.is_empty() {
            step.deadline_s = step.deadline_s.saturating_mul(2);
        }
        chain.push(step);
        part.frees.extend(waiting.into_iter().map(|attach| (attach, id.clone())));
    }
    part
}

fn attachments(server: &ServerFacts, wanted: &BTreeMap<Ipv4Addr, StepId>) -> Vec<StepId> {
    server.private_ips.values().filter_map(|address| wanted.get(address).cloned()).collect()
}

fn find(components: &[&'static dyn Component], name: &str) -> Option<&'static dyn Component> {
    components.iter().copied().find(|component| component.name() == name)
}

/// Returns what the server's disk holds, as far as the node says.
fn loss(components: &[&'static dyn Component], facts: Option<&Known<NodeFacts>>) -> Loss {
    let facts = match facts {
        Some(Known::Known(facts)) => facts,
        Some(Known::Unknown { why }) => return Loss::Unknown(why.clone()),
        None => return Loss::Unknown("it was not asked".to_owned()),
    };
    let data: Vec<String> = facts
        .components
        .iter()
        .filter(|(name, _)| find(components, name.as_str()).is_none_or(Component::holds_data))
        .map(|(name, observation)| match &observation.role {
            Some(role) => format!("{name} ({role})"),
            None => name.to_string(),
        })
        .collect();
    if data.is_empty() { Loss::Nothing } else { Loss::Data(data) }
}

/// `order` says what a new server costs, when one needs the address of this one.
fn why(loss: &Loss, order: Option<&str>) -> String {
    let lost = match loss {
        Loss::Nothing => "it holds no data".to_owned(),
        Loss::Data(data) => format!("the data of {} is lost", data.join(", ")),
        Loss::Unknown(why) => format!("what it holds is not known ({why}) and is lost"),
    };
    let address = order.map(|order| format!("; a new server needs its address, and {order}"));
    let address = address.unwrap_or_default();
    format!("it is no longer in the spec; {lost}{address}")
}

fn refuse(name: &str, loss: &Loss, order: Option<&str>) -> Blocked {
    Blocked {
        what: format!("server/{name}"),
        why: format!("{}: deleting it cannot be undone", why(loss, order)),
        hint: format!(
            "put {name} back into the spec (a new name is a new server), or permit the loss with \
             `--allow-destroy {name}`"
        ),
    }
}

/// Returns the health of the members that stay, for every quorum that the server may be part of.
fn gates(
    context: &Context<'_>,
    components: &[&'static dyn Component],
    nodes: &NodesPart,
    server: &str,
    facts: Option<&Known<NodeFacts>>,
    after_converging: bool,
) -> Vec<Gate> {
    let on_it = facts.and_then(Known::known).map(|facts| &facts.components);
    let may_run = |name: &&&str| on_it.is_none_or(|components| components.contains_key(**name));
    let quorums = nodes.exclusive.intersection(&nodes.established).filter(may_run);
    let mut gates = Vec::new();
    for component in quorums.filter_map(|name| find(components, name)) {
        let staying: BTreeSet<&NodeName> = context
            .fleet
            .nodes
            .values()
            .filter(|node| after_converging || nodes.may_be_member(component.name(), &node.name))
            .map(|node| &node.name)
            .collect();
        for node in context.fleet.running(component.name()) {
            if let Some(condition) = component.declare(context, node).health
                && staying.contains(&node.name)
            {
                let name = component.name();
                let why = format!("{name} on {server} goes only while the others work");
                gates.push(Gate { node: node.name.clone(), condition, why });
            }
        }
    }
    gates
}
