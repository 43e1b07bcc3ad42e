//! What an order left behind, as far as it can be checked later.

use std::collections::BTreeMap;

use camino::Utf8PathBuf;
use ennead_model::{Condition, Digest, NodeAction, NodeOrder, sha256_hex};
use serde::{Deserialize, Serialize};

/// Version of the record's JSON.
pub(crate) const RECORD_FORMAT_VERSION: u32 = 1;

/// What was applied of one component. Written before the first action without `applied`, and whole
/// after the last: an order that was broken off shows.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Record {
    pub(crate) format_version: u32,
    pub(crate) generation: u64,
    pub(crate) applied: Option<Digest>,
    pub(crate) health: Option<Condition>,
    pub(crate) expected: Expected,
    /// Kernel settings that are another's to make, with what was said.
    pub(crate) out_of_reach: BTreeMap<String, String>,
}

/// A path with its owner and mode.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ExpectedPath {
    pub(crate) owner: String,
    pub(crate) group: String,
    pub(crate) mode: u32,
    /// Digest of the content; absent for a directory.
    pub(crate) sha256: Option<String>,
}

/// A unit's state.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct ExpectedUnit {
    pub(crate) enabled: bool,
    pub(crate) running: bool,
}

/// What must still be so. The last action about a thing counts.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct Expected {
    pub(crate) packages: Vec<String>,
    pub(crate) users: Vec<String>,
    pub(crate) paths: BTreeMap<Utf8PathBuf, ExpectedPath>,
    pub(crate) absent: Vec<Utf8PathBuf>,
    pub(crate) sysctls: BTreeMap<String, String>,
    pub(crate) units: BTreeMap<String, ExpectedUnit>,
}

impl Expected {
    /// Computes what an order leaves behind.
    pub(crate) fn of<'a>(actions: impl IntoIterator<Item = &'a NodeAction>) -> Self {
        let mut expected = Self::default();
        for action in actions {
            expected.add(action);
        }
        expected
    }

    fn add(&mut self, action: &NodeAction) {
        match action {
            NodeAction::Packages { names } => self.packages.extend(names.iter().cloned()),
            NodeAction::User { name, .. } => self.users.push(name.clone()),
            NodeAction::Directory { path, owner, group, mode } => {
                self.put(path, owner, group, *mode, None);
            }
            NodeAction::File { path, content, owner, group, mode, .. } => {
                self.put(path, owner, group, *mode, Some(sha256_hex(content)));
            }
            NodeAction::Absent { path } => {
                self.paths.remove(path);
                self.absent.push(path.clone());
            }
            NodeAction::Sysctl { key, value } => {
                self.sysctls.insert(key.clone(), value.clone());
            }
            NodeAction::Unit { name, enabled, running, .. } => {
                let unit = ExpectedUnit { enabled: *enabled, running: *running };
                self.units.insert(name.clone(), unit);
            }
            NodeAction::Command { .. }
            | NodeAction::WaitUntil { .. }
            | NodeAction::Component { .. } => {}
        }
    }

    fn put(
        &mut self,
        path: &Utf8PathBuf,
        owner: &str,
        group: &str,
        mode: u32,
        sha256: Option<String>,
    ) {
        self.absent.retain(|absent| absent != path);
        let (owner, group) = (owner.to_owned(), group.to_owned());
        self.paths.insert(path.clone(), ExpectedPath { owner, group, mode, sha256 });
    }
}

impl Record {
    /// Makes the record of an order that begins.
    pub(crate) fn begun(order: &NodeOrder) -> Self {
        Self {
            format_version: RECORD_FORMAT_VERSION,
            generation: order.generation,
            applied: None,
            health: order.health.clone(),
            expected: Expected::of(order.all_actions()),
            out_of_reach: BTreeMap::new(),
        }
    }

    /// Returns whether the order is the one that was begun last and not ended.
    pub(crate) fn was_begun_by(&self, order: &NodeOrder) -> bool {
        self.generation == order.generation
            && self.applied.is_none()
            && self.health == order.health
            && self.expected == Expected::of(order.all_actions())
    }
}
