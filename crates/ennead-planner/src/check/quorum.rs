//! Whether the number and the places of voters make a sound quorum.

use std::collections::BTreeSet;

use ennead_components::{ALL, Component, Context};
use ennead_model::{Finding, NodeName};

use super::placement::sites;

/// Fewest voters that survive the loss of one.
const VOTERS_MIN: usize = 3;

/// Voters above which each further one only costs: every write waits for a majority of them.
/// Source: etcd FAQ, "What is maximum cluster size?".
const VOTERS_MAX: usize = 7;

/// Returns how many voters are a majority.
pub(super) fn majority(voters: usize) -> usize {
    voters / 2 + 1
}

/// Returns the components with a quorum that has voters, with these.
pub(super) fn quorums(context: &Context<'_>) -> Vec<(&'static dyn Component, BTreeSet<NodeName>)> {
    let voters = |component: &&'static dyn Component| {
        let voters = component.quorum(context).filter(|voters| !voters.is_empty())?;
        Some((*component, voters))
    };
    ALL.iter().filter_map(voters).collect()
}

/// Returns findings about every quorum.
pub(super) fn check_quorums(context: &Context<'_>) -> Vec<Finding> {
    let quorums = quorums(context);
    quorums
        .iter()
        .flat_map(|(component, voters)| check_quorum(context, component.name(), voters))
        .collect()
}

fn check_quorum(context: &Context<'_>, name: &str, voters: &BTreeSet<NodeName>) -> Vec<Finding> {
    let place = format!("components.{name}.voters");
    let count = voters.len();
    let mut findings = Vec::new();
    if count.is_multiple_of(2) {
        let (majority, lost) = (majority(count), (count - 1) / 2);
        let message = format!(
            "{name} has {count} voters, an even number: the majority is {majority}, so it survives \
             the loss of {lost} as {} would",
            count - 1
        );
        findings.push(Finding::error("voters-even", &place, message).hint(format!(
            "use {} or {} voters",
            count - 1,
            count + 1
        )));
    } else if count < VOTERS_MIN && context.fleet.nodes.len() > 1 {
        let message = format!("{name} has one voter: when it is down nothing can be decided");
        findings.push(
            Finding::warning("voters-few", &place, message)
                .hint(format!("use {VOTERS_MIN} or more voters")),
        );
    } else if count > VOTERS_MAX {
        let message =
            format!("{name} has {count} voters: each write waits for {}", majority(count));
        findings.push(
            Finding::warning("voters-many", &place, message)
                .hint(format!("use at most {VOTERS_MAX} voters")),
        );
    }
    let at: BTreeSet<_> = voters
        .iter()
        .filter_map(|voter| context.fleet.nodes.get(voter).map(|node| &node.site))
        .collect();
    if let (Some(site), 1) = (at.first(), at.len())
        && count > 1
        && sites(context) > 1
    {
        let message = format!("all voters of {name} stand in site {site}");
        findings.push(
            Finding::warning("voters-one-site", &place, message)
                .hint("let nodes of the other sites vote too"),
        );
    }
    findings
}
