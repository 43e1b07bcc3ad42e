//! Which component on which node needs its order sent, and why.
//!
//! Every comparison is with what the node says of itself: the digest of the order that it carried
//! out last, what drifted since, and whether its health condition holds. Unknown is never good.

use std::collections::{BTreeMap, BTreeSet};

use ennead_components::declaration::Disruption;
use ennead_components::orders::{order_for, runs_on};
use ennead_components::{Component, Context};
use ennead_model::{
    Blocked, Health, Known, Node, NodeFacts, NodeName, NodeOrder, Observation, ResolveError, Risk,
};

use super::PlanInput;

/// Roles whose holder is disturbed last, so that its cluster moves only once.
const LEADING_ROLES: [&str; 2] = ["leader", "primary"];

/// What is known of one instance before the plan.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) enum Standing {
    /// It was never begun: to converge it adds a member.
    Absent,
    /// It is observed not to do its work: to converge it takes nothing away.
    Broken,
    /// Its node answers, but whether it works is not known: it may.
    Unclear,
    /// It is observed to do its work.
    Working,
}

/// A component on a node that needs its order.
pub(super) struct Need {
    /// The component.
    pub(super) component: &'static dyn Component,
    /// The order, without a generation.
    pub(super) order: NodeOrder,
    /// What is known of the instance.
    pub(super) standing: Standing,
    /// Whether it is its cluster's leader or primary.
    pub(super) leads: bool,
    /// Whether nothing but health asks for the order: to send it again changes nothing that works.
    pub(super) only_health: bool,
    /// What sending the order can do to users.
    pub(super) risk: Risk,
    /// Why it is needed, as a sentence.
    pub(super) why: String,
}

/// The nodes' part of a plan.
#[derive(Default)]
pub(super) struct NodesPart {
    /// What is needed, by the order of the components, then by node.
    pub(super) needs: Vec<Need>,
    /// What is known of every instance on a node that answers or has no server.
    pub(super) standings: BTreeMap<(&'static str, NodeName), Standing>,
    /// Components of which one instance at a time may be disturbed.
    pub(super) exclusive: BTreeSet<&'static str>,
    /// Components of which some instance has worked already.
    pub(super) established: BTreeSet<&'static str>,
    /// Components of which some instance is observed healthy, wanted or not: the quorum decides, so
    /// one that is unhealthy is ill by itself.
    pub(super) deciding: BTreeSet<&'static str>,
    /// Nodes with a server that do not answer, and why.
    pub(super) unanswered: BTreeMap<NodeName, String>,
    /// For each such node: the components that it runs.
    pub(super) unanswered_runs: BTreeMap<&'static str, BTreeSet<NodeName>>,
    /// Components whose changes wait for a node that does not answer.
    pub(super) held: BTreeSet<&'static str>,
    /// What is refused.
    pub(super) blocked: Vec<Blocked>,
}

impl NodesPart {
    /// Returns whether sending the order takes nothing away whatever the other members do: the
    /// instance is ill by itself, or its order changes nothing. Without a majority every member
    /// looks ill, also one that only waits for the others.
    pub(super) fn is_plain_repair(&self, need: &Need) -> bool {
        let ill_itself = self.deciding.contains(need.component.name());
        need.standing == Standing::Broken && (ill_itself || need.only_health)
    }

    /// Returns whether a node may have an instance of the component already.
    pub(super) fn may_be_member(&self, component: &'static str, node: &NodeName) -> bool {
        match self.standings.get(&(component, node.clone())) {
            Some(standing) => *standing != Standing::Absent,
            None => self.unanswered.contains_key(node),
        }
    }
}

/// What a node says, or why it says nothing.
enum Answer<'a> {
    NoServer,
    None(String),
    Facts(&'a NodeFacts),
}

/// Compares every instance with its order.
pub(super) fn plan_nodes(
    input: &PlanInput<'_>,
    context: &Context<'_>,
    components: &[&'static dyn Component],
) -> NodesPart {
    let mut part = NodesPart::default();
    for component in components {
        if has_worked(input, component.name()) {
            part.established.insert(component.name());
        }
        if observations(input, component.name()).any(Observation::is_healthy) {
            part.deciding.insert(component.name());
        }
    }
    for node in input.fleet.nodes.values() {
        plan_node(input, context, components, node, &mut part);
    }
    let position = |component: &dyn Component| {
        components.iter().position(|candidate| candidate.name() == component.name())
    };
    part.needs.sort_by_cached_key(|need| (position(need.component), need.order.node.clone()));
    part
}

/// Returns whether any instance, wanted or not, was carried out whole or is healthy.
fn has_worked(input: &PlanInput<'_>, component: &str) -> bool {
    observations(input, component)
        .any(|observation| observation.applied.is_some() || observation.is_healthy())
}

/// Returns what is seen of a component on all nodes that answer.
fn observations<'a>(
    input: &PlanInput<'a>,
    component: &'a str,
) -> impl Iterator<Item = &'a Observation> {
    let facts = input.inventory.nodes.values().filter_map(Known::known);
    facts.filter_map(move |facts| facts.components.get(component))
}

fn plan_node(
    input: &PlanInput<'_>,
    context: &Context<'_>,
    components: &[&'static dyn Component],
    node: &Node,
    part: &mut NodesPart,
) {
    let runs = |component: &&&'static dyn Component| runs_on(**component, context, node);
    let mine: Vec<_> = components.iter().filter(runs).copied().collect();
    let answer = answer_of(input, node);
    match &answer {
        Answer::None(why) => {
            part.unanswered.insert(node.name.clone(), why.clone());
            for component in &mine {
                let runs = part.unanswered_runs.entry(component.name()).or_default();
                runs.insert(node.name.clone());
            }
        }
        Answer::Facts(facts) => refuse_leftovers(node, facts, &mine, part),
        Answer::NoServer => {}
    }
    for component in mine {
        if component.declare(context, node).disruption == Disruption::OneAtATime {
            part.exclusive.insert(component.name());
        }
        let seen = match &answer {
            Answer::None(_) => continue,
            Answer::NoServer => Seen::NoServer,
            Answer::Facts(facts) => {
                facts.components.get(component.name()).map_or(Seen::Nothing, Seen::Instance)
            }
        };
        let standing = seen.standing();
        part.standings.insert((component.name(), node.name.clone()), standing);
        let mut order = order_for(component, context, node);
        match order.digest_with(input.fingerprints) {
            Ok(digest) => order.digest = Some(digest),
            Err(ResolveError::Unknown { .. }) => {}
            Err(error @ ResolveError::Malformed { .. }) => {
                part.blocked.push(Blocked {
                    what: format!("{} on {}", component.name(), node.name),
                    why: format!("its order cannot be read: {error}"),
                    hint: "this is a defect of the component; please report it".to_owned(),
                });
                continue;
            }
        }
        if let Some((why, risk)) = seen.need(&order) {
            let leads = seen.role().is_some_and(|role| LEADING_ROLES.contains(&role));
            let only_health = seen.is_as_ordered(&order);
            part.needs.push(Need { component, order, standing, leads, only_health, risk, why });
        }
    }
}

fn answer_of<'a>(input: &PlanInput<'a>, node: &Node) -> Answer<'a> {
    let name = node.name.as_str();
    if !input.inventory.cloud.servers.contains_key(name) {
        return Answer::NoServer;
    }
    match input.inventory.nodes.get(name) {
        Some(Known::Known(facts)) => Answer::Facts(facts),
        Some(Known::Unknown { why }) => Answer::None(why.clone()),
        None => Answer::None("it was not asked".to_owned()),
    }
}

/// Refuses a spec that takes a component from a living node: nothing would stop it there.
fn refuse_leftovers(
    node: &Node,
    facts: &NodeFacts,
    mine: &[&'static dyn Component],
    part: &mut NodesPart,
) {
    for name in facts.components.keys() {
        if mine.iter().all(|component| component.name() != name.as_str()) {
            part.blocked.push(Blocked {
                what: format!("{name} on {}", node.name),
                why: format!(
                    "it was set up there and the spec no longer has it there; taking a component \
                     from a living node is not supported, so {name} would go on running"
                ),
                hint: format!(
                    "give {name} back to {} in the spec, or replace the node by one of another name",
                    node.name
                ),
            });
        }
    }
}

/// What is seen of an instance.
#[derive(Clone, Copy)]
enum Seen<'a> {
    NoServer,
    Nothing,
    Instance(&'a Observation),
}

impl<'a> Seen<'a> {
    fn standing(self) -> Standing {
        let Self::Instance(observation) = self else { return Standing::Absent };
        match observation.health {
            Known::Known(Health::Healthy) => Standing::Working,
            Known::Known(Health::Unhealthy { .. }) => Standing::Broken,
            Known::Unknown { .. } => Standing::Unclear,
        }
    }

    fn role(self) -> Option<&'a str> {
        match self {
            Self::Instance(observation) => observation.role.as_deref(),
            Self::NoServer | Self::Nothing => None,
        }
    }

    /// Returns whether the order was carried out whole and nothing has drifted from it since.
    fn is_as_ordered(self, order: &NodeOrder) -> bool {
        let Self::Instance(observation) = self else { return false };
        order.digest.is_some()
            && order.digest == observation.applied
            && observation.drift.is_empty()
    }

    /// Returns why the order has to be sent and what that can do, if it has to be.
    fn need(self, order: &NodeOrder) -> Option<(String, Risk)> {
        let observation = match self {
            Self::NoServer => return Some(("its server is new".to_owned(), Risk::None)),
            Self::Nothing => return Some(("it was never applied there".to_owned(), Risk::None)),
            Self::Instance(observation) => observation,
        };
        if observation.applied.is_none() {
            let broken = self.standing() == Standing::Broken;
            let risk = if broken { Risk::None } else { Risk::Restart };
            return Some(("its last order was not carried out to the end".to_owned(), risk));
        }
        if order.digest.is_none() {
            let why = "its order refers to something that does not exist yet";
            return Some((why.to_owned(), Risk::Restart));
        }
        if order.digest != observation.applied {
            let why = "its order has changed since it was applied";
            return Some((why.to_owned(), Risk::Restart));
        }
        if let [first, rest @ ..] = observation.drift.as_slice() {
            let more = if rest.is_empty() { String::new() } else { format!(" (+{})", rest.len()) };
            return Some((format!("it drifted: {first}{more}"), Risk::Restart));
        }
        match &observation.health {
            Known::Known(Health::Healthy) => None,
            Known::Known(Health::Unhealthy { why }) => {
                Some((format!("it is unhealthy: {why}"), Risk::None))
            }
            Known::Unknown { why } => Some((format!("its health is unknown: {why}"), Risk::None)),
        }
    }
}
