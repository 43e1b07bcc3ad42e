//! A world that only remembers: a cloud, nodes and quorums, for tests of plans and walks.
//!
//! It is strict where the real world is: an address is held by one server, an order of an older
//! generation is refused, a member of a quorum is healthy only while a majority works. And it is
//! strict where the design is: it notes every disturbance of a working member that comes while
//! another member does not work or cannot be seen.

mod beside;
mod cloud;
mod nodes;

use std::collections::{BTreeMap, BTreeSet};
use std::sync::{Mutex, MutexGuard, PoisonError};

use async_trait::async_trait;
use ennead_model::inventory::INVENTORY_FORMAT_VERSION;
use ennead_model::{
    CloudAction, CloudInventory, ComponentName, Condition, Digest, Fingerprints, Inventory,
    NodeName, NodeOrder, NodeReport, Ref, RefKind, sha256_hex,
};
use tokio_util::sync::CancellationToken;

use super::{EffectError, Effects};

/// The world. Share it by reference; all methods can be called while a plan is walked.
#[derive(Debug)]
pub struct SimulatedWorld {
    state: Mutex<State>,
    killed: CancellationToken,
}

#[derive(Debug, Default)]
struct State {
    next_id: u64,
    cloud: CloudInventory,
    nodes: BTreeMap<NodeName, Machine>,
    /// Members of each component that needs a majority.
    members: BTreeMap<ComponentName, BTreeSet<NodeName>>,
    /// Whether an effect fails.
    failing: BTreeSet<String>,
    silent: BTreeSet<NodeName>,
    violations: Vec<String>,
    effects: usize,
    effects_max: Option<usize>,
}

/// A server's inside.
#[derive(Debug, Default)]
struct Machine {
    /// It answered once since its server was made.
    reached: bool,
    generation: u64,
    instances: BTreeMap<ComponentName, Instance>,
}

/// A component on a machine.
#[derive(Debug, Default)]
struct Instance {
    applied: Option<Digest>,
    health: Option<Condition>,
    /// It was started once.
    started: bool,
    /// Something inside it is wrong until it gets its order again.
    broken: bool,
    /// It is being restarted at this moment.
    restarting: bool,
    drift: Vec<String>,
}

impl Default for SimulatedWorld {
    fn default() -> Self {
        Self::new()
    }
}

impl SimulatedWorld {
    /// Makes an empty world.
    pub fn new() -> Self {
        Self { state: Mutex::default(), killed: CancellationToken::new() }
    }

    fn state(&self) -> MutexGuard<'_, State> {
        self.state.lock().unwrap_or_else(PoisonError::into_inner)
    }

    /// Says which nodes are members of a component that needs a majority of them.
    pub fn set_members(&self, component: &ComponentName, members: BTreeSet<NodeName>) {
        self.state().members.insert(component.clone(), members);
    }

    /// From now on the operator's program dies when it begins its `effects`-th further effect.
    /// Effects that were begun before stay half done. See [`Self::killed`].
    #[must_use]
    pub fn kill_after(mut self, effects: usize) -> Self {
        self.killed = CancellationToken::new();
        {
            let mut state = self.state();
            state.effects_max = Some(state.effects + effects);
        }
        self
    }

    /// Ends when the operator's program has died.
    pub async fn killed(&self) {
        self.killed.cancelled().await;
    }

    /// The operator's program is started again and will not be killed.
    #[must_use]
    pub fn restarted(mut self) -> Self {
        self.killed = CancellationToken::new();
        self.state().effects_max = None;
        self
    }

    /// Returns how many effects were begun.
    pub fn effects(&self) -> usize {
        self.state().effects
    }

    /// Returns what the design forbids and happened nevertheless.
    pub fn violations(&self) -> Vec<String> {
        self.state().violations.clone()
    }

    /// Makes every effect whose name is given fail: `reach NODE`, `COMPONENT on NODE`, or a cloud
    /// action's summary.
    pub fn fail(&self, effect: &str) {
        self.state().failing.insert(effect.to_owned());
    }

    /// Makes an effect work again.
    pub fn mend(&self, effect: &str) {
        self.state().failing.remove(effect);
    }

    /// A node goes on working but does not answer the operator.
    pub fn silence(&self, node: &NodeName) {
        self.state().silent.insert(node.clone());
    }

    /// A silenced node answers again.
    pub fn unsilence(&self, node: &NodeName) {
        self.state().silent.remove(node);
    }

    /// A server loses its power.
    pub fn power_off(&self, node: &NodeName) {
        if let Some(server) = self.state().cloud.servers.get_mut(node.as_str()) {
            "off".clone_into(&mut server.status);
        }
    }

    /// An instance stops doing its work until it gets its order again.
    pub fn break_instance(&self, node: &NodeName, component: &str) {
        self.change(node, component, |instance| instance.broken = true);
    }

    /// Somebody changes something on a node by hand.
    pub fn drift(&self, node: &NodeName, component: &str, what: &str) {
        self.change(node, component, |instance| instance.drift.push(what.to_owned()));
    }

    fn change(&self, node: &NodeName, component: &str, change: impl FnOnce(&mut Instance)) {
        let mut state = self.state();
        let machine = state.nodes.get_mut(node);
        if let Some(instance) = machine.and_then(|m| m.instances.get_mut(component)) {
            change(instance);
        }
    }

    /// Puts an object of somebody else into the cloud under a wanted name: `kind/name`.
    pub fn add_foreign(&self, name: &str) {
        self.state().cloud.foreign.push(name.to_owned());
    }

    /// Observes everything.
    pub fn inventory(&self) -> Inventory {
        let state = self.state();
        Inventory {
            format_version: INVENTORY_FORMAT_VERSION,
            cloud: state.cloud.clone(),
            nodes: state.observe_nodes(),
        }
    }

    /// Returns the fingerprints of references: of a public address only when its server exists.
    pub fn fingerprints(&self, references: impl IntoIterator<Item = Ref>) -> Fingerprints {
        let state = self.state();
        let known = |reference: Ref| Some((reference.clone(), state.fingerprint(&reference)?));
        references.into_iter().filter_map(known).collect()
    }

    /// Counts an effect and fails or dies when that is due.
    async fn begin(&self, name: &str) -> Result<(), EffectError> {
        let dies = {
            let mut state = self.state();
            state.effects += 1;
            state.effects_max.is_some_and(|max| state.effects > max)
        };
        if dies {
            self.killed.cancel();
            std::future::pending::<()>().await;
        }
        if self.state().failing.contains(name) {
            return Err(EffectError::new(format!("{name}: it was made to fail")));
        }
        Ok(())
    }
}

impl State {
    fn fingerprint(&self, reference: &Ref) -> Option<String> {
        if matches!(reference.kind, RefKind::FloatingIp | RefKind::FloatingIpId) {
            let (entry, site) = reference.name.split_once('/')?;
            let end = format!("-{entry}-{site}");
            let found = self.cloud.floating_ips.iter().find(|(name, _)| name.ends_with(&end));
            return found.map(|(_, facts)| sha256_hex(format!("{} {}", facts.ip, facts.id)));
        }
        if !reference.kind.is_of_server() {
            return Some(sha256_hex(reference.to_string()));
        }
        let server = self.cloud.servers.get(&reference.name)?;
        let address = server.public_ip?;
        let fact = if reference.kind == RefKind::ServerId {
            server.id.to_string()
        } else {
            address.to_string()
        };
        Some(sha256_hex(fact))
    }

    fn next_id(&mut self) -> u64 {
        self.next_id += 1;
        self.next_id
    }
}

#[async_trait]
impl Effects for SimulatedWorld {
    async fn cloud(&self, action: &CloudAction) -> Result<bool, EffectError> {
        self.begin(&action.summary()).await?;
        tokio::task::yield_now().await;
        self.state().change_cloud(action)
    }

    async fn reach(&self, node: &NodeName) -> Result<bool, EffectError> {
        self.begin(&format!("reach {node}")).await?;
        tokio::task::yield_now().await;
        self.state().reach(node)
    }

    async fn converge(&self, order: &NodeOrder) -> Result<NodeReport, EffectError> {
        self.begin(&format!("{} on {}", order.component, order.node)).await?;
        self.carry_out(order).await
    }

    async fn test(&self, node: &NodeName, condition: &Condition) -> (bool, String) {
        tokio::task::yield_now().await;
        self.state().test(node, condition)
    }
}
