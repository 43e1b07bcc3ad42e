//! The `[operator]` table: who may reach the nodes besides ennead itself.

use ennead_model::Finding;

use crate::spec::OperatorSpec;
use crate::text::Section;

/// Reads the table.
pub(crate) fn read_operator(section: Option<&Section<'_, '_>>) -> OperatorSpec {
    let Some(section) = section else { return OperatorSpec::default() };
    let mut keys = Vec::new();
    for (place, key) in section.texts("ssh_public_keys") {
        if key.contains("PRIVATE KEY") {
            let message = "the spec holds a private key, and a spec is copied and kept in git";
            section.note(
                Finding::error("private-key-in-spec", place, message)
                    .hint("put the line of the .pub file here and make a new key pair"),
            );
        } else if ssh_key::PublicKey::from_openssh(key).is_err() {
            section.note(
                Finding::error("bad-ssh-key", place, "this is not an OpenSSH public key")
                    .hint("one line such as ssh-ed25519 AAAA... name, as in ~/.ssh/id_ed25519.pub"),
            );
        } else {
            keys.push(key.trim().to_owned());
        }
    }
    section.finish();
    OperatorSpec { ssh_public_keys: keys }
}
