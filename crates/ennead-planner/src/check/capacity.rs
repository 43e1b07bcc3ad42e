//! Whether the platform carries the load that the spec states.

use ennead_components::Context;
use ennead_model::{Finding, Load};

use crate::capacity::{
    Capacity, Change, Losses, Part, Resource, SYSTEM_PART, Use, compute, percent, quantity,
};

/// Returns an error for each resource that is short now, and a warning for one that is short once a
/// server or a site is lost. A spec that states no load has none.
pub(super) fn check_capacity(context: &Context<'_>, load: Option<&Load>) -> Vec<Finding> {
    let Some(load) = load.filter(|load| !load.is_empty()) else { return Vec::new() };
    let capacity = compute(context.fleet, context.options, load);
    capacity.resources.iter().filter_map(|it| check_resource(&capacity, it)).collect()
}

fn check_resource(capacity: &Capacity, resource: &Resource) -> Option<Finding> {
    let place = "platform.load";
    let code = "over-capacity";
    let finding = match resource.now {
        Some(usage) if usage.utilisation > 1.0 => {
            let (words, shared) = (words(resource, usage), shared(resource));
            Finding::error(code, place, format!("{}: {words}{shared}", resource.what))
        }
        Some(_) => {
            let server = short(resource, "server", &resource.server);
            let short = server.or_else(|| short(resource, "site", &resource.site))?;
            Finding::warning(code, place, format!("{}: {short}", resource.what))
        }
        // No supply at all while nothing is lost: an option of zero, which has its own finding.
        None => return None,
    };
    let change = capacity.removal(&resource.key).map(|it| &it.change);
    let estimated = if resource.estimated { "estimates are in it; " } else { "" };
    Some(finding.hint(format!(
        "{}; {estimated}`ennead check --capacity --explain` shows all of it",
        change.map_or_else(
            || resource.limit.to_owned(),
            |change| match change {
                Change::Nothing { .. } => change.to_string(),
                _ => format!("what removes it: {change}"),
            }
        ),
    )))
}

fn words(resource: &Resource, usage: Use) -> String {
    let unit = resource.unit;
    let (demand, supply) = (quantity(usage.demand, unit), quantity(usage.supply, unit));
    format!("{demand} asked, {supply} there: {}", percent(usage.utilisation))
}

/// Says who takes how much of the fullest server, when several do, and which kinds of servers are
/// short besides.
fn shared(resource: &Resource) -> String {
    let Some(drawn) = resource.fullest.as_ref() else { return String::new() };
    let several = drawn.parts.iter().filter(|it| it.who != SYSTEM_PART).count() > 1;
    if !several && drawn.short_too.is_empty() {
        return String::new();
    }
    let part = |it: &Part| format!("{} {}", it.who, quantity(it.amount, resource.unit));
    let parts: Vec<String> = drawn.parts.iter().map(part).collect();
    let mut words = format!("on {}: {}", drawn.node, parts.join(", "));
    if !drawn.short_too.is_empty() {
        words = format!("{words}; servers like {} are short too", drawn.short_too.join(", "));
    }
    format!(" ({words})")
}

/// Says what is short after a loss.
fn short(resource: &Resource, what: &str, losses: &Losses) -> Option<String> {
    let worst = losses.worst.as_ref().filter(|_| Resource::is_over_after(losses))?;
    Some(format!("without {what} {}: {}", worst.lost, words(resource, worst.usage)))
}
