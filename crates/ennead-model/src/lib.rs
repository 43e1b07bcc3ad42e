//! The words of ennead, without input or output.
//!
//! Every other crate speaks in these types. Nothing here reads a file, a clock or a random source,
//! and nothing here knows a particular component, site or node. See `docs/glossary.md` for the
//! meaning of each word and `ARCHITECTURE.md` for the flow of data through them.

pub mod carries;
pub mod catalogue;
pub mod cloud;
pub mod clouds;
pub mod day;
pub mod digest;
pub mod entry;
pub mod finding;
pub mod fleet;
pub mod inventory;
pub mod known;
pub mod load;
pub mod money;
pub mod names;
pub mod order;
pub mod outcome;
pub mod plan;
pub mod prices;
pub mod reach;
pub mod reference;
pub mod service;
pub mod user_data;

pub use carries::{Burden, Carries};
pub use catalogue::Catalogue;
pub use cloud::CloudAction;
pub use day::Day;
pub use digest::{Digest, sha256_hex};
pub use entry::{Entry, EntryDns, Volume};
pub use finding::{Finding, Severity};
pub use fleet::{Fleet, Node, Site, Tier};
pub use inventory::{
    CloudInventory, FirewallFacts, FloatingIpFacts, Health, Inventory, NetworkFacts, NodeFacts,
    Observation, RecordFacts, ServerFacts, VolumeFacts, ZoneFacts,
};
pub use known::Known;
pub use load::{Load, parse_bytes};
pub use money::{Money, MoneyError};
pub use names::{
    ComponentName, EntryName, NameError, NodeName, PersonName, ServiceName, SiteName, TierName,
    VolumeName,
};
pub use order::{Condition, NodeAction, NodeOrder, OnChange};
pub use outcome::{ActionReport, NodeReport, Outcome};
pub use plan::{Blocked, Gate, Plan, Risk, Step, StepAction, StepId};
pub use reference::{Fingerprints, Ref, RefKind, RefResolver, ResolveError};
pub use service::{Needs, Service};
