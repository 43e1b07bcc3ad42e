//! Values and fingerprints of references.

use std::borrow::Cow;
use std::collections::BTreeMap;
use std::fmt;
use std::net::Ipv4Addr;
use std::sync::{Arc, PoisonError, RwLock, RwLockReadGuard, RwLockWriteGuard};

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
            RefKind::OperatorPublicKey
            | RefKind::PublicIp
            | RefKind::ServerId
            | RefKind::CloudEndpoint
            | RefKind::CloudToken
            | RefKind::FloatingIp
            | RefKind::FloatingIpId => None,
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
            RefKind::PublicIp
            | RefKind::ServerId
            | RefKind::CloudEndpoint
            | RefKind::CloudToken
            | RefKind::FloatingIp
            | RefKind::FloatingIpId => Vec::new(),
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
                let fingerprint = self.fingerprint(&reference, &value);
                fingerprints.insert(reference, fingerprint);
            }
        }
        fingerprints
    }

    fn fingerprint(&self, reference: &Ref, value: &str) -> String {
        let mut digest = sha256_hex(format!("{}\n{reference}\n{value}", self.salt.expose()));
        digest.truncate(FINGERPRINT_CHARS);
        digest
    }
}

impl RefResolver for Vault {
    fn resolve(&self, reference: &Ref) -> Result<String, ResolveError> {
        let wrong_ca = reference.kind == RefKind::Ca && reference.name != "platform";
        let value = self.value(reference.kind, &reference.name).filter(|_| !wrong_ca);
        value.map(Cow::into_owned).ok_or_else(|| ResolveError::Unknown {
            reference: reference.to_string(),
            why: match reference.kind {
                kind if kind.is_learnt() => "only the cloud tells it".to_owned(),
                _ => "no component declares it, so the vault does not hold it".to_owned(),
            },
        })
    }
}

/// Resolves everything: what the vault holds, and what is learnt of the cloud: facts of servers as
/// they come into being, and how nodes reach its API.
pub struct Resolver {
    vault: Arc<Vault>,
    learnt: RwLock<BTreeMap<Ref, String>>,
}

impl fmt::Debug for Resolver {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        // Names only: one of the values is a token.
        let learnt: Vec<String> = self.read().keys().map(ToString::to_string).collect();
        f.debug_struct("Resolver").field("learnt", &learnt).finish_non_exhaustive()
    }
}

impl Resolver {
    /// Makes a resolver that has learnt nothing yet.
    pub fn new(vault: Arc<Vault>) -> Self {
        Self { vault, learnt: RwLock::default() }
    }

    /// Notes a value; the last one counts.
    pub fn learn(&self, reference: Ref, value: impl fmt::Display) {
        self.write().insert(reference, value.to_string());
    }

    /// Notes what a node's server is.
    pub fn learn_server(&self, node: &NodeName, id: u64, address: Ipv4Addr) {
        self.learn(Ref::new(RefKind::PublicIp, node), address);
        self.learn(Ref::new(RefKind::ServerId, node), id);
    }

    /// Forgets what the cloud has made, before it is learnt anew.
    pub fn forget_the_cloud(&self) {
        self.write().retain(|reference, _| !reference.kind.is_of_the_cloud());
    }

    /// Returns a node's public address, if it is known.
    pub fn public_ip(&self, node: &str) -> Option<Ipv4Addr> {
        self.read().get(&Ref::new(RefKind::PublicIp, node))?.parse().ok()
    }

    /// Notes the floating IP of an entry in a site, `ENTRY/SITE`.
    pub fn learn_floating_ip(&self, place: &str, address: Ipv4Addr, id: u64) {
        self.learn(Ref::new(RefKind::FloatingIp, place), address);
        self.learn(Ref::new(RefKind::FloatingIpId, place), id);
    }

    /// Returns the vault.
    pub fn vault(&self) -> &Vault {
        &self.vault
    }

    /// Returns a fingerprint of everything that can be resolved now: what the cloud has made as it is,
    /// everything else as [`Vault::fingerprints`] does.
    pub fn fingerprints(&self) -> Fingerprints {
        let mut fingerprints = self.vault.fingerprints();
        for (reference, value) in self.read().iter() {
            let plain = reference.kind.is_of_the_cloud();
            let print =
                if plain { value.clone() } else { self.vault.fingerprint(reference, value) };
            fingerprints.insert(reference.clone(), print);
        }
        fingerprints
    }

    fn read(&self) -> RwLockReadGuard<'_, BTreeMap<Ref, String>> {
        self.learnt.read().unwrap_or_else(PoisonError::into_inner)
    }

    fn write(&self) -> RwLockWriteGuard<'_, BTreeMap<Ref, String>> {
        self.learnt.write().unwrap_or_else(PoisonError::into_inner)
    }
}

impl RefResolver for Resolver {
    fn resolve(&self, reference: &Ref) -> Result<String, ResolveError> {
        if !reference.kind.is_learnt() {
            return self.vault.resolve(reference);
        }
        let why = if reference.kind.is_of_server() {
            "its server does not exist yet"
        } else if reference.kind.is_of_the_cloud() {
            "it does not exist yet"
        } else {
            "this run has no way to the cloud"
        };
        self.read().get(reference).cloned().ok_or_else(|| ResolveError::Unknown {
            reference: reference.to_string(),
            why: why.to_owned(),
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
        let resolver = Resolver::new(Arc::new(vault()));
        let text = "@{secret:one} @{ca:platform} @{wg-private:a} @{wg-public:a} @{host-key:a} \
                    @{host-public-key:a} @{server-id:a} @{public-ip:a}";
        let error = resolve_text(text, &resolver).unwrap_err().to_string();
        assert_eq!(error, "@{server-id:a} is not known: its server does not exist yet");
        resolver.learn_server(&"a".parse().unwrap(), 42, "192.0.2.7".parse().unwrap());
        let resolved = resolve_text(text, &resolver).unwrap();
        assert!(resolved.contains("BEGIN CERTIFICATE") && resolved.ends_with(" 42 192.0.2.7"));
        resolver.forget_the_cloud();
        assert!(resolve_text(text, &resolver).is_err());
    }

    #[test]
    fn the_token_has_a_fingerprint_and_is_never_shown() {
        let resolver = Resolver::new(Arc::new(vault()));
        let token = Ref::new(RefKind::CloudToken, "nodes");
        resolver.learn(token.clone(), "very-secret");
        let fingerprints = resolver.fingerprints();
        assert_eq!(fingerprints[&token].len(), FINGERPRINT_CHARS);
        assert!(!format!("{resolver:?} {fingerprints:?}").contains("very-secret"));
        resolver.learn(token.clone(), "another");
        assert_ne!(resolver.fingerprints()[&token], fingerprints[&token]);
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
