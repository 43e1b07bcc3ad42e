//! Pure decisions: check gives findings, survive what a layout withstands, capacity what it carries,
//! cost what it takes, plan gives steps.

pub mod capacity;
pub mod check;
pub mod cost;
pub mod plan;
pub mod survive;
