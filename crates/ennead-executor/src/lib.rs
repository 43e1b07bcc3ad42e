//! Walks a plan: cloud calls, node orders, waves, health gates, the audit log's copies.

pub mod audit;
pub mod cloud;
pub mod journal;
pub mod nodes;
pub mod walk;
