//! What is suggested, in the order in which people ask.

mod brute;
mod presets;
mod property;
mod text;

use ennead_model::Catalogue;
use ennead_spec::{Promise, Spec, find_promise, parse_spec, preset};

use super::answer::suggest_within;
use super::*;

/// Reads a text that has no errors.
fn read(text: &str) -> Spec {
    let parsed = parse_spec(text, Catalogue::embedded());
    assert!(!parsed.has_errors(), "{:?}\n{text}", parsed.findings);
    parsed.spec.unwrap()
}

/// Returns a preset.
fn spec(name: &str) -> Spec {
    read(preset(name).unwrap().text)
}

/// Returns the promises of a spec and these.
fn with(spec: &Spec, words: &[&str]) -> Vec<Promise> {
    let mut promises = spec.promises.clone();
    let more = words.iter().map(|word| find_promise(word, spec.fleet.sites.keys()).unwrap());
    promises.extend(more.filter(|it| !spec.promises.contains(it)));
    promises
}

/// Asks with the catalogue's prices and the distances that stand for all; looks at so many shapes.
fn ask_within(spec: &Spec, asked: &[Promise], most: usize) -> Answer {
    let catalogue = Catalogue::embedded();
    let price = catalogue_price(catalogue);
    suggest_within(spec, asked, catalogue, &price, Distances::default(), most).unwrap()
}

/// As [`ask_within`], with the limit that is in force.
fn ask(spec: &Spec, asked: &[Promise]) -> Answer {
    ask_within(spec, asked, search::shapes_max(spec.fleet.nodes.len()))
}

/// Asks for more than the spec promises, and tells each suggestion on one line: what it costs, how
/// long commits wait, the changes.
fn told(spec: &Spec, words: &[&str]) -> Vec<String> {
    let answer = ask(spec, &with(spec, words));
    assert!(answer.whole && !answer.is_kept());
    let line = |it: &Suggestion| {
        let changes: Vec<_> = it.steps.iter().map(|step| step.what.as_str()).collect();
        let cents = it.monthly_cents.map_or("?".to_owned(), |cents| cents.to_string());
        let [before, after] = it.commit_ms;
        format!("{cents} cents, {before} -> {after} ms: {}", changes.join("; "))
    };
    answer.suggestions.iter().map(line).collect()
}
