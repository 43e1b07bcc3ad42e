//! Whether the layout keeps what the spec promises.

use ennead_components::Context;
use ennead_model::Finding;
use ennead_spec::Promise;

use crate::survive::{Layout, SERVERS_MAX, judge};

/// Returns an error for each promise that the layout breaks, with the smallest loss that does.
pub(super) fn check_promises(context: &Context<'_>, promises: &[Promise]) -> Vec<Finding> {
    if promises.is_empty() {
        return Vec::new();
    }
    let place = "platform.promises";
    let Some(layout) = Layout::of(context.fleet, context.options) else {
        let message = format!("promises of more than {SERVERS_MAX} servers cannot be computed");
        return vec![Finding::error("promises-unknown", place, message)];
    };
    let broken = promises.iter().map(|promise| judge(&layout, promise)).filter(|it| !it.kept);
    broken
        .map(|it| {
            let message = format!("{} is not kept: {}", it.promise, it.counterexample);
            Finding::error("promise-broken", place, message)
                .hint("`ennead check --survive` shows what the layout survives")
        })
        .collect()
}
