//! The state of the PostgreSQL cluster and of the guards, read in one transaction.
//!
//! What cannot be read makes the whole reading none: unreadable is not empty. Two things are
//! weaker than that, and both hold the guard back rather than let it act: a member whose own key is
//! odd does not stream, and standbys named by a `sync` key of another leader do not count.
//!
//! Source: Patroni 4.0, `patroni/dcs/etcd3.py` (leader, lease), `dcs/__init__.py` (`SyncState`,
//! `Member`), `ha.py` (`touch_member`).

use std::collections::BTreeSet;

use ennead_guard::allow::{Seen, Sync};
use ennead_guard::intent::Stored;
use ennead_guard::{Holder, Intent, LeaseId};
use ennead_model::NodeName;
use serde_json::Value;

use super::etcd::{Keys, Kv, Part, Txn, TxnAnswer};
use super::keys::KeyNames;

/// What one reading found.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Reading {
    /// The store's revision: everything below is of this moment.
    pub(crate) revision: u64,
    /// What the guard decides by.
    pub(crate) seen: Seen,
    /// The guards' election key.
    pub(crate) elected: Option<Elected>,
    /// When the record was last written.
    pub(crate) intent_revision: u64,
}

/// The guards' election key.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) struct Elected {
    /// Revision at which it was created: the term.
    pub(crate) created: u64,
    /// The lease that it hangs on.
    pub(crate) lease: LeaseId,
}

/// Returns the transaction that reads everything.
pub(crate) fn question(keys: &KeyNames) -> Txn {
    Txn::reading(vec![
        Part::Range(Keys::One(keys.primary())),
        Part::Range(Keys::One(keys.sync())),
        Part::Range(Keys::Prefix(keys.members())),
        Part::Range(Keys::One(keys.config())),
        Part::Names(Keys::One(keys.leader())),
        Part::Names(Keys::Prefix(keys.acts())),
        Part::Range(Keys::One(keys.intent())),
        Part::Names(Keys::Prefix(keys.maintenance())),
    ])
}

/// Reads the answer to [`question`].
///
/// # Errors
/// Which key cannot be read, and why.
pub(crate) fn read(answer: &TxnAnswer) -> Result<Reading, String> {
    let one = |part| answer.one(part);
    let all = |part| answer.range(part).ok_or_else(|| format!("part {part} of it is missing"));
    let leader = holder(one(0)?)?;
    let acts = u32::try_from(all(5)?.len()).unwrap_or(u32::MAX);
    let intent = one(6)?;
    let seen = Seen {
        // The guard sets it to when it asked.
        asked_ms: 0,
        sync: sync(one(1)?, leader.as_ref())?,
        leader,
        streaming: all(2)?.iter().filter_map(streaming).collect(),
        paused: paused(one(3)?)?,
        maintenance: !all(7)?.is_empty(),
        acts,
        intent: intent.map(record).transpose()?,
    };
    Ok(Reading {
        revision: answer.header.revision.count(),
        seen,
        elected: one(4)?.map(elected),
        intent_revision: intent.map_or(0, |kv| kv.mod_revision.count()),
    })
}

/// Reads an election key.
pub(crate) fn elected(kv: &Kv) -> Elected {
    Elected { created: kv.create_revision.count(), lease: LeaseId(kv.lease.0) }
}

/// Reads Patroni's leader key.
///
/// # Errors
/// It is no member's name, or hangs on no lease.
pub(crate) fn holder(kv: Option<&Kv>) -> Result<Option<Holder>, String> {
    let Some(kv) = kv else { return Ok(None) };
    let text = kv.value().ok_or("the leader key is no text")?;
    let member = NodeName::new(text)
        .map_err(|error| format!("the leader key is no node's name: {error}"))?;
    if kv.lease.0 == 0 {
        return Err("the leader key hangs on no lease".to_owned());
    }
    Ok(Some(Holder { member, lease: LeaseId(kv.lease.0) }))
}

/// Reads the record of an act.
///
/// # Errors
/// It is not understood.
pub(crate) fn record(kv: &Kv) -> Result<Intent, String> {
    let text = kv.value().ok_or("the record of an act is no text")?;
    let stored: Stored = serde_json::from_str(&text)
        .map_err(|error| format!("the record of an act is not understood: {error}"))?;
    Ok(stored.intent)
}

fn json(kv: &Kv, name: &str) -> Result<Value, String> {
    let text = kv.value().ok_or_else(|| format!("{name} is no text"))?;
    let value: Value =
        serde_json::from_str(&text).map_err(|error| format!("{name} is no JSON: {error}"))?;
    if value.is_object() { Ok(value) } else { Err(format!("{name} is no JSON object")) }
}

fn sync(kv: Option<&Kv>, leader: Option<&Holder>) -> Result<Sync, String> {
    let name = "Patroni's sync key";
    let Some(kv) = kv else { return Ok(Sync::default()) };
    let value = json(kv, name)?;
    let quorum = match value.get("quorum") {
        None | Some(Value::Null) => 0,
        Some(number) => number
            .as_u64()
            .and_then(|number| u32::try_from(number).ok())
            .ok_or_else(|| format!("{name} has an odd quorum"))?,
    };
    let mut standbys = BTreeSet::new();
    match value.get("sync_standby") {
        None | Some(Value::Null) => {}
        Some(Value::String(list)) => {
            for text in list.split(',').map(str::trim).filter(|text| !text.is_empty()) {
                let node = NodeName::new(text);
                standbys.insert(node.map_err(|error| format!("{name} has {text:?}: {error}"))?);
            }
        }
        Some(_) => return Err(format!("{name} has an odd sync_standby")),
    }
    // It is the word of the leader that it names. Until a new leader has written its own, nothing
    // is known of who may follow it.
    let by = value.get("leader").and_then(Value::as_str);
    if leader.is_none_or(|holder| by != Some(holder.member.as_str())) {
        standbys.clear();
    }
    Ok(Sync { standbys, quorum })
}

/// Returns the member's name if its key says that it streams: Patroni writes `running` together
/// with the state of the replication.
fn streaming(kv: &Kv) -> Option<NodeName> {
    let key = kv.key()?;
    let name = NodeName::new(key.rsplit('/').next()?).ok()?;
    let value = json(kv, "a member's key").ok()?;
    let text = |field: &str| value.get(field).and_then(Value::as_str).unwrap_or_default();
    let replication = text("replication_state");
    match (text("state"), replication) {
        ("streaming", _) | ("running", "streaming") => Some(name),
        _ => None,
    }
}

fn paused(kv: Option<&Kv>) -> Result<bool, String> {
    let name = "Patroni's config key";
    let Some(kv) = kv else { return Ok(false) };
    match json(kv, name)?.get("pause") {
        None | Some(Value::Null) => Ok(false),
        Some(Value::Bool(paused)) => Ok(*paused),
        Some(_) => Err(format!("{name} has an odd pause")),
    }
}

#[cfg(test)]
mod tests {
    use base64::Engine as _;
    use serde_json::json;

    use super::*;

    fn kv(key: &str, value: &str, lease: i64) -> Value {
        let base64 = |text: &str| base64::engine::general_purpose::STANDARD.encode(text);
        json!({ "key": base64(key), "value": base64(value), "create_revision": "5",
            "mod_revision": "6", "version": "1", "lease": lease.to_string() })
    }

    fn answer(parts: &[Vec<Value>; 8]) -> TxnAnswer {
        let responses: Vec<Value> =
            parts.iter().map(|kvs| json!({ "response_range": { "kvs": kvs } })).collect();
        let answer = json!({ "header": { "revision": "9" }, "succeeded": true,
            "responses": responses });
        serde_json::from_value(answer).unwrap()
    }

    const MEMBER: &str = r#"{"conn_url":"postgres://10.0.0.2:5432/postgres","api_url":
        "https://10.0.0.2:8008/patroni","state":"running","role":"replica","version":"4.0.7",
        "xlog_location":67109024,"replication_state":"streaming","timeline":2}"#;

    fn usual() -> [Vec<Value>; 8] {
        [
            vec![kv("/service/s/leader", "n1", 77)],
            vec![kv("/service/s/sync", r#"{"leader":"n1","sync_standby":"n2,n3","quorum":1}"#, 0)],
            vec![
                kv("/service/s/members/n1", r#"{"state":"running","role":"primary"}"#, 77),
                kv("/service/s/members/n2", MEMBER, 78),
                kv("/service/s/members/n3", "odd", 79),
            ],
            vec![kv("/service/s/config", r#"{"ttl":20,"loop_wait":2,"pause":null}"#, 0)],
            vec![kv("/ennead/guard/s/leader", "", 80)],
            vec![kv("/ennead/guard/s/acts/3-1", "", 81)],
            vec![],
            vec![],
        ]
    }

    #[test]
    fn patronis_usual_values_are_read() {
        let reading = read(&answer(&usual())).unwrap();
        let seen = &reading.seen;
        assert_eq!((reading.revision, reading.intent_revision), (9, 0));
        assert_eq!(reading.elected, Some(Elected { created: 5, lease: LeaseId(80) }));
        let holder = seen.leader.clone().unwrap();
        assert_eq!((holder.member.as_str(), holder.lease), ("n1", LeaseId(77)));
        assert_eq!((seen.sync.standbys.len(), seen.sync.quorum, seen.acts), (2, 1, 1));
        let streaming: Vec<&str> = seen.streaming.iter().map(NodeName::as_str).collect();
        assert_eq!(streaming, ["n2"]);
        assert!(!seen.paused && !seen.maintenance && seen.intent.is_none());
    }

    #[test]
    fn nothing_at_all_is_read_as_empty() {
        let seen = read(&answer(&Default::default())).unwrap().seen;
        assert_eq!((seen.leader, seen.sync, seen.acts), (None, Sync::default(), 0));
    }

    #[test]
    fn what_cannot_be_read_is_no_reading() {
        let odd: [(usize, Value); 9] = [
            (0, kv("/service/s/leader", "n1", 0)),
            (0, kv("/service/s/leader", "No Name", 7)),
            (1, kv("/service/s/sync", "odd", 0)),
            (1, kv("/service/s/sync", r#"{"sync_standby":7}"#, 0)),
            (1, kv("/service/s/sync", r#"{"quorum":"many"}"#, 0)),
            (1, kv("/service/s/sync", r#"{"sync_standby":"No Name"}"#, 0)),
            (3, kv("/service/s/config", "[]", 0)),
            (3, kv("/service/s/config", r#"{"pause":"yes"}"#, 0)),
            (6, kv("/ennead/guard/s/intent", "{}", 0)),
        ];
        for (part, kv) in odd {
            let mut parts = usual();
            parts[part] = vec![kv.clone()];
            assert!(read(&answer(&parts)).is_err(), "{kv}");
        }
    }

    #[test]
    fn standbys_of_another_leader_do_not_count() {
        let mut parts = usual();
        parts[0] = vec![kv("/service/s/leader", "n2", 78)];
        assert!(read(&answer(&parts)).unwrap().seen.sync.standbys.is_empty());
    }

    #[test]
    fn pause_and_maintenance_are_seen() {
        let mut parts = usual();
        parts[3] = vec![kv("/service/s/config", r#"{"pause":true}"#, 0)];
        parts[7] = vec![kv("/ennead/guard/s/maintenance/n2", "", 0)];
        let seen = read(&answer(&parts)).unwrap().seen;
        assert!(seen.paused && seen.maintenance);
    }
}
