//! Whether a log is as it was written, and if not, which line is wrong.
//!
//! A line must be the canonical text of its record, so that no byte of it can differ unseen; its hash
//! must be that of its content; and it must hold the hash of the line before. What was cut off at the
//! end leaves a chain that is good in itself: it is found by the head that is kept apart, and by
//! comparison with other copies.

use std::collections::BTreeSet;

use ennead_model::Digest;
use serde::Deserialize;
use thiserror::Error;

use crate::record::{Event, FORMAT_VERSION, GENESIS, Head, Record, head_of};

/// Something that is wrong with a log.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
#[error("line {line}: {wrong}")]
pub struct Problem {
    /// Which line; the first is 1.
    pub line: usize,
    /// What is wrong.
    pub wrong: Wrong,
}

/// What is wrong with a line.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum Wrong {
    /// The text is not whole: a run was ended while it wrote it.
    #[error("it is not whole")]
    Torn,
    /// No record at all.
    #[error("it is no record: {why}")]
    Unreadable {
        /// Why not.
        why: String,
    },
    /// Written by a later program.
    #[error("it has format {version}; this program reads up to {FORMAT_VERSION}")]
    Newer {
        /// Its format.
        version: u32,
    },
    /// The content does not belong to the hash.
    #[error("record {sequence} was altered: its hash is not that of its content")]
    Altered {
        /// Which record.
        sequence: u64,
    },
    /// The same content in another spelling.
    #[error("record {sequence} was altered: it is not spelled as ennead writes it")]
    Spelling {
        /// Which record.
        sequence: u64,
    },
    /// A gap, or another order.
    #[error("it holds record {found} where record {expected} belongs: lines were removed or moved")]
    Order {
        /// The place that it names.
        found: u64,
        /// Its place.
        expected: u64,
    },
    /// It holds another hash than that of the record before.
    #[error("record {sequence} does not continue the record before it: one of them was replaced")]
    Link {
        /// Which record.
        sequence: u64,
    },
    /// It belongs to the log of another platform.
    #[error("record {sequence} is of platform {found}, the first one of {expected}")]
    Platform {
        /// Which record.
        sequence: u64,
        /// Its platform.
        found: String,
        /// The log's.
        expected: String,
    },
    /// The joined branch is not one.
    #[error("record {sequence} joins a branch that is no chain from a record before it")]
    Branch {
        /// Which record.
        sequence: u64,
    },
    /// The log is shorter than it was.
    #[error(
        "the log ends with record {found}, but record {written} was written: its end was cut off"
    )]
    Short {
        /// The last record.
        found: u64,
        /// The last that was written.
        written: u64,
    },
    /// The last record that is known to be written is another one here.
    #[error("record {sequence} is not the one that was written there: the log was replaced")]
    Replaced {
        /// Which record.
        sequence: u64,
    },
}

/// Reads a log that has to be good: its records, or the first thing that is wrong.
///
/// # Errors
/// [`Problem`].
pub fn read_chain(text: &str) -> Result<Vec<Record>, Problem> {
    let (records, problems) = examine(text);
    problems.into_iter().next().map_or(Ok(records), Err)
}

/// Returns the records of a log that can be read, and everything that is wrong, by line.
pub fn examine(text: &str) -> (Vec<Record>, Vec<Problem>) {
    let mut state = State::default();
    let mut line = 0;
    for text in text.split_inclusive('\n') {
        line += 1;
        let Some(whole) = text.strip_suffix('\n') else {
            state.note(line, Wrong::Torn);
            break;
        };
        state.take(line, whole);
    }
    (state.records, state.problems)
}

/// Returns whether the last record that was written is still there.
pub fn compare_with_head(records: &[Record], head: &Head) -> Option<Problem> {
    let line = records.len();
    let found = head_of(records).sequence;
    if found < head.sequence {
        return Some(Problem { line, wrong: Wrong::Short { found, written: head.sequence } });
    }
    let there = records.iter().find(|record| record.sequence == head.sequence);
    let good = head.sequence == 0 || there.is_some_and(|record| record.hash == head.hash);
    (!good).then_some(Problem { line, wrong: Wrong::Replaced { sequence: head.sequence } })
}

#[derive(Default)]
struct State {
    records: Vec<Record>,
    problems: Vec<Problem>,
    hashes: BTreeSet<Digest>,
    /// Where the line before ends; `None` behind a line that could not be read.
    head: Option<Head>,
    lines: usize,
}

#[derive(Deserialize)]
struct Version {
    format_version: u32,
}

impl State {
    fn note(&mut self, line: usize, wrong: Wrong) {
        self.problems.push(Problem { line, wrong });
    }

    fn take(&mut self, line: usize, text: &str) {
        let first = self.lines == 0;
        self.lines += 1;
        let before = if first { Some(head_of(&[])) } else { self.head.take() };
        let record: Record = match serde_json::from_str(text) {
            Ok(record) => record,
            Err(error) => {
                let version = serde_json::from_str(text).map_or(0, |v: Version| v.format_version);
                let wrong = if version > FORMAT_VERSION {
                    Wrong::Newer { version }
                } else {
                    Wrong::Unreadable { why: error.to_string() }
                };
                return self.note(line, wrong);
            }
        };
        if let Some(wrong) = wrong_with(&record, text, before.as_ref()) {
            self.note(line, wrong);
        } else if let Some(wrong) = self.wrong_among_others(&record) {
            self.note(line, wrong);
        }
        self.head = Some(record.head());
        self.hashes.insert(record.hash.clone());
        self.records.push(record);
    }

    fn wrong_among_others(&self, record: &Record) -> Option<Wrong> {
        let sequence = record.sequence;
        if let Some(first) = self.records.first()
            && first.platform != record.platform
        {
            let (found, expected) = (record.platform.clone(), first.platform.clone());
            return Some(Wrong::Platform { sequence, found, expected });
        }
        let Event::Joined { common, records } = &record.event else { return None };
        let known = common.0 == GENESIS || self.hashes.contains(common);
        (!(known && is_branch(common, records))).then_some(Wrong::Branch { sequence })
    }
}

fn wrong_with(record: &Record, text: &str, before: Option<&Head>) -> Option<Wrong> {
    let sequence = record.sequence;
    if record.format_version > FORMAT_VERSION {
        return Some(Wrong::Newer { version: record.format_version });
    }
    if record.computed_hash() != record.hash {
        return Some(Wrong::Altered { sequence });
    }
    if record.line() != text {
        return Some(Wrong::Spelling { sequence });
    }
    let before = before?;
    let expected = before.sequence.saturating_add(1);
    if sequence != expected {
        return Some(Wrong::Order { found: sequence, expected });
    }
    (record.previous != before.hash).then_some(Wrong::Link { sequence })
}

/// Returns whether records follow each other from a hash on. Branches inside them were examined by
/// whoever wrote the record that holds them; their hash covers them.
fn is_branch(common: &Digest, records: &[Record]) -> bool {
    let Some(first) = records.first() else { return false };
    let mut head = Head { sequence: first.sequence.saturating_sub(1), hash: common.clone() };
    records.iter().all(|record| {
        let follows = record.previous == head.hash
            && record.sequence == head.sequence.saturating_add(1)
            && record.computed_hash() == record.hash;
        head = record.head();
        follows
    })
}
