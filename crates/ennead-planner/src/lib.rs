//! Pure decisions: check gives findings, survive what a layout withstands, availability how long it is
//! away in a year, claims what is true of a table of promises, plan gives steps.

pub mod availability;
pub mod check;
pub mod claims;
pub mod plan;
pub mod survive;
