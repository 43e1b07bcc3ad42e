//! Pure decisions: check gives findings, plan gives steps.

pub mod check;
pub mod plan;
