//! What is wrong or remarkable about a spec, before anything is planned.
//!
//! Several sources, in one list: what reading the text found, where components stand
//! ([`placement`]), whether quorums are sound ([`quorum`]) and entries have a second way in
//! ([`entries`]), what the platform survives ([`survive`]),
//! whether its promises are kept ([`promises`]) and its load is carried ([`capacity`]), what it costs
//! ([`cost`]), who may come in ([`exposure`]); and what each component says about its own options. Nothing here names a component.

mod capacity;
mod cost;
mod entries;
mod exposure;
mod placement;
mod promises;
mod quorum;
mod survive;

use std::cmp::Reverse;

use ennead_components::{ALL, Context};
use ennead_model::{Finding, Inventory, Severity};
use ennead_spec::{Parsed, Places, Spec};

/// Returns everything that is known about a text: errors first, then by place. Pure.
///
/// A text that gave no spec gives what reading found; one that did, the rest as well.
pub fn check(parsed: &Parsed) -> Vec<Finding> {
    let mut findings = parsed.findings.clone();
    if let Some(spec) = &parsed.spec {
        findings.extend(check_spec(spec, &parsed.places));
    }
    sort(&mut findings);
    findings
}

/// Returns what is known about a spec that was read before; `places` gives lines to findings and
/// may be empty.
pub fn check_spec(spec: &Spec, places: &Places) -> Vec<Finding> {
    let inventory = Inventory::empty();
    let context = Context { fleet: &spec.fleet, options: &spec.options, inventory: &inventory };
    let mut findings = placement::check_placement(&context, places);
    findings.extend(quorum::check_quorums(&context));
    findings.extend(survive::check_survival(&context));
    findings.extend(entries::check_entries(&context));
    findings.extend(promises::check_promises(&context, &spec.promises));
    findings.extend(cost::check_cost(spec));
    findings.extend(exposure::check_exposure(spec));
    findings.extend(capacity::check_capacity(&context, spec.load.as_ref()));
    findings.extend(ALL.iter().flat_map(|component| component.check(&context)));
    let mut findings: Vec<_> = findings.into_iter().map(|it| places.annotate(it)).collect();
    sort(&mut findings);
    findings
}

/// Returns whether anything forbids to plan.
pub fn has_errors(findings: &[Finding]) -> bool {
    findings.iter().any(|finding| finding.severity == Severity::Error)
}

/// Orders findings for people, and takes out those that say the same twice.
fn sort(findings: &mut Vec<Finding>) {
    findings.sort_by(|a, b| {
        let key = |finding: &Finding| (Reverse(finding.severity), finding.place.clone());
        key(a).cmp(&key(b)).then_with(|| a.cmp(b))
    });
    findings.dedup();
}

#[cfg(test)]
mod tests;
