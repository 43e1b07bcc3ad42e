//! The one error of the edge: what kind it is, what went wrong, and what to do next.

use std::fmt;

use crate::exit_code::Exit;

/// A command that could not do its work.
#[derive(Debug)]
pub(crate) struct CommandError {
    /// Decides the exit code.
    pub(crate) exit: Exit,
    /// What went wrong, with its causes, on one line.
    pub(crate) message: String,
    /// What to do next, one line each.
    pub(crate) hints: Vec<String>,
}

impl CommandError {
    /// Makes an error of a kind.
    pub(crate) fn new(exit: Exit, message: impl fmt::Display) -> Self {
        Self { exit, message: one_line(&message.to_string()), hints: Vec::new() }
    }

    /// Makes an error of a kind from an error with its causes.
    pub(crate) fn from_error(exit: Exit, error: &(dyn std::error::Error + 'static)) -> Self {
        Self::new(exit, chain(error))
    }

    /// Adds what to do next.
    #[must_use]
    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        let hint = hint.into();
        if !hint.is_empty() {
            self.hints.push(hint);
        }
        self
    }
}

/// Returns an error and its causes, joined by `: `, each said once.
pub(crate) fn chain(error: &(dyn std::error::Error + 'static)) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        let cause_text = cause.to_string();
        if !text.contains(&cause_text) {
            text.push_str(": ");
            text.push_str(&cause_text);
        }
        source = cause.source();
    }
    text
}

fn one_line(text: &str) -> String {
    text.lines().map(str::trim).filter(|line| !line.is_empty()).collect::<Vec<_>>().join(" | ")
}

/// Gives results of other crates their kind.
pub(crate) trait OrExit<T> {
    /// Turns an error into a [`CommandError`] of this kind.
    fn or_exit(self, exit: Exit) -> Result<T, CommandError>;
}

impl<T, E: std::error::Error + 'static> OrExit<T> for Result<T, E> {
    fn or_exit(self, exit: Exit) -> Result<T, CommandError> {
        self.map_err(|error| CommandError::from_error(exit, &error))
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[derive(Debug, thiserror::Error)]
    #[error("outer")]
    struct Outer(#[source] std::io::Error);

    #[test]
    fn errors_are_one_line_with_their_causes() {
        let error = Outer(std::io::Error::other("first\nsecond"));
        let error = CommandError::from_error(Exit::Usage, &error).hint("").hint("try again");
        assert_eq!(error.message, "outer: first | second");
        assert_eq!(error.hints, ["try again"]);
    }
}
