//! What `check` says about a spec: data, not an error.

use std::fmt;

use serde::{Deserialize, Serialize};

/// How much a finding matters.
#[derive(Debug, Clone, Copy, PartialEq, Eq, PartialOrd, Ord, Hash, Serialize, Deserialize)]
#[serde(rename_all = "snake_case")]
pub enum Severity {
    /// Worth knowing.
    Note,
    /// Works, but not as well as the operator may think.
    Warning,
    /// Nothing is planned or applied while this stands.
    Error,
}

impl fmt::Display for Severity {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.pad(match self {
            Self::Note => "note",
            Self::Warning => "warning",
            Self::Error => "error",
        })
    }
}

/// One statement about the spec.
#[derive(Debug, Clone, PartialEq, Eq, PartialOrd, Ord, Serialize, Deserialize)]
pub struct Finding {
    /// How much it matters.
    pub severity: Severity,
    /// Stable kebab-case identifier, for example `voters-even`.
    pub code: String,
    /// Path in the spec, for example `nodes.db-1.address`.
    pub place: String,
    /// What is wrong: a lower-case fragment on one line, without a final period.
    pub message: String,
    /// What to do next, on one line; empty when there is nothing to do.
    pub hint: String,
}

impl Finding {
    /// Makes an error finding.
    pub fn error(code: &str, place: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Severity::Error, code, place, message)
    }

    /// Makes a warning finding.
    pub fn warning(code: &str, place: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Severity::Warning, code, place, message)
    }

    /// Makes a note.
    pub fn note(code: &str, place: impl Into<String>, message: impl Into<String>) -> Self {
        Self::new(Severity::Note, code, place, message)
    }

    /// Adds what to do next.
    #[must_use]
    pub fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = hint.into();
        self
    }

    fn new(
        severity: Severity,
        code: &str,
        place: impl Into<String>,
        message: impl Into<String>,
    ) -> Self {
        Self {
            severity,
            code: code.to_owned(),
            place: place.into(),
            message: message.into(),
            hint: String::new(),
        }
    }
}

impl fmt::Display for Finding {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "{}: {}: {} [{}]", self.severity, self.place, self.message, self.code)
    }
}
