//! What is wrong or remarkable about PgBouncer's options and placement.

use ennead_model::Finding;

use super::NAME;
use crate::Context;
use crate::postgres::connections_max;

pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = Vec::new();
    for node in context.fleet.running(NAME).filter(|node| !node.components.contains("postgres")) {
        findings.push(
            Finding::error(
                "pgbouncer-without-postgres",
                format!("nodes.{}.components", node.name),
                format!("pgbouncer on {} has no postgres beside it", node.name),
            )
            .hint("list both on the same nodes"),
        );
    }
    let options = &context.options.pgbouncer;
    let limit = connections_max(context);
    if options.backends_max >= limit {
        findings.push(
            Finding::error(
                "pgbouncer-backends",
                "components.pgbouncer.backends_max",
                format!(
                    "{} backends leave none of PostgreSQL's {limit} connections for replication and operators",
                    options.backends_max
                ),
            )
            .hint("leave it at 0 to have it computed"),
        );
    }
    if options.clients_max == 0 {
        findings.push(Finding::error(
            "pgbouncer-clients",
            "components.pgbouncer.clients_max",
            "a pooler without clients is of no use",
        ));
    }
    findings
}
