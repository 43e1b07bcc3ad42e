//! How one authority is replaced by another while everything runs.
//!
//! ```text
//!            trusted everywhere   issues leaves
//! single     old                  old
//!   | a new one is made
//! introduced old + new            old
//!   | it takes over
//! switched   old + new            new
//!   | the old one is forgotten
//! single     new                  new
//! ```
//! Between two neighbours of this chain every node accepts every other, whichever of the two each
//! of them has reached. Between others it does not: an old leaf is nothing to who trusts the new
//! authority alone. So the next phase begins only when the last one is rolled out everywhere.
//!
//! Every phase issues all leaves anew. A program then takes the authorities up together with its
//! certificate: Patroni, for one, reads them again only when the certificate has changed, and the
//! order of a program that only watches the authorities' file would not change with it.

use ennead_model::Finding;
use jiff::Timestamp;
use serde::{Deserialize, Serialize};

use super::VaultError;
use super::contents::{Authority, Vault};
use super::life::AUTHORITY_NOTICE;
use super::wanted::Wanted;

/// Where the replacement of the authority stands.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum TrustPhase {
    /// One authority is trusted and issues: no replacement is under way.
    Single,
    /// A new one is trusted too; the old one still issues.
    Introduced,
    /// The new one issues; the old one is still trusted.
    Switched,
}

impl TrustPhase {
    /// Returns the phase that follows.
    #[must_use]
    pub fn next(self) -> Self {
        match self {
            Self::Single => Self::Introduced,
            Self::Introduced => Self::Switched,
            Self::Switched => Self::Single,
        }
    }

    /// Returns what is so in it, as a sentence.
    pub fn meaning(self) -> &'static str {
        match self {
            Self::Single => "one authority is trusted and issues certificates",
            Self::Introduced => "the new authority is trusted too; the old one still issues",
            Self::Switched => "the new authority issues; the old one is still trusted",
        }
    }
}

/// How far the vault's present state has come on the nodes.
#[derive(Debug, Clone, PartialEq, Eq)]
pub enum Rollout {
    /// Every node has carried out its orders with it: there is nothing left to do.
    Everywhere,
    /// Something is left to do, or not known.
    Unfinished {
        /// What, as a sentence.
        why: String,
    },
}

/// Decides which phase follows.
///
/// # Errors
/// Why it must not begin yet.
pub fn advance(phase: TrustPhase, rollout: &Rollout) -> Result<TrustPhase, String> {
    match rollout {
        Rollout::Everywhere => Ok(phase.next()),
        Rollout::Unfinished { why } => Err(why.clone()),
    }
}

/// The second authority while one is being replaced. The first is [`Vault`]'s `authority`, which
/// issues.
#[derive(Debug, Clone, Serialize, Deserialize)]
#[serde(deny_unknown_fields)]
pub(super) struct Overlap {
    /// The new one before it issues, then the old one.
    pub(super) other: Authority,
}

impl Vault {
    /// Returns where the replacement of the authority stands: the newer of two either issues or
    /// waits to.
    pub fn trust_phase(&self) -> TrustPhase {
        match (&self.authority, &self.overlap) {
            (Some(issuer), Some(overlap)) if issuer.number < overlap.other.number => {
                TrustPhase::Introduced
            }
            (Some(_), Some(_)) => TrustPhase::Switched,
            _ => TrustPhase::Single,
        }
    }

    /// Returns the certificates of all trusted authorities as PEM, the oldest first: the same text
    /// whichever of them issues. `None` before the first [`Vault::ensure`].
    pub fn trusted_authorities(&self) -> Option<String> {
        let mut trusted: Vec<&Authority> = self.authority.iter().collect();
        trusted.extend(self.overlap.iter().map(|overlap| &overlap.other));
        trusted.sort_by_key(|authority| authority.number);
        let texts: Vec<&str> = trusted.iter().map(|one| one.certificate.as_str()).collect();
        (!texts.is_empty()).then(|| texts.concat())
    }

    /// Goes one phase on with the replacement of the authority and issues all leaves anew.
    ///
    /// # Errors
    /// [`VaultError::Refused`] when the last phase is not rolled out everywhere; [`VaultError::Make`].
    /// The vault is then as it was.
    pub fn advance_trust(
        &mut self,
        wanted: &Wanted,
        rollout: &Rollout,
        now: Timestamp,
    ) -> Result<TrustPhase, VaultError> {
        let next = advance(self.trust_phase(), rollout).map_err(|why| VaultError::Refused {
            what: format!("the certificates are not as the vault has them everywhere: {why}"),
            hint: "run `ennead up`, then the same command again".to_owned(),
        })?;
        let mut changed = self.clone();
        changed.ensure_present(wanted, now)?;
        let Some(issuer) = changed.authority.take() else { return Ok(TrustPhase::Single) };
        match (next, changed.overlap.take()) {
            (TrustPhase::Introduced, _) => {
                let number = issuer.number.saturating_add(1);
                let other = Authority::make(&wanted.platform, number, now)?;
                changed.overlap = Some(Overlap { other });
                changed.authority = Some(issuer);
            }
            (TrustPhase::Switched, Some(Overlap { other: new })) => {
                changed.overlap = Some(Overlap { other: issuer });
                changed.authority = Some(new);
            }
            (TrustPhase::Single | TrustPhase::Switched, _) => changed.authority = Some(issuer),
        }
        changed.reissue(wanted, now, |_, _| true)?;
        *self = changed;
        Ok(next)
    }

    /// Says when the authority that issues ends soon.
    pub(super) fn authority_finding(&self, now: Timestamp) -> Option<Finding> {
        let authority = self.authority.as_ref()?;
        if self.trust_phase() == TrustPhase::Introduced
            || now + AUTHORITY_NOTICE < authority.not_after
        {
            return None;
        }
        let message = format!("the platform's authority ends at {}", day(authority.not_after));
        let hint = "replace it: `ennead certs rotate --ca`, then `ennead up`, three times";
        Some(Finding::warning("authority-ends", "certificates", message).hint(hint))
    }
}

/// Returns the day of a time, in UTC.
pub(super) fn day(time: Timestamp) -> String {
    time.strftime("%Y-%m-%d").to_string()
}

#[cfg(test)]
#[path = "trust_tests.rs"]
mod tests;
