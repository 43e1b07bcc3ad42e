//! What the platform survives, computed from its layout.
//!
//! Today: the loss of a whole site. The loss of single nodes is a matter of counts and is told by
//! the checks of placement and quorum.

use ennead_components::Context;
use ennead_model::{Finding, SiteName};

use super::placement::sites;
use super::quorum::{majority, quorums};

/// Returns a note for each loss that the platform does not survive.
pub(super) fn check_survival(context: &Context<'_>) -> Vec<Finding> {
    if sites(context) < 2 {
        return context.fleet.sites.keys().take(1).map(note_one_site).collect();
    }
    let quorums = quorums(context);
    let mut findings = Vec::new();
    for (component, voters) in &quorums {
        for site in context.fleet.sites.keys() {
            let at = |node: &&ennead_model::Node| node.site == *site;
            let lost = voters.iter().filter_map(|voter| context.fleet.nodes.get(voter));
            let lost = lost.filter(at).count();
            let left = voters.len() - lost;
            if left < majority(voters.len()) {
                findings.push(note_site(context, component.name(), site, lost, voters.len()));
            }
        }
    }
    findings
}

fn note_one_site(site: &SiteName) -> Finding {
    let message = format!("every node stands in site {site}: losing it loses the platform");
    Finding::note("one-site", format!("sites.{site}"), message)
}

fn note_site(
    context: &Context<'_>,
    name: &str,
    site: &SiteName,
    lost: usize,
    voters: usize,
) -> Finding {
    let place = format!("components.{name}.voters");
    let message =
        format!("losing site {site} loses the majority of {name}: {lost} of {voters} voters");
    let hint = if sites(context) == 2 {
        "with two sites one of them always holds the majority; a voter in a third would free both"
    } else {
        "spread the voters so that no site holds half of them"
    };
    Finding::note("site-holds-majority", place, message).hint(hint)
}
