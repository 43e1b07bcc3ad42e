//! How fast and how patient the guard is: every number, what it buys and what it costs.

use serde::{Deserialize, Serialize};

/// The guard's times, all in milliseconds.
///
/// # Assumptions
/// A request to the cloud is carried out within `doubt_ms` of its sending, or never.
///
/// # Source
/// `probe_every_ms` and `misses` are the platform's requirement. The others are estimates, to be replaced
/// by measurements of a real cloud, except where a source is named.
#[derive(Debug, Clone, PartialEq, Eq, Hash, Serialize, Deserialize)]
#[serde(deny_unknown_fields, default)]
pub struct Timing {
    /// Time between two probes of the same node, which is also how long a probe waits for its answer.
    /// Smaller finds a death sooner and takes a shorter pause for one. Keep it above five times the
    /// round trip between the sites: 300 ms at 60 ms.
    pub probe_every_ms: u64,
    /// Probes in a row without an answer until a node counts as silent. `probe_every_ms * misses`
    /// (1.2 s) is the longest pause of a node that is forgiven for sure. One more miss costs one
    /// `probe_every_ms` at each failover and forgives a pause that much longer.
    pub misses: u32,
    /// Time between two votes whose content did not change. A changed vote is written at once.
    /// Each vote is a write to etcd: `guards / vote_every_ms` of them.
    pub vote_every_ms: u64,
    /// Age above which a vote is no longer counted. A vantage point that died or was cut off keeps
    /// speaking for this long, and an `alive` of it holds a fence back. At least three
    /// `vote_every_ms`, or one lost write silences a healthy vantage point.
    pub vote_max_age_ms: u64,
    /// How long a node must be silent when nobody in its own failure domain can testify: the domain
    /// is lost, or cut off. Shorter takes over sooner after a site loss, longer forgives a longer
    /// break of the line between the sites. Above PostgreSQL's lease (20 s) it is without effect.
    pub domain_patience_ms: u64,
    /// Oldest reading of PostgreSQL's cluster state that an act may be based on.
    pub cluster_max_age_ms: u64,
    /// How long the guard's own leadership must still last when it acts. Must exceed the time from
    /// a decision to the sending of its request.
    pub lease_margin_ms: u64,
    /// How long a node must have been primary before it may be fenced: a primary that has just
    /// started is given time to be reachable.
    pub primary_settle_ms: u64,
    /// How long etcd may take to answer one request.
    pub etcd_ms: u64,
    /// How long the cloud may take to answer one request.
    pub api_ms: u64,
    /// How long a power-off may take from its request to a server seen `off`. Later than that
    /// PostgreSQL's own lease is about to decide anyway (ttl 20 s). Source: Patroni,
    /// dynamic configuration, `ttl`, whose minimum is 20.
    pub fence_ms: u64,
    /// Time between two looks at a power-off and at the server it is meant for. Each is a request of
    /// the 3600 that the cloud allows in an hour: an act takes at most `fence_ms / confirm_poll_ms`.
    pub confirm_poll_ms: u64,
    /// Oldest sighting of `off` that a revocation may be based on. The window in which somebody may
    /// switch the server on unseen; see the README, "Between off and revoke".
    pub sighting_max_age_ms: u64,
    /// How long a new primary is awaited before the dead node is switched on all the same. Above
    /// PostgreSQL's lease plus an election of etcd (20 s and 1 s).
    pub takeover_ms: u64,
    /// Time between two looks at a server that is being brought back; ten times as long once evidence
    /// says that it did not come. The cloud allows one request per second in the long run.
    pub restore_poll_ms: u64,
    /// How long a server may take to be seen running again before evidence says that it is not.
    pub restore_ms: u64,
    /// How long after its sending a request to the cloud may still be carried out.
    pub doubt_ms: u64,
    /// Acts within [`ACTS_WINDOW_MS`] above which the guard leaves the decision to the leases.
    pub acts_max: u32,
}

/// Time in which acts are counted. Source: the platform's requirement, ten minutes.
pub const ACTS_WINDOW_MS: u64 = 600_000;

impl Default for Timing {
    fn default() -> Self {
        Self {
            probe_every_ms: 300,
            misses: 4,
            vote_every_ms: 600,
            vote_max_age_ms: 2_000,
            domain_patience_ms: 2_000,
            cluster_max_age_ms: 1_000,
            lease_margin_ms: 500,
            primary_settle_ms: 10_000,
            etcd_ms: 1_000,
            api_ms: 3_000,
            fence_ms: 12_000,
            confirm_poll_ms: 100,
            sighting_max_age_ms: 1_500,
            takeover_ms: 30_000,
            restore_poll_ms: 1_000,
            restore_ms: 60_000,
            doubt_ms: 15_000,
            acts_max: 2,
        }
    }
}

impl Timing {
    /// Returns one sentence for each pair of times that contradict each other; empty when sound.
    pub fn contradictions(&self) -> Vec<String> {
        let mut found = Vec::new();
        let mut must = |holds: bool, sentence: &str| {
            if !holds {
                found.push(sentence.to_owned());
            }
        };
        must(self.probe_every_ms > 0, "probe_every_ms is 0: use 300");
        must(self.misses >= 2, "misses is below 2: one lost packet would be a death; use 4");
        must(
            self.vote_max_age_ms >= self.vote_every_ms.saturating_mul(3),
            "vote_max_age_ms is below three vote_every_ms: a lost write would silence a healthy vantage point",
        );
        must(
            self.cluster_max_age_ms > self.probe_every_ms,
            "cluster_max_age_ms is not above probe_every_ms: no reading would ever be recent enough",
        );
        must(
            self.doubt_ms > self.api_ms,
            "doubt_ms is not above api_ms: a request still under way would be taken for done",
        );
        must(self.confirm_poll_ms > 0, "confirm_poll_ms is 0: use 100");
        must(self.acts_max > 0, "acts_max is 0: declare maintenance instead");
        found
    }

    /// Returns how long a node is silent at most before its vantage point says so: its death comes
    /// just after an answered probe, and the last probe waits its whole time.
    pub fn silent_after_ms_max(&self) -> u64 {
        self.probe_every_ms.saturating_mul(u64::from(self.misses).saturating_add(1))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_defaults_do_not_contradict_each_other() {
        assert_eq!(Timing::default().contradictions(), Vec::<String>::new());
        assert_eq!(Timing::default().silent_after_ms_max(), 1_500);
    }

    #[test]
    fn contradictions_are_all_named() {
        let timing = Timing {
            misses: 1,
            vote_max_age_ms: 700,
            doubt_ms: 1,
            confirm_poll_ms: 0,
            acts_max: 0,
            ..Timing::default()
        };
        assert_eq!(timing.contradictions().len(), 5, "{:?}", timing.contradictions());
    }
}
