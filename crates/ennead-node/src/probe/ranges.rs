//! Sets of ids, small when the ids lie close together, as those of a run do.

use serde::{Deserialize, Serialize};

/// A set of ids. In JSON a list of `[first, last]`, sorted, without overlap.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
#[serde(from = "Vec<(u64, u64)>", into = "Vec<(u64, u64)>")]
pub struct IdRanges(Vec<(u64, u64)>);

impl IdRanges {
    /// Adds the ids of another set.
    pub fn extend_with(&mut self, other: &Self) {
        let mut all = std::mem::take(&mut self.0);
        all.extend_from_slice(&other.0);
        *self = all.into();
    }

    /// Returns whether the id is in the set.
    pub fn contains(&self, id: u64) -> bool {
        let after = self.0.partition_point(|(first, _)| *first <= id);
        let candidate = after.checked_sub(1).and_then(|index| self.0.get(index));
        candidate.is_some_and(|(_, last)| id <= *last)
    }

    /// Returns how many ids are in the set.
    pub fn len(&self) -> u64 {
        self.0.iter().map(|(first, last)| last - first + 1).sum()
    }

    /// Returns whether the set holds nothing.
    pub fn is_empty(&self) -> bool {
        self.0.is_empty()
    }

    /// Returns the largest id.
    pub fn last(&self) -> Option<u64> {
        self.0.last().map(|(_, last)| *last)
    }

    /// Returns the ids in growing order.
    pub fn iter(&self) -> impl Iterator<Item = u64> + '_ {
        self.0.iter().flat_map(|(first, last)| *first..=*last)
    }
}

impl From<Vec<(u64, u64)>> for IdRanges {
    fn from(mut ranges: Vec<(u64, u64)>) -> Self {
        ranges.retain(|(first, last)| first <= last);
        ranges.sort_unstable();
        let mut merged: Vec<(u64, u64)> = Vec::with_capacity(ranges.len());
        for (first, last) in ranges {
            match merged.last_mut() {
                Some(open) if first <= open.1.saturating_add(1) => open.1 = open.1.max(last),
                _ => merged.push((first, last)),
            }
        }
        Self(merged)
    }
}

impl From<IdRanges> for Vec<(u64, u64)> {
    fn from(ranges: IdRanges) -> Self {
        ranges.0
    }
}

impl FromIterator<u64> for IdRanges {
    fn from_iter<I: IntoIterator<Item = u64>>(ids: I) -> Self {
        ids.into_iter().map(|id| (id, id)).collect::<Vec<_>>().into()
    }
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use super::*;

    #[test]
    fn ranges_hold_exactly_the_ids_they_were_made_of() {
        // Every subset of 0..10, in both orders and with repetition.
        for bits in 0_u32..1024 {
            let set: BTreeSet<u64> = (0..10).filter(|id| bits >> id & 1 == 1).collect();
            let ranges: IdRanges = set.iter().rev().chain(&set).copied().collect();
            assert_eq!(ranges.iter().collect::<BTreeSet<_>>(), set);
            assert_eq!(ranges.len(), set.len() as u64);
            assert_eq!(ranges.last(), set.last().copied());
            assert!((0..12).all(|id| ranges.contains(id) == set.contains(&id)));
        }
    }

    #[test]
    fn two_sets_become_one() {
        let mut ranges: IdRanges = [1, 2, 9].into_iter().collect();
        ranges.extend_with(&[3, 8, 9].into_iter().collect());
        assert_eq!(Vec::from(ranges), vec![(1, 3), (8, 9)]);
    }
}
