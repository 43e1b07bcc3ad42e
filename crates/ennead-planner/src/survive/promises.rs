//! Whether a layout keeps a promise, and if not the smallest loss that breaks it.

use ennead_spec::Promise;
use serde::Serialize;

use super::layout::Layout;
use super::loss::{lose, part};
use super::outcome::Outcomes;
use super::sequence::maintain;
use super::set::Servers;

/// Whether a promise is kept.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Kept {
    /// Its name, as in a spec.
    pub promise: String,
    /// Whether it is kept.
    pub kept: bool,
    /// The smallest loss that breaks it, as a sentence without its full stop; empty when it is kept.
    pub counterexample: String,
}

/// Returns every promise that can be made about a layout, with whether it is kept.
#[must_use]
pub fn judge_all(layout: &Layout) -> Vec<Kept> {
    let sites = layout.sites.iter().map(|(site, _)| Promise::Site(site.clone()));
    Promise::GENERAL.into_iter().chain(sites).map(|promise| judge(layout, &promise)).collect()
}

/// Returns whether a promise is kept.
#[must_use]
pub fn judge(layout: &Layout, promise: &Promise) -> Kept {
    let broken = match promise {
        Promise::AnyOneServer => servers(layout, 1),
        Promise::AnyTwoServers => servers(layout, 2),
        Promise::AnySite => sites(layout, |_| true),
        Promise::Site(site) => sites(layout, |name| name == site),
        // One cut. All of three or more sites apart is a row of the report and no promise.
        Promise::Partition => layout.partitions().into_iter().find_map(|(name, sides)| {
            if sides.len() > 2 {
                return None;
            }
            complain(layout, &format!("partition {name}"), &part(layout, &sides))
        }),
        Promise::Maintenance => layout.all.iter().find_map(|server| {
            let what = format!("while {} is worked on", layout.name(server));
            complain(layout, &what, &maintain(layout, server))
        }),
    };
    Kept {
        promise: promise.to_string(),
        kept: broken.is_none(),
        counterexample: broken.unwrap_or_default(),
    }
}

/// Looks for a loss of at most so many servers that breaks it, smallest first.
fn servers(layout: &Layout, most: usize) -> Option<String> {
    let nothing = complain(layout, "even when nothing is lost", &lose(layout, Servers::NONE));
    nothing.or_else(|| {
        (1..=most).find_map(|count| {
            let mut subsets = subsets(layout.all, count).into_iter();
            subsets.find_map(|lost| {
                let what = format!("without {}", layout.list(lost));
                complain(layout, &what, &lose(layout, lost))
            })
        })
    })
}

fn sites(layout: &Layout, wanted: impl Fn(&ennead_model::SiteName) -> bool) -> Option<String> {
    layout.sites.iter().filter(|(site, _)| wanted(site)).find_map(|(site, lost)| {
        complain(layout, &format!("without site {site}"), &lose(layout, *lost))
    })
}

fn complain(layout: &Layout, what: &str, outcomes: &Outcomes) -> Option<String> {
    (!outcomes.keeps(layout)).then(|| format!("{what}: {}", outcomes.complaint(layout)))
}

/// Returns every subset of this size, in the order of the servers.
#[must_use]
pub fn subsets(of: Servers, size: usize) -> Vec<Servers> {
    let mut found = vec![(Servers::NONE, 0)];
    for _ in 0..size {
        let longer = |(set, least): &(Servers, usize)| {
            let (set, least) = (*set, *least);
            let further = of.iter().filter(move |index| *index >= least);
            further.map(move |index| (set.or(Servers::one(index)), index + 1)).collect::<Vec<_>>()
        };
        found = found.iter().flat_map(longer).collect();
    }
    found.into_iter().map(|(set, _)| set).collect()
}
