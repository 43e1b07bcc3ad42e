//! Where a vault lies: an encrypted file beside the spec, and the identity that opens it in the
//! operator's configuration.

use camino::{Utf8Path, Utf8PathBuf};
use ennead_model::sha256_hex;
use secrecy::ExposeSecret as _;

use super::VaultError;
use super::contents::{FORMAT_VERSION, Vault};
use super::sealed::{OpenFailure, new_identity, open, read_identities, seal};
use crate::store;

/// The two files of a vault.
#[derive(Debug, Clone)]
pub struct VaultFiles {
    vault: Utf8PathBuf,
    identity: Utf8PathBuf,
    /// Digest of the file as it was read or written last; `None` when there was none.
    seen: Option<String>,
}

impl VaultFiles {
    /// Returns the files of a spec: `<stem>.secrets.age` beside it, and `ennead/identity.txt` in the
    /// operator's configuration folder (`$XDG_CONFIG_HOME`).
    pub fn beside(spec: &Utf8Path, config_home: &Utf8Path) -> Self {
        let stem = spec.file_stem().unwrap_or("ennead");
        let vault = spec.with_file_name(format!("{stem}.secrets.age"));
        Self { vault, identity: config_home.join("ennead/identity.txt"), seen: None }
    }

    /// Returns the path of the encrypted file.
    pub fn vault_path(&self) -> &Utf8Path {
        &self.vault
    }

    /// Returns the path of the identity.
    pub fn identity_path(&self) -> &Utf8Path {
        &self.identity
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
    /// runs at a time cannot lose each other's keys; others as [`VaultFiles::load`].
    pub fn save(&mut self, vault: &Vault) -> Result<(), VaultError> {
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
        let sealed = seal(vault, &identities)
            .map_err(|why| VaultError::Seal { vault: self.vault.clone(), why })?;
        store::replace(&self.vault, &sealed)?;
        self.seen = Some(sha256_hex(&sealed));
        Ok(())
    }

    fn make_identity(&self) -> Result<Vec<age::x25519::Identity>, VaultError> {
        let text = new_identity();
        // When another run made one at the same time, that one is used.
        store::create(&self.identity, text.expose_secret().as_bytes())?;
        self.identities()?.ok_or_else(|| VaultError::BadIdentity { path: self.identity.clone() })
    }

    fn identities(&self) -> Result<Option<Vec<age::x25519::Identity>>, VaultError> {
        let Some(text) = store::read(&self.identity)? else { return Ok(None) };
        let identities = read_identities(&String::from_utf8_lossy(&text));
        if identities.is_empty() {
            return Err(VaultError::BadIdentity { path: self.identity.clone() });
        }
        Ok(Some(identities))
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
mod tests {
    use super::*;
    use crate::vault::Wanted;

    struct Folder {
        _folder: tempfile::TempDir,
        root: Utf8PathBuf,
    }

    impl Folder {
        fn new() -> Self {
            let folder = tempfile::tempdir().unwrap();
            let root = Utf8PathBuf::from_path_buf(folder.path().to_owned()).unwrap();
            Self { _folder: folder, root }
        }

        fn files(&self, config: &str) -> VaultFiles {
            VaultFiles::beside(&self.root.join("demo.toml"), &self.root.join(config))
        }
    }

    fn made() -> Vault {
        let mut vault = Vault::new();
        let wanted = Wanted::nothing("demo", ["a".parse().unwrap()]);
        vault.ensure(&wanted, "2026-11-23T12:00:00Z".parse().unwrap()).unwrap();
        vault
    }

    fn load_error(files: &mut VaultFiles) -> String {
        let before = store::read(&files.vault).unwrap();
        let error = files.load().unwrap_err();
        assert!(!error.to_string().contains('\n') && !error.hint().is_empty(), "{error}");
        assert!(files.save(&made()).is_err());
        assert_eq!(store::read(&files.vault).unwrap(), before, "the file was overwritten");
        error.to_string().replace(files.vault.parent().unwrap().as_str(), "DIR")
    }

    #[test]
    fn a_saved_vault_loads_with_the_same_values() {
        let folder = Folder::new();
        let mut files = folder.files("config");
        assert!(files.load().unwrap().operator_key().is_none());
        let vault = made();
        files.save(&vault).unwrap();
        files.save(&vault).unwrap();
        let mut again = folder.files("config");
        assert_eq!(again.vault_path().file_name(), Some("demo.secrets.age"));
        assert_eq!(again.load().unwrap().fingerprints(), vault.fingerprints());
        let text = store::read(again.vault_path()).unwrap().unwrap();
        assert!(!String::from_utf8_lossy(&text).contains("PRIVATE"));
    }

    #[test]
    fn another_identity_cannot_open_it_and_overwrites_nothing() {
        let folder = Folder::new();
        folder.files("one").save(&made()).unwrap();
        let mut other = folder.files("two");
        let missing = load_error(&mut other);
        assert_eq!(
            missing,
            "DIR/demo.secrets.age cannot be opened: there is no identity at DIR/two/ennead/identity.txt"
        );
        store::replace(other.identity_path(), b"hello\n").unwrap();
        assert!(
            load_error(&mut other).ends_with("holds no age identity (a line AGE-SECRET-KEY-1...)")
        );
        let text = new_identity();
        store::replace(other.identity_path(), text.expose_secret().as_bytes()).unwrap();
        assert_eq!(
            load_error(&mut other),
            "DIR/demo.secrets.age cannot be opened with DIR/two/ennead/identity.txt: \
             it was encrypted for another identity"
        );
    }

    #[test]
    fn a_damaged_file_is_never_taken_for_an_absent_one() {
        let folder = Folder::new();
        folder.files("one").save(&made()).unwrap();
        let mut files = folder.files("one");
        let whole = store::read(&files.vault).unwrap().unwrap();
        let flipped = |at: usize| {
            let mut bytes = whole.clone();
            bytes[at] ^= 1;
            bytes
        };
        let half = whole[..whole.len() / 2].to_vec();
        for bad in [Vec::new(), b"hello".to_vec(), half, flipped(60), flipped(whole.len() - 3)] {
            store::replace(&files.vault, &bad).unwrap();
            let error = load_error(&mut files);
            assert!(error.starts_with("DIR/demo.secrets.age "), "{error}");
        }
    }

    #[test]
    fn a_file_of_a_later_program_is_refused() {
        let folder = Folder::new();
        let vault = Vault { format_version: FORMAT_VERSION + 1, ..made() };
        folder.files("one").save(&vault).unwrap();
        let error = load_error(&mut folder.files("one"));
        assert_eq!(error, "DIR/demo.secrets.age has format 2; this program reads up to 1");
    }

    #[test]
    fn two_runs_at_a_time_do_not_lose_each_others_keys() {
        let folder = Folder::new();
        let (mut one, mut two) = (folder.files("one"), folder.files("one"));
        let (first, second) = (one.load().unwrap(), two.load().unwrap());
        one.save(&first).unwrap();
        let error = two.save(&second).unwrap_err();
        assert!(error.to_string().ends_with("was changed by another program since it was read"));
    }
}
