//! Compares what the database promised with what it kept. Pure: a history and the ids that are in
//! the table go in, numbers come out.
//!
//! - RTO is the longest time without an acknowledged write between the beginning and the end of the
//!   measurement. Silence at either end counts.
//! - RPO is the number of acknowledged writes that are not in the table. A write whose answer was
//!   lost may be there or not: neither is a loss.
//! - Whatever must never happen is listed too: an id acknowledged twice, a refused id in the table,
//!   an id in the table that was never written. Then the measurement itself cannot be trusted.

use ennead_node::probe::IdRanges;
use serde::{Deserialize, Serialize};

use crate::history::History;
use crate::statistics::percentile;

/// What a run measured. Times are microseconds of the probe's clock.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub struct Measured {
    /// Longest time without an acknowledged write.
    pub rto_us: u64,
    /// The last acknowledgement before that gap, or the beginning.
    pub gap_start_us: u64,
    /// The first acknowledgement after it, or the end.
    pub gap_end_us: u64,
    /// Number of acknowledged writes.
    pub acknowledged: u64,
    /// Acknowledged writes that are gone.
    pub lost: IdRanges,
    /// Number of writes whose answer was lost.
    pub unknown: u64,
    /// How many of those are in the table.
    pub unknown_kept: u64,
    /// Number of writes that the database refused.
    pub refused: u64,
    /// Refused writes that are in the table all the same: must be none.
    pub refused_kept: IdRanges,
    /// Ids acknowledged more than once: must be none.
    pub duplicates: IdRanges,
    /// Ids in the table that were never written: must be none.
    pub strangers: IdRanges,
    /// Acknowledged writes that the probe counted but that did not arrive here: must be 0.
    pub unheard: u64,
    /// Whether the probe's record arrived to its end.
    pub whole: bool,
    /// Longest time without an answered read; 0 when nothing was read.
    pub read_gap_us: u64,
    /// Most acknowledged writes that a read was behind.
    pub read_behind_max: u64,
    /// Median time of an acknowledged write.
    pub write_p50_us: u64,
    /// 99th percentile of that.
    pub write_p99_us: u64,
}

/// Returns what the history and the ids in the table say.
pub fn check_history(history: &History, present: &IdRanges) -> Measured {
    let ack_times = history.acks.iter().map(|ack| ack.at_us);
    let (gap_start_us, gap_end_us) = longest_gap(ack_times, history.from_us, history.to_us);
    let read_times = history.reads.iter().map(|read| read.at_us);
    let (read_start_us, read_end_us) = if history.reads.is_empty() {
        (0, 0)
    } else {
        longest_gap(read_times, history.from_us, history.to_us)
    };
    let mut ids: Vec<u64> = history.acks.iter().map(|ack| ack.id).collect();
    ids.sort_unstable();
    let twice = ids.windows(2).filter(|pair| pair.first() == pair.last());
    let duplicates: IdRanges = twice.flatten().copied().collect();
    ids.dedup();
    let mut took: Vec<u64> = history.acks.iter().map(|ack| ack.took_us).collect();
    took.sort_unstable();
    let acknowledged = ids.len() as u64;
    let kept = |ranges: &IdRanges| ranges.iter().filter(|id| present.contains(*id)).collect();
    let unknown_kept: IdRanges = kept(&history.unknown);
    Measured {
        rto_us: gap_end_us - gap_start_us,
        gap_start_us,
        gap_end_us,
        acknowledged,
        lost: ids.iter().copied().filter(|id| !present.contains(*id)).collect(),
        unknown: history.unknown.len(),
        unknown_kept: unknown_kept.len(),
        refused: history.refused.len(),
        refused_kept: kept(&history.refused),
        duplicates,
        strangers: present.iter().filter(|id| *id == 0 || *id > history.tried).collect(),
        unheard: history.acknowledged.saturating_sub(acknowledged),
        whole: history.whole,
        read_gap_us: read_end_us - read_start_us,
        read_behind_max: history.reads.iter().map(|read| read.behind).max().unwrap_or(0),
        write_p50_us: percentile(&took, 50).unwrap_or(0),
        write_p99_us: percentile(&took, 99).unwrap_or(0),
    }
}

/// Returns the longest stretch of `from..to` in which none of the times lies; the earliest of equals.
pub(crate) fn longest_gap(times: impl Iterator<Item = u64>, from: u64, to: u64) -> (u64, u64) {
    let to = to.max(from);
    let mut points: Vec<u64> = times.filter(|time| (from..=to).contains(time)).collect();
    points.push(to);
    points.sort_unstable();
    let (mut longest, mut before) = ((from, from), from);
    for point in points {
        if point - before > longest.1 - longest.0 {
            longest = (before, point);
        }
        before = point;
    }
    longest
}

#[cfg(test)]
mod tests {
    use std::collections::BTreeSet;

    use ennead_node::probe::Ack;
    use proptest::prelude::*;

    use super::*;

    fn ack(id: u64, at_us: u64) -> Ack {
        Ack { id, at_us, took_us: 5, endpoint: 0 }
    }

    fn history(from_us: u64, to_us: u64, acks: &[(u64, u64)]) -> History {
        History {
            from_us,
            to_us,
            whole: true,
            tried: acks.iter().map(|(id, _)| *id).max().unwrap_or(0),
            acks: acks.iter().map(|(id, at)| ack(*id, *at)).collect(),
            acknowledged: acks.len() as u64,
            ..History::default()
        }
    }

    fn ids(ids: impl IntoIterator<Item = u64>) -> IdRanges {
        ids.into_iter().collect()
    }

    #[test]
    fn a_row_removed_by_hand_is_found() {
        let told = history(0, 1000, &[(1, 100), (2, 200), (3, 300), (4, 400)]);
        assert!(check_history(&told, &ids(1..=4)).lost.is_empty());
        assert_eq!(check_history(&told, &ids([1, 2, 4])).lost, ids([3]));
        assert_eq!(check_history(&told, &ids([])).lost, ids(1..=4));
    }

    #[test]
    fn silence_counts_in_the_middle_and_at_both_ends() {
        let gap = |from, to, acks: &[(u64, u64)]| {
            let measured = check_history(&history(from, to, acks), &ids([]));
            (measured.gap_start_us, measured.gap_end_us, measured.rto_us)
        };
        assert_eq!(gap(0, 500, &[(1, 100), (2, 400), (3, 450)]), (100, 400, 300));
        assert_eq!(gap(0, 500, &[(1, 350), (2, 400)]), (0, 350, 350));
        assert_eq!(gap(0, 900, &[(1, 100), (2, 400)]), (400, 900, 500));
        assert_eq!(gap(70, 90, &[]), (70, 90, 20));
    }

    #[test]
    fn the_order_of_arrival_does_not_matter() {
        let one = history(0, 500, &[(1, 100), (2, 400), (3, 450)]);
        let other = history(0, 500, &[(3, 450), (1, 100), (2, 400)]);
        assert_eq!(check_history(&one, &ids(1..=3)), check_history(&other, &ids(1..=3)));
    }

    #[test]
    fn an_unknown_write_is_never_a_loss() {
        let mut told = history(0, 500, &[(1, 100), (4, 400)]);
        told.unknown = ids([2, 3]);
        let measured = check_history(&told, &ids([1, 3, 4]));
        assert!(measured.lost.is_empty());
        assert_eq!((measured.unknown, measured.unknown_kept), (2, 1));
    }

    #[test]
    fn what_must_never_happen_is_listed() {
        let mut told = history(0, 500, &[(1, 100), (1, 120), (3, 400)]);
        told.refused = ids([2]);
        told.acknowledged = 5;
        let measured = check_history(&told, &ids([1, 2, 3, 9]));
        assert_eq!(measured.duplicates, ids([1]));
        assert_eq!(measured.refused_kept, ids([2]));
        assert_eq!(measured.strangers, ids([9]));
        assert_eq!(measured.unheard, 3);
    }

    /// The same by trying everything: each pair of moments without an acknowledgement in between.
    fn longest_by_force(times: &[u64], from: u64, to: u64) -> u64 {
        let mut longest = 0;
        for start in from..=to {
            for end in start..=to {
                if !times.iter().any(|time| start < *time && *time < end) {
                    longest = longest.max(end - start);
                }
            }
        }
        longest
    }

    proptest! {
        #[test]
        fn the_checker_agrees_with_brute_force(
            times in prop::collection::vec(0_u64..60, 0..20),
            from in 0_u64..30,
            length in 0_u64..40,
            fates in prop::collection::vec((0_u8..3, any::<bool>()), 0..40),
        ) {
            let to = from + length;
            let acks: Vec<(u64, u64)> = (1..).zip(times.iter().copied()).collect();
            let measured = check_history(&history(from, to, &acks), &IdRanges::default());
            let inside: Vec<u64> =
                times.iter().copied().filter(|time| (from..=to).contains(time)).collect();
            prop_assert_eq!(measured.rto_us, longest_by_force(&inside, from, to));
            prop_assert_eq!(measured.gap_end_us - measured.gap_start_us, measured.rto_us);

            // Each id has a fate and is in the table or not.
            let of = |fate: u8| -> Vec<u64> {
                let numbered = (1_u64..).zip(&fates);
                numbered.filter(|(_, (f, _))| *f == fate).map(|(id, _)| id).collect()
            };
            let present: BTreeSet<u64> =
                (1..).zip(&fates).filter(|(_, (_, kept))| *kept).map(|(id, _)| id).collect();
            let told = History {
                tried: fates.len() as u64,
                acks: of(0).into_iter().map(|id| ack(id, id)).collect(),
                refused: ids(of(1)),
                unknown: ids(of(2)),
                ..History::default()
            };
            let measured = check_history(&told, &ids(present.iter().copied()));
            let gone = of(0).into_iter().filter(|id| !present.contains(id));
            prop_assert_eq!(measured.lost, ids(gone));
            let back = of(1).into_iter().filter(|id| present.contains(id));
            prop_assert_eq!(measured.refused_kept, ids(back));
            prop_assert!(measured.strangers.is_empty() && measured.duplicates.is_empty());
        }
    }
}
