//! Claims about a platform, compared with what is computed of it.
//!
//! ```text
//! spec, catalogue -> facts, survival --+
//! availability ------------------------+-> Truth + claims -> rows: claimed, computed, verdict
//! cost, capacity, ... (Truth::insert) -+
//! ```
//!
//! A name that is known but that nothing computed yet, listed in `known.rs`, gives the verdict
//! `not computed`; whoever computes it calls [`Truth::insert`] with the same name.

mod facts;
mod figures;
mod judge;
mod known;
mod promised;
mod truth;

pub use judge::{Row, Verdict, judge};
pub use known::KNOWN;
pub use truth::{Computed, Truth, Value};

#[cfg(test)]
mod tests;
