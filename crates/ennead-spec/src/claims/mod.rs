//! A table of claims about a platform, as a file: what a plan, an offer or a page says of it.
//!
//! ```toml
//! [[claim]]
//! name = "fleet.cores"
//! value = 72
//! unit = "vCPU"
//! note = "72 vCPUs"
//!
//! [rates]                      # optional: what was seen, in place of the estimates
//! server_loss_per_year = 0.08
//! ```
//!
//! [`parse_claims`] is pure and knows no name by itself: which names there are, and in which unit
//! each is, is its [`Vocabulary`]. What is true is computed elsewhere.

mod read;
mod unit;
mod value;

pub use read::{ParsedClaims, parse_claims};
pub use unit::{Quantity, UNITS, Unit};
pub use value::{ABOUT_TOLERANCE, Claimed, NUMBER_MAX};

use std::collections::BTreeMap;

use crate::text::Position;

/// What can be claimed of a name.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
pub enum Kind {
    /// That it is so or not.
    YesNo,
    /// An amount.
    Amount(Quantity),
}

/// A key of the `[rates]` table.
#[derive(Debug, Clone, Copy, PartialEq)]
pub struct RateKey {
    /// The key.
    pub name: &'static str,
    /// Its unit, in words.
    pub unit: &'static str,
    /// The largest value that makes sense; the least is 0.
    pub most: f64,
}

/// Everything that a claims file may name.
#[derive(Debug, Clone, Default, PartialEq)]
pub struct Vocabulary {
    /// The names that can be claimed.
    pub names: BTreeMap<String, Kind>,
    /// The keys of the `[rates]` table.
    pub rates: Vec<RateKey>,
}

/// One row of the table.
#[derive(Debug, Clone, PartialEq)]
pub struct Claim {
    /// What it is about, for example `fleet.cores`.
    pub name: String,
    /// What is claimed; amounts are in the base unit of their quantity.
    pub claimed: Claimed,
    /// The unit in which it was written; `None` for yes and no.
    pub unit: Option<Unit>,
    /// Where it comes from, in the words of whoever claims it; may be empty.
    pub note: String,
    /// Where it stands in the file.
    pub position: Option<Position>,
}

impl Claim {
    /// Returns what is claimed as a text, in the claim's own unit.
    #[must_use]
    pub fn words(&self) -> String {
        self.claimed.words(self.unit)
    }
}

#[cfg(test)]
mod tests;
