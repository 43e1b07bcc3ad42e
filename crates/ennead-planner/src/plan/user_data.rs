//! What a new server is told at its first boot: its name and its SSH host key, nothing else.
//!
//! The host key is made before the server exists, so that the first connection is already checked.
//! Everything else comes later over that connection, because the cloud keeps user data readable for
//! every process on the server.
//!
//! `ssh_genkeytypes` is left out on purpose: cloud-init makes no keys of its own when `ssh_keys` is
//! given, and its schema refuses an empty list. Source: cloud-init `cc_ssh`, versions 22.4 and 25.1.

use ennead_model::user_data::render_user_data;
use ennead_model::{Node, Ref, RefKind};
use serde_json::json;

/// Returns the user data of a node's server. The host key in it is a reference; see
/// [`ennead_model::user_data::resolve_user_data`].
pub fn user_data(node: &Node) -> String {
    render_user_data(&json!({
        "hostname": node.name,
        "disable_root": false,
        "ssh_pwauth": false,
        "ssh_deletekeys": true,
        "ssh_keys": {
            "ed25519_private": Ref::new(RefKind::HostKey, &node.name).to_string(),
            "ed25519_public": Ref::new(RefKind::HostPublicKey, &node.name).to_string(),
        },
    }))
}

#[cfg(test)]
mod tests {
    use ennead_model::reference::references;
    use ennead_model::user_data::USER_DATA_BYTES_MAX;
    use ennead_model::{NodeName, SiteName, TierName};

    use super::*;

    #[test]
    fn user_data_holds_the_host_key_by_reference_and_no_other_secret() {
        let node = Node {
            name: NodeName::new("n1").unwrap(),
            site: SiteName::new("s").unwrap(),
            tier: TierName::new("t").unwrap(),
            server_type: "ccx13".to_owned(),
            address: [10, 1, 0, 11].into(),
            memory_bytes: 0,
            cores: 2,
            components: std::collections::BTreeSet::default(),
            backups: false,
        };
        let text = user_data(&node);
        let kinds: Vec<RefKind> = references(&text).unwrap().iter().map(|r| r.kind).collect();
        assert_eq!(kinds, [RefKind::HostKey, RefKind::HostPublicKey]);
        assert!(text.len() < USER_DATA_BYTES_MAX / 8);
    }
}
