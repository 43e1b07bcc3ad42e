//! Promises that no change of these kinds can keep, with the reason: then there is nothing to search.
//!
//! Changes put the database and load balancers on servers that exist, and add witnesses, which have
//! neither. So a loss after which no server is left that could have the database is beyond them all,
//! however many there are. Other promises may be hopeless too: those the search finds out.

use ennead_spec::Promise;
use serde::Serialize;

use super::ground::Ground;
use crate::survive::{Layout, Servers, subsets};

/// A promise that nothing keeps, and why.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Hopeless {
    /// The promise, as in a spec.
    pub promise: String,
    /// Why, as a sentence without its full stop.
    pub why: String,
}

/// Returns why no number of changes keeps a promise; `None` when some may.
pub(super) fn hopeless(ground: &Ground, today: &Layout, promise: &Promise) -> Option<Hopeless> {
    let able = ground.roomy.or(ground.base.members);
    let beyond = |lost: &Servers| able.minus(*lost).is_empty();
    let lost = losses(today, promise).into_iter().find(|(_, lost)| beyond(lost));
    lost.map(|(what, _)| Hopeless {
        promise: promise.to_string(),
        why: format!(
            "without {what} no server is left that could have the database: of the others none \
             exists or is as large as its smallest, and the changes looked for add no server but \
             witnesses, which have no data"
        ),
    })
}

/// Returns the losses that a promise is about, with their names.
fn losses(today: &Layout, promise: &Promise) -> Vec<(String, Servers)> {
    let sites = |of: Option<&str>| {
        let wanted = today.sites.iter().filter(|(name, _)| of.is_none_or(|of| name.as_str() == of));
        wanted.map(|(name, servers)| (format!("site {name}"), *servers)).collect()
    };
    let sets = |count: usize| {
        let named = |lost: Servers| {
            let names = lost.iter().filter_map(|it| today.names.get(it));
            (names.map(ToString::to_string).collect::<Vec<_>>().join(" and "), lost)
        };
        subsets(today.all, count).into_iter().map(named).collect()
    };
    match promise {
        Promise::AnyOneServer => sets(1),
        Promise::AnyTwoServers => sets(2),
        Promise::AnySite => sites(None),
        Promise::Site(site) => sites(Some(site.as_str())),
        Promise::Partition | Promise::Maintenance => Vec::new(),
    }
}
