//! Whether a plan has a reason besides health that was not seen at one moment.
//!
//! One look at a busy machine can find an instance late: its order is carried out, nothing about it
//! has changed, and only its answer did not come in time. To send its order again would change
//! nothing and disturb a machine that is busy already. A second look is cheaper.

use ennead_model::{Health, Inventory, Known, Plan, StepAction};

use super::{PlanInput, plan};

/// Returns whether orders are in this plan only because of the health of instances whose order was
/// carried out whole and which have not drifted since. Nodes that do not answer are no such doubt:
/// to reach them is to wait for them.
pub fn is_only_doubt(input: &PlanInput<'_>, made: &Plan) -> bool {
    let sends = |plan: &Plan| {
        plan.steps.iter().any(|step| matches!(step.action, StepAction::Converge { .. }))
    };
    let only_reaches =
        |plan: &Plan| plan.steps.iter().all(|s| matches!(s.action, StepAction::Reach { .. }));
    if !made.blocked.is_empty() || !sends(made) {
        return false;
    }
    let inventory = believing_health(input.inventory);
    only_reaches(&plan(&PlanInput { inventory: &inventory, ..*input }))
}

/// Returns the inventory with every instance healthy that is as its order left it.
fn believing_health(inventory: &Inventory) -> Inventory {
    let mut inventory = inventory.clone();
    for node in inventory.nodes.values_mut() {
        let Known::Known(facts) = node else { continue };
        for observation in facts.components.values_mut() {
            if observation.applied.is_some() && observation.drift.is_empty() {
                observation.health = Known::Known(Health::Healthy);
            }
        }
    }
    inventory
}
