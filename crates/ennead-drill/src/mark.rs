//! Moments of a run that people want to see in the picture.

use serde::{Deserialize, Serialize};

/// What happened.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum MarkKind {
    /// The probe has written steadily for the stated time.
    Steady,
    /// The cloud was asked to cut the power.
    PowerOffAsked,
    /// The cloud said that the power is off.
    PowerOffConfirmed,
    /// Another fault than power was asked for.
    FaultAsked,
    /// It was said to be in force.
    FaultConfirmed,
    /// The lab was told to keep servers from the cloud's API.
    ApiHidden,
    /// The first write after that was acknowledged.
    WritesAgain,
    /// Another PostgreSQL was seen to be primary.
    NewPrimary,
    /// The cloud was asked to switch the power on.
    PowerOnAsked,
    /// The cloud said that the power is on.
    PowerOnConfirmed,
    /// The end of a fault was asked for.
    MendAsked,
    /// It was said to have ended.
    MendConfirmed,
    /// Servers reach the cloud's API again.
    ApiShown,
    /// The server's PostgreSQL streams again.
    Rejoined,
    /// Everything is as healthy as before.
    Healthy,
    /// The probe was stopped.
    Stopped,
}

impl MarkKind {
    /// Returns the words for reports.
    pub fn label(self) -> &'static str {
        match self {
            Self::Steady => "steady writes",
            Self::PowerOffAsked => "power off asked",
            Self::PowerOffConfirmed => "power off confirmed",
            Self::FaultAsked => "fault asked",
            Self::FaultConfirmed => "fault confirmed",
            Self::ApiHidden => "API hidden from servers",
            Self::WritesAgain => "writes again",
            Self::NewPrimary => "new primary seen",
            Self::PowerOnAsked => "power on asked",
            Self::PowerOnConfirmed => "power on confirmed",
            Self::MendAsked => "mend asked",
            Self::MendConfirmed => "mend confirmed",
            Self::ApiShown => "API shown again",
            Self::Rejoined => "rejoined",
            Self::Healthy => "all healthy",
            Self::Stopped => "probe stopped",
        }
    }
}

/// A moment.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct Mark {
    /// When, on the probe's clock. Moments seen by the operator's machine are moved to that clock;
    /// the error is at most the time of one line on its way.
    pub at_us: u64,
    /// What happened.
    pub kind: MarkKind,
    /// Further words, for example a node's name; may be empty.
    pub what: String,
}
