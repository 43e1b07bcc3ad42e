//! The exit codes: a contract with scripts, listed in `docs/reference/exit-codes.md`.

use std::process::ExitCode;

/// How a command ended.
#[derive(Debug, Clone, Copy, PartialEq, Eq)]
#[repr(u8)]
pub(crate) enum Exit {
    /// The command did what it says.
    Done = 0,
    /// A defect of ennead or of the machine that it runs on.
    Internal = 1,
    /// The command line is wrong, or a file or token that it names cannot be used.
    Usage = 2,
    /// `check` has error findings, so nothing was planned; or `net check` has; or a claim does not
    /// hold.
    Findings = 3,
    /// The plan refuses something: nothing was changed.
    Blocked = 4,
    /// Something could not be applied; the same command goes on from there.
    ApplyFailed = 5,
    /// A drill's verdict is a failure, or the drill could not be carried out.
    DrillFailed = 6,
}

impl Exit {
    /// All codes with their meaning, in order; the reference page is made from it.
    pub(crate) const ALL: [(Self, &'static str); 7] = [
        (Self::Done, "done"),
        (Self::Internal, "internal error: a defect, or this machine lacks something"),
        (Self::Usage, "usage: command line, file or token"),
        (Self::Findings, "check or net check has error findings; or a claim does not hold"),
        (Self::Blocked, "the plan refuses something; nothing was changed"),
        (Self::ApplyFailed, "something could not be applied; run the same command to go on"),
        (Self::DrillFailed, "a drill failed or could not be carried out"),
    ];

    /// Returns the text that `--help` shows.
    pub(crate) fn help() -> String {
        let lines = Self::ALL.iter().map(|(code, meaning)| format!("  {}  {meaning}", *code as u8));
        format!("Exit codes:\n{}", lines.collect::<Vec<_>>().join("\n"))
    }
}

impl From<Exit> for ExitCode {
    fn from(exit: Exit) -> Self {
        Self::from(exit as u8)
    }
}
