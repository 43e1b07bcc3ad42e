//! Whether claims hold, row by row.

use std::fmt;

use ennead_spec::claims::{ABOUT_TOLERANCE, Claim, Claimed};
use serde::Serialize;

use super::truth::{Computed, Truth};

/// How far two numbers may be apart that count as the same: what converting units costs.
const SAME: f64 = 1e-9;

/// Whether a claim holds.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize)]
#[serde(rename_all = "kebab-case")]
pub enum Verdict {
    /// It does.
    Holds,
    /// Nothing here computes it.
    NotComputed,
    /// It does not.
    DoesNotHold,
}

impl fmt::Display for Verdict {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Holds => "holds",
            Self::NotComputed => "not computed",
            Self::DoesNotHold => "does not hold",
        })
    }
}

/// One claim with what is true.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct Row {
    /// What it is about.
    pub name: String,
    /// What is claimed.
    pub claimed: String,
    /// What was computed, in the same unit; `-` when nothing was.
    pub computed: String,
    /// Whether it holds.
    pub verdict: Verdict,
    /// Where the computed value comes from, or why there is none.
    pub source: String,
    /// The claim's note.
    pub note: String,
    /// Its line in the claims file, if it is known.
    pub line: Option<usize>,
}

/// Compares claims with the truth. Pure.
///
/// A value that is a range must satisfy the claim wherever in the range it is.
#[must_use]
pub fn judge(claims: &[Claim], truth: &Truth) -> Vec<Row> {
    claims.iter().map(|claim| row(claim, truth)).collect()
}

fn row(claim: &Claim, truth: &Truth) -> Row {
    let (computed, verdict, source) = if let Some(value) = truth.get(&claim.name) {
        let verdict = match compare(claim.claimed, value.computed) {
            Some(true) => Verdict::Holds,
            Some(false) => Verdict::DoesNotHold,
            None => Verdict::NotComputed,
        };
        (words(claim, value.computed), verdict, value.source.clone())
    } else {
        let why = truth.lack(&claim.name).unwrap_or("nothing computes it");
        ("-".to_owned(), Verdict::NotComputed, why.to_owned())
    };
    Row {
        name: claim.name.clone(),
        claimed: claim.words(),
        computed,
        verdict,
        source,
        note: claim.note.clone(),
        line: claim.position.map(|position| position.line),
    }
}

/// Returns whether a claim is true; `None` when an amount is compared with yes or no.
fn compare(claimed: Claimed, computed: Computed) -> Option<bool> {
    let (low, high) = match (claimed, computed) {
        (Claimed::YesNo(claimed), Computed::YesNo(computed)) => return Some(claimed == computed),
        (Claimed::YesNo(_), _) | (_, Computed::YesNo(_)) => return None,
        (_, Computed::Amount { low, high, .. }) => (low, high),
    };
    let slack = |amount: f64| amount.abs() * SAME;
    let least = |amount: f64| low >= amount - slack(amount);
    let most = |amount: f64| high <= amount + slack(amount);
    Some(match claimed {
        Claimed::YesNo(_) => return None,
        Claimed::Exactly(amount) => least(amount) && most(amount),
        Claimed::AtLeast(amount) => least(amount),
        Claimed::AtMost(amount) => most(amount),
        Claimed::About(amount) => {
            least(amount * (1.0 - ABOUT_TOLERANCE)) && most(amount * (1.0 + ABOUT_TOLERANCE))
        }
        Claimed::Between(from, to) => least(from) && most(to),
    })
}

fn words(claim: &Claim, computed: Computed) -> String {
    let same = |low: f64, high: f64| low.to_bits() == high.to_bits();
    match computed {
        Computed::YesNo(yes) => Claimed::YesNo(yes),
        Computed::Amount { low, high, .. } if same(low, high) => Claimed::Exactly(low),
        Computed::Amount { low, high, .. } if high.is_infinite() => Claimed::AtLeast(low),
        Computed::Amount { low, high, .. } if low.is_infinite() => Claimed::AtMost(high),
        Computed::Amount { low, high, .. } => Claimed::Between(low, high),
    }
    .words(claim.unit)
}
