//! What is wrong about the firewall's options.

use std::ops::RangeInclusive;

use ennead_model::Finding;

use crate::Context;
use crate::access::{EVERYWHERE, OPERATOR_PLACE, private_prefixes};

/// Most prefixes of one rule. Source: Hetzner Cloud API, firewalls: 100 per rule.
const PREFIXES_MAX: usize = 100;
/// Longest name of an interface in bytes. Source: Linux, `IFNAMSIZ` less the final zero.
const INTERFACE_BYTES_MAX: usize = 15;
/// Shorter, and a busy machine loses rules that are right; longer, and a mistake shuts out for long.
const TRIAL_S: RangeInclusive<u32> = 30..=600;

pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let options = &context.options.firewall;
    let mut findings = check_operator(context);
    let plain = |c: char| c.is_ascii_alphanumeric() || matches!(c, '-' | '_' | '.');
    let name = &options.public_interface;
    if name.is_empty() || name.len() > INTERFACE_BYTES_MAX || !name.chars().all(plain) {
        findings.push(
            Finding::error(
                "firewall-interface",
                "components.firewall.public_interface",
                format!("{name:?} cannot be an interface's name"),
            )
            .hint("leave it out: every image of the cloud calls it eth0"),
        );
    }
    if !TRIAL_S.contains(&options.trial_s) {
        let (least, most) = (TRIAL_S.start(), TRIAL_S.end());
        findings.push(Finding::error(
            "firewall-trial",
            "components.firewall.trial_s",
            format!("a trial of {} s is not between {least} and {most} s", options.trial_s),
        ));
    }
    findings
}

/// Everybody is told by whoever knows whether this is a lab; here is what is wrong anywhere.
fn check_operator(context: &Context<'_>) -> Vec<Finding> {
    let options = &context.options.firewall;
    let mut findings = Vec::new();
    if options.ssh_from.len() > PREFIXES_MAX {
        let count = options.ssh_from.len();
        let message = format!("{count} prefixes, but a rule of the cloud takes {PREFIXES_MAX}");
        findings.push(Finding::error("ssh-from-long", OPERATOR_PLACE, message));
    }
    for site in private_prefixes(context) {
        let inside =
            options.ssh_from.iter().find(|from| **from != EVERYWHERE && from.overlaps(site));
        if let Some(from) = inside {
            let message = format!("{from} overlaps the private network {site}");
            findings.push(
                Finding::warning("ssh-from-private", OPERATOR_PLACE, message)
                    .hint("SSH is never open to nodes: list public addresses only"),
            );
        }
    }
    if let Some(address) = options.operator_address
        && !options.ssh_from.is_empty()
        && !options.ssh_from.iter().any(|from| from.contains(address))
    {
        let message = format!("these rules would shut out {address}, which ennead is run from");
        findings.push(
            Finding::error("ssh-from-shuts-out", OPERATOR_PLACE, message)
                .hint(format!("add \"{address}/32\", or correct operator_address")),
        );
    }
    findings
}
