//! What went wrong on a node, as one line and what to do next.

use std::error::Error;
use std::io::ErrorKind;

use ennead_components::ComponentError;
use ennead_host::HostError;
use ennead_model::Outcome;

/// A failed action: an error on one line, naming path or command, and a hint.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Problem {
    pub(crate) error: String,
    pub(crate) hint: String,
}

impl Problem {
    pub(crate) fn new(error: impl Into<String>) -> Self {
        Self { error: one_line(&error.into()), hint: String::new() }
    }

    pub(crate) fn hint(mut self, hint: impl Into<String>) -> Self {
        self.hint = one_line(&hint.into());
        self
    }

    pub(crate) fn into_outcome(self) -> Outcome {
        Outcome::Failed { error: self.error, hint: self.hint }
    }
}

/// Joins lines, so that an error stays one in every log and table.
pub(crate) fn one_line(text: &str) -> String {
    let lines = text.lines().map(str::trim).filter(|line| !line.is_empty());
    lines.collect::<Vec<_>>().join(" | ")
}

/// Returns an error with all its causes.
pub(crate) fn chain(error: &dyn Error) -> String {
    let mut text = error.to_string();
    let mut source = error.source();
    while let Some(cause) = source {
        text = format!("{text}: {cause}");
        source = cause.source();
    }
    one_line(&text)
}

impl From<HostError> for Problem {
    fn from(error: HostError) -> Self {
        let hint = match &error {
            HostError::File { source, path, .. } => file_hint(source.kind(), path.as_str()),
            HostError::Account { kind, .. } => {
                format!("declare the {kind} before what it owns, or install its package")
            }
            HostError::Deadline { .. } => {
                "run the command by hand on the node to see where it waits".to_owned()
            }
            _ => String::new(),
        };
        Self { error: chain(&error), hint }
    }
}

fn file_hint(kind: ErrorKind, path: &str) -> String {
    match kind {
        ErrorKind::StorageFull | ErrorKind::QuotaExceeded => {
            format!(
                "free space on the node, `df -h {path}` shows how much there is, then run again"
            )
        }
        ErrorKind::ReadOnlyFilesystem => {
            "the file system is mounted read-only: look into `dmesg` for disk errors".to_owned()
        }
        ErrorKind::NotFound => "declare its parent directory before it".to_owned(),
        _ => String::new(),
    }
}

impl From<ComponentError> for Problem {
    fn from(error: ComponentError) -> Self {
        match error {
            ComponentError::Host(error) => error.into(),
            other => Self::new(chain(&other)),
        }
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_full_disk_is_one_line_with_path_and_hint() {
        let error = HostError::File {
            host: "n1".to_owned(),
            verb: "write",
            path: "/etc/x".into(),
            source: ErrorKind::StorageFull.into(),
        };
        let problem = Problem::from(error);
        assert_eq!(problem.error, "n1: cannot write /etc/x: no storage space");
        assert!(problem.hint.contains("df -h /etc/x"), "{}", problem.hint);
    }
}
