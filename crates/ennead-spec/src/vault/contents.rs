//! What a vault holds, in memory and as JSON.

use std::collections::BTreeMap;

use ennead_model::NodeName;
use jiff::Timestamp;
use secrecy::{ExposeSecret, SecretString};
use serde::{Deserialize, Deserializer, Serialize, Serializer};

use super::life::Life;
use super::recipients::Recipients;
use super::trust::Overlap;
use super::wanted::LeafRequest;

/// Version of the JSON inside the encrypted file. Version 1 knew neither recipients nor a second
/// authority; it is read, and written as the newest.
pub(super) const FORMAT_VERSION: u32 = 2;

/// A text that `Debug` does not show and that is wiped from memory when it is dropped. It is written
/// out only into the encrypted file.
#[derive(Debug, Clone)]
pub(super) struct Secret(SecretString);

impl Secret {
    pub(super) fn new(text: impl Into<String>) -> Self {
        Self(SecretString::from(text.into()))
    }

    pub(super) fn expose(&self) -> &str {
        self.0.expose_secret()
    }
}

impl Serialize for Secret {
    fn serialize<S: Serializer>(&self, serializer: S) -> Result<S::Ok, S::Error> {
        serializer.serialize_str(self.expose())
    }
}

impl<'de> Deserialize<'de> for Secret {
    fn deserialize<D: Deserializer<'de>>(deserializer: D) -> Result<Self, D::Error> {
        String::deserialize(deserializer).map(Self::new)
    }
}

/// A password.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Password {
    pub(super) purpose: String,
    pub(super) value: Secret,
    /// When the value was made or set; absent when version 1 made it.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) since: Option<Timestamp>,
}

/// A certificate authority of the platform.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Authority {
    /// PEM.
    pub(super) certificate: String,
    /// PKCS 8 PEM.
    pub(super) key: Secret,
    pub(super) not_after: Timestamp,
    /// Counts the platform's authorities; the first is 1.
    #[serde(default = "first")]
    pub(super) number: u32,
}

/// A leaf certificate with its key.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Leaf {
    pub(super) request: LeafRequest,
    /// PEM.
    pub(super) certificate: String,
    /// PKCS 8 PEM.
    pub(super) key: Secret,
    pub(super) not_before: Timestamp,
    pub(super) not_after: Timestamp,
    /// Number of the authority that issued it.
    #[serde(default = "first")]
    pub(super) issuer: u32,
    /// Life of the one that its node may still have: the oldest that was issued since the last one
    /// was seen to be everywhere.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) replaced: Option<Life>,
}

/// A private key and its public half, each in the form in which its program wants it.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct KeyPair {
    pub(super) private: Secret,
    pub(super) public: String,
}

/// Everything secret that belongs to a spec. Its `Debug` shows no secret.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub struct Vault {
    pub(super) format_version: u32,
    /// Makes fingerprints useless to whoever wants to guess a value from them.
    pub(super) salt: Secret,
    pub(super) secrets: BTreeMap<String, Password>,
    /// Issues leaf certificates.
    pub(super) authority: Option<Authority>,
    /// Present while the authority is being replaced.
    #[serde(default, skip_serializing_if = "Option::is_none")]
    pub(super) overlap: Option<Overlap>,
    /// By `NAME/NODE`.
    pub(super) leaves: BTreeMap<String, Leaf>,
    /// SSH host keys.
    pub(super) hosts: BTreeMap<NodeName, KeyPair>,
    /// The operator's SSH key.
    pub(super) operator: Option<KeyPair>,
    pub(super) wireguard: BTreeMap<NodeName, KeyPair>,
    /// Who can open the file, by name; empty while it is the identity that made it.
    #[serde(default, skip_serializing_if = "Recipients::is_empty")]
    pub(super) recipients: Recipients,
}

impl Vault {
    /// Makes an empty vault with a salt of its own.
    pub fn new() -> Self {
        Self {
            format_version: FORMAT_VERSION,
            salt: Secret::new(super::keys::random_text()),
            secrets: BTreeMap::new(),
            authority: None,
            overlap: None,
            leaves: BTreeMap::new(),
            hosts: BTreeMap::new(),
            operator: None,
            wireguard: BTreeMap::new(),
            recipients: Recipients::default(),
        }
    }

    /// Returns the operator's SSH private key in OpenSSH format; `None` before the first
    /// [`Vault::ensure`].
    pub fn operator_key(&self) -> Option<SecretString> {
        self.operator.as_ref().map(|pair| pair.private.0.clone())
    }

    /// Returns the operator's SSH public key, one line, named `<platform>-operator`.
    pub fn operator_public_key(&self) -> Option<&str> {
        self.operator.as_ref().map(|pair| pair.public.as_str())
    }

    /// Returns a node's SSH host public key, one line: type, base64 and the node's name, which is
    /// what follows the host's name or address in `known_hosts`.
    pub fn host_public_key(&self, node: &str) -> Option<&str> {
        self.hosts.get(node).map(|pair| pair.public.as_str())
    }

    /// Returns the names of passwords with what each is for.
    pub fn secret_purposes(&self) -> impl Iterator<Item = (&str, &str)> {
        self.secrets.iter().map(|(name, secret)| (name.as_str(), secret.purpose.as_str()))
    }
}

impl Default for Vault {
    fn default() -> Self {
        Self::new()
    }
}

/// The number of a platform's first authority.
pub(super) fn first() -> u32 {
    1
}
