//! Walks a plan: cloud calls, node orders, waves, health gates.

pub mod journal;
pub mod walk;
