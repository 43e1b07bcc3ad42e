//! Stand-in until the components' own reader of declarations is there.

use ennead_components::{Component, Context};
use ennead_model::{ComponentName, Node, NodeAction, NodeOrder};

pub(super) fn components_of(
    context: &Context<'_>,
    components: &[&'static dyn Component],
    node: &Node,
) -> Vec<&'static dyn Component> {
    let runs =
        |c: &&&'static dyn Component| node.components.contains(c.name()) || c.everywhere(context);
    components.iter().filter(runs).copied().collect()
}

pub(super) fn order_for(
    component: &dyn Component,
    context: &Context<'_>,
    node: &Node,
) -> NodeOrder {
    let d = component.declare(context, node);
    let name = ComponentName::new(component.name()).expect("a label");
    let mut order = NodeOrder::new(&context.fleet.platform, node.name.clone(), name);
    order.health.clone_from(&d.health);
    order.actions = [d.users, d.directories, d.files, d.sysctls, d.prepare, d.units, d.finish]
        .into_iter()
        .flatten()
        .collect();
    if let Some(condition) = d.health {
        order.actions.push(NodeAction::WaitUntil { condition, deadline_s: d.health_deadline_s });
    }
    order
}
