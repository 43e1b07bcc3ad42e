//! What is wrong or remarkable about etcd's options and placement.

use ennead_model::Finding;

use super::NAME;
use super::voters::check_voters;
use crate::Context;

/// More voters than this make every write slower and nothing safer. Source: etcd FAQ.
const VOTERS_MAX: usize = 7;
/// Largest database that etcd's authors advise, in MiB. Source: etcd 3.5 maintenance guide.
const QUOTA_MIB_MAX: u32 = 8192;
/// Longest election timeout that etcd accepts, in milliseconds. Source: etcd 3.5 tuning guide.
const ELECTION_TIMEOUT_MS_MAX: u32 = 50_000;

pub(super) fn check(context: &Context<'_>) -> Vec<Finding> {
    let mut findings = voters(context);
    let options = &context.options.etcd;
    if let Some(voters) = &options.voters {
        findings.extend(check_voters(voters, context.fleet));
    }
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

fn voters(context: &Context<'_>) -> Vec<Finding> {
    let place = "components.etcd";
    let voters = context.fleet.running(NAME).count();
    if voters == 0 {
        return Vec::new();
    }
    let mut findings = Vec::new();
    if voters.is_multiple_of(2) {
        findings.push(
            Finding::error(
                "voters-even",
                place,
                format!("{voters} voters survive no more failures than {}", voters - 1),
            )
            .hint("list etcd on one node more or one node less"),
        );
    } else if voters == 1 {
        findings.push(
            Finding::warning("voters-single", place, "a single voter survives no failure")
                .hint("list etcd on three or five nodes"),
        );
    } else if voters > VOTERS_MAX {
        findings.push(
            Finding::warning(
                "voters-many",
                place,
                format!("{voters} voters make every write wait for {}", voters / 2 + 1),
            )
            .hint("five voters survive two failures"),
        );
    }
    findings
}
