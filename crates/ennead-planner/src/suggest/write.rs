//! From changes to the text of a spec, with its comments and its order.

use ennead_model::{Catalogue, Severity};
use ennead_spec::edit::{EditError, Entry, SpecText};
use ennead_spec::{Promise, Spec, parse_spec};
use thiserror::Error;

use super::change::{Change, apply};
use super::witness::Witness;
use crate::check::check;
use crate::survive::{Layout, judge};

/// A spec's text that does not come out as it should.
#[derive(Debug, Clone, PartialEq, Eq, Error)]
pub enum WriteError {
    /// The text does not take a change.
    #[error(transparent)]
    Edit(#[from] EditError),
    /// The changed text has an error that the old one did not have.
    #[error("the changed text would have an error: {0}")]
    Finding(String),
    /// The changed text does not keep a promise.
    #[error("the changed text would not keep {promise}: {counterexample}")]
    Promise {
        /// The promise.
        promise: String,
        /// What breaks it.
        counterexample: String,
    },
    /// The changed text says something else than the changes do.
    #[error("the changed text would read as another platform than was computed")]
    Other,
}

/// Returns the text with these changes and with these promises among its own. It was read again: it
/// keeps them, has no error, and says exactly what the changes do.
///
/// # Errors
/// [`WriteError`]; the text then has to be changed by hand.
pub fn write(
    text: &str,
    spec: &Spec,
    changes: &[Change],
    asked: &[Promise],
    catalogue: &Catalogue,
) -> Result<String, WriteError> {
    let after = apply(spec, changes);
    let changed = edit(text, spec, &after, changes, asked)?;
    let parsed = parse_spec(&changed, catalogue);
    let error = check(&parsed).into_iter().find(|it| it.severity == Severity::Error);
    if let Some(error) = error {
        let finding = format!("{}: {}", error.place, error.message);
        return Err(WriteError::Finding(finding));
    }
    let read = parsed.spec.ok_or(WriteError::Other)?;
    let layout = Layout::of(&read.fleet, &read.options).ok_or(WriteError::Other)?;
    for promise in asked {
        let kept = judge(&layout, promise);
        if !kept.kept {
            let (promise, counterexample) = (kept.promise, kept.counterexample);
            return Err(WriteError::Promise { promise, counterexample });
        }
    }
    if read.fleet != after.fleet || read.options != after.options {
        return Err(WriteError::Other);
    }
    Ok(changed)
}

fn edit(
    text: &str,
    before: &Spec,
    after: &Spec,
    changes: &[Change],
    asked: &[Promise],
) -> Result<String, EditError> {
    let mut text = SpecText::read(text)?;
    let mut promises = before.promises.clone();
    promises.extend(asked.iter().filter(|it| !before.promises.contains(it)).cloned());
    if promises != before.promises {
        text.set_list(&["platform"], "promises", &words(&promises))?;
    }
    let mut known = before.clone();
    for change in changes {
        match change {
            Change::AddWitness(witness) => {
                add_witness(&mut text, &known, witness)?;
                known = apply(&known, std::slice::from_ref(change));
            }
            Change::AddReplica { node } => {
                for component in ["postgres", "pgbouncer"] {
                    add(&mut text, before, node, component)?;
                }
            }
            Change::AddPooler { node } => add(&mut text, before, node, "pgbouncer")?,
            Change::AddLoadBalancer { node } => add(&mut text, before, node, "haproxy")?,
            Change::AddName { entry, name } => {
                text.set_text(&["entries", entry.as_str()], "dns", name)?;
            }
            Change::SynchronousCount { to, .. } => {
                let to = i64::try_from(*to).unwrap_or(i64::MAX);
                text.set_integer(&["components", "postgres"], "synchronous_node_count", to)?;
            }
            Change::MoveVoter { .. } | Change::AddVoter { .. } | Change::RemoveVoter { .. } => {}
        }
    }
    if let (Some(voters), true) =
        (&after.options.etcd.voters, after.options.etcd != before.options.etcd)
    {
        let voters: Vec<_> = voters.iter().collect();
        text.set_list(&["components", "etcd"], "voters", &words(&voters))?;
    }
    Ok(text.text())
}

fn add(
    text: &mut SpecText,
    spec: &Spec,
    node: &ennead_model::NodeName,
    component: &str,
) -> Result<(), EditError> {
    let runs = spec.fleet.nodes.get(node).is_some_and(|it| it.components.contains(component));
    if runs { Ok(()) } else { text.add_component(node.as_str(), component) }
}

fn add_witness(text: &mut SpecText, spec: &Spec, witness: &Witness) -> Result<(), EditError> {
    let string = |text: &str| Entry::Text(text.to_owned());
    if let Some(new) = &witness.new_site {
        let entries = [
            ("location", string(&new.location)),
            ("private_prefix", string(&new.private_prefix.to_string())),
        ];
        let comment = "A site that only votes, so that losing another one leaves a majority.";
        text.add_table("sites", witness.site.as_str(), &entries, comment)?;
    }
    let tier = spec.fleet.tiers.get(&witness.tier);
    if tier.is_none() {
        let components = Entry::List(vec!["etcd".to_owned()]);
        let entries = [("server_type", string(&witness.server_type)), ("components", components)];
        let comment = "Witnesses vote in etcd and run nothing else.";
        text.add_table("tiers", witness.tier.as_str(), &entries, comment)?;
    }
    let mut entries = vec![
        ("site", string(witness.site.as_str())),
        ("tier", string(witness.tier.as_str())),
        ("address", string(&witness.address.to_string())),
    ];
    if tier.is_some_and(|it| it.server_type != witness.server_type) {
        entries.push(("server_type", string(&witness.server_type)));
    }
    text.add_table("nodes", witness.node.as_str(), &entries, "A witness: it has no data.")
}

fn words(things: &[impl ToString]) -> Vec<String> {
    things.iter().map(ToString::to_string).collect()
}
