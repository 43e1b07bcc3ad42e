//! A program to run and what came of it.

use std::fmt;
use std::time::Duration;

use secrecy::{ExposeSecret, SecretString};

/// Time after which a command is ended unless it says otherwise.
pub const COMMAND_DEADLINE: Duration = Duration::from_mins(1);

/// A program to run. Its arguments are visible to every process and in errors: a secret goes into
/// standard input, which never appears anywhere.
#[derive(Clone)]
pub struct Command {
    /// The program, found in PATH or an absolute path.
    pub program: String,
    /// Its arguments.
    pub args: Vec<String>,
    /// Further environment variables; never secret.
    pub env: Vec<(String, String)>,
    /// Standard input; nothing when absent.
    pub stdin: Option<SecretString>,
    /// User to run as; the host's own user when absent.
    pub user: Option<String>,
    /// Time after which it is ended.
    pub deadline: Duration,
}

impl Command {
    /// Makes a command without arguments.
    pub fn new(program: impl Into<String>) -> Self {
        Self {
            program: program.into(),
            args: Vec::new(),
            env: Vec::new(),
            stdin: None,
            user: None,
            deadline: COMMAND_DEADLINE,
        }
    }

    /// Makes a command from program and arguments; an empty list gives an empty program.
    pub fn from_argv(argv: &[String]) -> Self {
        let mut argv = argv.iter().cloned();
        let program = argv.next().unwrap_or_default();
        Self { args: argv.collect(), ..Self::new(program) }
    }

    /// Adds an argument.
    #[must_use]
    pub fn arg(mut self, arg: impl Into<String>) -> Self {
        self.args.push(arg.into());
        self
    }

    /// Adds arguments.
    #[must_use]
    pub fn args(mut self, args: impl IntoIterator<Item = impl Into<String>>) -> Self {
        self.args.extend(args.into_iter().map(Into::into));
        self
    }

    /// Sets an environment variable.
    #[must_use]
    pub fn env(mut self, key: impl Into<String>, value: impl Into<String>) -> Self {
        self.env.push((key.into(), value.into()));
        self
    }

    /// Sets standard input.
    #[must_use]
    pub fn stdin(mut self, text: impl Into<String>) -> Self {
        self.stdin = Some(SecretString::from(text.into()));
        self
    }

    /// Sets the user to run as.
    #[must_use]
    pub fn user(mut self, user: impl Into<String>) -> Self {
        self.user = Some(user.into());
        self
    }

    /// Sets the time after which it is ended.
    #[must_use]
    pub fn deadline(mut self, deadline: Duration) -> Self {
        self.deadline = deadline;
        self
    }

    /// Returns standard input for the one who runs the command.
    pub fn stdin_text(&self) -> Option<&str> {
        self.stdin.as_ref().map(ExposeSecret::expose_secret)
    }
}

impl fmt::Display for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        f.write_str(&self.program)?;
        self.args.iter().try_for_each(|arg| write!(f, " {arg}"))
    }
}

impl fmt::Debug for Command {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(f, "Command({self})")
    }
}

/// What a program answered.
#[derive(Debug, Clone, PartialEq, Eq)]
pub struct Output {
    /// Exit status; 128 + n when ended by signal n.
    pub status: i32,
    /// Standard output.
    pub stdout: Vec<u8>,
    /// Standard error.
    pub stderr: Vec<u8>,
}

impl Output {
    /// Returns whether the status is 0.
    pub fn success(&self) -> bool {
        self.status == 0
    }

    /// Returns standard output as text, wrong bytes replaced.
    pub fn stdout_text(&self) -> String {
        String::from_utf8_lossy(&self.stdout).into_owned()
    }

    /// Returns the last 4 KiB of standard error as text, trimmed.
    pub fn stderr_tail(&self) -> String {
        let start = self.stderr.len().saturating_sub(4096);
        let tail = self.stderr.get(start..).unwrap_or_default();
        String::from_utf8_lossy(tail).trim().to_owned()
    }
}
