//! Which guard leads: whoever's lease the election key hangs on. Pure; [`super::daemon`] asks etcd.
//!
//! Each guard has one lease, granted once and renewed at a third of its length. Its vote hangs on
//! it, and the election key if it leads. The term is the revision at which the election key was
//! created, so a guard knows that it leads from any reading of the key.

use ennead_guard::{LeaseId, Term};

use super::cluster::Elected;
use super::etcd::Renewal;

/// What the lease needs.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(crate) enum Upkeep {
    /// A lease of so many seconds.
    Grant {
        /// Seconds.
        ttl_s: u64,
    },
    /// A renewal.
    Renew(LeaseId),
}

/// A guard's part in the election.
#[derive(Debug, Clone)]
pub(crate) struct Election {
    ttl_s: u64,
    lease: Option<Held>,
    term: Option<Term>,
    upkeep_at_ms: u64,
    upkeep_asked: bool,
    campaign_asked: bool,
    vacant_since_ms: Option<u64>,
    /// Newest revision of the store that is known; older readings say nothing.
    revision: u64,
}

#[derive(Debug, Clone, Copy)]
struct Held {
    id: LeaseId,
    until_ms: u64,
}

impl Election {
    /// Begins without a lease.
    pub(crate) fn new(ttl_s: u64) -> Self {
        Self {
            ttl_s,
            lease: None,
            term: None,
            upkeep_at_ms: 0,
            upkeep_asked: false,
            campaign_asked: false,
            vacant_since_ms: None,
            revision: 0,
        }
    }

    /// Returns the guard's own lease.
    pub(crate) fn lease(&self) -> Option<LeaseId> {
        self.lease.map(|held| held.id)
    }

    /// Returns the term of this guard, and until when it lasts.
    pub(crate) fn leadership(&self) -> Option<(Term, u64)> {
        Some((self.term?, self.lease?.until_ms))
    }

    /// Returns what the lease needs now; one thing at a time.
    pub(crate) fn upkeep(&mut self, now_ms: u64) -> Option<Upkeep> {
        if self.upkeep_asked || now_ms < self.upkeep_at_ms {
            return None;
        }
        self.upkeep_asked = true;
        Some(match self.lease {
            None => Upkeep::Grant { ttl_s: self.ttl_s },
            Some(held) => Upkeep::Renew(held.id),
        })
    }

    /// Has the lease renewed at once, for an act that needs all of it.
    pub(crate) fn hurry(&mut self, now_ms: u64) {
        self.upkeep_at_ms = self.upkeep_at_ms.min(now_ms);
    }

    /// Takes the answer to a grant that was sent at `sent_ms`; none if there was none.
    pub(crate) fn granted(&mut self, sent_ms: u64, answer: Option<(LeaseId, u64)>) {
        self.upkeep_asked = false;
        let Some((id, ttl_s)) = answer else { return self.upkeep_again(sent_ms) };
        self.keep(id, sent_ms, ttl_s);
    }

    /// Takes the answer to a renewal that was sent at `sent_ms`; none if there was none.
    pub(crate) fn renewed(&mut self, sent_ms: u64, lease: LeaseId, answer: Option<Renewal>) {
        self.upkeep_asked = false;
        match answer {
            Some(Renewal::Lasts { ttl_s }) if self.lease() == Some(lease) => {
                self.keep(lease, sent_ms, ttl_s);
            }
            Some(Renewal::Gone) if self.lease() == Some(lease) => {
                (self.lease, self.term, self.upkeep_at_ms) = (None, None, 0);
            }
            _ => self.upkeep_again(sent_ms),
        }
    }

    fn keep(&mut self, id: LeaseId, sent_ms: u64, ttl_s: u64) {
        let ttl_ms = ttl_s.saturating_mul(1_000);
        let until_ms = sent_ms.saturating_add(ttl_ms);
        let before = self.lease.filter(|held| held.id == id).map_or(0, |held| held.until_ms);
        self.lease = Some(Held { id, until_ms: until_ms.max(before) });
        self.upkeep_at_ms = sent_ms.saturating_add(ttl_ms / 3);
    }

    /// After silence the lease is tended again soon: a tenth of its length after the last try.
    fn upkeep_again(&mut self, sent_ms: u64) {
        self.upkeep_at_ms = sent_ms.saturating_add(self.ttl_s.saturating_mul(100));
    }

    /// Takes a reading of the election key at a revision of the store.
    pub(crate) fn seen(&mut self, now_ms: u64, revision: u64, elected: Option<Elected>) {
        if revision < self.revision {
            return;
        }
        self.revision = revision;
        let own = self.lease();
        self.term = elected.filter(|it| Some(it.lease) == own).map(|it| Term(it.created));
        self.vacant_since_ms = match elected {
            None => Some(self.vacant_since_ms.unwrap_or(now_ms)),
            Some(_) => None,
        };
    }

    /// Returns the lease to try to be elected with, if nobody leads.
    ///
    /// A guard on the primary's own node could do nothing about that node, and would die with it: it
    /// waits for two lengths of the lease, so that any other comes first.
    pub(crate) fn campaign(&mut self, now_ms: u64, is_on_primary: bool) -> Option<LeaseId> {
        let lease = self.lease()?;
        let since_ms = self.vacant_since_ms?;
        let patience_ms = if is_on_primary { self.ttl_s.saturating_mul(2_000) } else { 0 };
        if self.campaign_asked || now_ms.saturating_sub(since_ms) < patience_ms {
            return None;
        }
        self.campaign_asked = true;
        Some(lease)
    }

    /// Takes the end of a campaign: what the store said of the election key at which revision;
    /// none if it did not answer. Then a later reading tells.
    pub(crate) fn campaigned(&mut self, now_ms: u64, answer: Option<(u64, Option<Elected>)>) {
        self.campaign_asked = false;
        if let Some((revision, elected)) = answer {
            self.seen(now_ms, revision, elected);
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    const OWN: LeaseId = LeaseId(7);

    const fn elected(created: u64, lease: LeaseId) -> Elected {
        Elected { created, lease }
    }

    fn with_lease() -> Election {
        let mut election = Election::new(3);
        assert_eq!(election.upkeep(0), Some(Upkeep::Grant { ttl_s: 3 }));
        assert_eq!(election.upkeep(0), None, "one at a time");
        election.granted(100, Some((OWN, 3)));
        election
    }

    #[test]
    fn leadership_lasts_from_the_sending_of_the_renewal() {
        let mut election = with_lease();
        election.seen(200, 10, None);
        assert_eq!(election.campaign(200, false), Some(OWN));
        assert_eq!(election.campaign(200, false), None, "one at a time");
        election.campaigned(300, Some((11, Some(elected(11, OWN)))));
        assert_eq!(election.leadership(), Some((Term(11), 3_100)));
        assert_eq!(election.upkeep(1_099), None);
        assert_eq!(election.upkeep(1_100), Some(Upkeep::Renew(OWN)));
        election.renewed(1_100, OWN, Some(Renewal::Lasts { ttl_s: 3 }));
        assert_eq!(election.leadership(), Some((Term(11), 4_100)));
        assert_eq!(election.upkeep(1_200), None);
        election.hurry(1_200);
        assert_eq!(election.upkeep(1_200), Some(Upkeep::Renew(OWN)));
    }

    #[test]
    fn a_lost_answer_to_a_campaign_is_found_by_the_next_reading() {
        let mut election = with_lease();
        election.seen(200, 10, None);
        election.campaign(200, false).unwrap();
        election.campaigned(1_200, None);
        assert_eq!(election.leadership(), None);
        election.seen(1_300, 12, Some(elected(11, OWN)));
        assert_eq!(election.leadership(), Some((Term(11), 3_100)));
    }

    #[test]
    fn a_reading_from_before_the_election_does_not_end_it() {
        let mut election = with_lease();
        election.campaigned(300, Some((11, Some(elected(11, OWN)))));
        election.seen(310, 10, None);
        assert!(election.leadership().is_some());
        election.seen(320, 12, None);
        assert_eq!(election.leadership(), None, "and one from after it does");
    }

    #[test]
    fn another_guards_key_and_a_lease_that_is_gone_end_it() {
        let mut election = with_lease();
        election.campaigned(300, Some((11, Some(elected(11, OWN)))));
        election.seen(400, 13, Some(elected(13, LeaseId(8))));
        assert_eq!(election.leadership(), None);
        election.seen(500, 14, Some(elected(14, OWN)));
        assert!(election.leadership().is_some());
        election.upkeep(1_200).unwrap();
        election.renewed(1_200, OWN, Some(Renewal::Gone));
        assert_eq!((election.leadership(), election.lease()), (None, None));
        assert_eq!(election.upkeep(1_201), Some(Upkeep::Grant { ttl_s: 3 }));
    }

    #[test]
    fn silence_is_followed_by_another_try_soon_and_leadership_is_not_extended() {
        let mut election = with_lease();
        election.campaigned(300, Some((11, Some(elected(11, OWN)))));
        election.upkeep(1_100).unwrap();
        election.renewed(1_100, OWN, None);
        assert_eq!(election.leadership(), Some((Term(11), 3_100)));
        assert_eq!(election.upkeep(1_399), None);
        assert_eq!(election.upkeep(1_400), Some(Upkeep::Renew(OWN)));
    }

    #[test]
    fn the_guard_on_the_primarys_node_lets_others_go_first() {
        let mut election = with_lease();
        election.seen(1_000, 10, None);
        assert_eq!(election.campaign(6_999, true), None);
        assert_eq!(election.campaign(7_000, true), Some(OWN));
    }
}
