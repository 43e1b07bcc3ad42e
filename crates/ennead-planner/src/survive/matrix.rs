//! The matrix: every service against every kind of loss, each cell the worst of its kind.

use serde::Serialize;

use super::layout::Layout;
use super::loss::{lose, part};
use super::outcome::{Outcomes, SERVICES, Verdict};
use super::promises::subsets;
use super::report::Entry;
use super::sequence::maintain;

/// A service in every kind of loss.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct MatrixRow {
    /// The service.
    pub service: String,
    /// Whether promises are about it. Coordination and reads are not: writes need the one, and lose
    /// nothing without the other.
    pub promised: bool,
    /// The worst of each kind, in the order of [`Matrix::columns`].
    pub cells: Vec<Entry>,
}

/// Services against kinds of loss.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Matrix {
    /// The kinds of loss.
    pub columns: Vec<String>,
    /// The services: first those of the components, then the entries.
    pub rows: Vec<MatrixRow>,
}

/// Computes the matrix.
#[must_use]
pub fn matrix(layout: &Layout) -> Matrix {
    let mut columns = vec!["any server".to_owned(), "any two".to_owned()];
    let mut kinds: Vec<Outcomes> = (1..=2)
        .filter_map(|size| worst(subsets(layout.all, size).iter().map(|set| lose(layout, *set))))
        .collect();
    if kinds.len() < columns.len() {
        columns.truncate(kinds.len());
    }
    for (site, lost) in layout.sites.iter().filter(|_| layout.sites.len() > 1) {
        columns.push(format!("site {site}"));
        kinds.push(lose(layout, *lost));
    }
    let cuts = layout.partitions();
    if let Some(outcomes) = worst(cuts.iter().map(|(_, sides)| part(layout, sides))) {
        columns.push("partition".to_owned());
        kinds.push(outcomes);
    }
    if let Some(outcomes) = worst(layout.all.iter().map(|server| maintain(layout, server))) {
        columns.push("maintenance".to_owned());
        kinds.push(outcomes);
    }
    let base = SERVICES.into_iter().enumerate().map(|(at, name)| {
        let promised = matches!(at, 1 | 3);
        row(layout, name, promised, kinds.iter().filter_map(|it| it.verdicts().get(at).copied()))
    });
    let others = layout.services.iter().enumerate().map(|(at, service)| {
        let verdicts = kinds.iter().filter_map(|it| it.services.get(at).copied());
        row(layout, &service.name, service.promised, verdicts)
    });
    let entries = layout.entries.iter().enumerate().map(|(at, entry)| {
        let verdicts = kinds.iter().filter_map(|it| it.entries.get(at).copied());
        row(layout, &entry.name, true, verdicts)
    });
    Matrix { columns, rows: base.chain(entries).chain(others).collect() }
}

fn worst(cases: impl Iterator<Item = Outcomes>) -> Option<Outcomes> {
    cases.reduce(|one, other| one.worse(&other))
}

fn row(
    layout: &Layout,
    service: &str,
    promised: bool,
    verdicts: impl Iterator<Item = Verdict>,
) -> MatrixRow {
    let cell = |verdict: Verdict| Entry {
        service: service.to_owned(),
        outcome: verdict.outcome,
        reason: verdict.reason(layout),
    };
    MatrixRow { service: service.to_owned(), promised, cells: verdicts.map(cell).collect() }
}
