//! Carries out a plan: no choices, only waiting, doing and reporting.
//!
//! A step starts when all that it waits for has succeeded and its gates hold. A step that fails
//! stops those that wait for it and no others. Nothing is undone and nothing is remembered: after a
//! failure, a crash or a cancellation the fleet is observed and planned again.

mod effects;
mod progress;
mod report;
mod run;
#[cfg(any(test, feature = "test-support"))]
pub mod simulated;
mod step;

pub use effects::{EffectError, Effects};
pub use progress::{NoProgress, Progress};
pub use report::{REPORT_FORMAT_VERSION, StepReport, StepResult, WalkReport};
pub use run::{Limits, walk, walk_within};
