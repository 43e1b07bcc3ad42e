//! What is wrong or remarkable about PostgreSQL's options and placement.

use ennead_model::Finding;

use super::NAME;
use crate::Context;

/// Least lease that Patroni accepts, in seconds; lower values are raised silently.
const TTL_S_LEAST: u32 = 20;
/// Least retry time that Patroni accepts, in seconds.
const RETRY_TIMEOUT_S_LEAST: u32 = 3;

pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = timing(context);
    findings.extend(instances(context));
    let options = &context.options.postgres;
    if !(1..=40).contains(&options.shared_buffers_percent) {
        findings.push(Finding::error(
            "postgres-memory",
            "components.postgres.shared_buffers_percent",
            format!("{} percent is not between 1 and 40", options.shared_buffers_percent),
        ));
    }
    if options.version != 17 {
        findings.push(
            Finding::error(
                "postgres-version",
                "components.postgres.version",
                format!("PostgreSQL {} is not in the distribution", options.version),
            )
            .hint("use 17"),
        );
    }
    findings
}

fn timing(context: &Context<'_>) -> Vec<Finding> {
    let options = &context.options.postgres;
    let (ttl, wait, retry) = (options.ttl_s, options.loop_wait_s, options.retry_timeout_s);
    let mut findings = Vec::new();
    if ttl < TTL_S_LEAST || retry < RETRY_TIMEOUT_S_LEAST || wait == 0 {
        findings.push(
            Finding::error(
                "postgres-timing",
                "components.postgres.ttl_s",
                format!("ttl {ttl} s, loop_wait {wait} s, retry_timeout {retry} s are below Patroni's least 20, 1, 3"),
            )
            .hint("Patroni would raise them silently"),
        );
    } else if wait.saturating_add(retry.saturating_mul(2)) > ttl {
        findings.push(
            Finding::error(
                "postgres-timing",
                "components.postgres.ttl_s",
                format!("loop_wait {wait} + 2 x retry_timeout {retry} s is more than ttl {ttl} s"),
            )
            .hint("the lease could run out while a primary still tries to renew it"),
        );
    }
    findings
}

fn instances(context: &Context<'_>) -> Vec<Finding> {
    let place = "components.postgres";
    let instances = context.fleet.running(NAME).count();
    let mut findings = Vec::new();
    if instances == 0 {
        return findings;
    }
    if context.fleet.running("etcd").next().is_none() {
        findings.push(
            Finding::error("postgres-without-etcd", place, "Patroni has no etcd to keep its lock in")
                .hint("list etcd on three or five nodes"),
        );
    }
    let wanted = context.options.postgres.synchronous_node_count;
    let wanted = usize::try_from(wanted).unwrap_or(usize::MAX);
    if instances == 1 {
        findings.push(
            Finding::warning("postgres-single", place, "a single instance has no replica")
                .hint("list postgres on three nodes"),
        );
    } else if wanted == 0 || wanted >= instances {
        findings.push(Finding::error(
            "postgres-synchronous",
            "components.postgres.synchronous_node_count",
            format!("{wanted} synchronous instances are not between 1 and {}", instances - 1),
        ));
    } else if wanted + 1 == instances {
        findings.push(
            Finding::note(
                "postgres-synchronous-all",
                place,
                "every commit waits for every other instance while all are well",
            )
            .hint("list postgres on one node more"),
        );
    }
    findings
}
