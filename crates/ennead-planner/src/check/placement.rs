//! Where components stand: all in one site, or nowhere although they have options. How many instances
//! are too few is known to each component and said by its own check.

use std::collections::BTreeSet;

use ennead_components::{ALL, Component, Context};
use ennead_model::{Finding, Node};
use ennead_spec::Places;

/// Most servers that one network of the cloud takes. Source: Hetzner's limits of networks, 2026.
const NETWORK_SERVERS_MAX: usize = 100;

/// Returns findings about placement.
pub(super) fn check_placement(context: &Context<'_>, places: &Places) -> Vec<Finding> {
    let mut findings: Vec<_> =
        ALL.iter().filter_map(|component| check_component(context, places, *component)).collect();
    for site in context.fleet.sites.keys() {
        let count = context.fleet.nodes.values().filter(|node| node.site == *site).count();
        if count > NETWORK_SERVERS_MAX {
            let place = format!("sites.{site}");
            let message =
                format!("{count} nodes, but a network takes at most {NETWORK_SERVERS_MAX} servers");
            findings.push(
                Finding::error("site-full", place, message)
                    .hint("move nodes to another site, which has a network of its own"),
            );
        }
    }
    findings
}

fn check_component(
    context: &Context<'_>,
    places: &Places,
    component: &dyn Component,
) -> Option<Finding> {
    let name = component.name();
    let place = format!("components.{name}");
    let nodes: Vec<&Node> = context.fleet.running(name).collect();
    // Quorums have checks of their own, with stricter words.
    let counted = component.quorum(context).is_none() && !component.everywhere(context);
    match nodes.as_slice() {
        [] if places.has(&place) => {
            let message = format!("no node runs {name}, so these options have no effect");
            Some(
                Finding::warning("options-idle", place, message)
                    .hint(format!("add {name} to the components of a tier, or remove the table")),
            )
        }
        [first, rest @ ..] if counted && !rest.is_empty() && sites(context) > 1 => {
            let together = rest.iter().all(|node| node.site == first.site);
            let message = format!("{name} runs in site {} alone", first.site);
            together.then(|| {
                Finding::warning("single-site", place, message)
                    .hint(format!("let a node of another site run {name}"))
            })
        }
        _ => None,
    }
}

/// Returns in how many sites nodes stand.
pub(super) fn sites(context: &Context<'_>) -> usize {
    context.fleet.nodes.values().map(|node| &node.site).collect::<BTreeSet<_>>().len()
}
