//! DNS zones and their record sets.

use serde::{Deserialize, Serialize};

use super::State;
use super::effect::{Ending, Job};
use super::moment::Moment;

/// What is known of one.
#[derive(Debug, Clone, PartialEq, Serialize, Deserialize)]
pub struct ZoneRecord {
    /// Its id.
    pub id: u64,
}

/// What a job changes.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum ZoneChange {}

impl ZoneChange {
    /// The job ended well.
    pub(super) fn carry_over(&self, _state: &mut State, _job: &Job) {
        match *self {}
    }

    /// The job failed.
    pub(super) fn take_back(
        &self,
        _state: &mut State,
        _job: &Job,
        _ending: &Ending,
        _moment: &Moment<'_>,
    ) {
        match *self {}
    }
}
