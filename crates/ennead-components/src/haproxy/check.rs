//! What is wrong or remarkable about HAProxy's options and placement.

use ennead_model::Finding;

use super::NAME;
use crate::Context;

pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let place = "components.haproxy";
    let mut findings = Vec::new();
    if context.options.haproxy.connections_max == 0 {
        findings.push(Finding::error(
            "haproxy-connections",
            "components.haproxy.connections_max",
            "a load balancer without connections is of no use",
        ));
    }
    let balancers = context.fleet.running(NAME).count();
    if balancers == 0 {
        return findings;
    }
    if context.fleet.running("pgbouncer").next().is_none() {
        findings.push(
            Finding::error("haproxy-without-pgbouncer", place, "there is no pooler to balance")
                .hint("list pgbouncer beside each postgres"),
        );
    }
    if balancers == 1 {
        findings.push(
            Finding::warning("haproxy-single", place, "a single load balancer survives no failure")
                .hint("list haproxy on two or three nodes"),
        );
    }
    findings
}
