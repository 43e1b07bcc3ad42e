//! Which answers the official description documents, and which of them were met.
//!
//! Of an operation: its success, its `4xx` and `5xx`, the codes of its own table, the codes that its
//! sentences name. Besides these, the codes that any operation may answer with.

use std::collections::{BTreeMap, BTreeSet};
use std::sync::LazyLock;

use serde_json::Value;

const ANSWERS: &str = include_str!("../fixtures/answers.json");

static ALL: LazyLock<Value> = LazyLock::new(|| serde_json::from_str(ANSWERS).unwrap());

/// Refusals that the lab has and the description does not document for the operation, each with what
/// speaks for it.
pub(crate) const ELSEWHERE: [(&str, u16, &str, &str); 12] = [
    ("POST /servers", 422, "server_already_added", APPLIES),
    ("POST /servers", 422, "private_net_only_server", APPLIES),
    ("POST /firewalls", 422, "private_net_only_server", APPLIES),
    ("POST /servers", 422, "no_subnet_available", ATTACHES),
    ("POST /servers/{id}/actions/change_alias_ips", 422, "ip_not_available", ATTACHES),
    ("POST /networks/{id}/actions/change_ip_range", 422, "networks_overlap", ATTACHES),
    ("POST /servers", 422, "volume_already_attached", LIBRARY),
    ("POST /volumes/{id}/actions/attach", 422, "volume_already_attached", LIBRARY),
    ("POST /primary_ips/{id}/actions/assign", 422, "primary_ip_datacenter_mismatch", ASSIGNS),
    ("POST /servers", 422, "placement_group_member_limit_reached", REPORT),
    (
        "POST /servers/{id}/actions/add_to_placement_group",
        422,
        "placement_group_member_limit_reached",
        REPORT,
    ),
    ("DELETE /placement_groups/{id}", 422, "resource_in_use", "an estimate"),
];

const APPLIES: &str = "applies a firewall, where applying documents it or its like";
const ATTACHES: &str = "gives addresses in a network, where attaching to one documents it";
const ASSIGNS: &str = "as `POST /servers` documents for the same addresses";
const LIBRARY: &str = "a code of the official Go library, for volumes";
const REPORT: &str = "met in the cloud: report 1170 of the official Terraform provider";

/// How an answer came about.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum How {
    /// By the lab's own rules.
    Ordinary,
    /// By an order to refuse with this code.
    ByFault,
}

/// An answer: to which operation (for one that is not described, method and path), its status and
/// its error code, empty for a success.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) struct Met {
    pub(crate) operation: String,
    pub(crate) status: u16,
    pub(crate) code: String,
}

/// Answers that were met and had their described form.
#[derive(Debug, Clone, Default)]
pub(crate) struct Record(pub(crate) BTreeMap<Met, How>);

impl Record {
    /// Notes an answer. What was met in the ordinary way stays so.
    pub(crate) fn note(&mut self, met: Met, how: How) {
        let known = self.0.entry(met).or_insert(how);
        *known = how.min(*known);
    }

    pub(crate) fn extend(&mut self, other: Self) {
        other.0.into_iter().for_each(|(met, how)| self.note(met, how));
    }

    /// Returns the operations that have succeeded.
    pub(crate) fn succeeded(&self) -> BTreeSet<String> {
        let successes = self.0.keys().filter(|met| met.code.is_empty());
        successes.map(|met| met.operation.clone()).collect()
    }

    /// Returns how the first of the wanted answers came about; an ordinary one goes first.
    pub(crate) fn how(&self, is_wanted: impl Fn(&Met) -> bool) -> Option<How> {
        self.0.iter().filter(|(met, _)| is_wanted(met)).map(|(_, how)| *how).min()
    }
}

/// Something that the description documents.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord)]
pub(crate) enum Documented {
    /// The success of an operation.
    Success(String, u16),
    /// An error of an operation whose status begins with this digit.
    Class(String, u16),
    /// A code in an operation's table.
    Own(String, u16, String),
    /// A code that an operation's sentences name.
    InSentences(String, u16, String),
    /// A code of the list for all operations.
    General(u16, String),
}

impl Documented {
    /// Returns whether an answer is this one.
    pub(crate) fn is(&self, met: &Met) -> bool {
        match self {
            Self::Success(operation, status) => {
                (&met.operation, met.status, met.code.as_str()) == (operation, *status, "")
            }
            Self::Class(operation, first) => {
                met.operation == *operation && met.status / 100 == *first
            }
            Self::Own(operation, status, code) | Self::InSentences(operation, status, code) => {
                (&met.operation, met.status, &met.code) == (operation, *status, code)
            }
            Self::General(status, code) => (met.status, &met.code) == (*status, code),
        }
    }
}

fn codes(list: &Value) -> impl Iterator<Item = (u16, String)> {
    list.as_array().into_iter().flatten().map(|pair| {
        let status = u16::try_from(pair[0].as_u64().unwrap()).unwrap();
        (status, pair[1].as_str().unwrap().to_owned())
    })
}

/// Returns the codes for all operations.
pub(crate) fn general() -> Vec<(u16, String)> {
    codes(&ALL["general"]).collect()
}

/// Returns whether an operation is sent with a body.
pub(crate) fn has_body(operation: &str) -> bool {
    ALL["operations"][operation]["has_body"] == true
}

/// Returns everything that is documented.
pub(crate) fn all() -> Vec<Documented> {
    let mut all = Vec::new();
    for (operation, answers) in ALL["operations"].as_object().unwrap() {
        let name = || operation.clone();
        for status in answers["statuses"].as_array().unwrap() {
            let status = status.as_str().unwrap();
            let class = status.strip_suffix("xx").map(|first| first.parse().unwrap());
            all.push(class.map_or_else(
                || Documented::Success(name(), status.parse().unwrap()),
                |first| Documented::Class(name(), first),
            ));
        }
        let own = codes(&answers["codes"]);
        all.extend(own.map(|(status, code)| Documented::Own(name(), status, code)));
        let named = codes(&answers["in_sentences"]);
        all.extend(named.map(|(status, code)| Documented::InSentences(name(), status, code)));
    }
    all.extend(codes(&ALL["general"]).map(|(status, code)| Documented::General(status, code)));
    all
}

/// Returns what is wrong with the details of an error, compared with the example of its code.
pub(crate) fn details_fault(code: &str, details: &Value) -> Option<String> {
    let example = ALL["details"].get(code)?;
    // Details are optional; a refusal for no single field, of an object as it is, has none.
    if code == "invalid_input" && details.is_null() {
        return None;
    }
    (!has_form(example, details)).then(|| format!("details of {code} are {details}, not {example}"))
}

/// Returns whether a value has the fields of an example, in every object of every list.
fn has_form(example: &Value, value: &Value) -> bool {
    match (example, value) {
        (Value::Object(example), Value::Object(value)) => {
            let same = example.keys().eq(value.keys());
            same && example.iter().all(|(name, inner)| has_form(inner, &value[name]))
        }
        (Value::Array(example), Value::Array(values)) => {
            !values.is_empty() && values.iter().all(|value| has_form(&example[0], value))
        }
        (Value::String(_), Value::String(text)) => !text.is_empty(),
        _ => false,
    }
}

/// Returns whether an operation may be refused so.
pub(crate) fn may_refuse(operation: &str, status: u16, code: &str) -> bool {
    let is = |(other, text): (u16, String)| (other, text.as_str()) == (status, code);
    let elsewhere = ELSEWHERE
        .iter()
        .any(|(name, other, text, _)| (*name, *other, *text) == (operation, status, code));
    elsewhere
        || codes(&ALL["general"]).any(is)
        || codes(&ALL["operations"][operation]["codes"]).any(is)
}
