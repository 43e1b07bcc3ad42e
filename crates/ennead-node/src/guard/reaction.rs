//! Reactions that one node's guard leaves for another's.

use ennead_guard::fence::ReactionOrder;
use ennead_guard::react::Doing;
use ennead_model::NodeName;
use serde::{Deserialize, Serialize};

use super::etcd::Kv;

/// Seconds that a reaction waits for its guard. Later than that, checks have found the death.
pub(crate) const REACTION_S: u64 = 60;

/// Version of a reaction's JSON.
const FORMAT_VERSION: u32 = 1;

/// What is done about a dead node.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
enum Deed {
    /// [`Doing::MarkDown`].
    MarkDown,
    /// [`Doing::Refuse`].
    Refuse,
}

impl From<Doing> for Deed {
    fn from(doing: Doing) -> Self {
        match doing {
            Doing::MarkDown => Self::MarkDown,
            Doing::Refuse => Self::Refuse,
        }
    }
}

impl From<Deed> for Doing {
    fn from(deed: Deed) -> Self {
        match deed {
            Deed::MarkDown => Self::MarkDown,
            Deed::Refuse => Self::Refuse,
        }
    }
}

#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
struct Stored {
    format_version: u32,
    component: String,
    dead: NodeName,
    doing: Deed,
}

/// A reaction that is to be carried out on this node.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Wanted {
    /// Names it once and for all: key and revision.
    pub(crate) id: (String, u64),
    /// Who is off.
    pub(crate) dead: NodeName,
    /// What is done.
    pub(crate) doing: Doing,
}

impl Wanted {
    /// Reads a key; none if it is of another version of ennead.
    pub(crate) fn parse(kv: &Kv) -> Option<Self> {
        let stored: Stored = serde_json::from_str(&kv.value()?).ok()?;
        let is_known = stored.format_version == FORMAT_VERSION;
        let id = (kv.key()?, kv.mod_revision.count());
        is_known.then_some(Self { id, dead: stored.dead, doing: stored.doing.into() })
    }
}

/// Returns a reaction's name and value as they are stored. The name is of the component and the
/// dead node, so that a repeated order replaces the last one.
pub(crate) fn stored(order: &ReactionOrder) -> Option<(String, String)> {
    let stored = Stored {
        format_version: FORMAT_VERSION,
        component: order.component().to_string(),
        dead: order.dead().clone(),
        doing: order.doing().into(),
    };
    let name = format!("{}-{}", order.component(), order.dead());
    Some((name, serde_json::to_string(&stored).ok()?))
}
