//! What is said between the operator's machine and a node about the node's copy.

use serde::{Deserialize, Serialize};

use crate::record::Head;

/// Version of the questions and answers.
pub const WIRE_FORMAT_VERSION: u32 = 1;

/// The question of `ennead node audit read`.
#[derive(Debug, Clone, Copy, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadRequest {
    /// [`WIRE_FORMAT_VERSION`].
    pub format_version: u32,
    /// The first record that is wanted; the first of all is 1.
    pub from: u64,
}

/// The answer: where the copy ends, and its lines.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct ReadAnswer {
    /// [`WIRE_FORMAT_VERSION`].
    pub format_version: u32,
    /// Where it ends.
    pub head: Head,
    /// The lines from the wanted record on; all lines when something is wrong.
    pub lines: Vec<String>,
    /// What is wrong with the copy, on one line.
    pub problem: Option<String>,
}

/// The question of `ennead node audit append`.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppendRequest {
    /// [`WIRE_FORMAT_VERSION`].
    pub format_version: u32,
    /// Lines that continue the copy, or repeat its end and continue it.
    pub lines: Vec<String>,
}

/// The answer.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub struct AppendAnswer {
    /// [`WIRE_FORMAT_VERSION`].
    pub format_version: u32,
    /// Where the copy ends now.
    pub head: Head,
    /// Why nothing was added, on one line.
    pub refused: Option<String>,
}
