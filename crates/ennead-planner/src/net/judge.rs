//! What the tries say: findings where they differ from what is declared.

use std::collections::BTreeMap;

use ennead_model::reach::{Protocol, Reached, Seen};
use ennead_model::{Finding, Known, NodeName, Severity};
use serde::Serialize;

use super::pairs::Pair;

/// Version of the report's JSON.
const REPORT_FORMAT_VERSION: u32 = 1;

/// What every try said.
#[derive(Debug, Clone, Serialize)]
pub struct NetReport {
    /// 1.
    pub format_version: u32,
    /// Whether everything that was tried is as declared, and every node was asked.
    pub as_declared: bool,
    /// Pairs that have to connect and do.
    pub open: usize,
    /// Pairs that must not connect and do not.
    pub closed: usize,
    /// Pairs of which nothing can be told: UDP without an answer.
    pub untold: usize,
    /// What differs.
    pub findings: Vec<Finding>,
    /// Every pair.
    pub pairs: Vec<NetRow>,
}

/// One pair in the report.
#[derive(Debug, Clone, Serialize)]
pub struct NetRow {
    /// Who connects.
    pub from: NodeName,
    /// To whom.
    pub to: NodeName,
    /// For example `10.1.0.11:22/tcp`.
    pub target: String,
    /// What the port is for.
    pub purpose: String,
    /// Whether that is to succeed.
    pub allowed: bool,
    /// What was seen; null when the node could not be asked.
    pub seen: Option<String>,
}

/// What a pair's try means.
enum Meaning {
    AsDeclared,
    Untold,
    Wrong(Finding),
}

/// Compares what each node saw with what is declared. A node that could not be asked is an error.
pub fn judge(pairs: &[Pair], answers: &BTreeMap<NodeName, Known<Vec<Reached>>>) -> NetReport {
    let mut report = NetReport {
        format_version: REPORT_FORMAT_VERSION,
        as_declared: true,
        open: 0,
        closed: 0,
        untold: 0,
        findings: silent_nodes(pairs, answers),
        pairs: Vec::new(),
    };
    for pair in pairs {
        let known = answers.get(&pair.from).and_then(Known::known);
        let seen = known.and_then(|all| all.iter().find(|it| it.target == pair.target));
        let seen = seen.map(|reached| &reached.seen);
        match seen.map(|seen| meaning(pair, seen)) {
            Some(Meaning::AsDeclared) if pair.allowed => report.open += 1,
            Some(Meaning::AsDeclared) => report.closed += 1,
            Some(Meaning::Untold) => report.untold += 1,
            Some(Meaning::Wrong(finding)) => report.findings.push(finding),
            // Its node is among the findings.
            None => {}
        }
        report.pairs.push(NetRow {
            from: pair.from.clone(),
            to: pair.to.clone(),
            target: pair.target.to_string(),
            purpose: pair.purpose.clone(),
            allowed: pair.allowed,
            seen: seen.map(ToString::to_string),
        });
    }
    report.as_declared = report.findings.iter().all(|it| it.severity < Severity::Error);
    report
}

fn silent_nodes(pairs: &[Pair], answers: &BTreeMap<NodeName, Known<Vec<Reached>>>) -> Vec<Finding> {
    let mut findings = BTreeMap::new();
    for pair in pairs {
        let why = match answers.get(&pair.from) {
            Some(Known::Known(all)) if all.iter().any(|it| it.target == pair.target) => continue,
            Some(Known::Known(_)) => "its answer is not whole",
            Some(Known::Unknown { why }) => why.as_str(),
            None => "it was not asked",
        };
        let finding = Finding::error("net-unknown", format!("nodes.{}", pair.from), why.to_owned())
            .hint("bring the node back, or put this version there with `ennead up`");
        findings.entry(&pair.from).or_insert(finding);
    }
    findings.into_values().collect()
}

fn meaning(pair: &Pair, seen: &Seen) -> Meaning {
    let Pair { from, to, target, purpose, .. } = pair;
    match (pair.allowed, seen.came_through()) {
        (true, true) | (false, false) => Meaning::AsDeclared,
        (true, false) if target.protocol == Protocol::Udp && *seen == Seen::Silent => {
            Meaning::Untold
        }
        (true, false) => Meaning::Wrong(
            Finding::error(
                "net-closed",
                format!("nodes.{to}"),
                format!("{from} does not reach {target} ({purpose}): {seen}"),
            )
            .hint(format!(
                "see `ennead status`; `nft list table inet ennead` shows what {to} lets in"
            )),
        ),
        (false, true) => Meaning::Wrong(
            Finding::error(
                "net-open",
                format!("nodes.{to}"),
                format!("{from} reaches {target} ({purpose}), which is not for it: {seen}"),
            )
            .hint(format!("`ennead up` brings the rules of {to} back to what is declared")),
        ),
    }
}
