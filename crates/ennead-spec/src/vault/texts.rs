//! Every secret text of a vault, for tests that look for them where they must not be.

use ennead_model::{Ref, RefKind};

use super::contents::Vault;

impl Vault {
    /// Returns every secret value by the reference or name that stands for it: passwords, private
    /// keys, the salt. Certificates and public keys are no secrets.
    ///
    /// For tests that search outputs and files; nothing of the program calls it.
    pub fn secret_texts(&self) -> Vec<(String, secrecy::SecretString)> {
        let mut texts = Vec::new();
        for (kind, _) in RefKind::ALL {
            let secret = matches!(
                kind,
                RefKind::Secret | RefKind::Key | RefKind::WgPrivate | RefKind::HostKey
            );
            for name in self.names(kind).into_iter().filter(|_| secret) {
                if let Some(value) = self.value(kind, name) {
                    texts.push((Ref::new(kind, name).to_string(), value.into_owned().into()));
                }
            }
        }
        texts.push(("the salt".to_owned(), self.salt.expose().to_owned().into()));
        texts.extend(self.operator_key().map(|key| ("the operator's key".to_owned(), key)));
        let authorities = self.authority.iter().chain(self.overlap.iter().map(|it| &it.other));
        texts.extend(authorities.map(|authority| {
            let name = format!("the key of authority {}", authority.number);
            (name, authority.key.expose().to_owned().into())
        }));
        texts
    }
}
