//! Every set of lost servers with what becomes of each service: what a picture is drawn from.

use super::layout::Layout;
use super::loss::lose;
use super::outcome::Outcome;
use super::promises::subsets;
use super::set::Servers;

/// Most servers whose sets are all drawn: 4096 of them. More would be a picture of dust.
pub const MAPPED_MAX: usize = 12;

/// One set of servers, lost at one moment.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub struct Spot {
    /// The lost servers.
    pub lost: Servers,
    /// What becomes of each service, in the order of [`super::SERVICES`].
    pub outcomes: [Outcome; 4],
}

/// Returns every set, by size, from none lost to all; `None` for more than [`MAPPED_MAX`] servers.
#[must_use]
pub fn map(layout: &Layout) -> Option<Vec<Vec<Spot>>> {
    let count = layout.all.len();
    let spot = |lost| Spot {
        lost,
        outcomes: lose(layout, lost).verdicts().map(|verdict| verdict.outcome),
    };
    (count <= MAPPED_MAX)
        .then(|| (0..=count).map(|size| subsets(layout.all, size).into_iter().map(spot).collect()))
        .map(Iterator::collect)
}
