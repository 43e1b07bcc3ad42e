//! What is wrong or remarkable about the VPN's options and placement.

use ennead_model::{Finding, NodeName};

use super::NAME;
use crate::Context;

/// Longest prefix that has room for people: /29 has five addresses for them.
const PREFIX_BITS_MAX: u8 = 29;

pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let options = &context.options.vpn;
    let mut findings = unknown_gateways(context);
    if context.fleet.running(NAME).next().is_none() {
        return findings;
    }
    if options.port == 0 || options.port == context.options.wireguard.port {
        let message = format!("port {} is 0 or that of the tunnels between sites", options.port);
        findings.push(Finding::error("vpn-port", "components.vpn.port", message));
    }
    if !(1280..=8920).contains(&options.mtu) {
        let message = format!("an MTU of {} bytes is not between 1280 and 8920", options.mtu);
        findings.push(
            Finding::error("vpn-mtu", "components.vpn.mtu", message)
                .hint("use the public link's MTU less 80, usually 1420"),
        );
    }
    if options.prefix.bits > PREFIX_BITS_MAX {
        let message = format!("{} has no room for people", options.prefix);
        findings.push(
            Finding::error("vpn-prefix", "components.vpn.prefix", message)
                .hint(format!("use a prefix of at most {PREFIX_BITS_MAX} bits")),
        );
    }
    for site in context.fleet.sites.values() {
        if site.private_prefix.overlaps(options.prefix) {
            let (prefix, name) = (options.prefix, &site.name);
            let message = format!("{prefix} overlaps {} of the site {name}", site.private_prefix);
            findings.push(
                Finding::error("vpn-prefix", "components.vpn.prefix", message)
                    .hint("choose a prefix that no site uses"),
            );
        }
    }
    findings
}

fn unknown_gateways(context: &Context<'_>) -> Vec<Finding> {
    let gateways = context.options.vpn.gateways.iter().flatten();
    let strangers = gateways.filter(|gateway| !context.fleet.nodes.contains_key(*gateway));
    let nodes = context.fleet.nodes.keys().map(NodeName::as_str).collect::<Vec<_>>().join(", ");
    strangers
        .map(|gateway| {
            let message = format!("the gateway {gateway} is no node of this platform");
            Finding::error("vpn-gateway-unknown", "components.vpn.gateways", message)
                .hint(format!("nodes: {nodes}"))
        })
        .collect()
}
