//! What is suggested, with everything a person needs to decide.

use std::collections::BTreeSet;

use ennead_model::{Catalogue, Finding, Severity};
use ennead_spec::{Places, Promise, Spec};
use serde::Serialize;

use super::change::{Change, apply};
use super::distance::Distances;
use super::ground::Ground;
use super::hopeless::{Hopeless, hopeless};
use super::search::{CHANGES_MAX, search, shapes_max};
use super::shape::Shape;
use super::witness::{Price, witnesses};
use crate::check::check_spec;
use crate::survive::{Kept, judge, judge_all};

/// One change with its reason.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Step {
    /// The change.
    #[serde(flatten)]
    pub change: Change,
    /// The change as a sentence without its full stop.
    pub what: String,
    /// What would be so without it, as a sentence without its full stop.
    pub why: String,
}

/// A promise before and after.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Compared {
    /// Its name, as in a spec.
    pub promise: String,
    /// Whether it is asked for.
    pub asked: bool,
    /// Whether today's layout keeps it; nothing when its site does not exist today.
    pub before: Option<bool>,
    /// Whether the changed one does.
    pub after: bool,
    /// The smallest loss that breaks it afterwards; empty when it is kept.
    pub counterexample: String,
}

/// Changes that together keep every promise that is asked for.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Suggestion {
    /// The changes with their reasons.
    pub steps: Vec<Step>,
    /// Every promise before and after.
    pub promises: Vec<Compared>,
    /// What it costs more, in cents a month; nothing when a price is not known.
    pub monthly_cents: Option<u64>,
    /// What a commit waits for before and after, in milliseconds.
    pub commit_ms: [u32; 2],
    /// What a write of etcd waits for before and after, in milliseconds. No client waits for it.
    pub etcd_ms: [u32; 2],
    /// What else is to be known, as sentences.
    pub notes: Vec<String>,
}

impl Suggestion {
    /// Returns the changes alone.
    #[must_use]
    pub fn changes(&self) -> Vec<Change> {
        self.steps.iter().map(|step| step.change.clone()).collect()
    }
}

/// What came of the question.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Answer {
    /// Version of this form.
    pub format_version: u32,
    /// What was asked for, with whether today's layout keeps it.
    pub asked: Vec<Kept>,
    /// What of it no change of these kinds can keep: then nothing was looked for.
    pub hopeless: Vec<Hopeless>,
    /// The suggestions, cheapest first; none when nothing is to be changed, or none was found.
    pub suggestions: Vec<Suggestion>,
    /// How many platforms were looked at.
    pub looked_at: usize,
    /// Most changes of one suggestion.
    pub changes_max: usize,
    /// Whether no better one can exist with so many changes; false when the search ended early.
    pub whole: bool,
}

impl Answer {
    /// Returns whether today's layout keeps everything that was asked for.
    #[must_use]
    pub fn is_kept(&self) -> bool {
        self.asked.iter().all(|it| it.kept)
    }
}

/// Looks for the cheapest changes that keep these promises. Pure: the same spec, promises, catalogue,
/// prices and distances give the same answer. `None` when the platform has more servers than are
/// computed.
///
/// Every suggestion keeps each promise, and brings no error or warning of `check` that was not there.
#[must_use]
pub fn suggest(
    spec: &Spec,
    asked: &[Promise],
    catalogue: &Catalogue,
    price: Price<'_>,
    distances: Distances,
) -> Option<Answer> {
    let most = shapes_max(spec.fleet.nodes.len());
    suggest_within(spec, asked, catalogue, price, distances, most)
}

/// As [`suggest`], with another limit on what is looked at.
pub(super) fn suggest_within(
    spec: &Spec,
    asked: &[Promise],
    catalogue: &Catalogue,
    price: Price<'_>,
    distances: Distances,
    most: usize,
) -> Option<Answer> {
    let witnesses = witnesses(&spec.fleet, catalogue, price);
    let ground = Ground::of(spec, witnesses, distances)?;
    let today = ground.layout(&ground.base);
    let kept: Vec<Kept> = asked.iter().map(|promise| judge(&today, promise)).collect();
    let mut answer = Answer {
        format_version: 1,
        asked: kept,
        hopeless: Vec::new(),
        suggestions: Vec::new(),
        looked_at: 0,
        changes_max: CHANGES_MAX,
        whole: true,
    };
    if answer.is_kept() {
        return Some(answer);
    }
    let broken = answer.asked.iter().zip(asked).filter(|(it, _)| !it.kept);
    let beyond = broken.filter_map(|(_, promise)| hopeless(&ground, &today, promise));
    answer.hopeless = beyond.collect();
    if !answer.hopeless.is_empty() {
        return Some(answer);
    }
    // Those that are broken today decide soonest, and say best why a change is needed.
    let mut order: Vec<(bool, &Promise)> =
        answer.asked.iter().map(|it| it.kept).zip(asked).collect();
    order.sort_by_key(|(kept, _)| *kept);
    let before = complaints(spec);
    let found = search(&ground, most, |layout, shape| {
        !layout.voters.len().is_multiple_of(2)
            && order.iter().all(|(_, promise)| judge(layout, promise).kept)
            && complaints(&apply(spec, &ground.changes(shape))).is_subset(&before)
    });
    let order: Vec<Promise> = order.into_iter().map(|(_, promise)| promise.clone()).collect();
    let tell = |shape: &Shape| explain(spec, &order, &ground, shape);
    answer.suggestions = found.shapes.iter().map(|(_, shape)| tell(shape)).collect();
    answer.looked_at = found.looked_at;
    answer.whole = found.whole;
    Some(answer)
}

/// Returns code and place of each error and warning about a spec.
fn complaints(spec: &Spec) -> BTreeSet<(String, String)> {
    findings(spec).iter().map(named).collect()
}

/// Returns each error and warning about a spec, except broken promises: what is asked for was judged
/// before, and by the same rules.
fn findings(spec: &Spec) -> Vec<Finding> {
    let mut findings = check_spec(spec, &Places::default());
    findings.retain(|it| it.severity > Severity::Note && it.code != "promise-broken");
    findings
}

fn named(finding: &Finding) -> (String, String) {
    (finding.code.clone(), finding.place.clone())
}

fn explain(spec: &Spec, asked: &[Promise], ground: &Ground, shape: &Shape) -> Suggestion {
    let changes = ground.changes(shape);
    let (today, later) = (ground.layout(&ground.base), ground.layout(shape));
    let (before, after) = (ground.waits_ms(&today), ground.waits_ms(&later));
    let prices = shape.built.iter().filter_map(|it| ground.witness(it)).map(|it| it.monthly_cents);
    let why = |index: usize| {
        let mut others = changes.clone();
        others.remove(index);
        without(spec, &apply(spec, &others), asked, ground.distances)
    };
    let steps = changes.iter().enumerate().map(|(index, change)| Step {
        change: change.clone(),
        what: change.to_string(),
        why: why(index),
    });
    Suggestion {
        steps: steps.collect(),
        promises: compare(&judge_all(&today), judge_all(&later), asked),
        monthly_cents: prices.sum::<Option<u64>>(),
        commit_ms: [before.0, after.0],
        etcd_ms: [before.1, after.1],
        notes: notes(spec, &changes, asked),
    }
}

/// Says what is worse in a spec that lacks one of the changes: a promise that breaks, what `check`
/// has against it, or how long commits wait.
fn without(before: &Spec, spec: &Spec, asked: &[Promise], distances: Distances) -> String {
    let Some(ground) = Ground::of(spec, Vec::new(), distances) else { return String::new() };
    let layout = ground.layout(&ground.base);
    let broken = asked.iter().map(|promise| judge(&layout, promise)).find(|it| !it.kept);
    if let Some(broken) = broken {
        return format!("{} is not kept: {}", broken.promise, broken.counterexample);
    }
    let known = complaints(before);
    let new = findings(spec).into_iter().find(|it| !known.contains(&named(it)));
    if let Some(new) = new {
        return new.message;
    }
    format!("all of it is kept as well, but a commit waits {} ms", ground.commit_ms)
}

fn compare(before: &[Kept], after: Vec<Kept>, asked: &[Promise]) -> Vec<Compared> {
    let asked: BTreeSet<String> = asked.iter().map(Promise::to_string).collect();
    let compare = |after: Kept| Compared {
        asked: asked.contains(&after.promise),
        before: before.iter().find(|it| it.promise == after.promise).map(|it| it.kept),
        after: after.kept,
        promise: after.promise,
        counterexample: after.counterexample,
    };
    after.into_iter().map(compare).collect()
}

/// Says what the changes bring that is not computed.
fn notes(spec: &Spec, changes: &[Change], asked: &[Promise]) -> Vec<String> {
    let mut notes = Vec::new();
    let any = |test: fn(&Change) -> bool| changes.iter().any(test);
    if any(|it| matches!(it, Change::AddReplica { .. } | Change::AddLoadBalancer { .. })) {
        notes.push(
            "Whether a server carries what it runs more, in memory, disk and processors, is not \
             computed; look at its server type."
                .to_owned(),
        );
    }
    if any(|it| matches!(it, Change::AddName { .. })) {
        notes.push(
            "example.com stands for a zone of yours: write your own name, whose zone is in the cloud."
                .to_owned(),
        );
    }
    if any(|it| matches!(it, Change::AddWitness(_))) {
        notes.push(
            "Prices are the catalogue's, net and without an IPv4 address; whether the type is in \
             stock is known only to the cloud."
                .to_owned(),
        );
    }
    let sites =
        |it: &Promise| matches!(it, Promise::AnySite | Promise::Site(_) | Promise::Partition);
    if asked.iter().any(sites) && spec.fleet.entries.is_empty() {
        notes.push(
            "Clients find the load balancers of another site through DNS, which has to drop a lost \
             site's addresses; that is computed for what `[entries]` names, and nothing is named."
                .to_owned(),
        );
    }
    notes
}
