//! What is wrong about WireGuard's options.

use ennead_model::Finding;

use crate::Context;

pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let options = &context.options.wireguard;
    let mut findings = Vec::new();
    if !(1280..=8920).contains(&options.mtu) {
        findings.push(
            Finding::error(
                "wireguard-mtu",
                "components.wireguard.mtu",
                format!("an MTU of {} bytes is not between 1280 and 8920", options.mtu),
            )
            .hint("use the public link's MTU less 80, usually 1420"),
        );
    }
    if options.port == 0 {
        findings.push(Finding::error(
            "wireguard-port",
            "components.wireguard.port",
            "port 0 cannot be reached",
        ));
    }
    findings
}
