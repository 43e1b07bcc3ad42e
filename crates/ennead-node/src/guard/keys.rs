//! Names of keys in the coordination cluster: Patroni's, and the guards' own below
//! `/ennead/guard/SCOPE/`.

use ennead_guard::IntentId;
use ennead_model::NodeName;

/// All names of one scope.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct KeyNames {
    patroni: String,
    guard: String,
}

impl KeyNames {
    /// Makes the names for a scope of Patroni.
    pub(crate) fn new(scope: &str) -> Self {
        Self { patroni: format!("/service/{scope}/"), guard: format!("/ennead/guard/{scope}/") }
    }

    /// Patroni's leader key: the member's name, on the member's lease.
    pub(crate) fn primary(&self) -> String {
        format!("{}leader", self.patroni)
    }

    /// Patroni's sync key.
    pub(crate) fn sync(&self) -> String {
        format!("{}sync", self.patroni)
    }

    /// Begin of the keys of Patroni's members.
    pub(crate) fn members(&self) -> String {
        format!("{}members/", self.patroni)
    }

    /// Patroni's settings of the whole cluster.
    pub(crate) fn config(&self) -> String {
        format!("{}config", self.patroni)
    }

    /// The election key of the guards, on the leading guard's lease.
    pub(crate) fn leader(&self) -> String {
        format!("{}leader", self.guard)
    }

    /// Begin of the keys of the votes.
    pub(crate) fn votes(&self) -> String {
        format!("{}votes/", self.guard)
    }

    /// A guard's vote, on its own lease.
    pub(crate) fn vote(&self, node: &NodeName) -> String {
        format!("{}votes/{node}", self.guard)
    }

    /// The record of the act that is under way.
    pub(crate) fn intent(&self) -> String {
        format!("{}intent", self.guard)
    }

    /// Begin of the keys that count acts.
    pub(crate) fn acts(&self) -> String {
        format!("{}acts/", self.guard)
    }

    /// The key that counts one act, on a lease of ten minutes.
    pub(crate) fn act(&self, id: IntentId) -> String {
        format!("{}acts/{}-{}", self.guard, id.term, id.number)
    }

    /// Begin of the keys that declare maintenance: `maintenance` itself, `maintenance/NODE`.
    pub(crate) fn maintenance(&self) -> String {
        format!("{}maintenance", self.guard)
    }

    /// Begin of the reactions to be carried out at a node.
    pub(crate) fn reactions(&self, at: &NodeName) -> String {
        format!("{}reactions/{at}/", self.guard)
    }

    /// Begin of the evidence that a node's guard wrote.
    pub(crate) fn evidence(&self, by: &NodeName) -> String {
        format!("{}evidence/{by}/", self.guard)
    }
}

/// Returns a number so that the order of texts is that of numbers.
pub(crate) fn ordered(number: u64) -> String {
    format!("{number:020}")
}
