//! What a guard says of itself.

use std::collections::BTreeMap;

use camino::Utf8Path;
use ennead_host::Host;
use serde_json::Value;

use super::NAME;
use crate::component::{ComponentError, Observed};

const STATUS_PATH: &str = "/run/ennead/guard.json";

pub(super) async fn observe(host: &dyn Host) -> Result<Observed, ComponentError> {
    let read = host.read(Utf8Path::new(STATUS_PATH)).await?;
    let text = read.map(|bytes| String::from_utf8_lossy(&bytes).into_owned()).unwrap_or_default();
    let status: Value = serde_json::from_str(&text).map_err(|error| ComponentError::Answer {
        component: NAME,
        what: format!("{STATUS_PATH}: {error}"),
    })?;
    Ok(told(&status))
}

fn told(status: &Value) -> Observed {
    let leads = status["leads"] == Value::Bool(true);
    let role = if leads { "leader" } else { "watcher" };
    let word = |key: &str| status[key].as_str().map(|text| (key.to_owned(), text.to_owned()));
    let facts: BTreeMap<String, String> =
        ["phase", "evidence", "held_back"].into_iter().filter_map(word).collect();
    Observed { role: Some(role.to_owned()), facts }
}

#[cfg(test)]
mod tests {
    #[test]
    fn the_leader_is_told_from_the_others() {
        let told = |json| super::told(&json);
        let leader = told(serde_json::json!({
            "leads": true, "phase": "watching", "held_back": "Patroni is paused"
        }));
        assert_eq!(leader.facts["held_back"], "Patroni is paused");
        assert_eq!(leader.role.as_deref(), Some("leader"));
        assert_eq!(leader.facts["phase"], "watching");
        assert_eq!(told(serde_json::json!({})).role.as_deref(), Some("watcher"));
    }
}
