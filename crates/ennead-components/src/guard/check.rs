//! What is wrong or remarkable about the guard's options and placement.

use std::collections::BTreeSet;

use ennead_model::{Finding, Node};

use super::NAME;
use crate::Context;

/// Fewest guards: two witnesses of a death, and the dead node's own, which does not count.
const GUARDS_MIN: usize = 3;

/// Shortest lease that etcd grants with elections of a second, in seconds.
const LEASE_S_MIN: u32 = 2;

pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = strangers(context);
    let guards: Vec<&Node> = context.fleet.running(NAME).collect();
    if guards.is_empty() {
        return findings;
    }
    findings.extend(settings(context));
    findings.extend(placement(context, &guards));
    let names: Vec<&str> = guards.iter().map(|guard| guard.name.as_str()).collect();
    findings.push(
        Finding::note(
            "guard-token",
            "components.guard",
            format!(
                "a token of the cloud that may switch off and delete every server of the project lies on {}",
                names.join(", ")
            ),
        )
        .hint("name another one for nodes with nodes_token_env in [cloud], so that it can be revoked alone"),
    );
    findings
}

fn strangers(context: &Context<'_>) -> Vec<Finding> {
    let witnesses = context.options.guard.witnesses.iter();
    let strangers = witnesses.filter(|name| !context.fleet.nodes.contains_key(*name));
    strangers
        .map(|name| {
            Finding::error(
                "guard-witness-unknown",
                "components.guard.witnesses",
                format!("the witness {name} is no node of this platform"),
            )
        })
        .collect()
}

fn settings(context: &Context<'_>) -> Vec<Finding> {
    let options = &context.options.guard;
    let contradictions = options.timing.contradictions();
    let mut findings: Vec<Finding> = contradictions
        .into_iter()
        .map(|what| Finding::error("guard-timing", "components.guard.timing", what))
        .collect();
    let elections_ms = context.options.etcd.election_timeout_ms.saturating_mul(3) / 2;
    let least = LEASE_S_MIN.max(elections_ms.div_ceil(1000));
    if options.lease_s < least {
        let what = format!("etcd grants no lease of {} s: {least} s is the least", options.lease_s);
        findings.push(Finding::error("guard-lease", "components.guard.lease_s", what));
    }
    if options.echo_port == 0 {
        let what = "port 0 cannot be reached";
        findings.push(Finding::error("guard-port", "components.guard.echo_port", what));
    }
    findings
}

fn placement(context: &Context<'_>, guards: &[&Node]) -> Vec<Finding> {
    let place = "components.guard";
    let mut findings = Vec::new();
    for needed in ["postgres", "etcd"] {
        if context.fleet.running(needed).next().is_none() {
            let what = format!("a guard without {needed} has nothing to guard");
            findings.push(Finding::error("guard-without", place, what));
        }
    }
    if guards.len() < GUARDS_MIN {
        let what = format!(
            "{} guards never agree on a death: it takes two witnesses besides the dead node",
            guards.len()
        );
        let hint = "list guard on every database node, and name a witness without a database";
        findings.push(Finding::warning("guard-too-few", place, what).hint(hint));
    }
    let database = |guard: &&&Node| guard.components.contains("postgres");
    if guards.len() >= GUARDS_MIN && guards.iter().all(|guard| database(&guard)) {
        let what = "every guard stands beside a database, so one of them dies with each primary";
        let hint = "name a node without a database in witnesses";
        findings.push(Finding::note("guard-beside-database", place, what).hint(hint));
    }
    let sites = |nodes: &mut dyn Iterator<Item = &Node>| -> BTreeSet<String> {
        nodes.map(|node| node.site.to_string()).collect()
    };
    let (all, watching) =
        (sites(&mut context.fleet.nodes.values()), sites(&mut guards.iter().copied()));
    if all.len() > 1 && watching.len() == 1 {
        let what = "all guards stand in one site, and witnesses of one site decide nothing alone";
        let hint = "name a witness in another site";
        findings.push(Finding::warning("guard-one-site", place, what).hint(hint));
    }
    findings
}
