//! The remembering nodes and their quorums.

use std::collections::BTreeMap;

use ennead_model::outcome::REPORT_FORMAT_VERSION;
use ennead_model::{
    ActionReport, ComponentName, Condition, Digest, Fingerprints, Health, Known, NodeFacts,
    NodeName, NodeOrder, NodeReport, Observation, Outcome,
};

use super::super::EffectError;
use super::{Instance, SimulatedWorld, State};

/// How many turns others get while an order waits for its instance to be healthy.
const TURNS_MAX: usize = 500;

impl SimulatedWorld {
    /// Begins the order, lets others have their turn, and ends it when the instance is healthy.
    pub(super) async fn carry_out(&self, order: &NodeOrder) -> Result<NodeReport, EffectError> {
        let changed = match self.state().begin_order(order)? {
            Begun::Refused(error) => return Ok(report(order, failed(error))),
            Begun::Changes(changed) => changed,
        };
        for _ in 0..3 {
            tokio::task::yield_now().await;
        }
        self.state().start(order);
        for _ in 0..TURNS_MAX {
            tokio::task::yield_now().await;
            let mut state = self.state();
            state.check_answers(&order.node)?;
            if state.is_healthy(&order.component, &order.node) {
                state.end_order(order)?;
                let outcome = if changed { Outcome::Changed } else { Outcome::Unchanged };
                return Ok(report(order, outcome));
            }
        }
        Ok(report(order, failed(format!("{} did not become healthy", order.component))))
    }
}

/// How an order began.
enum Begun {
    Refused(String),
    Changes(bool),
}

impl State {
    fn check_answers(&self, node: &NodeName) -> Result<(), EffectError> {
        let runs = self.cloud.servers.get(node.as_str()).is_some_and(|s| s.status == "running");
        let reached = self.nodes.get(node).is_some_and(|machine| machine.reached);
        if runs && reached && !self.silent.contains(node) {
            return Ok(());
        }
        Err(EffectError::new(format!("{node} does not answer")))
    }

    pub(super) fn reach(&mut self, node: &NodeName) -> Result<bool, EffectError> {
        let server = self.cloud.servers.get(node.as_str());
        let runs = server.is_some_and(|s| s.status == "running" && !s.private_ips.is_empty());
        if !runs || self.silent.contains(node) {
            return Err(EffectError::new(format!("{node} does not answer")));
        }
        let machine = self.nodes.entry(node.clone()).or_default();
        Ok(!std::mem::replace(&mut machine.reached, true))
    }

    fn digest(&self, order: &NodeOrder) -> Result<Digest, EffectError> {
        let unreadable = |error| EffectError::new(format!("{}: {error}", order.component));
        let references = order.references().map_err(unreadable)?;
        let known = references
            .into_iter()
            .filter_map(|reference| Some((reference.clone(), self.fingerprint(&reference)?)));
        let fingerprints: Fingerprints = known.collect();
        order.digest_with(&fingerprints).map_err(unreadable)
    }

    fn begin_order(&mut self, order: &NodeOrder) -> Result<Begun, EffectError> {
        self.check_answers(&order.node)?;
        let digest = self.digest(order)?;
        let machine = self.nodes.entry(order.node.clone()).or_default();
        if order.generation < machine.generation {
            let refused = format!("generation {} is older", order.generation);
            return Ok(Begun::Refused(refused));
        }
        machine.generation = order.generation;
        let instance = machine.instances.entry(order.component.clone()).or_default();
        let changes = instance.applied.as_ref() != Some(&digest) || !instance.drift.is_empty();
        let restarts = changes && instance.started;
        instance.applied = None;
        if restarts {
            self.note_disturbance(&order.component, &order.node);
        }
        if let Some(instance) = self.instance_mut(&order.component, &order.node) {
            instance.restarting = restarts;
            instance.health.clone_from(&order.health);
        }
        Ok(Begun::Changes(changes))
    }

    fn start(&mut self, order: &NodeOrder) {
        if let Some(instance) = self.instance_mut(&order.component, &order.node) {
            instance.started = true;
            instance.broken = false;
            instance.restarting = false;
            instance.drift.clear();
        }
    }

    fn end_order(&mut self, order: &NodeOrder) -> Result<(), EffectError> {
        let digest = self.digest(order)?;
        if let Some(instance) = self.instance_mut(&order.component, &order.node) {
            instance.applied = Some(digest);
        }
        Ok(())
    }

    fn instance_mut(
        &mut self,
        component: &ComponentName,
        node: &NodeName,
    ) -> Option<&mut Instance> {
        self.nodes.get_mut(node)?.instances.get_mut(component)
    }

    fn instance(&self, component: &ComponentName, node: &NodeName) -> Option<&Instance> {
        self.nodes.get(node)?.instances.get(component)
    }

    fn works(&self, component: &ComponentName, node: &NodeName) -> bool {
        let runs = self.cloud.servers.get(node.as_str()).is_some_and(|s| s.status == "running");
        let instance = self.instance(component, node);
        runs && instance.is_some_and(|i| i.started && !i.broken && !i.restarting)
    }

    /// A member of a quorum is healthy while a majority of the members works.
    fn is_healthy(&self, component: &ComponentName, node: &NodeName) -> bool {
        let majority = self.members.get(component).is_none_or(|members| {
            let working = members.iter().filter(|member| self.works(component, member)).count();
            working > members.len() / 2
        });
        majority && self.works(component, node)
    }

    /// Notes when a working member is disturbed while another that was begun does not work or
    /// cannot be seen. Without a majority nobody is served, and from outside those that work look
    /// like those that do not: then only another that cannot be seen counts.
    pub(super) fn note_disturbance(&mut self, component: &ComponentName, node: &NodeName) {
        let Some(members) = self.members.get(component) else { return };
        if !self.works(component, node) {
            return;
        }
        let serves = self.is_healthy(component, node);
        let mut found = Vec::new();
        for other in members.iter().filter(|other| *other != node) {
            let begun = self.instance(component, other).is_some_and(|i| i.started);
            let unseen = self.check_answers(other).is_err();
            if begun && (unseen || (serves && !self.works(component, other))) {
                found.push(format!("{component} on {node} was disturbed without {other}"));
            }
        }
        self.violations.append(&mut found);
    }

    pub(super) fn test(&self, node: &NodeName, condition: &Condition) -> (bool, String) {
        if let Err(error) = self.check_answers(node) {
            return (false, error.to_string());
        }
        let Some(machine) = self.nodes.get(node) else { return (false, "no such node".to_owned()) };
        let mut instances = machine.instances.iter();
        let found = instances.find(|(_, instance)| instance.health.as_ref() == Some(condition));
        match found {
            Some((name, _)) if self.is_healthy(name, node) => (true, format!("{name} is healthy")),
            Some((name, _)) => (false, format!("{name} is unhealthy")),
            None => (false, format!("nothing there is tested by {}", condition.summary())),
        }
    }

    pub(super) fn observe_nodes(&self) -> BTreeMap<NodeName, Known<NodeFacts>> {
        let observe = |node: &NodeName| {
            let facts = match self.check_answers(node) {
                Ok(()) => Known::Known(self.observe_node(node)),
                Err(_) => Known::unknown("the connection timed out"),
            };
            (node.clone(), facts)
        };
        self.nodes.keys().map(observe).collect()
    }

    fn observe_node(&self, node: &NodeName) -> NodeFacts {
        let machine = self.nodes.get(node);
        let instances = machine.map(|machine| &machine.instances);
        let components = instances.into_iter().flatten().map(|(name, instance)| {
            let health = if self.is_healthy(name, node) {
                Health::Healthy
            } else {
                Health::Unhealthy { why: "its condition does not hold".to_owned() }
            };
            let observation = Observation {
                applied: instance.applied.clone(),
                drift: instance.drift.clone(),
                health: Known::Known(health),
                role: self.role(name, node),
                facts: BTreeMap::new(),
            };
            (name.clone(), observation)
        });
        NodeFacts {
            generation: machine.map_or(0, |machine| machine.generation),
            ennead: "simulated".to_owned(),
            os: "simulated".to_owned(),
            memory_bytes: 0,
            disk_free_bytes: 0,
            components: components.collect(),
        }
    }

    /// The first working member leads.
    fn role(&self, component: &ComponentName, node: &NodeName) -> Option<String> {
        let mut members = self.members.get(component)?.iter();
        let leader = members.find(|member| self.works(component, member))?;
        Some(if leader == node { "leader" } else { "follower" }.to_owned())
    }
}

fn failed(error: String) -> Outcome {
    Outcome::Failed { error, hint: String::new() }
}

fn report(order: &NodeOrder, outcome: Outcome) -> NodeReport {
    let action = ActionReport { action: "converge".to_owned(), outcome, took_ms: 0 };
    NodeReport {
        format_version: REPORT_FORMAT_VERSION,
        node: order.node.clone(),
        component: order.component.clone(),
        generation: order.generation,
        actions: vec![action],
    }
}
