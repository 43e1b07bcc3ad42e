//! Pure decisions: check gives findings, survive what a layout withstands, plan gives steps.

pub mod check;
pub mod plan;
pub mod survive;
