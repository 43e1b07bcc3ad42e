//! What a gateway says of itself.

use std::collections::BTreeMap;

use ennead_host::{Command, Host};

use crate::component::{ComponentError, Observed};

pub(super) async fn observe(host: &dyn Host) -> Result<Observed, ComponentError> {
    let show = Command::new("wg").args(["show", "wg-admin", "latest-handshakes"]);
    let text = host.run_ok(&show).await?.stdout_text();
    Ok(Observed {
        role: None,
        facts: BTreeMap::from([("people".to_owned(), text.lines().count().to_string())]),
    })
}
