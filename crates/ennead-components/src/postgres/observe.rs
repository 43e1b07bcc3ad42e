//! What a PostgreSQL instance is at this moment, as it says itself.

use std::collections::BTreeMap;

use ennead_host::Host;
use serde::Deserialize;

use super::NAME;
use super::apply::query;
use crate::component::{ComponentError, Observed};

/// One row of JSON, so that nothing has to be told apart by position.
const SQL: &str = "SELECT row_to_json(seen) FROM (SELECT \
    pg_is_in_recovery() AS in_recovery, \
    (SELECT timeline_id FROM pg_control_checkpoint()) AS timeline, \
    current_setting('server_version') AS version, \
    EXISTS (SELECT FROM pg_stat_wal_receiver WHERE status = 'streaming') AS streaming, \
    CASE WHEN pg_is_in_recovery() THEN (SELECT received_tli FROM pg_stat_wal_receiver) END AS received_timeline, \
    CASE WHEN pg_is_in_recovery() \
        THEN pg_wal_lsn_diff((SELECT latest_end_lsn FROM pg_stat_wal_receiver), pg_last_wal_replay_lsn())::bigint \
    END AS lag_bytes, \
    (SELECT count(*) FROM pg_stat_replication WHERE state = 'streaming') AS replicas, \
    (SELECT string_agg(application_name, ',' ORDER BY application_name) \
        FROM pg_stat_replication WHERE sync_state IN ('sync', 'quorum')) AS synchronous, \
    (SELECT count(*) FROM pg_stat_activity WHERE backend_type = 'client backend') AS connections) seen";

#[derive(Debug, Deserialize)]
struct Seen {
    in_recovery: bool,
    timeline: u32,
    version: String,
    streaming: bool,
    received_timeline: Option<u32>,
    lag_bytes: Option<i64>,
    replicas: u32,
    synchronous: Option<String>,
    connections: u32,
}

pub(super) async fn observe(host: &dyn Host) -> Result<Observed, ComponentError> {
    let output = host.run_ok(&query(SQL)).await?;
    let seen: Seen = serde_json::from_slice(&output.stdout).map_err(|error| {
        ComponentError::Answer { component: NAME, what: format!("PostgreSQL answered {error}") }
    })?;
    Ok(observed(seen))
}

fn observed(seen: Seen) -> Observed {
    let mut facts = BTreeMap::from([
        // A checkpoint may be older than the timeline that is being received.
        ("timeline".to_owned(), seen.received_timeline.unwrap_or(seen.timeline).to_string()),
        ("version".to_owned(), seen.version),
        ("connections".to_owned(), seen.connections.to_string()),
    ]);
    if seen.in_recovery {
        facts.insert("streaming".to_owned(), seen.streaming.to_string());
        if let Some(lag) = seen.lag_bytes {
            facts.insert("lag_bytes".to_owned(), lag.max(0).to_string());
        }
    } else {
        facts.insert("replicas".to_owned(), seen.replicas.to_string());
        facts.insert("synchronous".to_owned(), seen.synchronous.unwrap_or_default());
    }
    let role = if seen.in_recovery { "replica" } else { "primary" };
    Observed { role: Some(role.to_owned()), facts }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_row_tells_role_and_facts() {
        let replica = r#"{"in_recovery":true,"timeline":1,"version":"17.11","streaming":true,
            "received_timeline":2,"lag_bytes":-8,"replicas":0,"synchronous":null,"connections":1}"#;
        let seen = observed(serde_json::from_str(replica).unwrap());
        assert_eq!(seen.role.as_deref(), Some("replica"));
        assert_eq!(seen.facts["timeline"], "2");
        assert_eq!(seen.facts["lag_bytes"], "0");
        let primary = r#"{"in_recovery":false,"timeline":2,"version":"17.11","streaming":false,
            "received_timeline":null,"lag_bytes":null,"replicas":2,"synchronous":"n1,n2",
            "connections":9}"#;
        let seen = observed(serde_json::from_str(primary).unwrap());
        assert_eq!(seen.role.as_deref(), Some("primary"));
        assert_eq!(seen.facts["synchronous"], "n1,n2");
    }
}
