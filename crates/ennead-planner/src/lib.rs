//! Pure decisions: check gives findings, survive what a layout withstands, capacity what it carries, plan
//! gives steps.

pub mod capacity;
pub mod check;
pub mod plan;
pub mod survive;
