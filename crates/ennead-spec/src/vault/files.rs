//! Where a vault lies: an encrypted file beside the spec, a text with those who can open it, and the
//! identity that opens it in the operator's configuration.
//!
//! A change is made under a lock: read, changed, written as a whole or not at all.

use age::x25519::Identity;
use camino::{Utf8Path, Utf8PathBuf};
use ennead_model::sha256_hex;
use jiff::Timestamp;
use secrecy::ExposeSecret as _;

use super::VaultError;
use super::contents::{FORMAT_VERSION, Vault};
use super::sealed::{OpenFailure, json, new_identity, open, read_identities, seal};
use super::wanted::Wanted;
use crate::store;

/// The files of a vault.
#[derive(Debug, Clone)]
pub struct VaultFiles {
    vault: Utf8PathBuf,
    recipients: Utf8PathBuf,
    identity: Utf8PathBuf,
    /// Digest of the file as it was read or written last; `None` when there was none.
    seen: Option<String>,
}

impl VaultFiles {
    /// Returns the files of a spec: `<stem>.secrets.age` and `<stem>.recipients.txt` beside it, and
    /// `ennead/identity.txt` in the operator's configuration folder (`$XDG_CONFIG_HOME`).
    pub fn beside(spec: &Utf8Path, config_home: &Utf8Path) -> Self {
        let stem = spec.file_stem().unwrap_or("ennead");
        let vault = spec.with_file_name(format!("{stem}.secrets.age"));
        let recipients = spec.with_file_name(format!("{stem}.recipients.txt"));
        Self { vault, recipients, identity: config_home.join("ennead/identity.txt"), seen: None }
    }

    /// Returns the path of the encrypted file.
    pub fn vault_path(&self) -> &Utf8Path {
        &self.vault
    }

    /// Returns the path of the text with those who can open it.
    pub fn recipients_path(&self) -> &Utf8Path {
        &self.recipients
    }

    /// Returns the path of the identity.
    pub fn identity_path(&self) -> &Utf8Path {
        &self.identity
    }

    /// Returns whether there is an encrypted file.
    ///
    /// # Errors
    /// [`VaultError::Store`].
    pub fn exists(&self) -> Result<bool, VaultError> {
        Ok(store::read(&self.vault)?.is_some())
    }

    /// Loads the vault, or makes an empty one when there is no file. Writes nothing.
    ///
    /// # Errors
    /// [`VaultError`]; a file that is there and cannot be opened is never taken for an absent one.
    pub fn load(&mut self) -> Result<Vault, VaultError> {
        let Some(sealed) = store::read(&self.vault)? else {
            self.seen = None;
            return Ok(Vault::new());
        };
        let identities = self.identities()?.ok_or_else(|| VaultError::NoIdentity {
            vault: self.vault.clone(),
            identity: self.identity.clone(),
        })?;
        let opened = open(&sealed, &identities).map_err(|failure| self.failed(failure))?;
        self.seen = Some(sha256_hex(&sealed));
        Ok(opened)
    }

    /// Saves the vault, and makes the identity when there is none.
    ///
    /// # Errors
    /// [`VaultError::ChangedMeanwhile`] when the file is not the one that was loaded, so that two
    /// runs at a time cannot lose each other's keys; [`VaultError::Recipients`] when the text beside
    /// it names others than the vault; others as [`VaultFiles::load`].
    pub fn save(&mut self, vault: &Vault) -> Result<(), VaultError> {
        let _lock = store::lock_folder(&self.vault)?;
        self.check_recipients(vault)?;
        self.write(vault)
    }

    /// Changes the vault under a lock: loads it, changes it, and saves it when anything is different.
    ///
    /// # Errors
    /// What `change` says, and as [`VaultFiles::save`]; the file is then as it was.
    pub fn change<T>(
        &mut self,
        change: impl FnOnce(&mut Vault) -> Result<T, VaultError>,
    ) -> Result<T, VaultError> {
        let _lock = store::lock_folder(&self.vault)?;
        let mut vault = self.load()?;
        let before = json(&vault).map_err(|why| self.unsealed(why))?;
        let answer = change(&mut vault)?;
        let after = json(&vault).map_err(|why| self.unsealed(why))?;
        if self.seen.is_none() || before.expose_secret() != after.expose_secret() {
            self.check_recipients(&vault)?;
            self.write(&vault)?;
        }
        Ok(answer)
    }

    /// Opens the vault and makes what it lacks; renews certificates that are due when `renew` says so.
    ///
    /// # Errors
    /// As [`VaultFiles::change`].
    pub fn open(
        &mut self,
        wanted: &Wanted,
        renew: bool,
        now: Timestamp,
    ) -> Result<Vault, VaultError> {
        let ensure = |vault: &mut Vault| {
            if renew { vault.ensure(wanted, now) } else { vault.ensure_present(wanted, now) }
        };
        // Most runs have nothing to write, and need neither the lock nor a folder to write in.
        let mut vault = self.load()?;
        if !ensure(&mut vault)? {
            return Ok(vault);
        }
        self.change(|vault| {
            ensure(vault)?;
            Ok(vault.clone())
        })
    }

    /// Lets an operator in: the vault is encrypted for them too from then on.
    ///
    /// # Errors
    /// [`VaultError::Refused`] for a name or recipient that is none; as [`VaultFiles::load`].
    pub fn add_recipient(&mut self, name: &str, recipient: &str) -> Result<(), VaultError> {
        let own = self.own_identities()?;
        self.change_recipients(|vault| vault.add_recipient(name, recipient, &own))
    }

    /// Lets an operator in no longer, named by name or by recipient. What they could read once they
    /// may have kept: rotate it.
    ///
    /// # Errors
    /// [`VaultError::Refused`] for the last one, for one's own unless `own_too`, and for one that is
    /// not there; as [`VaultFiles::load`].
    pub fn remove_recipient(&mut self, who: &str, own_too: bool) -> Result<(), VaultError> {
        let own = self.own_identities()?;
        self.change_recipients(|vault| vault.remove_recipient(who, &own, own_too))
    }

    /// Returns the recipients of this operator's identities, making an identity when there is none.
    ///
    /// # Errors
    /// [`VaultError::BadIdentity`], [`VaultError::Store`].
    pub fn own_recipients(&self) -> Result<Vec<String>, VaultError> {
        let own = self.own_identities()?;
        Ok(own.iter().map(|identity| identity.to_public().to_string()).collect())
    }

    fn change_recipients(
        &mut self,
        change: impl FnOnce(&mut Vault) -> Result<(), VaultError>,
    ) -> Result<(), VaultError> {
        let _lock = store::lock_folder(&self.vault)?;
        let mut vault = self.load()?;
        change(&mut vault)?;
        // The vault first: when this program ends between the two, the text is found to differ, and
        // the same command again writes it.
        self.write(&vault)?;
        let name = self.vault.file_name().unwrap_or_default();
        Ok(store::replace(&self.recipients, vault.recipients.render(name).as_bytes())?)
    }

    /// Refuses to encrypt for others than the text beside the vault says, and the other way round.
    fn check_recipients(&self, vault: &Vault) -> Result<(), VaultError> {
        let path = self.recipients.clone();
        let text = store::read(&path)?;
        if text.is_none() && vault.recipients.is_empty() {
            return Ok(());
        }
        let text = text.unwrap_or_default();
        match vault.recipients.difference(&String::from_utf8_lossy(&text)) {
            Ok(None) => Ok(()),
            Ok(Some((what, hint))) => Err(VaultError::Recipients { path, what, hint }),
            Err(why) => {
                let hint = format!("correct {path}, or restore it from your backup");
                Err(VaultError::Recipients { path, what: format!("cannot be read: {why}"), hint })
            }
        }
    }

    fn write(&mut self, vault: &Vault) -> Result<(), VaultError> {
        let present = store::read(&self.vault)?.map(sha256_hex);
        if present != self.seen {
            return Err(VaultError::ChangedMeanwhile { vault: self.vault.clone() });
        }
        let identities = match self.identities()? {
            Some(identities) => identities,
            None if present.is_none() => self.make_identity()?,
            None => {
                let (vault, identity) = (self.vault.clone(), self.identity.clone());
                return Err(VaultError::NoIdentity { vault, identity });
            }
        };
        let sealed = seal(vault, &identities).map_err(|why| self.unsealed(why))?;
        store::replace(&self.vault, &sealed)?;
        self.seen = Some(sha256_hex(&sealed));
        Ok(())
    }

    fn own_identities(&self) -> Result<Vec<Identity>, VaultError> {
        match self.identities()? {
            Some(identities) => Ok(identities),
            None => self.make_identity(),
        }
    }

    fn make_identity(&self) -> Result<Vec<Identity>, VaultError> {
        let text = new_identity();
        // When another run made one at the same time, that one is used.
        store::create(&self.identity, text.expose_secret().as_bytes())?;
        self.identities()?.ok_or_else(|| VaultError::BadIdentity { path: self.identity.clone() })
    }

    fn identities(&self) -> Result<Option<Vec<Identity>>, VaultError> {
        let Some(text) = store::read(&self.identity)? else { return Ok(None) };
        let identities = read_identities(&String::from_utf8_lossy(&text));
        if identities.is_empty() {
            return Err(VaultError::BadIdentity { path: self.identity.clone() });
        }
        Ok(Some(identities))
    }

    fn unsealed(&self, why: String) -> VaultError {
        VaultError::Seal { vault: self.vault.clone(), why }
    }

    fn failed(&self, failure: OpenFailure) -> VaultError {
        let vault = self.vault.clone();
        match failure {
            OpenFailure::WrongIdentity => {
                VaultError::WrongIdentity { vault, identity: self.identity.clone() }
            }
            OpenFailure::Damaged(why) => VaultError::Damaged { vault, why },
            OpenFailure::Newer(version) => {
                VaultError::Newer { vault, version, known: FORMAT_VERSION }
            }
        }
    }
}

#[cfg(test)]
#[path = "files_tests.rs"]
mod tests;
