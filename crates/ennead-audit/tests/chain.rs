//! Whatever is done to a log is found, and whatever copies say, no record is lost.

#![expect(clippy::unwrap_used, reason = "a test fails by panicking")]

use std::collections::BTreeSet;

use ennead_audit::join::{continued, reconcile};
use ennead_audit::verify::{compare_with_head, examine};
use ennead_audit::{
    Ending, Event, Record, Relation, Tally, Verdict, Who, head_of, read_chain, relation, runs,
};
use ennead_model::{Digest, sha256_hex};
use proptest::prelude::*;

fn event(number: usize, chain: &[Record]) -> Event {
    let sha = |what: &str| Digest(sha256_hex(format!("{what} {number}")));
    let last = chain.last().map_or_else(|| sha("run"), |record| record.hash.clone());
    match number % 3 {
        0 => Event::Began {
            command: format!("up {number}"),
            spec_sha256: sha("spec"),
            plan_sha256: Some(sha("plan")),
            copies_seen: 2,
        },
        1 => Event::WentOn { run: last, plan_sha256: sha("other plan") },
        _ => {
            let tally =
                Tally { verdict: Verdict::Done, steps: 3, changed: 2, failed: 0, not_started: 0 };
            Event::Ended { run: last, tally }
        }
    }
}

/// Continues a chain; different names give different records.
fn grown(mut chain: Vec<Record>, by: usize, name: &str) -> Vec<Record> {
    let who = Who { name: format!("{name}@laptop"), key: None };
    for number in 0..by {
        let second = i64::try_from(chain.len()).unwrap();
        let at = jiff::Timestamp::from_second(1_763_900_000 + second).unwrap();
        let event = event(number, &chain);
        chain.push(Record::after(&head_of(&chain), "demo", at, &who, event));
    }
    chain
}

fn text(chain: &[Record]) -> String {
    chain.iter().map(|record| record.line() + "\n").collect()
}

fn add_branches(chain: &mut Vec<Record>, branches: Vec<Event>) {
    let who = Who { name: "joiner@laptop".to_owned(), key: None };
    for event in branches {
        let at = jiff::Timestamp::from_second(1_763_990_000).unwrap();
        chain.push(Record::after(&head_of(chain), "demo", at, &who, event));
    }
}

/// Every record of a chain, those of joined branches included.
fn hashes(chain: &[Record]) -> BTreeSet<Digest> {
    let mut all = BTreeSet::new();
    for record in chain {
        all.insert(record.hash.clone());
        if let Event::Joined { records, .. } = &record.event {
            all.extend(hashes(records));
        }
    }
    all
}

#[test]
fn a_log_that_nobody_touched_is_good() {
    let chain = grown(Vec::new(), 9, "anna");
    assert_eq!(read_chain(&text(&chain)).unwrap(), chain);
    assert_eq!(read_chain("").unwrap(), []);
    assert_eq!(compare_with_head(&chain, &head_of(&chain)), None);
    // A power cut between line and head leaves the log one record ahead.
    assert_eq!(compare_with_head(&chain, &head_of(&chain[..8])), None);
}

#[test]
fn what_is_wrong_names_its_line() {
    let chain = grown(Vec::new(), 6, "anna");
    let lines: Vec<String> = chain.iter().map(Record::line).collect();
    let said = |lines: &[String]| -> Vec<String> {
        let text: String = lines.iter().map(|line| line.clone() + "\n").collect();
        examine(&text).1.iter().map(ToString::to_string).collect()
    };
    let mut altered = lines.clone();
    altered[2] = altered[2].replace("anna", "bert");
    assert_eq!(
        said(&altered),
        ["line 3: record 3 was altered: its hash is not that of its content"]
    );
    let mut removed = lines.clone();
    removed.remove(3);
    assert_eq!(
        said(&removed),
        ["line 4: it holds record 5 where record 4 belongs: lines were removed or moved"]
    );
    let mut swapped = lines.clone();
    swapped.swap(1, 2);
    assert!(said(&swapped)[0].starts_with("line 2: it holds record 3 where record 2 belongs"));
    let mut replaced = lines;
    replaced[4] = grown(chain[..4].to_vec(), 1, "bert")[4].line();
    assert_eq!(
        said(&replaced),
        ["line 6: record 6 does not continue the record before it: one of them was replaced"]
    );
    let short = compare_with_head(&chain[..4], &head_of(&chain)).unwrap().to_string();
    assert_eq!(
        short,
        "line 4: the log ends with record 4, but record 6 was written: its end was cut off"
    );
    let other = grown(Vec::new(), 6, "bert");
    assert!(compare_with_head(&other, &head_of(&chain)).is_some());
}

#[test]
fn a_run_without_an_end_is_seen() {
    let chain = grown(Vec::new(), 4, "anna");
    let runs = runs(&chain);
    assert_eq!(runs.len(), 2);
    assert_eq!(runs[0].plans.len(), 2);
    // Only the last of three records names the one before it in this made-up chain.
    assert!(runs.iter().all(|run| run.ending == Ending::Unknown && !run.forked));
}

#[test]
fn a_fork_is_joined_and_shown() {
    let common = grown(Vec::new(), 3, "anna");
    let anna = grown(common.clone(), 3, "anna");
    let bert = grown(common, 2, "bert");
    let trunk = reconcile(&bert, &[anna.clone(), anna.clone()]);
    assert_eq!(trunk.records, anna);
    let mut all = trunk.records;
    add_branches(&mut all, trunk.branches);
    assert_eq!(read_chain(&text(&all)).unwrap(), all);
    let forked: Vec<_> = runs(&all).into_iter().filter(|run| run.forked).collect();
    assert_eq!(forked.len(), 1);
    assert_eq!(forked[0].who.name, "bert@laptop");
    // Whoever meets the old branch again has nothing to join.
    assert!(reconcile(&all, std::slice::from_ref(&bert)).branches.is_empty());
    // A copy with the branch takes the trunk that holds it, and no other.
    assert_eq!(continued(&bert, &all[3..]).unwrap(), all);
    assert!(continued(&bert, &anna[3..]).is_err());
    assert!(continued(&anna[..2], &anna[4..]).is_err());
}

proptest! {
    #[test]
    fn any_altered_byte_is_found(count in 1..7_usize, at in any::<prop::sample::Index>(), to in 0..128_u8) {
        let whole = text(&grown(Vec::new(), count, "anna"));
        let mut bytes = whole.clone().into_bytes();
        let at = at.index(bytes.len());
        prop_assume!(bytes[at] != to);
        bytes[at] = to;
        prop_assert!(!examine(std::str::from_utf8(&bytes).unwrap()).1.is_empty());
    }

    #[test]
    fn any_inserted_or_removed_byte_is_found(
        count in 1..7_usize, at in any::<prop::sample::Index>(), insert in prop::option::of(0..128_u8),
    ) {
        let chain = grown(Vec::new(), count, "anna");
        let mut bytes = text(&chain).into_bytes();
        let at = at.index(bytes.len());
        match insert {
            Some(byte) => bytes.insert(at, byte),
            None => drop(bytes.remove(at)),
        }
        let (records, problems) = examine(std::str::from_utf8(&bytes).unwrap());
        prop_assert!(!problems.is_empty() || compare_with_head(&records, &head_of(&chain)).is_some());
    }

    #[test]
    fn any_removed_moved_or_repeated_line_is_found(
        count in 2..9_usize, one in any::<prop::sample::Index>(), two in any::<prop::sample::Index>(), what in 0..4,
    ) {
        let chain = grown(Vec::new(), count, "anna");
        let (one, two) = (one.index(count), two.index(count));
        let mut other = chain.clone();
        match what {
            0 => drop(other.remove(one)),
            1 => other.swap(one, two),
            2 => other.truncate(one),
            _ => other.insert(two, chain[one].clone()),
        }
        prop_assume!(other != chain);
        let (records, problems) = examine(&text(&other));
        prop_assert!(!problems.is_empty() || compare_with_head(&records, &head_of(&chain)).is_some());
    }

    #[test]
    fn no_record_is_lost_and_everybody_chooses_alike(
        common in 0..5_usize, lengths in prop::collection::vec(0..5_usize, 1..5),
    ) {
        let common = grown(Vec::new(), common, "anna");
        let copies: Vec<Vec<Record>> = lengths.iter().enumerate()
            .map(|(index, by)| grown(common.clone(), *by, &format!("p{index}"))).collect();
        let (local, others) = copies.split_first().unwrap();
        let trunk = reconcile(local, others);
        let mut all = trunk.records.clone();
        add_branches(&mut all, trunk.branches);
        prop_assert_eq!(&read_chain(&text(&all)).unwrap(), &all);
        let held = hashes(&all);
        for copy in &copies {
            prop_assert!(copy.iter().all(|record| held.contains(&record.hash)));
            // Every copy takes the joined chain, from the first record that it lacks.
            let from = ennead_audit::common_length(&all, copy);
            prop_assert_eq!(&continued(copy, &all[from..]).unwrap(), &all);
        }
        prop_assert!(reconcile(&all, &copies).branches.is_empty());
        prop_assert_eq!(relation(&all, &all), Relation::Same);
        let mut turned = others.to_vec();
        turned.reverse();
        prop_assert_eq!(reconcile(local, &turned).records, trunk.records);
    }
}
