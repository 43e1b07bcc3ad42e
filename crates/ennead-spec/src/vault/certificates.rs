//! Leaf certificates as an operator looks at them: when each ends, when it is renewed, whether its
//! node has it, and how to have new ones.

use ennead_components::Usage;
use ennead_model::Finding;
use jiff::Timestamp;

use super::VaultError;
use super::contents::{Leaf, Vault};
use super::life::Life;
use super::trust::day;
use super::wanted::Wanted;

/// What can be told of a leaf certificate.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct CertificateFacts<'a> {
    /// Its name, unique on the node.
    pub name: &'a str,
    /// The node that it is for.
    pub node: &'a str,
    /// What it may be used for.
    pub usage: Usage,
    /// Number of the authority that issued it.
    pub authority: u32,
    /// Its life in the vault.
    pub life: Life,
    /// Life of the one that the node may still have, when that is another.
    pub on_node: Option<Life>,
}

impl CertificateFacts<'_> {
    /// Returns the life of the certificate that the node has for all that is known.
    pub fn used(&self) -> Life {
        self.on_node.unwrap_or(self.life)
    }
}

impl Leaf {
    /// Returns from when to when it is valid.
    pub(super) fn life(&self) -> Life {
        Life { not_before: self.not_before, not_after: self.not_after }
    }
}

impl Vault {
    /// Returns the leaf certificates by name and node.
    pub fn certificates(&self) -> impl Iterator<Item = CertificateFacts<'_>> {
        self.leaves.iter().map(|(name, leaf)| {
            let (name, node) = split(name);
            CertificateFacts {
                name,
                node,
                usage: leaf.request.usage,
                authority: leaf.issuer,
                life: leaf.life(),
                on_node: leaf.replaced,
            }
        })
    }

    /// Issues anew the leaf certificates that are picked by name and node; returns how many.
    ///
    /// # Errors
    /// [`VaultError::Make`]. What was issued until then is in the vault.
    pub fn reissue(
        &mut self,
        wanted: &Wanted,
        now: Timestamp,
        pick: impl Fn(&str, &str) -> bool,
    ) -> Result<usize, VaultError> {
        self.ensure_present(wanted, now)?;
        let mut count = 0;
        for (name, request) in &wanted.leaves {
            let (short, node) = split(name);
            if pick(short, node) {
                self.issue_anew(name, request, now)?;
                count += 1;
            }
        }
        Ok(count)
    }

    /// Notes that every node has the certificates of `seen`; those that were issued since stay
    /// noted as not there yet. True when something changed and has to be saved.
    pub fn confirm_rolled_out(&mut self, seen: &Self) -> bool {
        let mut changed = false;
        for (name, leaf) in &mut self.leaves {
            let same = seen.leaves.get(name).is_some_and(|it| it.certificate == leaf.certificate);
            changed |= same && leaf.replaced.take().is_some();
        }
        changed
    }

    /// Returns whether any certificate is not known to be on its node.
    pub fn has_unconfirmed_certificates(&self) -> bool {
        self.leaves.values().any(|leaf| leaf.replaced.is_some())
    }

    /// Says which certificates are past their renewal or their end, and an authority that ends soon.
    pub fn certificate_findings(&self, now: Timestamp) -> Vec<Finding> {
        let mut findings: Vec<Finding> = self.authority_finding(now).into_iter().collect();
        findings.extend(self.certificates().filter_map(|one| finding(&one, now)));
        findings
    }
}

fn finding(one: &CertificateFacts<'_>, now: Timestamp) -> Option<Finding> {
    let used = one.used();
    if !used.is_due(now) {
        return None;
    }
    let place = format!("certificates.{}/{}", one.name, one.node);
    let end = day(used.not_after);
    let (code, message) = if used.not_after <= now {
        ("certificate-ended", format!("it ended on {end}: peers refuse it"))
    } else {
        let since = day(used.renew_at());
        ("certificate-due", format!("its renewal was due on {since}; it ends on {end}"))
    };
    let hint = if one.on_node.is_some() {
        "it is renewed already but not on the node: `ennead up` brings it there"
    } else {
        "`ennead up` renews it"
    };
    Some(Finding::warning(code, place, message).hint(hint))
}

/// Splits `NAME/NODE`.
fn split(name: &str) -> (&str, &str) {
    name.split_once('/').unwrap_or((name, ""))
}

#[cfg(test)]
#[path = "certificates_tests.rs"]
mod tests;
