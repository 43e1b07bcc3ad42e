//! How long a year's database writes and entry are away: failure rates times the times of [`survive`].
//!
//! ```text
//! layout, rates -> faults -> effects (from survive) -> formula     minutes a year, term by term
//!                                                   -> simulation  their spread, with a fixed seed
//! ```
//!
//! The formula counts single faults and pairs that overlap; the simulation also more of them. The
//! two agree where faults are rare, which tests hold them to.
//!
//! **Assumptions.** Faults come independently, at constant rates; how long one lasts is distributed
//! exponentially. The primary is where it hurts most and every time is the longest of its range, so
//! the figures are rather too large than too small. A person needs the stated time for whatever has
//! to be done by hand, and may lose what [`survive`] says may be lost. Planned work is not begun
//! while something is away.
//!
//! [`survive`]: crate::survive

mod effect;
mod fault;
mod formula;
mod meter;
mod random;
mod rates;
mod report;
mod simulate;
mod spread;

pub use effect::{Effect, Effects};
pub use fault::{Fault, Kind, faults};
pub use formula::{Term, terms};
pub use rates::{ESTIMATE, MINUTES_PER_YEAR, RATES, RateEntry, Rates, STATED};
pub use report::{Availability, Group, NOT_COUNTED, SEED, Service, YEARS, availability};
pub use simulate::{Simulation, simulate};
pub use spread::Spread;

#[cfg(test)]
mod tests;
