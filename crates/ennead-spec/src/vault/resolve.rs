//! Values and fingerprints of references.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::net::Ipv4Addr;
use std::sync::{Arc, PoisonError, RwLock};

use ennead_model::{Fingerprints, NodeName, Ref, RefKind, RefResolver, ResolveError, sha256_hex};

use super::contents::Vault;

/// Characters of a fingerprint: 64 bits, enough to see a change, too few to be a proof of a value.
const FINGERPRINT_CHARS: usize = 16;

impl Vault {
    pub(super) fn value(&self, kind: RefKind, name: &str) -> Option<Cow<'_, str>> {
        let value = match kind {
            RefKind::Secret => self.secrets.get(name).map(|secret| secret.value.expose()),
            RefKind::Ca => return self.trusted_authorities().map(Cow::Owned),
            RefKind::Cert => self.leaves.get(name).map(|leaf| leaf.certificate.as_str()),
            RefKind::Key => self.leaves.get(name).map(|leaf| leaf.key.expose()),
            RefKind::WgPrivate => self.wireguard.get(name).map(|pair| pair.private.expose()),
            RefKind::WgPublic => self.wireguard.get(name).map(|pair| pair.public.as_str()),
            RefKind::HostKey => self.hosts.get(name).map(|pair| pair.private.expose()),
            RefKind::HostPublicKey => self.host_public_key(name),
            RefKind::OperatorPublicKey if name == "platform" => self.operator_public_key(),
            RefKind::OperatorPublicKey | RefKind::PublicIp => None,
        };
        value.map(Cow::Borrowed)
    }

    pub(super) fn names(&self, kind: RefKind) -> Vec<&str> {
        match kind {
            RefKind::Secret => self.secrets.keys().map(String::as_str).collect(),
            RefKind::Ca => self.authority.iter().map(|_| "platform").collect(),
            RefKind::Cert | RefKind::Key => self.leaves.keys().map(String::as_str).collect(),
            RefKind::WgPrivate | RefKind::WgPublic => {
                self.wireguard.keys().map(NodeName::as_str).collect()
            }
            RefKind::HostKey | RefKind::HostPublicKey => {
                self.hosts.keys().map(NodeName::as_str).collect()
            }
            RefKind::OperatorPublicKey => {
                self.operator_public_key().map(|_| "platform").into_iter().collect()
            }
            RefKind::PublicIp => Vec::new(),
        }
    }

    /// Returns a fingerprint of every value: part of a digest over a salt of this vault, the
    /// reference and the value. It changes when the value does, and tells nothing else.
    pub fn fingerprints(&self) -> Fingerprints {
        let mut fingerprints = Fingerprints::new();
        for (kind, _) in RefKind::ALL {
            for name in self.names(kind) {
                let Some(value) = self.value(kind, name) else { continue };
                let reference = Ref::new(kind, name);
                let text = format!("{}\n{reference}\n{value}", self.salt.expose());
                let mut digest = sha256_hex(text);
                digest.truncate(FINGERPRINT_CHARS);
                fingerprints.insert(reference, digest);
            }
        }
        fingerprints
    }
}

impl RefResolver for Vault {
    fn resolve(&self, reference: &Ref) -> Result<String, ResolveError> {
        let wrong_ca = reference.kind == RefKind::Ca && reference.name != "platform";
        let value = self.value(reference.kind, &reference.name).filter(|_| !wrong_ca);
        value.map(Cow::into_owned).ok_or_else(|| ResolveError::Unknown {
            reference: reference.to_string(),
            why: match reference.kind {
                RefKind::PublicIp => "addresses are known once the server exists".to_owned(),
                _ => "no component declares it, so the vault does not hold it".to_owned(),
            },
        })
    }
}

/// Resolves everything: what the vault holds, and the public addresses that are learnt as servers
/// come into being.
pub struct Resolver {
    vault: Arc<Vault>,
    public_ips: RwLock<BTreeMap<NodeName, Ipv4Addr>>,
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.debug_struct("Resolver").field("public_ips", &self.public_ips).finish_non_exhaustive()
    }
}

impl Resolver {
    /// Makes a resolver that knows these public addresses.
    pub fn new(vault: Arc<Vault>, public_ips: BTreeMap<NodeName, Ipv4Addr>) -> Self {
        Self { vault, public_ips: RwLock::new(public_ips) }
    }

    /// Notes a node's public address.
    pub fn learn(&self, node: NodeName, address: Ipv4Addr) {
        let mut known = self.public_ips.write().unwrap_or_else(PoisonError::into_inner);
        known.insert(node, address);
    }

    /// Returns a node's public address, if it is known.
    pub fn public_ip(&self, node: &str) -> Option<Ipv4Addr> {
        let known = self.public_ips.read().unwrap_or_else(PoisonError::into_inner);
        known.get(node).copied()
    }

    /// Returns the vault.
    pub fn vault(&self) -> &Vault {
        &self.vault
    }
}

impl RefResolver for Resolver {
    fn resolve(&self, reference: &Ref) -> Result<String, ResolveError> {
        if reference.kind != RefKind::PublicIp {
            return self.vault.resolve(reference);
        }
        let address = self.public_ip(&reference.name);
        address.map(|address| address.to_string()).ok_or_else(|| ResolveError::Unknown {
            reference: reference.to_string(),
            why: "its server does not exist yet".to_owned(),
        })
    }
}

#[cfg(test)]
mod tests {
    use ennead_model::reference::resolve_text;

    use super::*;
    use crate::vault::Wanted;

    fn vault() -> Vault {
        let mut vault = Vault::new();
        let mut wanted = Wanted::nothing("demo", ["a".parse().unwrap()]);
        wanted.secrets.insert("one".into(), "for a test".into());
        vault.ensure(&wanted, "2026-11-23T12:00:00Z".parse().unwrap()).unwrap();
        vault
    }

    #[test]
    fn every_kind_resolves_and_addresses_are_learnt() {
        let resolver = Resolver::new(Arc::new(vault()), BTreeMap::new());
        let text = "@{secret:one} @{ca:platform} @{wg-private:a} @{wg-public:a} @{host-key:a} \
                    @{host-public-key:a} @{public-ip:a}";
        let error = resolve_text(text, &resolver).unwrap_err().to_string();
        assert_eq!(error, "@{public-ip:a} is not known: its server does not exist yet");
        resolver.learn("a".parse().unwrap(), "192.0.2.7".parse().unwrap());
        let resolved = resolve_text(text, &resolver).unwrap();
        assert!(resolved.contains("BEGIN CERTIFICATE") && resolved.ends_with(" 192.0.2.7"));
    }

    #[test]
    fn what_is_not_there_is_named() {
        let vault = vault();
        for text in ["@{secret:two}", "@{ca:other}", "@{cert:x/a}", "@{wg-public:b}"] {
            let error = resolve_text(text, &vault).unwrap_err().to_string();
            assert!(error.starts_with(text), "{error}");
        }
    }

    #[test]
    fn fingerprints_differ_between_vaults_and_cover_every_value() {
        let (one, two) = (vault(), vault());
        assert_eq!(one.fingerprints(), one.clone().fingerprints());
        assert_eq!(one.fingerprints().len(), 7);
        for (reference, fingerprint) in one.fingerprints() {
            assert_eq!(fingerprint.len(), 16);
            assert_ne!(two.fingerprints()[&reference], fingerprint, "{reference}");
        }
    }
}
