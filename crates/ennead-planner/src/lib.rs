//! Pure decisions: check gives findings, survive what a layout withstands, availability how long it is
//! away in a year, capacity what it carries, cost what it takes, claims what is true of a table of
//! promises, suggest what to change, plan gives steps.

pub mod availability;
pub mod capacity;
pub mod check;
pub mod claims;
pub mod cost;
pub mod net;
pub mod plan;
pub mod suggest;
pub mod survive;
