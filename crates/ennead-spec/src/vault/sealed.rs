//! The encrypted form of a vault: JSON inside age, for X25519 identities. Pure.
//!
//! The `age` program opens the file with the same identity, so an operator is never locked in.

use std::io::{Read as _, Write as _};

use age::x25519::Identity;
use age::{DecryptError, Decryptor, Encryptor, Recipient};
use secrecy::{ExposeSecret as _, SecretString};
use serde::Deserialize;

use super::contents::{FORMAT_VERSION, Vault};

/// Why an encrypted vault could not be opened.
#[derive(Debug, PartialEq, Eq)]
pub(super) enum OpenFailure {
    WrongIdentity,
    Damaged(String),
    Newer(u32),
}

/// What every version of the JSON begins with.
#[derive(Deserialize)]
struct Header {
    format_version: u32,
}

/// Returns the text of an identity file with a new identity.
pub(super) fn new_identity() -> SecretString {
    let identity = Identity::generate();
    let public = identity.to_public();
    let secret = identity.to_string();
    format!("# public key: {public}\n{}\n", secret.expose_secret()).into()
}

/// Reads the identities of an identity file; empty when there is none in it.
pub(super) fn read_identities(text: &str) -> Vec<Identity> {
    text.lines().filter_map(|line| line.trim().parse().ok()).collect()
}

/// Returns the text that is encrypted.
pub(super) fn json(vault: &Vault) -> Result<SecretString, String> {
    serde_json::to_string(vault).map(SecretString::from).map_err(|error| error.to_string())
}

/// Encrypts for the vault's recipients, or for all identities when it has none.
pub(super) fn seal(vault: &Vault, identities: &[Identity]) -> Result<Vec<u8>, String> {
    let json = json(vault)?;
    let mut recipients = vault.recipients.parsed()?;
    if recipients.is_empty() {
        recipients.extend(identities.iter().map(Identity::to_public));
    }
    let recipients = recipients.iter().map(|recipient| recipient as &dyn Recipient);
    let encryptor = Encryptor::with_recipients(recipients).map_err(|error| error.to_string())?;
    let mut sealed = Vec::new();
    let mut writer = encryptor.wrap_output(&mut sealed).map_err(|error| error.to_string())?;
    writer
        .write_all(json.expose_secret().as_bytes())
        .and_then(|()| writer.finish())
        .map_err(|error| error.to_string())?;
    Ok(sealed)
}

/// Decrypts with any of the identities.
pub(super) fn open(sealed: &[u8], identities: &[Identity]) -> Result<Vault, OpenFailure> {
    let damaged = |what: &str| OpenFailure::Damaged(what.to_owned());
    let failure = |error: DecryptError| match error {
        DecryptError::NoMatchingKeys => OpenFailure::WrongIdentity,
        _ => damaged("it is not an age file, or not a whole one"),
    };
    let decryptor = Decryptor::new_buffered(sealed).map_err(failure)?;
    let identities = identities.iter().map(|identity| identity as &dyn age::Identity);
    let mut reader = decryptor.decrypt(identities).map_err(failure)?;
    let mut json = String::new();
    reader.read_to_string(&mut json).map_err(|_| damaged("it is not whole"))?;
    let json = SecretString::from(json);
    let json = json.expose_secret();
    let header: Header = serde_json::from_str(json).map_err(|_| damaged("it is no vault"))?;
    if header.format_version > FORMAT_VERSION {
        return Err(OpenFailure::Newer(header.format_version));
    }
    // What serde says could hold a value, so only the place is told.
    let mut vault: Vault = serde_json::from_str(json)
        .map_err(|error| OpenFailure::Damaged(format!("line {} is no vault", error.line())))?;
    vault.format_version = FORMAT_VERSION;
    Ok(vault)
}
