//! Passwords as an operator handles them: looked at without their values, set, made anew, edited
//! together as a text.

use std::collections::BTreeMap;

use ennead_host::redaction::SECRET_WORD_CHARS;
use jiff::Timestamp;
use secrecy::{ExposeSecret as _, SecretString};

use super::contents::{Password, Secret, Vault};
use super::keys::random_text;
use super::{VaultError, refused};
use crate::text::did_you_mean;

/// Most characters of a value: what every program of the platform takes without question. An
/// estimate, far below any documented limit.
const VALUE_CHARS_MAX: usize = 128;

/// What can be told of a password.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct SecretFacts<'a> {
    /// Its name.
    pub name: &'a str,
    /// What it is for.
    pub purpose: &'a str,
    /// When its value was made or set; `None` when a program made it that did not note it.
    pub since: Option<Timestamp>,
}

/// Values by name, out of an edited text.
pub type Edited = BTreeMap<String, SecretString>;

impl Vault {
    /// Returns what can be told of every password, by name.
    pub fn secrets(&self) -> impl Iterator<Item = SecretFacts<'_>> {
        self.secrets.iter().map(|(name, password)| SecretFacts {
            name,
            purpose: &password.purpose,
            since: password.since,
        })
    }

    /// Sets a password. False when it has this value already.
    ///
    /// # Errors
    /// [`VaultError::Refused`] for a name that is not there and for a value that some program of the
    /// platform could not take; it never holds the value.
    pub fn set_secret(
        &mut self,
        name: &str,
        value: &SecretString,
        now: Timestamp,
    ) -> Result<bool, VaultError> {
        let password = self.password(name)?;
        let value = value.expose_secret();
        check_value(value).map_err(|why| refused(format!("the value for {name} {why}")))?;
        if password.value.expose() == value {
            return Ok(false);
        }
        password.value = Secret::new(value);
        password.since = Some(now);
        Ok(true)
    }

    /// Gives a password a new random value.
    ///
    /// # Errors
    /// [`VaultError::Refused`] for a name that is not there.
    pub fn rotate_secret(&mut self, name: &str, now: Timestamp) -> Result<(), VaultError> {
        let password = self.password(name)?;
        password.value = Secret::new(random_text());
        password.since = Some(now);
        Ok(())
    }

    /// Refuses a name that is not there.
    ///
    /// # Errors
    /// [`VaultError::Refused`], with the nearest name.
    pub fn check_secret(&self, name: &str) -> Result<(), VaultError> {
        let names = self.secrets.keys().map(String::as_str);
        if self.secrets.contains_key(name) {
            return Ok(());
        }
        let hint = did_you_mean(name, "secrets", names);
        Err(VaultError::Refused { what: format!("there is no secret {name:?}"), hint })
    }

    fn password(&mut self, name: &str) -> Result<&mut Password, VaultError> {
        self.check_secret(name)?;
        self.secrets.get_mut(name).ok_or_else(|| refused(format!("there is no secret {name:?}")))
    }

    /// Returns all passwords as a text to edit: a line `NAME = VALUE` each, its purpose above it.
    pub fn to_edit(&self) -> SecretString {
        let mut text = String::from(
            "# Change values; names and lines stay. A value is 16 to 128 of A-Z a-z 0-9 - _\n",
        );
        for (name, password) in &self.secrets {
            let value = password.value.expose();
            text.extend(["\n# ", &password.purpose, "\n", name, " = ", value, "\n"]);
        }
        text.into()
    }

    /// Reads an edited text against what was shown: the values that differ.
    ///
    /// # Errors
    /// [`VaultError::Refused`] with the line's number or the name, never with a value, when a name is
    /// missing, new or there twice, or a value cannot be taken.
    pub fn read_edit(&self, text: &SecretString) -> Result<Edited, VaultError> {
        let mut read = Edited::new();
        for (index, line) in text.expose_secret().lines().enumerate() {
            let (number, line) = (index + 1, line.trim());
            if line.is_empty() || line.starts_with('#') {
                continue;
            }
            let Some((name, value)) = line.split_once('=') else {
                return Err(refused(format!("line {number} is not like NAME = VALUE")));
            };
            let (name, value) = (name.trim(), value.trim());
            if !self.secrets.contains_key(name) {
                // Not shown: what stands before the sign could be a value.
                return Err(refused(format!("line {number} names no secret")));
            }
            check_value(value).map_err(|why| refused(format!("the value for {name} {why}")))?;
            if read.insert(name.to_owned(), value.to_owned().into()).is_some() {
                return Err(refused(format!("{name} stands there twice")));
            }
        }
        if let Some(name) = self.secrets.keys().find(|name| !read.contains_key(*name)) {
            return Err(refused(format!("the line of {name} is missing")));
        }
        let differs = |name: &str, value: &SecretString| {
            let known = self.secrets.get(name);
            known.is_none_or(|password| password.value.expose() != value.expose_secret())
        };
        read.retain(|name, value| differs(name, value));
        Ok(read)
    }

    /// Sets edited values, which were read against `shown`.
    ///
    /// # Errors
    /// [`VaultError::Refused`] when somebody else changed one of them since it was shown.
    pub fn apply_edit(
        &mut self,
        shown: &Self,
        edited: &Edited,
        now: Timestamp,
    ) -> Result<(), VaultError> {
        let value = |vault: &Self, name: &str| {
            vault.secrets.get(name).map(|password| password.value.expose().to_owned())
        };
        if let Some(name) = edited.keys().find(|name| value(self, name) != value(shown, name)) {
            return Err(refused(format!("{name} was changed by somebody else meanwhile")));
        }
        for (name, value) in edited {
            self.set_secret(name, value, now)?;
        }
        Ok(())
    }
}

/// Says what is wrong with a value, as the end of a sentence.
///
/// The programs of the platform take it unquoted into configuration files, passphrase files and
/// URLs; and texts of programs that fail are searched for words of this kind to be hidden.
fn check_value(value: &str) -> Result<(), String> {
    let part = |c: char| c.is_ascii_alphanumeric() || c == '-' || c == '_';
    if !value.chars().all(part) {
        return Err("has characters other than A-Z a-z 0-9 - _".to_owned());
    }
    if value.starts_with('-') {
        return Err("begins with a dash, which programs read as an option".to_owned());
    }
    match value.len() {
        short if short < SECRET_WORD_CHARS => {
            Err(format!("has {short} characters; at least {SECRET_WORD_CHARS} are needed"))
        }
        long if long > VALUE_CHARS_MAX => {
            Err(format!("has {long} characters; at most {VALUE_CHARS_MAX} are taken"))
        }
        _ => Ok(()),
    }
}

#[cfg(test)]
#[path = "secrets_tests.rs"]
mod tests;
