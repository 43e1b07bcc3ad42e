//! What the tunnels of a node say.

use std::collections::BTreeMap;

use ennead_host::{Command, Host};

use crate::component::{ComponentError, Observed};

pub(super) async fn observe(host: &dyn Host) -> Result<Observed, ComponentError> {
    let output = host.run_ok(&Command::new("wg").args(["show", "wg0", "latest-handshakes"])).await?;
    let text = output.stdout_text();
    let peers = text.lines().count();
    let answered = text.lines().filter(|line| has_shaken_hands(line)).count();
    Ok(Observed {
        role: None,
        facts: BTreeMap::from([
            ("peers".to_owned(), peers.to_string()),
            ("peers_answered".to_owned(), answered.to_string()),
        ]),
    })
}

/// A line is the peer's public key and the time of the last handshake, 0 when there was none.
fn has_shaken_hands(line: &str) -> bool {
    line.split_whitespace().nth(1).is_some_and(|time| time != "0")
}

#[cfg(test)]
mod tests {
    #[test]
    fn a_peer_without_handshake_has_not_answered() {
        assert!(super::has_shaken_hands("jNQKmw+IF/llRxyZP3eiVxUAyXHoJnp8= \t1763900000"));
        assert!(!super::has_shaken_hands("jNQKmw+IF/llRxyZP3eiVxUAyXHoJnp8= \t0"));
    }
}
