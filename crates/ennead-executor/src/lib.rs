//! Walks a plan: cloud calls, node orders, waves, health gates.

pub mod cloud;
pub mod journal;
pub mod nodes;
pub mod walk;
