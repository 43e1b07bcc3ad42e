//! Several copies of one chain: which is the longest, and what the others have besides.
//!
//! Two operators who cannot see each other's records write two chains with a common beginning. The
//! longest becomes the trunk, and what any other has besides is put into a record of it, whole. So no
//! record is ever lost, everybody agrees again, and the fork stays visible for ever.

use std::cmp::Reverse;
use std::collections::BTreeSet;

use ennead_model::Digest;
use thiserror::Error;

use crate::record::{Event, Record, head_of};

/// How another copy stands to mine.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Relation {
    /// Record for record the same.
    Same,
    /// It lacks this many of my last records.
    Behind(usize),
    /// It has this many records more.
    Ahead(usize),
    /// Both have records that the other has not.
    Forked {
        /// How many records both have from the beginning.
        common: usize,
    },
}

/// Returns how many records two chains have in common from the beginning.
pub fn common_length(one: &[Record], other: &[Record]) -> usize {
    one.iter().zip(other).take_while(|(a, b)| a.hash == b.hash).count()
}

/// Returns how another copy stands to mine.
pub fn relation(mine: &[Record], other: &[Record]) -> Relation {
    let common = common_length(mine, other);
    match (mine.len() - common, other.len() - common) {
        (0, 0) => Relation::Same,
        (behind, 0) => Relation::Behind(behind),
        (0, ahead) => Relation::Ahead(ahead),
        _ => Relation::Forked { common },
    }
}

/// The chain to go on with.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Trunk {
    /// The longest chain.
    pub records: Vec<Record>,
    /// What others have besides and the trunk does not hold yet: the event of a record to add.
    pub branches: Vec<Event>,
}

/// Chooses the longest chain; among equally long ones a copy before the local one, so that what
/// nodes keep is what holds, and then the one with the smallest hash, so that everybody chooses alike.
pub fn reconcile(local: &[Record], copies: &[Vec<Record>]) -> Trunk {
    let all = copies.iter().map(|copy| (true, copy.as_slice()));
    let all: Vec<_> = all.chain([(false, local)]).collect();
    let rank = |(is_copy, chain): &&(bool, &[Record])| {
        (chain.len(), *is_copy, Reverse(head_of(chain).hash))
    };
    let trunk = all.iter().max_by_key(rank).map_or(local, |(_, chain)| chain);
    let mut held = joined(trunk);
    let mut others: Vec<&[Record]> = all.iter().map(|(_, chain)| *chain).collect();
    others.sort_by_key(|chain| (Reverse(chain.len()), head_of(chain).hash));
    let mut branches = Vec::new();
    for other in others {
        let common = common_length(trunk, other);
        let rest = other.get(common..).unwrap_or_default();
        if rest.iter().all(|record| held.contains(&record.hash)) {
            continue;
        }
        held.extend(rest.iter().map(|record| record.hash.clone()));
        let common = head_of(trunk.get(..common).unwrap_or_default()).hash;
        branches.push(Event::Joined { common, records: rest.to_vec() });
    }
    Trunk { records: trunk.to_vec(), branches }
}

/// Returns the hashes of all records inside joined branches, at any depth.
fn joined(records: &[Record]) -> BTreeSet<Digest> {
    let mut hashes = BTreeSet::new();
    for record in records {
        if let Event::Joined { records, .. } = &record.event {
            hashes.extend(records.iter().map(|record| record.hash.clone()));
            hashes.extend(joined(records));
        }
    }
    hashes
}

/// Records that a copy refuses.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Refusal {
    /// There are records missing between its end and what is offered.
    #[error("the copy ends with record {head}; record {offered} does not continue it")]
    Gap {
        /// Its last record.
        head: u64,
        /// The first that is offered.
        offered: u64,
    },
    /// It holds records that what is offered does not have.
    #[error("the copy holds another record {sequence} than the one that is offered")]
    Fork {
        /// The first that differs.
        sequence: u64,
    },
}

/// Returns the chain that a copy has after it was offered records, beginning anywhere up to one behind
/// its end.
///
/// Records of its own are only given up when what is offered holds them in a joined branch.
///
/// # Errors
/// [`Refusal`].
pub fn continued(own: &[Record], offered: &[Record]) -> Result<Vec<Record>, Refusal> {
    let Some(first) = offered.first() else { return Ok(own.to_vec()) };
    let gap = || Refusal::Gap { head: head_of(own).sequence, offered: first.sequence };
    let start = usize::try_from(first.sequence.saturating_sub(1)).map_err(|_| gap())?;
    let before = own.get(..start).ok_or_else(gap)?;
    if first.previous != head_of(before).hash {
        return Err(Refusal::Fork { sequence: first.sequence.saturating_sub(1) });
    }
    let overlap = own.get(start..).unwrap_or_default();
    let same = common_length(overlap, offered);
    let mine = overlap.get(same..).unwrap_or_default();
    if same == offered.len() {
        return Ok(own.to_vec());
    }
    let held = joined(offered);
    if let Some(lost) = mine.iter().find(|record| !held.contains(&record.hash)) {
        return Err(Refusal::Fork { sequence: lost.sequence });
    }
    Ok(before.iter().chain(offered).cloned().collect())
}
