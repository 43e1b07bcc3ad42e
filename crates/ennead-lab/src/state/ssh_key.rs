//! SSH keys.

use base64::Engine as _;
use base64::engine::general_purpose::STANDARD;
use ennead_hcloud::types::{CreateSshKey, Labels, SshKey};
use md5::{Digest as _, Md5};

use super::moment::{Moment, rfc3339};
use super::{Refusal, State, check_name_free};

impl State {
    /// Adds an SSH key. Name and fingerprint are unique in the project.
    ///
    /// # Errors
    /// `invalid_input`, `uniqueness_error`.
    pub fn create_ssh_key(
        &mut self,
        wanted: CreateSshKey,
        moment: &Moment<'_>,
    ) -> Result<SshKey, Refusal> {
        let fingerprint = fingerprint(&wanted.public_key)
            .ok_or_else(|| Refusal::invalid("public_key", "is not a valid SSH public key"))?;
        check_name_free(&wanted.name, self.ssh_keys.values().map(|key| key.name.as_str()))?;
        if self.ssh_keys.values().any(|key| key.fingerprint == fingerprint) {
            let message = "SSH key with the same fingerprint already exists";
            return Err(Refusal::unique("public_key", message));
        }
        let key = SshKey {
            id: self.fresh_id(),
            name: wanted.name,
            fingerprint,
            public_key: wanted.public_key.trim().to_owned(),
            labels: wanted.labels,
            created: rfc3339(moment.now),
        };
        self.ssh_keys.insert(key.id, key.clone());
        Ok(key)
    }

    /// Returns an SSH key.
    ///
    /// # Errors
    /// `not_found`.
    pub fn ssh_key(&self, id: u64) -> Result<&SshKey, Refusal> {
        self.ssh_keys.get(&id).ok_or_else(|| Refusal::not_found("SSH key", id))
    }

    /// Finds an SSH key by id or name.
    ///
    /// # Errors
    /// `invalid_input`, as the request that names it.
    pub(crate) fn resolve_ssh_key(&self, id_or_name: &str) -> Result<&SshKey, Refusal> {
        let by_id = id_or_name.parse().ok().and_then(|id: u64| self.ssh_keys.get(&id));
        by_id.or_else(|| self.ssh_keys.values().find(|key| key.name == id_or_name)).ok_or_else(
            || Refusal::invalid("ssh_keys", format!("SSH key '{id_or_name}' not found")),
        )
    }

    /// Changes name or labels.
    ///
    /// # Errors
    /// `not_found`, `uniqueness_error`.
    pub fn update_ssh_key(
        &mut self,
        id: u64,
        name: Option<String>,
        labels: Option<Labels>,
    ) -> Result<SshKey, Refusal> {
        self.ssh_key(id)?;
        if let Some(name) = &name {
            let others = self.ssh_keys.values().filter(|key| key.id != id);
            check_name_free(name, others.map(|key| key.name.as_str()))?;
        }
        let key = self.ssh_keys.get_mut(&id).ok_or_else(|| Refusal::not_found("SSH key", id))?;
        key.name = name.unwrap_or_else(|| key.name.clone());
        key.labels = labels.unwrap_or_else(|| key.labels.clone());
        Ok(key.clone())
    }

    /// Removes an SSH key. Servers keep what they were made with.
    ///
    /// # Errors
    /// `not_found`.
    pub fn delete_ssh_key(&mut self, id: u64) -> Result<(), Refusal> {
        self.ssh_keys.remove(&id).map(|_| ()).ok_or_else(|| Refusal::not_found("SSH key", id))
    }
}

/// Returns the MD5 fingerprint of an OpenSSH public key, as the cloud shows it; none when the text
/// is not a key: its second word must be base64 of a blob that begins with its first word.
pub fn fingerprint(public_key: &str) -> Option<String> {
    let mut words = public_key.split_whitespace();
    let (kind, blob) = (words.next()?, STANDARD.decode(words.next()?).ok()?);
    let (length, rest) = blob.split_first_chunk::<4>()?;
    let length = usize::try_from(u32::from_be_bytes(*length)).ok()?;
    if rest.get(..length)? != kind.as_bytes() || rest.len() == length {
        return None;
    }
    let pairs: Vec<_> = Md5::digest(&blob).iter().map(|byte| format!("{byte:02x}")).collect();
    Some(pairs.join(":"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_fingerprint_is_the_one_of_ssh_keygen() {
        let key = "ssh-ed25519 \
            AAAAC3NzaC1lZDI1NTE5AAAAIAABAgMEBQYHCAkKCwwNDg8QERITFBUWFxgZGhscHR4f me@here";
        let expected = "0f:a2:0a:d7:38:3e:65:45:08:6b:63:84:1c:ff:dc:ba";
        assert_eq!(fingerprint(key).as_deref(), Some(expected));
    }

    #[test]
    fn what_is_not_a_key_has_none() {
        for text in ["", "ssh-ed25519", "ssh-ed25519 !!!", "ssh-rsa AAAAC3NzaC1lZDI1NTE5", "x AA=="]
        {
            assert_eq!(fingerprint(text), None, "{text}");
        }
    }
}
