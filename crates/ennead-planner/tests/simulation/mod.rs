//! An operator over a remembering world: observes, plans, walks, and again.

pub(crate) mod stand_in;

use std::collections::BTreeSet;
use std::time::Duration;

use ennead_components::declaration::Disruption;
use ennead_components::orders::{component_name, order_for, runs_on};
use ennead_components::{Component, Context, Options};
use ennead_executor::journal::Journal;
use ennead_executor::walk::simulated::SimulatedWorld;
use ennead_executor::walk::{Limits, NoProgress, WalkReport, walk_within};
use ennead_model::{Fingerprints, Fleet, Inventory, NodeName, Plan};
use ennead_planner::plan::{PlanInput, plan_with};
use tokio_util::sync::CancellationToken;

/// Seconds that every step gets. Gates are tested once only: nothing mends itself in this world.
const DEADLINE_S: u32 = 30;

/// The operator with everything that decides what is wanted.
pub(crate) struct Operator {
    pub(crate) world: SimulatedWorld,
    pub(crate) fleet: Fleet,
    pub(crate) options: Options,
    pub(crate) components: Vec<&'static dyn Component>,
    pub(crate) allow_destroy: BTreeSet<NodeName>,
}

impl Operator {
    /// Starts with an empty world.
    pub(crate) fn new(
        fleet: Fleet,
        options: Options,
        components: Vec<&'static dyn Component>,
    ) -> Self {
        let world = SimulatedWorld::new();
        Self { world, fleet, options, components, allow_destroy: BTreeSet::new() }
    }

    /// Makes the fingerprints of everything that the orders of this inventory refer to.
    pub(crate) fn fingerprints(&self, inventory: &Inventory) -> Fingerprints {
        let context = Context { fleet: &self.fleet, options: &self.options, inventory };
        let mut references = Vec::new();
        for node in self.fleet.nodes.values() {
            for component in &self.components {
                references.extend(order_for(*component, &context, node).references().unwrap());
            }
        }
        self.world.fingerprints(references)
    }

    /// Plans for an inventory, and checks what holds for every plan.
    pub(crate) fn plan_for(&self, inventory: &Inventory) -> Plan {
        let fingerprints = self.fingerprints(inventory);
        let input = PlanInput {
            fleet: &self.fleet,
            options: &self.options,
            image: "debian-13",
            inventory,
            fingerprints: &fingerprints,
            allow_destroy: &self.allow_destroy,
        };
        let plan = plan_with(&input, &self.components);
        assert_well_formed(&plan);
        plan
    }

    /// Observes and plans.
    pub(crate) fn plan(&self) -> Plan {
        self.plan_for(&self.world.inventory())
    }

    /// Walks a plan to its end, or until the operator's program dies.
    pub(crate) async fn walk(&self, plan: &Plan) -> Option<WalkReport> {
        self.tell_members();
        let mut plan = plan.clone();
        for step in &mut plan.steps {
            step.deadline_s = DEADLINE_S;
        }
        let limits =
            Limits { gate_pause: Duration::from_secs(DEADLINE_S.into()), ..Limits::default() };
        let (journal, cancel) = (Journal::none(), CancellationToken::new());
        let walk = walk_within(&plan, &self.world, &journal, &NoProgress, &cancel, limits);
        tokio::select! {
            biased;
            () = self.world.killed() => None,
            report = walk => Some(report),
        }
    }

    /// Observes, plans and walks until there is nothing to do or something failed. Returns the last
    /// plan: empty when all is well.
    pub(crate) async fn up(&self) -> Plan {
        for _ in 0..6 {
            let plan = self.plan();
            if plan.steps.is_empty() || !plan.blocked.is_empty() {
                return plan;
            }
            let report = self.walk(&plan).await;
            if report.is_none_or(|report| !report.is_done()) {
                return self.plan();
            }
        }
        self.plan()
    }

    /// Tells the world who is a member of which quorum.
    fn tell_members(&self) {
        let inventory = Inventory::empty();
        let context = Context { fleet: &self.fleet, options: &self.options, inventory: &inventory };
        for component in &self.components {
            let runs = |node: &&ennead_model::Node| runs_on(*component, &context, node);
            let members: Vec<_> = self.fleet.nodes.values().filter(runs).collect();
            let exclusive = members
                .iter()
                .any(|node| component.declare(&context, node).disruption == Disruption::OneAtATime);
            if exclusive {
                let names = members.iter().map(|node| node.name.clone()).collect();
                self.world.set_members(&component_name(*component), names);
            }
        }
    }
}

/// Checks that ids are unique and that every step stands after those it waits for.
fn assert_well_formed(plan: &Plan) {
    let mut earlier = BTreeSet::new();
    for step in &plan.steps {
        for id in &step.after {
            assert!(earlier.contains(id), "{} stands before {id}", step.id);
        }
        assert!(earlier.insert(step.id.clone()), "{} is there twice", step.id);
        assert!(step.deadline_s > 0 && !step.why.is_empty(), "{}", step.id);
    }
}

/// Runs a future to its end on this thread.
pub(crate) fn run<T>(future: impl Future<Output = T>) -> T {
    let runtime = tokio::runtime::Builder::new_current_thread().enable_time().build().unwrap();
    runtime.block_on(future)
}
