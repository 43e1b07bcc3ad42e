//! Every set of lost servers, or as many as can be looked at.

use serde::Serialize;

use super::layout::Layout;
use super::loss::lose;
use super::promises::subsets;
use super::set::Servers;

/// Most servers for which every set is looked at: a million sets.
pub const ENUMERATED_MAX: usize = 20;
/// Largest sets that are looked at with more servers.
const SIZE_MAX: usize = 3;
/// Most of the smallest broken sets that are named.
const NAMED_MAX: usize = 40;

/// The sets of one size.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Size {
    /// How many servers are lost at one moment.
    pub lost: usize,
    /// How many such sets were looked at.
    pub sets: usize,
    /// How many of them the platform survives: writes come back by themselves, an entry is left.
    pub kept: usize,
}

/// What was found among the sets.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Sets {
    /// By size, from none.
    pub sizes: Vec<Size>,
    /// How many sets break the platform although each smaller part of them does not.
    pub smallest: usize,
    /// The first of them by name.
    pub named: Vec<Vec<String>>,
    /// What was not looked at; empty when everything was.
    pub left_out: String,
}

/// Looks at the sets of lost servers.
#[must_use]
pub fn look(layout: &Layout) -> Sets {
    let count = layout.all.len();
    let broken = if count <= ENUMERATED_MAX { every(layout) } else { small(layout) };
    let largest = if count <= ENUMERATED_MAX { count } else { SIZE_MAX };
    let sizes = (0..=largest).map(|lost| {
        let sets = choose(count, lost);
        let kept = sets - broken.iter().filter(|set| set.len() == lost).count();
        Size { lost, sets, kept }
    });
    let sizes = sizes.collect();
    let mut smallest: Vec<Servers> =
        broken.iter().copied().filter(|set| is_smallest(&broken, *set)).collect();
    smallest.sort_by_key(|set| set.len());
    let named = smallest
        .iter()
        .take(NAMED_MAX)
        .map(|set| set.iter().map(|index| layout.name(index).to_owned()).collect());
    let left_out = if count <= ENUMERATED_MAX {
        String::new()
    } else {
        format!("sets of more than {SIZE_MAX} of the {count} servers, except whole sites")
    };
    Sets { sizes, smallest: smallest.len(), named: named.collect(), left_out }
}

/// Returns every broken set, by its bits.
fn every(layout: &Layout) -> Vec<Servers> {
    let sets = (0..1_u128 << layout.all.len()).map(Servers::from_bits);
    sets.filter(|lost| !lose(layout, *lost).keeps(layout)).collect()
}

fn small(layout: &Layout) -> Vec<Servers> {
    let sets = (0..=SIZE_MAX).flat_map(|size| subsets(layout.all, size));
    let mut broken: Vec<_> = sets.filter(|lost| !lose(layout, *lost).keeps(layout)).collect();
    broken.sort_unstable();
    broken
}

/// Returns whether no part of the set is broken; `broken` is sorted. Losing more never helps, so the
/// parts with one server less say it of all.
fn is_smallest(broken: &[Servers], set: Servers) -> bool {
    set.iter().all(|index| broken.binary_search(&set.minus(Servers::one(index))).is_err())
}

fn choose(of: usize, size: usize) -> usize {
    (0..size).fold(1, |product, index| product * (of - index.min(of)) / (index + 1))
}
