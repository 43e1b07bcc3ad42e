//! What holds for every plan of every fleet, over a remembering world.
#![expect(clippy::unwrap_used, reason = "a test; its parts stand outside of test functions too")]

mod simulation;
mod stand_in;

use std::collections::BTreeMap;

use ennead_model::{Fleet, Inventory, Known, NodeName, Plan, StepAction};
use ennead_planner::plan::{PlanInput, is_only_doubt, plan, render_plan, undecided_nodes};
use ennead_spec::Spec;
use ennead_spec::generate::any_spec;
use proptest::prelude::*;
use proptest::sample::Index;
use simulation::{Operator, run};
use stand_in::stand_ins;

impl Operator {
    /// Observes, plans and walks until there is nothing to do or something failed. Returns the last
    /// plan: empty when all is well.
    async fn up(&self) -> Plan {
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
}

impl Operator {
    /// Returns whether the next plan rests on health alone.
    fn doubts(&self) -> bool {
        let inventory = self.world.inventory();
        let fingerprints = self.fingerprints(&inventory);
        let input = PlanInput {
            fleet: &self.fleet,
            options: &self.options,
            image: "debian-13",
            inventory: &inventory,
            fingerprints: &fingerprints,
            allow_destroy: &self.allow_destroy,
        };
        is_only_doubt(&input, &plan(&input))
    }
}

fn operator(spec: &Spec) -> Operator {
    Operator::new(spec.fleet.clone(), spec.options.clone(), stand_ins(&BTreeMap::new()))
}

/// The same with the real components.
fn real_operator(spec: &Spec) -> Operator {
    let components = ennead_components::ALL.to_vec();
    Operator::new(spec.fleet.clone(), spec.options.clone(), components)
}

fn config(cases: u32) -> ProptestConfig {
    ProptestConfig { cases, max_shrink_iters: 200, ..ProptestConfig::default() }
}

proptest! {
    #![proptest_config(config(48))]

    #[test]
    fn one_walk_is_enough_and_the_next_plan_is_empty(spec in any_spec()) {
        for operator in [operator(&spec), real_operator(&spec)] {
            let plan = operator.plan();
            prop_assert_eq!(&plan, &operator.plan());
            prop_assert!(undecided_nodes(&plan).is_empty());
            let report = run(operator.walk(&plan)).unwrap();
            prop_assert!(report.is_done(), "{:?}", report.failed().collect::<Vec<_>>());
            let again = operator.plan();
            prop_assert!(again.is_empty(), "{}", render_plan(&again));
            prop_assert!(operator.world.violations().is_empty());
        }
    }

    #[test]
    fn no_inventory_makes_planning_panic(
        spec in any_spec(),
        damages in prop::collection::vec(any_damage(), 1..12),
        dropped in any::<Index>(),
        drops in any::<bool>(),
    ) {
        let mut operator = operator(&spec);
        run(operator.up());
        let mut inventory = operator.world.inventory();
        for damage in &damages {
            damage.apply(&mut inventory);
        }
        if drops && operator.fleet.nodes.len() > 1 {
            drop_node(&mut operator.fleet, dropped);
        }
        let plan = operator.plan_for(&inventory);
        prop_assert_eq!(&plan, &operator.plan_for(&inventory));
        prop_assert!(!render_plan(&plan).is_empty());
        prop_assert!(serde_json::to_string(&plan).is_ok());
    }

    #[test]
    fn a_dropped_node_with_data_blocks(spec in any_spec(), index in any::<Index>()) {
        let mut operator = operator(&spec);
        run(operator.up());
        prop_assume!(operator.fleet.nodes.len() > 1);
        let node = drop_node(&mut operator.fleet, index);
        let held_data = node.1.iter().any(|name| name == "etcd" || name == "postgres");
        let plan = operator.plan();
        prop_assert_eq!(!plan.blocked.is_empty(), held_data, "{}", render_plan(&plan));
        if held_data {
            let named = plan.blocked.iter().any(|b| b.hint.contains(node.0.as_str()));
            prop_assert!(named, "{:?}", plan.blocked);
            operator.allow_destroy.insert(node.0.clone());
            prop_assert!(operator.plan().blocked.is_empty());
        }
        // A first plan's order may wait for a member's health that only the deletion's effect on
        // the others brings, so this is not required to end in one walk.
        let last = run(operator.up());
        prop_assert!(last.is_empty(), "{}", render_plan(&last));
        prop_assert!(operator.world.violations().is_empty(), "{:?}", operator.world.violations());
    }
}

proptest! {
    #![proptest_config(config(6))]

    #[test]
    fn killed_after_any_effect_the_same_command_goes_on(spec in any_spec()) {
        let whole = operator(&spec);
        run(whole.up());
        let first = whole.world.effects();
        for effects in 0..first {
            let mut operator = operator(&spec);
            operator.world = operator.world.kill_after(effects);
            goes_on_after_the_kill(operator)?;
        }
    }

    #[test]
    fn a_change_killed_after_any_effect_goes_on(spec in any_spec()) {
        let revised = stand_ins(&[("base", 1), ("etcd", 2), ("postgres", 1)].into());
        let mut whole = operator(&spec);
        run(whole.up());
        let before = whole.world.effects();
        whole.components.clone_from(&revised);
        run(whole.up());
        for effects in 0..whole.world.effects() - before {
            let mut operator = operator(&spec);
            run(operator.up());
            operator.components.clone_from(&revised);
            operator.world = operator.world.kill_after(effects);
            goes_on_after_the_kill(operator)?;
        }
    }
}

fn goes_on_after_the_kill(mut operator: Operator) -> Result<(), TestCaseError> {
    run(operator.up());
    operator.world = operator.world.restarted();
    let last = run(operator.up());
    prop_assert!(last.is_empty(), "{}", render_plan(&last));
    prop_assert!(operator.world.violations().is_empty(), "{:?}", operator.world.violations());
    Ok(())
}

proptest! {
    #![proptest_config(config(6))]

    #[test]
    fn only_health_is_a_reason_to_look_again(
        spec in any_spec(),
        node in any::<Index>(),
        other in any::<Index>(),
    ) {
        let operator = real_operator(&spec);
        run(operator.up());
        prop_assert!(!operator.doubts(), "nothing is to be done");
        let nodes: Vec<NodeName> = operator.fleet.nodes.keys().cloned().collect();
        let (node, other) = (node.get(&nodes), other.get(&nodes));

        operator.world.break_instance(node, "base");
        prop_assert!(operator.doubts(), "{}", render_plan(&operator.plan()));
        if other != node {
            operator.world.silence(other);
            prop_assert!(operator.doubts(), "{}", render_plan(&operator.plan()));
            operator.world.unsilence(other);
        }
        operator.world.drift(other, "base", "somebody was here");
        prop_assert!(!operator.doubts(), "what drifted is no doubt");
        run(operator.up());

        operator.world.silence(node);
        prop_assert!(!operator.doubts(), "a silent node is waited for by reaching it");
        operator.world.unsilence(node);
        operator.world.power_off(node);
        operator.world.break_instance(other, "base");
        prop_assert!(!operator.doubts(), "the server has to be started");
    }
}

/// Something that happens to a fleet.
#[derive(Debug, Clone)]
enum Event {
    Revise(Index),
    Silence(Index),
    PowerOff(Index),
    Break(Index, Index),
    Drift(Index, Index),
    Fail(Index, Index),
    Up,
    /// The fleet is observed and planned, then a node falls silent or loses its power, and only
    /// then is the plan walked.
    UpTooLate(Index, bool),
    Recover,
}

const NAMES: [&str; 6] = ["base", "wireguard", "etcd", "postgres", "pgbouncer", "haproxy"];

fn component(index: Index) -> &'static str {
    NAMES[index.index(NAMES.len())]
}

fn any_event() -> impl Strategy<Value = Event> {
    let pair = || (any::<Index>(), any::<Index>());
    prop_oneof![
        1 => any::<Index>().prop_map(Event::Revise),
        1 => any::<Index>().prop_map(Event::Silence),
        1 => any::<Index>().prop_map(Event::PowerOff),
        1 => pair().prop_map(|(node, name)| Event::Break(node, name)),
        1 => pair().prop_map(|(node, name)| Event::Drift(node, name)),
        1 => pair().prop_map(|(node, name)| Event::Fail(node, name)),
        3 => Just(Event::Up),
        2 => (any::<Index>(), any::<bool>()).prop_map(|(node, off)| Event::UpTooLate(node, off)),
        1 => Just(Event::Recover),
    ]
}

/// An operator to whose fleet things happen.
struct Story {
    operator: Operator,
    nodes: Vec<NodeName>,
    revisions: BTreeMap<&'static str, u32>,
    failing: Vec<String>,
}

impl Story {
    fn happen(&mut self, event: &Event) {
        let world = &self.operator.world;
        match event {
            Event::Revise(name) => {
                *self.revisions.entry(component(*name)).or_default() += 1;
                self.operator.components = stand_ins(&self.revisions);
            }
            Event::Silence(node) => world.silence(node.get(&self.nodes)),
            Event::PowerOff(node) => world.power_off(node.get(&self.nodes)),
            Event::Break(node, name) => {
                world.break_instance(node.get(&self.nodes), component(*name));
            }
            Event::Drift(node, name) => {
                world.drift(node.get(&self.nodes), component(*name), "somebody was here");
            }
            Event::Fail(node, name) => {
                let effect = format!("{} on {}", component(*name), node.get(&self.nodes));
                world.fail(&effect);
                self.failing.push(effect);
            }
            Event::Up => {
                run(self.operator.up());
            }
            Event::UpTooLate(node, off) => {
                let plan = self.operator.plan();
                let node = node.get(&self.nodes);
                if *off {
                    world.power_off(node);
                } else {
                    world.silence(node);
                }
                run(self.operator.walk(&plan));
            }
            Event::Recover => self.recover(),
        }
    }

    fn recover(&mut self) {
        for effect in self.failing.drain(..) {
            self.operator.world.mend(&effect);
        }
        for node in &self.nodes {
            self.operator.world.unsilence(node);
        }
    }
}

proptest! {
    #![proptest_config(config(64))]

    #[test]
    fn whatever_happens_one_member_at_a_time_is_disturbed(
        spec in any_spec(),
        events in prop::collection::vec(any_event(), 1..16),
    ) {
        let operator = operator(&spec);
        run(operator.up());
        let nodes = operator.fleet.nodes.keys().cloned().collect();
        let (revisions, failing) = (BTreeMap::new(), Vec::new());
        let mut story = Story { operator, nodes, revisions, failing };
        for event in &events {
            story.happen(event);
            let violations = story.operator.world.violations();
            prop_assert!(violations.is_empty(), "{event:?}: {violations:?}");
        }
        story.recover();
        let last = run(story.operator.up());
        prop_assert!(last.is_empty(), "{}", render_plan(&last));
        let violations = story.operator.world.violations();
        prop_assert!(violations.is_empty(), "{violations:?}");
    }
}

fn crm() -> Operator {
    let text = ennead_spec::preset("crm").unwrap().text;
    operator(&ennead_spec::parse_spec(text, ennead_model::Catalogue::embedded()).spec.unwrap())
}

#[test]
fn gates_keep_a_quorum_that_loses_a_member_after_the_plan_was_made() {
    let voters: Vec<NodeName> = crm().fleet.running("etcd").map(|n| n.name.clone()).collect();
    for lost in &voters {
        for loses_power in [false, true] {
            let mut operator = crm();
            run(operator.up());
            operator.components = stand_ins(&[("etcd", 1)].into());
            let plan = operator.plan();
            let world = &operator.world;
            if loses_power {
                world.power_off(lost);
            } else {
                world.silence(lost);
            }
            let report = run(operator.walk(&plan)).unwrap();
            assert!(operator.world.violations().is_empty(), "{:?}", operator.world.violations());
            assert_eq!(report.changed(), 0, "{lost}");
            let failed = format!("{:?}", report.failed().collect::<Vec<_>>());
            assert!(failed.contains(&format!("{lost} does not answer")), "{failed}");
        }
    }
}

#[test]
fn taking_a_platform_down_leaves_nothing_of_it() {
    let operator = crm();
    run(operator.up());
    let plan = ennead_planner::plan::down_plan("crm", &operator.world.inventory());
    assert!(run(operator.walk(&plan)).unwrap().is_done());
    assert_eq!(operator.world.inventory(), Inventory::empty());
    assert!(ennead_planner::plan::down_plan("other", &crm().world.inventory()).is_empty());
}

#[test]
fn a_silent_member_is_reached_and_its_quorum_left_alone() {
    let mut operator = crm();
    run(operator.up());
    let voter = operator.fleet.running("etcd").next().unwrap().name.clone();
    operator.world.silence(&voter);
    operator.components = stand_ins(&[("etcd", 1), ("haproxy", 1)].into());
    let plan = operator.plan();
    assert_eq!(undecided_nodes(&plan), [&voter]);
    assert!(plan.steps.iter().all(|step| step.component().is_none()), "{}", render_plan(&plan));
    let reach = plan.steps.iter().find(|s| matches!(s.action, StepAction::Reach { .. })).unwrap();
    assert!(reach.why.contains("changes to etcd"), "{}", reach.why);
}

/// Returns the platform whose first database drifted and whose second broke, with the three names.
fn crm_without_majority() -> (Operator, Vec<NodeName>) {
    let operator = crm();
    run(operator.up());
    let names: Vec<NodeName> =
        operator.fleet.running("postgres").map(|node| node.name.clone()).collect();
    assert_eq!(names.len(), 3);
    operator.world.drift(&names[0], "postgres", "somebody was here");
    operator.world.break_instance(&names[1], "postgres");
    (operator, names)
}

#[test]
fn without_a_majority_what_is_surely_broken_is_repaired_first() {
    let (operator, names) = crm_without_majority();
    operator.world.break_instance(&names[2], "postgres");
    let plan = operator.plan();
    let of = |node: &NodeName| {
        let is_it = |step: &&ennead_model::Step| {
            step.component().is_some_and(|name| name.as_str() == "postgres")
                && step.id.0.as_str().contains(node.as_str())
        };
        plan.steps.iter().find(is_it).unwrap()
    };
    let (drifted, broken) = (of(&names[0]), [of(&names[1]), of(&names[2])]);
    assert!(broken.iter().all(|step| drifted.after.contains(&step.id)), "{}", render_plan(&plan));
    assert!(broken.iter().all(|step| !step.after.contains(&drifted.id)));
    assert!(run(operator.up()).is_empty());
    assert_eq!(operator.world.violations(), Vec::<String>::new());
}

#[test]
fn without_a_majority_a_member_that_may_work_waits_for_a_silent_one() {
    let (operator, names) = crm_without_majority();
    operator.world.power_off(&names[2]);
    let plan = operator.plan();
    let sent: Vec<&str> = plan
        .steps
        .iter()
        .filter(|step| step.component().is_some_and(|name| name.as_str() == "postgres"))
        .map(|step| step.id.0.as_str())
        .collect();
    assert_eq!(sent.len(), 1, "{sent:?}");
    assert!(sent.iter().all(|id| id.contains(names[1].as_str())), "{sent:?}");
    assert!(run(operator.up()).is_empty());
    assert_eq!(operator.world.violations(), Vec::<String>::new());
}

/// Something that an inventory may lack.
#[derive(Debug, Clone)]
enum Damage {
    Silent(Index),
    Forgotten(Index),
    NoServer(Index),
    Status(Index, &'static str),
    NoObservation(Index, Index),
    HealthUnknown(Index, Index),
    NotApplied(Index, Index),
    NoNetworks,
    NoGroups,
    Type(Index),
    Foreign,
}

fn any_damage() -> impl Strategy<Value = Damage> {
    let pair = || (any::<Index>(), any::<Index>());
    let status = prop::sample::select(vec!["off", "deleting", "initializing", "unknown", ""]);
    prop_oneof![
        any::<Index>().prop_map(Damage::Silent),
        any::<Index>().prop_map(Damage::Forgotten),
        any::<Index>().prop_map(Damage::NoServer),
        (any::<Index>(), status).prop_map(|(index, status)| Damage::Status(index, status)),
        pair().prop_map(|(a, b)| Damage::NoObservation(a, b)),
        pair().prop_map(|(a, b)| Damage::HealthUnknown(a, b)),
        pair().prop_map(|(a, b)| Damage::NotApplied(a, b)),
        Just(Damage::NoNetworks),
        Just(Damage::NoGroups),
        any::<Index>().prop_map(Damage::Type),
        Just(Damage::Foreign),
    ]
}

impl Damage {
    fn apply(&self, inventory: &mut Inventory) {
        let server = |inventory: &Inventory, index: Index| {
            let names: Vec<String> = inventory.cloud.servers.keys().cloned().collect();
            if names.is_empty() { None } else { Some(index.get(&names).clone()) }
        };
        match self {
            Self::Silent(index) => {
                if let Some(name) = server(inventory, *index) {
                    let name = NodeName::new(name).unwrap();
                    inventory.nodes.insert(name, Known::unknown("no route"));
                }
            }
            Self::Forgotten(index) => {
                if let Some(name) = server(inventory, *index) {
                    inventory.nodes.remove(name.as_str());
                }
            }
            Self::NoServer(index) => {
                if let Some(name) = server(inventory, *index) {
                    inventory.cloud.servers.remove(&name);
                }
            }
            Self::Status(index, status) => {
                if let Some(name) = server(inventory, *index) {
                    let server = inventory.cloud.servers.get_mut(&name).unwrap();
                    (*status).clone_into(&mut server.status);
                }
            }
            Self::NoObservation(index, which) => with_components(inventory, *index, |components| {
                if let Some(name) = components.keys().nth(which.index(6)).cloned() {
                    components.remove(&name);
                }
            }),
            Self::HealthUnknown(index, which) => with_components(inventory, *index, |components| {
                if let Some(observation) = components.values_mut().nth(which.index(6)) {
                    observation.health = Known::unknown("it did not say");
                }
            }),
            Self::NotApplied(index, which) => with_components(inventory, *index, |components| {
                if let Some(observation) = components.values_mut().nth(which.index(6)) {
                    observation.applied = None;
                }
            }),
            Self::NoNetworks => inventory.cloud.networks.clear(),
            Self::NoGroups => inventory.cloud.placement_groups.clear(),
            Self::Type(index) => {
                if let Some(name) = server(inventory, *index) {
                    let server = inventory.cloud.servers.get_mut(&name).unwrap();
                    "cx1".clone_into(&mut server.server_type);
                }
            }
            Self::Foreign => inventory.cloud.foreign.push("network/x".to_owned()),
        }
    }
}

type Components = BTreeMap<ennead_model::ComponentName, ennead_model::Observation>;

fn with_components(inventory: &mut Inventory, index: Index, change: impl FnOnce(&mut Components)) {
    let count = inventory.nodes.len();
    if count == 0 {
        return;
    }
    if let Some(Known::Known(facts)) = inventory.nodes.values_mut().nth(index.index(count)) {
        change(&mut facts.components);
    }
}

/// Removes a node from the spec and returns its name and what it ran.
fn drop_node(fleet: &mut Fleet, index: Index) -> (NodeName, Vec<String>) {
    let names: Vec<NodeName> = fleet.nodes.keys().cloned().collect();
    let name = index.get(&names).clone();
    let node = fleet.nodes.remove(&name).unwrap();
    (name, node.components.iter().map(ToString::to_string).collect())
}
