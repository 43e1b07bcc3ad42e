//! Pure decisions: check gives findings, survive what a layout withstands, suggest what to change,
//! plan gives steps.

pub mod check;
pub mod plan;
pub mod suggest;
pub mod survive;
