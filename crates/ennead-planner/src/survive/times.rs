//! How long it takes until a service is back, as a sum of terms from the settings in force.

use serde::Serialize;

use super::layout::Settings;

/// Longest time between two looks of etcd at its leases, in milliseconds. Source: etcd 3.5, lessor.
const LEASE_TICK_MS: u32 = 500;
/// How long Patroni waits for another instance's answer in the race for the lock, in milliseconds.
/// Source: Patroni 4.0, `fetch_nodes_statuses`.
const RACE_TIMEOUT_MS: u32 = 2000;
/// Longest promotion that is counted on, in milliseconds. Source: decomposition of failovers in the
/// documentation of Pigsty; a replica far behind in replay takes longer.
const PROMOTE_MS: u32 = 2000;

/// How long the cloud takes to lead an address to another server, or to change a record, at least
/// and at most, in milliseconds. An estimate: users report one to five seconds.
const CLOUD_MS: [u32; 2] = [1000, 5000];
/// Adverts that Keepalived misses before another node takes an address. Source: RFC 5798, 6.1,
/// Master_Down_Interval, to which a skew of at most one more is added.
const ADVERTS_MISSED: u32 = 3;

/// One part of a time.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Term {
    /// What is waited for.
    pub what: &'static str,
    /// The settings that it comes from, with their values.
    pub from: String,
    /// At least, milliseconds.
    pub least_ms: u32,
    /// At most, milliseconds.
    pub most_ms: u32,
}

/// A time with its parts.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Formula {
    /// What it is the time of.
    pub of: &'static str,
    /// Its parts, which follow each other.
    pub terms: Vec<Term>,
}

impl Formula {
    /// Returns the least time in whole seconds, rounded down.
    #[must_use]
    pub fn least_s(&self) -> u32 {
        self.sum(|term| term.least_ms) / 1000
    }

    /// Returns the longest time in whole seconds, rounded up.
    #[must_use]
    pub fn most_s(&self) -> u32 {
        self.sum(|term| term.most_ms).div_ceil(1000)
    }

    fn sum(&self, of: impl Fn(&Term) -> u32) -> u32 {
        self.terms.iter().map(of).fold(0, u32::saturating_add)
    }
}

/// What goes with the loss of a primary.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub(super) struct Besides {
    /// A voter is lost too, which may be etcd's leader.
    pub(super) voter: bool,
    /// Another instance is lost too.
    pub(super) instance: bool,
}

/// Returns the time until a replica has taken over.
#[must_use]
pub(super) fn takeover(settings: &Settings, besides: Besides) -> Formula {
    let ttl = seconds(settings.ttl_s);
    let mut terms = Vec::new();
    if besides.voter {
        terms.push(election(settings));
        terms.push(Term {
            what: "leases are renewed in full by etcd's new leader",
            from: format!(
                "ttl {} s + election timeout {} ms",
                settings.ttl_s, settings.election_ms
            ),
            least_ms: ttl,
            most_ms: ttl.saturating_add(settings.election_ms),
        });
    } else {
        let from = format!("ttl {} s, loop_wait {} s", settings.ttl_s, settings.loop_wait_s);
        terms.push(Term {
            what: "the rest of the primary's lease",
            from,
            least_ms: ttl.saturating_sub(seconds(settings.loop_wait_s)),
            most_ms: ttl,
        });
    }
    terms.push(fixed("etcd notices that the lease has run out", 0, LEASE_TICK_MS, "etcd"));
    if besides.instance {
        let what = "the race for the lock waits for the other lost instance";
        terms.push(fixed(what, 0, RACE_TIMEOUT_MS, "Patroni"));
    }
    terms.extend([promotion(), check_in(settings)]);
    let of = match (besides.voter, besides.instance) {
        (false, false) => "a replica takes over",
        (true, false) => "a replica takes over, a voter is lost with the primary",
        (false, true) => "a replica takes over, another instance is lost with the primary",
        (true, true) => {
            "a replica takes over, a voter and another instance are lost with the primary"
        }
    };
    Formula { of, terms }
}

/// Returns the time until commits go on after replicas that had to confirm them are lost.
#[must_use]
pub(super) fn stall(settings: &Settings) -> Formula {
    // The primary drops a replica when its connection is given up or its lease has run out.
    let silent = settings.sender_timeout_s.min(settings.ttl_s);
    let from =
        format!("wal_sender_timeout {} s, ttl {} s", settings.sender_timeout_s, settings.ttl_s);
    let terms = vec![
        Term { what: "a silent replica is given up", from, least_ms: 0, most_ms: seconds(silent) },
        look(settings),
    ];
    Formula { of: "commits go on without lost replicas", terms }
}

/// Returns the time until a load balancer takes a lost instance out.
#[must_use]
pub(super) fn check_out(settings: &Settings) -> Formula {
    let again = settings.fall.saturating_sub(1);
    let fast = settings.check_fast_ms.saturating_mul(again);
    let term = Term {
        what: "load balancers find an instance lost",
        from: format!(
            "inter {} ms + (fall {} - 1) x fastinter {} ms, each answer waited for {} ms",
            settings.check_ms, settings.fall, settings.check_fast_ms, settings.check_timeout_ms
        ),
        least_ms: fast,
        most_ms: settings
            .check_ms
            .saturating_add(fast)
            .saturating_add(settings.check_timeout_ms.saturating_mul(settings.fall)),
    };
    Formula { of: "readers of a lost replica are moved", terms: vec![term] }
}

/// Returns the time until etcd has a leader again.
#[must_use]
pub(super) fn elect(settings: &Settings) -> Formula {
    Formula { of: "etcd has a leader again", terms: vec![election(settings)] }
}

/// Returns the time of a planned change of the primary.
#[must_use]
pub(super) fn switchover(settings: &Settings) -> Formula {
    Formula { of: "a planned switchover", terms: vec![promotion(), check_in(settings)] }
}

/// Returns the time until a primary that had stepped down writes again.
#[must_use]
pub(super) fn resume(settings: &Settings) -> Formula {
    let terms = vec![look(settings), promotion(), check_in(settings)];
    Formula { of: "a former primary takes up its role again", terms }
}

/// Returns the time until another node of a site holds an entry's address.
#[must_use]
pub(super) fn hold(settings: &Settings) -> Formula {
    let missed = settings.advert_ms.saturating_mul(ADVERTS_MISSED);
    let silence = Term {
        what: "Keepalived hears nothing of the holder",
        from: format!(
            "{ADVERTS_MISSED} x advert_int {} ms and a skew of at most one more",
            settings.advert_ms
        ),
        least_ms: missed,
        most_ms: missed.saturating_add(settings.advert_ms),
    };
    let of = "an entry's address goes to another node of its site";
    let terms = vec![silence, cloud("the cloud leads the address to another server")];
    Formula { of, terms }
}

/// Returns the time until users of a lost site come in at another one, by a name that is kept so
/// long.
#[must_use]
pub(super) fn rename(settings: &Settings, ttl_s: u32) -> Formula {
    let between = seconds(settings.name_check_s);
    let checks = Term {
        what: "checks of the site's address fail",
        from: format!("{} checks, one each {} s", settings.name_fall, settings.name_check_s),
        least_ms: between.saturating_mul(settings.name_fall.saturating_sub(1)),
        most_ms: between.saturating_mul(settings.name_fall),
    };
    let kept = Term {
        what: "resolvers forget the old addresses",
        from: format!("ttl_s {ttl_s}"),
        least_ms: 0,
        most_ms: seconds(ttl_s),
    };
    let terms = vec![checks, cloud("the cloud changes the record"), kept];
    Formula { of: "users of a lost site come in at another one by name", terms }
}

fn cloud(what: &'static str) -> Term {
    let [least_ms, most_ms] = CLOUD_MS;
    Term { what, from: "an estimate".to_owned(), least_ms, most_ms }
}

/// Returns the formulas that explain every time that can occur.
#[must_use]
pub fn explain(settings: &Settings) -> Vec<Formula> {
    let takeovers = [(false, false), (true, false), (false, true), (true, true)];
    let mut formulas: Vec<_> = takeovers
        .into_iter()
        .map(|(voter, instance)| takeover(settings, Besides { voter, instance }))
        .collect();
    formulas.extend([
        stall(settings),
        check_out(settings),
        elect(settings),
        switchover(settings),
        resume(settings),
    ]);
    formulas
}

fn election(settings: &Settings) -> Term {
    Term {
        what: "etcd elects a new leader",
        from: format!("one to two election timeouts of {} ms", settings.election_ms),
        least_ms: settings.election_ms,
        most_ms: settings.election_ms.saturating_mul(2),
    }
}

fn promotion() -> Term {
    fixed("promotion", 0, PROMOTE_MS, "PostgreSQL")
}

fn look(settings: &Settings) -> Term {
    Term {
        what: "Patroni's next look at the cluster",
        from: format!("loop_wait {} s", settings.loop_wait_s),
        least_ms: 0,
        most_ms: seconds(settings.loop_wait_s),
    }
}

fn check_in(settings: &Settings) -> Term {
    let again = settings.check_fast_ms.saturating_mul(settings.rise.saturating_sub(1));
    Term {
        what: "load balancers find the new primary",
        from: format!(
            "downinter {} ms + (rise {} - 1) x fastinter {} ms",
            settings.check_down_ms, settings.rise, settings.check_fast_ms
        ),
        least_ms: again,
        most_ms: again.saturating_add(settings.check_down_ms),
    }
}

fn fixed(what: &'static str, least_ms: u32, most_ms: u32, whose: &str) -> Term {
    Term { what, from: format!("fixed in {whose}"), least_ms, most_ms }
}

fn seconds(seconds: u32) -> u32 {
    seconds.saturating_mul(1000)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn times_of_the_default_settings_are_the_measured_ones() {
        let settings = Settings::of(&ennead_components::Options::default());
        let range = |formula: Formula| (formula.least_s(), formula.most_s());
        let alone = Besides { voter: false, instance: false };
        assert_eq!(range(takeover(&settings, alone)), (18, 24));
        assert_eq!(range(takeover(&settings, Besides { voter: true, ..alone })), (21, 27));
        assert_eq!(range(takeover(&settings, Besides { voter: true, instance: true })), (21, 29));
        assert_eq!(range(stall(&settings)), (0, 12));
        assert_eq!(range(check_out(&settings)), (0, 6));
        assert_eq!(range(elect(&settings)), (1, 2));
        assert_eq!(range(switchover(&settings)), (0, 3));
        // Keepalived's own 1.5 to 2 s, and the cloud's 1 to 5.
        assert_eq!(range(hold(&settings)), (2, 7));
        // Three checks of 10 s, the cloud's 5 s, and the time that the name is kept.
        assert_eq!(range(rename(&settings, 60)), (21, 95));
        assert_eq!(range(rename(&settings, 300)), (21, 335));
    }

    #[test]
    fn the_lease_counts_as_it_is_set() {
        let mut options = ennead_components::Options::default();
        options.postgres.ttl_s = 30;
        options.postgres.loop_wait_s = 10;
        let alone = Besides { voter: false, instance: false };
        let formula = takeover(&Settings::of(&options), alone);
        assert_eq!((formula.least_s(), formula.most_s()), (20, 34));
    }
}
