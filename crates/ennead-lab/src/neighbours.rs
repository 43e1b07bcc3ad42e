//! The projects of one lab share its public prefix: no two may give away the same address.

use std::collections::BTreeSet;
use std::net::Ipv4Addr;
use std::sync::{Arc, Mutex, MutexGuard, PoisonError, Weak};

use serde_json::Value;

use crate::engine::Engine;
use crate::state::{Prefix, State};

/// The engines of a lab, and the turn to change any of them.
#[derive(Clone, Default)]
pub struct Neighbours(Arc<Mutex<Vec<Weak<Engine>>>>);

/// The right to change one of the engines: whoever holds it sees every address that is taken.
pub(crate) struct Turn<'a>(MutexGuard<'a, Vec<Weak<Engine>>>);

impl Neighbours {
    /// Waits for the turn.
    pub(crate) fn turn(&self) -> Turn<'_> {
        Turn(self.0.lock().unwrap_or_else(PoisonError::into_inner))
    }
}

impl Turn<'_> {
    /// Lets an engine be one of them.
    pub(crate) fn join(&mut self, engine: &Arc<Engine>) {
        self.0.push(Arc::downgrade(engine));
    }

    /// Returns the public addresses that the other engines have; nothing when it is alone.
    pub(crate) fn taken_by_others(&self, engine: &Engine) -> BTreeSet<Ipv4Addr> {
        let others = self.0.iter().filter_map(Weak::upgrade);
        let others = others.filter(|other| !std::ptr::eq(Arc::as_ptr(other), engine));
        others
            .flat_map(|other| other.public_addresses().iter().copied().collect::<Vec<_>>())
            .collect()
    }
}

/// Returns every address of the prefix that a state names anywhere. Read from the stored form, so
/// that no kind of object can be forgotten; a text that only looks like one is spared, too.
pub(crate) fn addresses_in(state: &State, prefix: Prefix) -> BTreeSet<Ipv4Addr> {
    let mut found = BTreeSet::new();
    let mut left = vec![serde_json::to_value(state).unwrap_or_default()];
    while let Some(value) = left.pop() {
        match value {
            Value::String(text) => {
                let address = text.parse().ok().filter(|address| prefix.contains(*address));
                found.extend(address);
            }
            Value::Array(values) => left.extend(values),
            Value::Object(fields) => left.extend(fields.into_iter().map(|(_, value)| value)),
            Value::Null | Value::Bool(_) | Value::Number(_) => {}
        }
    }
    found
}
