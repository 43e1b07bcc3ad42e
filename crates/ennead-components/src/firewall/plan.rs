//! What the firewall needs on a node.

use askama::Template;
use ennead_model::{Condition, Node, NodeAction, OnChange};
use serde_json::json;

use super::rules::rules;
use crate::action::{directory, file, succeeds, unit, unit_off, verb};
use crate::render::render;
use crate::{Context, Declaration};

/// The rules that are wanted.
pub(super) const WANTED_PATH: &str = "/etc/ennead/firewall.nft";
/// The rules through which somebody came in last: what boots and rollbacks load.
pub(super) const CONFIRMED_PATH: &str = "/var/lib/ennead/firewall/confirmed.nft";
/// Digest of the listing of the confirmed rules, for `sha256sum --check`.
pub(super) const LISTING_PATH: &str = "/var/lib/ennead/firewall/listing.sha256";
/// Digest of the listing of the rules on trial.
pub(super) const TRIAL_PATH: &str = "/var/lib/ennead/firewall/trial.sha256";
/// Loads the confirmed rules when its time is over.
pub(super) const TIMER_NAME: &str = "ennead-firewall-rollback.timer";

const UNIT_NAME: &str = "ennead-firewall.service";
const UNIT_PATH: &str = "/etc/systemd/system/ennead-firewall.service";
const ROLLBACK_PATH: &str = "/etc/systemd/system/ennead-firewall-rollback.service";
const TIMER_PATH: &str = "/etc/systemd/system/ennead-firewall-rollback.timer";

/// Seconds that a verb has: a few short commands.
const VERB_DEADLINE_S: u32 = 30;
const HEALTH_DEADLINE_S: u32 = 15;

#[derive(Template)]
#[template(path = "firewall/templates/ennead-firewall.service", escape = "none")]
struct BootUnit<'a> {
    confirmed: &'a str,
}

#[derive(Template)]
#[template(path = "firewall/templates/ennead-firewall-rollback.service", escape = "none")]
struct RollbackUnit<'a> {
    confirmed: &'a str,
}

#[derive(Template)]
#[template(path = "firewall/templates/ennead-firewall-rollback.timer", escape = "none")]
struct RollbackTimer {
    seconds: u32,
}

pub(super) fn declare(context: &Context<'_>, node: &Node) -> Declaration {
    let seconds = context.options.firewall.trial_s;
    let confirmed = CONFIRMED_PATH;
    Declaration {
        packages: vec!["nftables".to_owned()],
        directories: vec![directory("/var/lib/ennead/firewall", "root", "root", 0o700)],
        files: vec![
            file(WANTED_PATH, rules(context, node)),
            file(UNIT_PATH, render(&BootUnit { confirmed })),
            file(ROLLBACK_PATH, render(&RollbackUnit { confirmed })),
            file(TIMER_PATH, render(&RollbackTimer { seconds })),
        ],
        prepare: vec![command("prepare")],
        units: vec![
            // The package's own unit empties every table when it starts and when it stops.
            unit_off("nftables.service"),
            unit(UNIT_NAME, OnChange::Nothing, &[UNIT_PATH.into()]),
        ],
        finish: vec![command("try")],
        confirm: vec![command("confirm")],
        health: Some(health()),
        health_deadline_s: HEALTH_DEADLINE_S,
        ..Declaration::default()
    }
}

fn command(name: &str) -> NodeAction {
    verb(name, &json!({}), VERB_DEADLINE_S)
}

/// The wanted rules are confirmed, and the kernel lists exactly what it listed then.
fn health() -> Condition {
    let same = format!(
        "cmp --quiet {WANTED_PATH} {CONFIRMED_PATH} || \
         {{ echo 'the rules in {WANTED_PATH} are not confirmed' >&2; exit 1; }}; \
         nft --stateless list table inet ennead | sha256sum --check --status {LISTING_PATH} || \
         {{ echo 'the table inet ennead is not as it was confirmed' >&2; exit 1; }}"
    );
    Condition::All {
        of: vec![
            Condition::UnitActive { unit: UNIT_NAME.to_owned() },
            succeeds(&["sh", "-c", &same]),
        ],
    }
}
