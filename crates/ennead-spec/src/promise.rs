//! What a platform promises to survive: the words of `promises` under `[platform]`.

use std::fmt;

use ennead_model::{Finding, SiteName};

use crate::text::did_you_mean;

/// Something that a platform is to survive: writes to the database come back by themselves without
/// loss, and a load balancer is left. Whether it holds is computed from the layout by `check`.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub enum Promise {
    /// The loss of any one server.
    AnyOneServer,
    /// The loss of any two servers at the same moment.
    AnyTwoServers,
    /// The loss of any one site.
    AnySite,
    /// The loss of this site.
    Site(SiteName),
    /// Any partition of the sites into two sides.
    Partition,
    /// Planned work on every server, one at a time.
    Maintenance,
}

impl Promise {
    /// The promises that name no site.
    pub const GENERAL: [Self; 5] = [
        Self::AnyOneServer,
        Self::AnyTwoServers,
        Self::AnySite,
        Self::Partition,
        Self::Maintenance,
    ];
}

impl fmt::Display for Promise {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        match self {
            Self::AnyOneServer => f.write_str("any-one-server"),
            Self::AnyTwoServers => f.write_str("any-two-servers"),
            Self::AnySite => f.write_str("any-site"),
            Self::Site(site) => write!(f, "site:{site}"),
            Self::Partition => f.write_str("partition"),
            Self::Maintenance => f.write_str("maintenance"),
        }
    }
}

/// Returns the promise of that name about a platform with these sites.
///
/// # Errors
/// What is wrong with the word, and a hint.
pub fn find_promise<'s>(
    word: &str,
    sites: impl Iterator<Item = &'s SiteName>,
) -> Result<Promise, (String, String)> {
    let known: Vec<Promise> =
        Promise::GENERAL.into_iter().chain(sites.cloned().map(Promise::Site)).collect();
    if let Some(promise) = known.iter().find(|promise| promise.to_string() == word) {
        return Ok(promise.clone());
    }
    let shown: String = word.chars().take(80).collect();
    let names: Vec<String> = known.iter().map(Promise::to_string).collect();
    let hint = did_you_mean(word, "promises", names.iter().map(String::as_str));
    Err((format!("there is no promise {shown:?}"), hint))
}

/// Reads the words of a list, each with its place. Unknown words are findings and left out.
pub(crate) fn read_promises<'s>(
    words: &[(String, &str)],
    sites: &(impl Iterator<Item = &'s SiteName> + Clone),
) -> (Vec<Promise>, Vec<Finding>) {
    let (mut promises, mut findings) = (Vec::new(), Vec::new());
    for (place, word) in words {
        match find_promise(word, sites.clone()) {
            Ok(promise) => promises.push(promise),
            Err((message, hint)) => {
                findings.push(Finding::error("unknown-promise", place, message).hint(hint));
            }
        }
    }
    (promises, findings)
}
