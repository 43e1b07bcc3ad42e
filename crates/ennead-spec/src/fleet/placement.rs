//! What runs where, after tiers and exceptions: options that place a component, and components
//! that every node gets.

use std::collections::BTreeMap;

use ennead_components::{ALL, Component, Context, Options};
use ennead_model::{ComponentName, Finding, Fleet, Inventory, NodeName};

use super::Exceptions;

/// Lets components place themselves. A node that wants to be without a component that every node
/// gets is a finding.
pub(crate) fn place_components(
    fleet: &mut Fleet,
    options: &Options,
    exceptions: &BTreeMap<NodeName, Exceptions>,
) -> Vec<Finding> {
    for component in ALL {
        component.place(options, &mut fleet.nodes);
    }
    let mut findings = Vec::new();
    for name in everywhere(fleet, options) {
        for node in fleet.nodes.values_mut() {
            node.components.insert(name.clone());
            if let Some(exception) = exceptions.get(&node.name).filter(|e| e.remove.contains(&name))
            {
                let message = format!("{name} runs on every node and cannot be removed from one");
                let place = exception.remove_place.clone();
                findings.push(
                    Finding::error("component-everywhere", place, message)
                        .hint(format!("take {name} out of remove")),
                );
            }
        }
    }
    findings
}

/// Returns the components that the platform gives to every node of this fleet.
pub(crate) fn everywhere(fleet: &Fleet, options: &Options) -> Vec<ComponentName> {
    let inventory = Inventory::empty();
    let context = Context { fleet, options, inventory: &inventory };
    let every = |component: &&&dyn Component| component.everywhere(&context);
    ALL.iter().filter(every).filter_map(|it| ComponentName::new(it.name()).ok()).collect()
}
