//! Everything secret that belongs to a spec, made on first use and never printed: passwords, the
//! platform's certificate authority and its leaf certificates, SSH and WireGuard keys.
//!
//! ```text
//! fleet + declarations -> Wanted -> Vault::ensure -> Vault -> RefResolver, Fingerprints
//!                                                     |  ^
//!                                        VaultFiles::save load   (age-encrypted beside the spec)
//! ```
//! What is wanted and what is made are apart: [`Wanted`] is computed from the fleet and from what
//! the components declare, so a component gets a password or a certificate by declaring it.

mod authority;
mod certificates;
mod contents;
mod ensure;
mod files;
mod keys;
mod life;
mod recipient;
mod recipients;
mod resolve;
mod sealed;
mod secrets;
mod texts;
mod trust;
mod wanted;

pub use certificates::CertificateFacts;
pub use contents::Vault;
pub use files::VaultFiles;
pub use life::Life;
pub use recipient::new_wireguard_key;
pub use resolve::Resolver;
pub use secrets::{Edited, SecretFacts};
pub use trust::{Rollout, TrustPhase, advance};
pub use wanted::{LeafRequest, Wanted};

use camino::Utf8PathBuf;
use thiserror::Error;

use crate::store::StoreError;

/// Something about the vault that could not be done. Nothing was overwritten.
#[derive(Debug, Error)]
pub enum VaultError {
    /// A file could not be read or written.
    #[error(transparent)]
    Store(#[from] StoreError),
    /// The vault is there, but nothing to open it with.
    #[error("{vault} cannot be opened: there is no identity at {identity}")]
    NoIdentity {
        /// The encrypted file.
        vault: Utf8PathBuf,
        /// Where the identity was looked for.
        identity: Utf8PathBuf,
    },
    /// The identity's file holds something else.
    #[error("{path} holds no age identity (a line AGE-SECRET-KEY-1...)")]
    BadIdentity {
        /// Which file.
        path: Utf8PathBuf,
    },
    /// The vault was encrypted for another identity.
    #[error("{vault} cannot be opened with {identity}: it was encrypted for another identity")]
    WrongIdentity {
        /// The encrypted file.
        vault: Utf8PathBuf,
        /// The identity's file.
        identity: Utf8PathBuf,
    },
    /// The file is not whole, or is no vault.
    #[error("{vault} is damaged: {why}")]
    Damaged {
        /// The encrypted file.
        vault: Utf8PathBuf,
        /// What was seen; never its content.
        why: String,
    },
    /// The file was written by a later program.
    #[error("{vault} has format {version}; this program reads up to {known}")]
    Newer {
        /// The encrypted file.
        vault: Utf8PathBuf,
        /// Its format.
        version: u32,
        /// The newest format that is known here.
        known: u32,
    },
    /// Somebody else changed the file since it was read.
    #[error("{vault} was changed by another program since it was read")]
    ChangedMeanwhile {
        /// The encrypted file.
        vault: Utf8PathBuf,
    },
    /// The text of recipients beside the vault is not what the vault says.
    #[error("{path} {what}")]
    Recipients {
        /// The text.
        path: Utf8PathBuf,
        /// What is wrong, as the end of a sentence.
        what: String,
        /// What to do.
        hint: String,
    },
    /// What was asked for is not done.
    #[error("{what}")]
    Refused {
        /// Why; never a value.
        what: String,
        /// What to do.
        hint: String,
    },
    /// A certificate or key could not be made.
    #[error("cannot make {what}: {why}")]
    Make {
        /// Which one.
        what: String,
        /// What the library said.
        why: String,
    },
    /// The contents could not be encrypted.
    #[error("cannot encrypt {vault}: {why}")]
    Seal {
        /// The encrypted file.
        vault: Utf8PathBuf,
        /// What the library said.
        why: String,
    },
}

impl VaultError {
    /// Returns what the operator can do; empty when there is nothing to say.
    pub fn hint(&self) -> String {
        match self {
            Self::Store(_) | Self::Make { .. } | Self::Seal { .. } => String::new(),
            Self::Recipients { hint, .. } | Self::Refused { hint, .. } => hint.clone(),
            Self::NoIdentity { identity, .. } => {
                format!("put the identity that made the vault at {identity}")
            }
            Self::BadIdentity { path } => format!("restore {path} from your backup"),
            Self::WrongIdentity { identity, .. } => {
                format!(
                    "add the line of the right identity to {identity}, or have yourself let in by \
                     `ennead secrets recipients add`"
                )
            }
            Self::Damaged { vault, .. } => format!("restore {vault} from your backup"),
            Self::Newer { .. } => "use the ennead that wrote it, or a later one".to_owned(),
            Self::ChangedMeanwhile { .. } => "run the same command again".to_owned(),
        }
    }
}

/// Makes the error of what is not done, and changes nothing.
fn refused(what: String) -> VaultError {
    VaultError::Refused { what, hint: "nothing was changed".to_owned() }
}
