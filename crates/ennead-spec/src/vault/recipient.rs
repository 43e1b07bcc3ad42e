//! The public half of the operator's identity: who opened the vault; and keys of other people, which
//! are not for the vault.

use secrecy::SecretString;

use super::keys::wireguard_key_pair;
use super::sealed::read_identities;
use super::{VaultError, VaultFiles};
use crate::store;

impl VaultFiles {
    /// Returns the public key (`age1...`) of the first identity that opens the vault; `None` when
    /// there is no identity yet.
    ///
    /// # Errors
    /// [`VaultError::Store`].
    pub fn recipient(&self) -> Result<Option<String>, VaultError> {
        let Some(text) = store::read(self.identity_path())? else { return Ok(None) };
        let identities = read_identities(&String::from_utf8_lossy(&text));
        Ok(identities.first().map(|identity| identity.to_public().to_string()))
    }
}

/// Makes a WireGuard key pair that is kept nowhere: the private key, then the public one, in base64.
pub fn new_wireguard_key() -> (SecretString, String) {
    let pair = wireguard_key_pair();
    (SecretString::from(pair.private.expose()), pair.public)
}
