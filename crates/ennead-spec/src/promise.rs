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

/// Reads the words of a list, each with its place. Unknown words are findings and left out.
pub(crate) fn read_promises<'s>(
    words: &[(String, &str)],
    sites: impl Iterator<Item = &'s SiteName>,
) -> (Vec<Promise>, Vec<Finding>) {
    let known: Vec<Promise> =
        Promise::GENERAL.into_iter().chain(sites.cloned().map(Promise::Site)).collect();
    let names: Vec<String> = known.iter().map(Promise::to_string).collect();
    let (mut promises, mut findings) = (Vec::new(), Vec::new());
    for (place, word) in words {
        if let Some(promise) = known.iter().find(|promise| promise.to_string() == *word) {
            promises.push(promise.clone());
            continue;
        }
        let shown: String = word.chars().take(80).collect();
        let message = format!("there is no promise {shown:?}");
        let hint = did_you_mean(word, "promises", names.iter().map(String::as_str));
        findings.push(Finding::error("unknown-promise", place, message).hint(hint));
    }
    (promises, findings)
}
