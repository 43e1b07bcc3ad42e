//! What the packet filter of a node says.

use std::collections::BTreeMap;

use ennead_host::{Command, Host};
use serde::Deserialize;

use crate::component::{ComponentError, Observed};

/// The answer of `nft --json list counters`.
#[derive(Debug, Default, Deserialize)]
struct Listed {
    #[serde(default)]
    nftables: Vec<Entry>,
}

#[derive(Debug, Deserialize)]
struct Entry {
    counter: Option<Counter>,
}

#[derive(Debug, Deserialize)]
struct Counter {
    name: String,
    packets: u64,
}

/// Says how many packets were refused since the rules were loaded.
pub(super) async fn observe(host: &dyn Host) -> Result<Observed, ComponentError> {
    let ask = ["--json", "list", "counters", "table", "inet", "ennead"];
    let output = host.run_ok(&Command::new("nft").args(ask)).await?;
    Ok(Observed { role: None, facts: facts(&output.stdout) })
}

fn facts(answer: &[u8]) -> BTreeMap<String, String> {
    let listed: Listed = serde_json::from_slice(answer).unwrap_or_default();
    let counters = listed.nftables.into_iter().filter_map(|entry| entry.counter);
    counters.map(|it| (format!("packets_{}", it.name), it.packets.to_string())).collect()
}

#[cfg(test)]
mod tests {
    #[test]
    fn counters_become_facts() {
        let answer = br#"{"nftables": [{"metainfo": {"version": "1.0.6"}},
            {"counter": {"family": "inet", "name": "dropped", "table": "ennead", "handle": 1,
             "packets": 7, "bytes": 420}}]}"#;
        let facts = super::facts(answer);
        assert_eq!(facts.get("packets_dropped").map(String::as_str), Some("7"));
        assert_eq!(facts.len(), 1);
        assert!(super::facts(b"?").is_empty());
    }
}
