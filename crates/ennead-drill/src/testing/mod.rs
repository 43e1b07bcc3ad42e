//! A platform for tests: a small fleet, a database that breaks on demand, and a cloud that cuts it.

mod database;
mod fleet;
mod platform;

pub(crate) use database::{Database, Mood};
pub(crate) use fleet::{fleet, healthy, name};
pub(crate) use platform::{FakePlatform, ground};
