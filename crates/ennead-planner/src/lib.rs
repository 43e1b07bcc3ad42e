//! Pure decisions: check gives findings, cost what a platform costs, survive what a layout withstands,
//! plan gives steps.

pub mod check;
pub mod cost;
pub mod plan;
pub mod survive;
