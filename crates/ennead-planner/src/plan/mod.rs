//! From what is wanted and what is so to steps that leave no choice to whoever carries them out.
//!
//! ```text
//! fleet + options ──► cloud.rs ──► objects that are missing, servers that differ
//!                   firewalls.rs    who may come in from the internet
//! inventory ────────► nodes.rs ──► which component on which node needs its order, and why
//!                     hold.rs  ──► what must not be decided while a node does not answer
//!                     order.rs ──► what waits for what, gates, risks, deadlines
//!                     dropped.rs ► servers that the spec no longer has
//!                     entries.rs ► floating IPs, names, volumes and backups
//!                     price.rs ──► what it costs to give up a server's order
//!                     doubt.rs ──► whether a second look should come before the steps
//! ```
//!
//! Pure: the same bytes in give the same bytes out. A node that does not answer gets a step that
//! reaches it and nothing more; what it needs is decided by the next plan, when it has answered.
//! So the answer to any crash and to any doubt is the same: observe and plan again.

mod cloud;
mod doubt;
mod down;
mod dropped;
mod entries;
mod firewalls;
mod hold;
mod nodes;
pub mod objects;
mod order;
mod placement;
mod price;
mod render;
mod step;
mod user_data;

use std::collections::BTreeSet;

use ennead_components::{Component, Context, Options};
use ennead_model::plan::PLAN_FORMAT_VERSION;
use ennead_model::{Fingerprints, Fleet, Inventory, NodeName, Plan, StepAction};

pub use doubt::is_only_doubt;
pub use down::down_plan;
pub use firewalls::{WantedFirewall, wanted_firewalls};
pub use placement::{GROUP_SERVERS_MAX, placement_groups};
pub use render::render_plan;
pub use step::REACH_S;
pub use user_data::user_data;

/// Everything that a plan is made from.
#[derive(Debug, Clone, Copy)]
pub struct PlanInput<'a> {
    /// All nodes that are wanted.
    pub fleet: &'a Fleet,
    /// The options of all components.
    pub options: &'a Options,
    /// The system image of new servers.
    pub image: &'a str,
    /// What was observed.
    pub inventory: &'a Inventory,
    /// Fingerprints of everything that orders refer to. A public address is there once its server
    /// exists.
    pub fingerprints: &'a Fingerprints,
    /// Nodes, floating IPs and volumes that the operator allows to be destroyed, by their names in the
    /// cloud; of a node that stays, its backups.
    pub allow_destroy: &'a BTreeSet<NodeName>,
}

/// Decides everything that has to happen. When anything is blocked the steps are for reading only:
/// the executor refuses such a plan.
pub fn plan(input: &PlanInput<'_>) -> Plan {
    plan_with(input, ennead_components::ALL)
}

/// As [`plan`], with another list of components; each must stand after those it depends on.
pub fn plan_with(input: &PlanInput<'_>, components: &[&'static dyn Component]) -> Plan {
    let context =
        Context { fleet: input.fleet, options: input.options, inventory: input.inventory };
    let cloud = cloud::plan_cloud(input);
    let mut nodes = nodes::plan_nodes(input, &context, components);
    hold::hold_back(&mut nodes, components);
    let mut dropped = dropped::plan_dropped(input, &context, components, &nodes, &cloud);
    let mut blocked = cloud.blocked.clone();
    blocked.append(&mut nodes.blocked);
    blocked.extend(dropped.blocked.iter().cloned());
    let (steps, refused) = entries::plan_dropped_beside(input);
    dropped.late.extend(steps);
    blocked.extend(refused);
    let generation = input.inventory.generation().saturating_add(1);
    Plan {
        format_version: PLAN_FORMAT_VERSION,
        platform: input.fleet.platform.clone(),
        generation,
        steps: order::arrange(&context, components, generation, cloud, &nodes, dropped),
        blocked,
    }
}

/// Returns the nodes that the plan reaches without sending them anything: they did not answer, and
/// what they need is decided by the next plan. While there are any, and the steps succeeded, the
/// fleet has to be observed and planned again.
pub fn undecided_nodes(plan: &Plan) -> Vec<&NodeName> {
    let sent: BTreeSet<&NodeName> = plan
        .steps
        .iter()
        .filter(|step| step.component().is_some())
        .filter_map(ennead_model::Step::node)
        .collect();
    plan.steps
        .iter()
        .filter_map(|step| match &step.action {
            StepAction::Reach { node } if !sent.contains(node) => Some(node),
            _ => None,
        })
        .collect()
}
