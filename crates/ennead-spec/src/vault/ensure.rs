//! Makes what is missing in a vault.

use jiff::Timestamp;

use super::VaultError;
use super::contents::{Authority, Password, Secret, Vault, first};
use super::keys::{random_text, ssh_key_pair, wireguard_key_pair};
use super::wanted::{LeafRequest, Wanted};

impl Vault {
    /// Makes what is missing, issues anew the leaf certificates that are due or say something else
    /// than is wanted, and forgets those that nobody wants. Passwords and keys stay for ever: a node
    /// that comes back is the same node. True when something changed and has to be saved.
    ///
    /// # Errors
    /// [`VaultError::Make`], for example for a DNS name that is none. What was made until then is in
    /// the vault and may be saved.
    pub fn ensure(&mut self, wanted: &Wanted, now: Timestamp) -> Result<bool, VaultError> {
        let made = self.ensure_present(wanted, now)?;
        Ok(self.renew(wanted, now)? || made)
    }

    /// Makes what is missing and changes nothing that is there: for commands that only look, so that
    /// what they see of a certificate is what its node has.
    ///
    /// # Errors
    /// As [`Vault::ensure`].
    pub fn ensure_present(&mut self, wanted: &Wanted, now: Timestamp) -> Result<bool, VaultError> {
        let mut changed = false;
        for (name, purpose) in &wanted.secrets {
            match self.secrets.get_mut(name) {
                Some(secret) if secret.purpose == *purpose => continue,
                Some(secret) => secret.purpose.clone_from(purpose),
                None => {
                    let value = Secret::new(random_text());
                    let (purpose, since) = (purpose.clone(), Some(now));
                    let password = Password { purpose, value, since };
                    self.secrets.insert(name.clone(), password);
                }
            }
            changed = true;
        }
        for node in &wanted.nodes {
            if !self.hosts.contains_key(node) {
                self.hosts.insert(node.clone(), ssh_key_pair(node.as_str())?);
                changed = true;
            }
            if !self.wireguard.contains_key(node) {
                self.wireguard.insert(node.clone(), wireguard_key_pair());
                changed = true;
            }
        }
        if self.operator.is_none() {
            self.operator = Some(ssh_key_pair(&format!("{}-operator", wanted.platform))?);
            changed = true;
        }
        if self.authority.is_none() {
            // Leaves of an authority that is gone are of no use.
            self.leaves.clear();
            self.authority = Some(Authority::make(&wanted.platform, first(), now)?);
            changed = true;
        }
        for (name, request) in &wanted.leaves {
            if !self.leaves.contains_key(name) {
                self.issue_anew(name, request, now)?;
                changed = true;
            }
        }
        Ok(changed)
    }

    fn renew(&mut self, wanted: &Wanted, now: Timestamp) -> Result<bool, VaultError> {
        let before = self.leaves.len();
        self.leaves.retain(|name, _| wanted.leaves.contains_key(name));
        let mut changed = self.leaves.len() < before;
        let issuer = self.authority.as_ref().map_or_else(first, |authority| authority.number);
        for (name, request) in &wanted.leaves {
            if !self.leaves.get(name).is_some_and(|leaf| leaf.is_good(request, issuer, now)) {
                self.issue_anew(name, request, now)?;
                changed = true;
            }
        }
        Ok(changed)
    }

    /// Issues a leaf, noting the life of the one that its node may have until then.
    pub(super) fn issue_anew(
        &mut self,
        name: &str,
        request: &LeafRequest,
        now: Timestamp,
    ) -> Result<(), VaultError> {
        let Some(authority) = &self.authority else { return Ok(()) };
        let mut leaf = authority.issue(name, request, now)?;
        let former = self.leaves.get(name);
        leaf.replaced = former.map(|former| former.replaced.unwrap_or(former.life()));
        self.leaves.insert(name.to_owned(), leaf);
        Ok(())
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use ennead_components::Usage;
    use ennead_model::{Ref, RefKind, RefResolver as _};
    use jiff::SignedDuration;

    use super::*;

    const DAY: SignedDuration = SignedDuration::from_hours(24);

    fn wanted() -> Wanted {
        let mut wanted = Wanted::nothing("demo", ["a", "b"].map(|name| name.parse().unwrap()));
        wanted.secrets.insert("postgres-app".into(), "the application's".into());
        for node in ["a", "b"] {
            let request = LeafRequest {
                common_name: node.into(),
                dns_names: vec![node.into(), "localhost".into()],
                addresses: vec!["10.0.0.2".parse().unwrap()],
                usage: Usage::Both,
            };
            wanted.leaves.insert(format!("etcd/{node}"), request);
        }
        wanted
    }

    fn now() -> Timestamp {
        "2026-11-23T12:00:00Z".parse().unwrap()
    }

    fn changed_refs(old: &Vault, new: &Vault) -> Vec<String> {
        let (old, new) = (old.fingerprints(), new.fingerprints());
        let all: BTreeSet<_> = old.keys().chain(new.keys()).collect();
        all.into_iter().filter(|r| old.get(r) != new.get(r)).map(Ref::to_string).collect()
    }

    #[test]
    fn the_second_time_nothing_changes() {
        let mut vault = Vault::new();
        assert!(vault.ensure(&wanted(), now()).unwrap());
        let before = vault.clone();
        assert!(!vault.ensure(&wanted(), now() + DAY * 19).unwrap());
        assert_eq!(changed_refs(&before, &vault), Vec::<String>::new());
    }

    #[test]
    fn leaves_are_issued_anew_after_two_thirds_of_their_life() {
        let mut vault = Vault::new();
        vault.ensure(&wanted(), now()).unwrap();
        let before = vault.clone();
        assert!(vault.ensure(&wanted(), now() + DAY * 21).unwrap());
        let expected = ["@{cert:etcd/a}", "@{cert:etcd/b}", "@{key:etcd/a}", "@{key:etcd/b}"];
        assert_eq!(changed_refs(&before, &vault), expected);
    }

    #[test]
    fn a_changed_request_issues_that_leaf_alone() {
        let mut vault = Vault::new();
        vault.ensure(&wanted(), now()).unwrap();
        let before = vault.clone();
        let mut other = wanted();
        other.leaves.get_mut("etcd/a").unwrap().dns_names.push("db.demo.internal".into());
        assert!(vault.ensure(&other, now()).unwrap());
        assert_eq!(changed_refs(&before, &vault), ["@{cert:etcd/a}", "@{key:etcd/a}"]);
    }

    #[test]
    fn what_is_no_longer_wanted_keeps_its_passwords_and_keys_but_no_certificate() {
        let mut vault = Vault::new();
        vault.ensure(&wanted(), now()).unwrap();
        let before = vault.clone();
        let less = Wanted::nothing("demo", ["a".parse().unwrap()]);
        assert!(vault.ensure(&less, now()).unwrap());
        let gone = ["@{cert:etcd/a}", "@{cert:etcd/b}", "@{key:etcd/a}", "@{key:etcd/b}"];
        assert_eq!(changed_refs(&before, &vault), gone);
        assert!(vault.host_public_key("b").is_some());
    }

    #[test]
    fn a_name_that_cannot_be_certified_is_an_error_that_names_it() {
        let mut bad = wanted();
        bad.leaves.get_mut("etcd/b").unwrap().dns_names.push("é".into());
        let error = Vault::new().ensure(&bad, now()).unwrap_err().to_string();
        assert!(error.starts_with("cannot make certificate etcd/b: "), "{error}");
    }

    #[test]
    fn no_secret_is_shown_by_debug() {
        let mut vault = Vault::new();
        vault.ensure(&wanted(), now()).unwrap();
        let shown = format!("{vault:?}");
        let secret = vault.resolve(&Ref::new(RefKind::Secret, "postgres-app")).unwrap();
        assert!(!shown.contains(&secret) && !shown.contains("PRIVATE KEY"), "{shown}");
        assert!(!shown.contains(vault.salt.expose()));
        for (kind, name) in [(RefKind::WgPrivate, "a"), (RefKind::HostKey, "a")] {
            assert!(!shown.contains(vault.resolve(&Ref::new(kind, name)).unwrap().trim()));
        }
    }
}
