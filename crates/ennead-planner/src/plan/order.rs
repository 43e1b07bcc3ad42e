//! What waits for what.
//!
//! - A component converges on a node when everything that it stands after has converged on all
//!   nodes: a barrier between components, so that a database never starts before its quorum.
//! - A cluster that does not exist yet is started all at once: the first members wait for a majority.
//! - In a cluster that exists, broken members are repaired first and together; then members are
//!   added, then working ones are changed, one after another, the leader last. Each of these waits
//!   until the others are healthy (its gates).
//! - In one without a healthy member nobody can tell who is broken and who only has no majority:
//!   those whose order changes nothing are repaired first, then the others, one after another.
//! - A name leads users to an entry when all of that is done.
//! - Servers that the spec no longer has go last, unless a new one needs their address.

use std::collections::{BTreeMap, BTreeSet};

use ennead_components::{Component, Context};
use ennead_model::{Gate, NodeName, Ref, RefKind, Step, StepAction, StepId};

use super::cloud::CloudPart;
use super::dropped::DroppedPart;
use super::nodes::{Need, NodesPart, Standing};
use super::step::{converge_id, order_deadline_s, reach_id, reach_step};

/// What the arrangement of node steps is made from.
struct Arrangement<'a> {
    context: &'a Context<'a>,
    components: &'a [&'static dyn Component],
    generation: u64,
    created: &'a BTreeMap<NodeName, StepId>,
    floating_ips: &'a BTreeMap<String, StepId>,
    nodes: &'a NodesPart,
}

/// Puts all steps into an order in which each stands after those it waits for.
pub(super) fn arrange(
    context: &Context<'_>,
    components: &[&'static dyn Component],
    generation: u64,
    cloud: CloudPart,
    nodes: &NodesPart,
    dropped: DroppedPart,
) -> Vec<Step> {
    let CloudPart { steps: mut cloud_steps, last, created, late, floating_ips, .. } = cloud;
    for step in &mut cloud_steps {
        step.after.extend(dropped.frees.get(&step.id).cloned());
    }
    let mut steps = dropped.early;
    steps.extend(cloud_steps);
    steps.extend(reach_steps(nodes, &last));
    let (created, floating_ips) = (&created, &floating_ips);
    let arrangement = Arrangement { context, components, generation, created, floating_ips, nodes };
    let converge = arrangement.converge_steps();
    let all_converged: Vec<StepId> = converge.iter().map(|step| step.id.clone()).collect();
    steps.extend(converge);
    steps.extend(late.into_iter().chain(dropped.late).map(|mut step| {
        step.after.extend(all_converged.iter().cloned());
        step
    }));
    steps
}

fn reach_steps(nodes: &NodesPart, last: &BTreeMap<NodeName, StepId>) -> Vec<Step> {
    let sent: BTreeSet<&NodeName> = nodes.needs.iter().map(|need| &need.order.node).collect();
    let reached: BTreeSet<&NodeName> = sent.into_iter().chain(nodes.unanswered.keys()).collect();
    let step = |node: &NodeName| {
        let after = last.get(node).cloned().into_iter().collect();
        let why = match nodes.unanswered.get(node) {
            None => "orders are sent over this connection".to_owned(),
            Some(silence) => {
                let held = |name: &&str| {
                    nodes.unanswered_runs.get(*name).is_some_and(|runs| runs.contains(node))
                };
                let waiting: Vec<&str> = nodes.held.iter().copied().filter(held).collect();
                let waiting = match waiting.as_slice() {
                    [] => String::new(),
                    names => format!("; changes to {} wait for it", names.join(", ")),
                };
                format!("it does not answer: {silence}; plan again when it does{waiting}")
            }
        };
        reach_step(node, after, why)
    };
    reached.into_iter().map(step).collect()
}

impl Arrangement<'_> {
    fn converge_steps(&self) -> Vec<Step> {
        let mut steps = Vec::new();
        for component in self.components {
            let needs: Vec<&Need> = self.needs_of(component.name()).collect();
            let one_at_a_time = self.nodes.exclusive.contains(component.name())
                && self.nodes.established.contains(component.name());
            if one_at_a_time {
                steps.extend(self.one_at_a_time(&needs));
            } else {
                steps.extend(needs.iter().map(|need| self.step(need, Vec::new(), Vec::new())));
            }
        }
        steps
    }

    fn needs_of(&self, component: &str) -> impl Iterator<Item = &Need> {
        self.nodes.needs.iter().filter(move |need| need.component.name() == component)
    }

    /// Repairs together, then what may be a repair one after another, then the rest one after
    /// another behind gates.
    fn one_at_a_time(&self, needs: &[&Need]) -> Vec<Step> {
        let is_broken = |need: &&&Need| need.standing == Standing::Broken;
        let (plain, doubtful): (Vec<&Need>, Vec<&Need>) = needs
            .iter()
            .filter(is_broken)
            .copied()
            .partition(|need| self.nodes.is_plain_repair(need));
        let mut steps: Vec<Step> =
            plain.into_iter().map(|need| self.step(need, Vec::new(), Vec::new())).collect();
        let mut previous: Vec<StepId> = steps.iter().map(|step| step.id.clone()).collect();
        // No gates: two that are really broken would wait for each other's health for ever.
        for need in doubtful {
            let step = self.step(need, previous, Vec::new());
            previous = vec![step.id.clone()];
            steps.push(step);
        }
        let mut chain: Vec<&Need> = needs.iter().filter(|need| !is_broken(need)).copied().collect();
        chain.sort_by_key(|need| (need.standing != Standing::Absent, need.leads));
        let mut not_yet: BTreeSet<&NodeName> = chain
            .iter()
            .filter(|need| need.standing == Standing::Absent)
            .map(|need| &need.order.node)
            .collect();
        for need in chain {
            not_yet.remove(&need.order.node);
            let step = self.step(need, previous, self.gates(need, &not_yet));
            previous = vec![step.id.clone()];
            steps.push(step);
        }
        steps
    }

    /// Returns the component's gates without those on members that come later in the chain.
    fn gates(&self, need: &Need, not_yet: &BTreeSet<&NodeName>) -> Vec<Gate> {
        let Some(node) = self.context.fleet.nodes.get(&need.order.node) else { return Vec::new() };
        let name = need.component.name();
        let why = format!("{name} on {} is touched only while the others work", node.name);
        need.component
            .gates(self.context, node)
            .into_iter()
            .filter(|(gate, _)| !not_yet.contains(gate))
            .map(|(node, condition)| Gate { node, condition, why: why.clone() })
            .collect()
    }

    fn step(&self, need: &Need, before: Vec<StepId>, gates: Vec<Gate>) -> Step {
        let node = &need.order.node;
        let mut after = vec![reach_id(node)];
        after.extend(self.addresses(need));
        after.extend(self.barrier(need.component));
        after.extend(before);
        let mut order = need.order.clone();
        order.generation = self.generation;
        let deadline_s = order_deadline_s(&order, !gates.is_empty());
        Step {
            id: converge_id(node, need.component.name()),
            action: StepAction::Converge { order },
            after,
            gates,
            risk: need.risk,
            deadline_s,
            why: need.why.clone(),
        }
    }

    /// Returns the steps that make the servers and floating IPs of which the order names a fact.
    fn addresses(&self, need: &Need) -> Vec<StepId> {
        let references = need.order.references().unwrap_or_default();
        let of_server = |reference: &Ref| match reference.kind {
            kind if kind.is_of_server() && reference.name != need.order.node.as_str() => {
                self.created.get(reference.name.as_str()).cloned()
            }
            RefKind::FloatingIp | RefKind::FloatingIpId => {
                self.floating_ips.get(reference.name.as_str()).cloned()
            }
            _ => None,
        };
        references.iter().filter_map(of_server).collect()
    }

    /// Returns the nearest steps of the components that this one stands after: when one of those
    /// has nothing to do, the steps that it would have waited for itself.
    fn barrier(&self, component: &dyn Component) -> BTreeSet<StepId> {
        let mut found = BTreeSet::new();
        let mut open: Vec<&str> = component.after().to_vec();
        while let Some(name) = open.pop() {
            if self.needs_of(name).next().is_some() {
                found.extend(self.needs_of(name).map(|need| converge_id(&need.order.node, name)));
            } else if let Some(earlier) = self.components.iter().find(|c| c.name() == name) {
                open.extend(earlier.after());
            }
        }
        found
    }
}
