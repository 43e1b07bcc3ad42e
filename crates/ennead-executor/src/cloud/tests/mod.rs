//! Observing and applying against the lab in memory.

mod faults;
mod platform;
mod story;
