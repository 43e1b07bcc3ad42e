//! Patroni's settings that live in etcd and are the same for all members.
//!
//! One value serves both uses: JSON is YAML, so it stands in the file that founds a cluster, and the
//! verb `configure` brings a running cluster to it.

use serde_json::{Value, json};

use super::connections_max;
use crate::Context;

/// Most bytes that a replica may lag behind to be considered for promotion at all; acknowledged
/// commits are protected by the synchronous mode, not by this.
const LAG_BYTES_MAX: u64 = 1 << 20;
/// Seconds after which a primary that is demoted in synchronous mode is ended by force.
const PRIMARY_STOP_TIMEOUT_S: u32 = 10;
/// Replicas, base backups and archivers that can stream at a time.
const WAL_SENDERS_MAX: u32 = 10;

/// Returns the cluster's settings.
pub(super) fn cluster_settings(context: &Context<'_>) -> Value {
    let options = &context.options.postgres;
    json!({
        "ttl": options.ttl_s,
        "loop_wait": options.loop_wait_s,
        "retry_timeout": options.retry_timeout_s,
        "primary_start_timeout": 0,
        "primary_stop_timeout": PRIMARY_STOP_TIMEOUT_S,
        "maximum_lag_on_failover": LAG_BYTES_MAX,
        "check_timeline": true,
        "failsafe_mode": true,
        "synchronous_mode": "quorum",
        "synchronous_mode_strict": false,
        "synchronous_node_count": options.synchronous_node_count,
        "postgresql": {
            "use_pg_rewind": true,
            "use_slots": true,
            "parameters": {
                "hot_standby": "on",
                "max_connections": connections_max(context),
                "max_replication_slots": WAL_SENDERS_MAX,
                "max_wal_senders": WAL_SENDERS_MAX,
                "wal_level": "replica",
                "wal_log_hints": "on",
            },
        },
    })
}
