//! What runs on a node: apply, observe, tunnel, probe.

pub mod probe;
