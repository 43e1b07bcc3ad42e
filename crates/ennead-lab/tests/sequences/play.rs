//! What all sequences are played with.

use std::collections::BTreeSet;

use ennead_lab::api::{Method, Reply, Request, answer};
use ennead_lab::state::{Ending, Job, Moment, Rules, State};
use jiff::Timestamp;

/// An ending of a job that is a good one in every play.
const WELL: u8 = 9;

/// A state on which something happens.
pub(crate) trait Play {
    /// Returns the state.
    fn state(&self) -> &State;

    /// Ends a job that may end now.
    fn finish(&mut self, place: u8, ending: u8);

    /// Ends everything well.
    fn settle(&mut self) {
        for _ in 0..10_000 {
            if self.state().jobs.is_empty() {
                return;
            }
            self.finish(0, WELL);
        }
        panic!("it never comes to rest");
    }
}

/// Returns the one moment at which everything happens.
pub(crate) fn moment(rules: &Rules) -> Moment<'_> {
    Moment { now: Timestamp::UNIX_EPOCH, salt: 0, rules }
}

/// Sends a request; one that is refused or only reads changes nothing.
pub(crate) fn send(
    state: &mut State,
    rules: &Rules,
    method: Method,
    path: &str,
    body: &str,
) -> Reply {
    let before = state.clone();
    let (path, body, root) = (path.to_owned(), body.as_bytes().to_vec(), String::new());
    let request = Request { method, path, query: Vec::new(), body, root };
    let reply = answer(state, &request, &moment(rules));
    if reply.status >= 300 || method == Method::Get {
        assert_eq!(before, *state, "a refused request changed something: {request:?}");
    }
    reply
}

/// Returns one of the jobs that may end now. There is one while there are jobs at all.
pub(crate) fn ready(state: &State, place: u8) -> Option<Job> {
    let ready = state.ready_jobs(&BTreeSet::new());
    assert!(!ready.is_empty() || state.jobs.is_empty(), "jobs hold each other back");
    ready.get(usize::from(place) % ready.len().max(1)).cloned()
}

/// Returns how a job fails.
pub(crate) fn failed() -> Ending {
    Ending::Failed { code: "action_failed".into(), message: "no".into() }
}

/// Returns one of the ids, or one that nothing has.
pub(crate) fn pick<'a>(mut ids: impl ExactSizeIterator<Item = &'a u64>, place: u8) -> u64 {
    let count = ids.len().max(1);
    ids.nth(usize::from(place) % count).copied().unwrap_or(0)
}

/// Fails when something is there twice.
pub(crate) fn unique<T: Ord + std::fmt::Debug>(what: &str, all: impl Iterator<Item = T>) {
    let mut seen = BTreeSet::new();
    for one in all {
        assert!(!seen.contains(&one), "{what} {one:?} twice");
        seen.insert(one);
    }
}
