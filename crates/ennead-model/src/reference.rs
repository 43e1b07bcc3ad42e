//! References inside an order's text to things that a plan must not or cannot hold:
//! secrets, private keys, and addresses that exist only after the server does.
//!
//! A reference is written `@{kind:name}`. The executor resolves all of them just before it sends an
//! order, so a plan can be printed and stored without holding a secret. The order's digest is made
//! from the unresolved text plus a fingerprint of each value, so a changed secret is seen as drift
//! without its value ever being compared.

use std::collections::BTreeMap;
use std::fmt;

use serde::{Deserialize, Serialize};
use thiserror::Error;

/// What kind of thing is referred to.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "kebab-case")]
pub enum RefKind {
    /// A password or random token: `@{secret:postgres-superuser}`.
    Secret,
    /// The platform's certificate authority as PEM: `@{ca:platform}`.
    Ca,
    /// A leaf certificate as PEM: `@{cert:NAME/NODE}`.
    Cert,
    /// A leaf certificate's private key as PEM: `@{key:NAME/NODE}`.
    Key,
    /// A WireGuard private key in base64: `@{wg-private:NODE}`.
    WgPrivate,
    /// A WireGuard public key in base64: `@{wg-public:NODE}`.
    WgPublic,
    /// An SSH host private key in OpenSSH PEM: `@{host-key:NODE}`.
    HostKey,
    /// An SSH host public key, one line: `@{host-public-key:NODE}`.
    HostPublicKey,
    /// The operator's SSH public key, one line: `@{operator-public-key:platform}`.
    OperatorPublicKey,
    /// A node's public IPv4 address: `@{public-ip:NODE}`. Known once its server exists.
    PublicIp,
    /// The cloud's id of a node's server: `@{server-id:NODE}`. Known once the server exists.
    ServerId,
    /// Where nodes reach the cloud's API: `@{cloud-endpoint:nodes}`.
    CloudEndpoint,
    /// What opens the cloud's API to nodes: `@{cloud-token:nodes}`.
    CloudToken,
    /// The address of an entry's floating IP in a site: `@{floating-ip:ENTRY/SITE}`. Known once it
    /// exists.
    FloatingIp,
    /// The cloud's id of the same: `@{floating-ip-id:ENTRY/SITE}`.
    FloatingIpId,
}

impl RefKind {
    /// All kinds with their spelling.
    pub const ALL: [(Self, &'static str); 15] = [
        (Self::Secret, "secret"),
        (Self::Ca, "ca"),
        (Self::Cert, "cert"),
        (Self::Key, "key"),
        (Self::WgPrivate, "wg-private"),
        (Self::WgPublic, "wg-public"),
        (Self::HostKey, "host-key"),
        (Self::HostPublicKey, "host-public-key"),
        (Self::OperatorPublicKey, "operator-public-key"),
        (Self::PublicIp, "public-ip"),
        (Self::ServerId, "server-id"),
        (Self::CloudEndpoint, "cloud-endpoint"),
        (Self::CloudToken, "cloud-token"),
        (Self::FloatingIp, "floating-ip"),
        (Self::FloatingIpId, "floating-ip-id"),
    ];

    /// Returns whether it names a fact of a node's server, which exists once the server does.
    pub fn is_of_server(self) -> bool {
        matches!(self, Self::PublicIp | Self::ServerId)
    }

    /// Returns whether the value exists only once the cloud has made what it belongs to.
    pub fn is_of_the_cloud(self) -> bool {
        self.is_of_server() || matches!(self, Self::FloatingIp | Self::FloatingIpId)
    }

    /// Returns whether its value comes from the cloud or the way there, not from the vault.
    pub fn is_learnt(self) -> bool {
        self.is_of_the_cloud() || matches!(self, Self::CloudEndpoint | Self::CloudToken)
    }

    fn spelling(self) -> &'static str {
        Self::ALL.iter().find(|(kind, _)| *kind == self).map_or("", |(_, text)| text)
    }
}

/// One reference.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
pub struct Ref {
    /// What kind of thing.
    pub kind: RefKind,
    /// Which one.
    pub name: String,
}

impl Ref {
    /// Makes a reference.
    pub fn new(kind: RefKind, name: impl fmt::Display) -> Self {
        Self { kind, name: name.to_string() }
    }
}

impl fmt::Display for Ref {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "@{{{}:{}}}", self.kind.spelling(), self.name)
    }
}

/// Fingerprints of referenced values by reference; never the values.
pub type Fingerprints = BTreeMap<Ref, String>;

/// A reference that cannot be resolved.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum ResolveError {
    /// The text has `@{` that is no reference.
    #[error("malformed reference at {at:?}")]
    Malformed {
        /// Up to 40 characters from the place.
        at: String,
    },
    /// Nothing of that name is known.
    #[error("{reference} is not known: {why}")]
    Unknown {
        /// The reference as written.
        reference: String,
        /// Why it is not known.
        why: String,
    },
}

/// Gives values for references.
pub trait RefResolver: Send + Sync {
    /// Returns the value.
    ///
    /// # Errors
    /// [`ResolveError::Unknown`] when there is none.
    fn resolve(&self, reference: &Ref) -> Result<String, ResolveError>;
}

enum Piece<'a> {
    Text(&'a str),
    Ref(Ref),
}

fn pieces(text: &str) -> Result<Vec<Piece<'_>>, ResolveError> {
    let mut pieces = Vec::new();
    let mut rest = text;
    while let Some((before, after)) = rest.split_once("@{") {
        pieces.push(Piece::Text(before));
        let malformed = || ResolveError::Malformed { at: after.chars().take(40).collect() };
        let (inside, tail) = after.split_once('}').ok_or_else(malformed)?;
        let (kind, name) = inside.split_once(':').ok_or_else(malformed)?;
        let kind = RefKind::ALL.iter().find(|(_, spelling)| *spelling == kind);
        let (kind, _) = kind.ok_or_else(malformed)?;
        pieces.push(Piece::Ref(Ref::new(*kind, name)));
        rest = tail;
    }
    pieces.push(Piece::Text(rest));
    Ok(pieces)
}

/// Returns the references that occur in a text, in order of occurrence.
///
/// # Errors
/// [`ResolveError::Malformed`].
pub fn references(text: &str) -> Result<Vec<Ref>, ResolveError> {
    Ok(pieces(text)?
        .into_iter()
        .filter_map(|piece| match piece {
            Piece::Ref(reference) => Some(reference),
            Piece::Text(_) => None,
        })
        .collect())
}

/// Returns the text with each reference replaced by its value. Values are not scanned again.
///
/// # Errors
/// [`ResolveError`] for the first reference that is malformed or unknown.
pub fn resolve_text(text: &str, resolver: &dyn RefResolver) -> Result<String, ResolveError> {
    let mut resolved = String::with_capacity(text.len());
    for piece in pieces(text)? {
        match piece {
            Piece::Text(text) => resolved.push_str(text),
            Piece::Ref(reference) => resolved.push_str(&resolver.resolve(&reference)?),
        }
    }
    Ok(resolved)
}

#[cfg(test)]
mod tests {
    use super::*;

    struct Fixed;
    impl RefResolver for Fixed {
        fn resolve(&self, reference: &Ref) -> Result<String, ResolveError> {
            Ok(format!("<{}>", reference.name))
        }
    }

    #[test]
    fn references_are_replaced_and_values_are_not_scanned_again() {
        let text = "a=@{secret:one} b=@{public-ip:n1}$";
        assert_eq!(resolve_text(text, &Fixed).unwrap(), "a=<one> b=<n1>$");
        assert_eq!(references(text).unwrap().len(), 2);
        assert_eq!(references(text).unwrap()[0].to_string(), "@{secret:one}");
    }

    #[test]
    fn malformed_references_are_refused() {
        for bad in ["@{secret:one", "@{secret}", "@{nonsense:one}"] {
            assert!(matches!(references(bad), Err(ResolveError::Malformed { .. })), "{bad}");
        }
    }
}
