//! What is wrong or remarkable about etcd's options and placement.

use ennead_model::Finding;

use super::voters::check_voters;
use crate::Context;

/// Largest database that etcd's authors advise, in MiB. Source: etcd 3.5 maintenance guide.
const QUOTA_MIB_MAX: u32 = 8192;
/// Longest election timeout that etcd accepts, in milliseconds. Source: etcd 3.5 tuning guide.
const ELECTION_TIMEOUT_MS_MAX: u32 = 50_000;

pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let options = &context.options.etcd;
    // How many voters there are, and where, is checked for every quorum alike by whoever asks
    // `Component::quorum`.
    let voters = options.voters.as_ref();
    let mut findings = voters.map_or_else(Vec::new, |voters| check_voters(voters, context.fleet));
    if options.election_timeout_ms < options.heartbeat_interval_ms.saturating_mul(5)
        || options.election_timeout_ms > ELECTION_TIMEOUT_MS_MAX
        || options.heartbeat_interval_ms == 0
    {
        findings.push(
            Finding::error(
                "etcd-timing",
                "components.etcd.election_timeout_ms",
                format!(
                    "the election timeout of {} ms is not between 5 heartbeats of {} ms and {ELECTION_TIMEOUT_MS_MAX} ms",
                    options.election_timeout_ms, options.heartbeat_interval_ms
                ),
            )
            .hint("etcd's own values are 100 and 1000"),
        );
    }
    if options.quota_mib == 0 || options.quota_mib > QUOTA_MIB_MAX {
        findings.push(Finding::error(
            "etcd-quota",
            "components.etcd.quota_mib",
            format!("a quota of {} MiB is not between 1 and {QUOTA_MIB_MAX}", options.quota_mib),
        ));
    }
    findings
}
