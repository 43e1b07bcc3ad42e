//! A machine at the other end of an SSH connection as a [`Host`].

use std::io;
use std::sync::Arc;

use async_trait::async_trait;
use camino::{Utf8Path, Utf8PathBuf};
use openssh::{Child, ChildStderr, ChildStdin, ChildStdout, Error, Session, Stdio};
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};

use super::connect::{self, Identity, SshTarget};
use super::quote;
use crate::command::{Command, Output};
use crate::host::{FileFacts, FileWrite, Host, HostError};

/// Status of the scripts below for a path that does not exist.
const ABSENT: i32 = 44;

const READ: &str = r#"[ -e "$1" ] || exit 44; exec cat -- "$1""#;
const WRITE: &str = r#"umask 077; n="$(dirname -- "$1")/.$(basename -- "$1").$$.ennead-new"
trap 'rm -f -- "$n"' EXIT
cat > "$n" && chown -- "$2" "$n" && chmod -- "$3" "$n" && sync -- "$n" && mv -fT -- "$n" "$1""#;
const MAKE_DIRECTORY: &str =
    r#"umask 022; mkdir -p -- "$1" && chown -- "$2" "$1" && chmod -- "$3" "$1""#;
const FACTS: &str = r#"[ -e "$1" ] || exit 44; exec stat -L -c '%F|%U|%G|%a|%s' -- "$1""#;
const REMOVE: &str = r#"[ -e "$1" ] || [ -L "$1" ] || exit 44
if [ -d "$1" ] && [ ! -L "$1" ]; then exec rmdir -- "$1"; else exec rm -f -- "$1"; fi"#;

/// A connected machine. Clones share the connection, which stays open for a while after the last
/// one is dropped (see [`super::close`]).
#[derive(Debug, Clone)]
pub struct SshHost {
    name: String,
    session: Arc<Session>,
}

/// A program that runs at the other end while both sides talk. Ending it is up to the program: it
/// must end when its input does.
#[derive(Debug)]
pub struct Conversation {
    child: Child<Arc<Session>>,
    /// Its standard input.
    pub stdin: Option<ChildStdin>,
    /// Its standard output.
    pub stdout: Option<ChildStdout>,
    /// Its standard error.
    pub stderr: Option<ChildStderr>,
}

impl Conversation {
    /// Closes its input if that is still here, waits for its end and returns its exit status; 255
    /// when the connection broke.
    pub async fn wait(mut self) -> i32 {
        self.stdin.take();
        ended(self.child.wait().await).unwrap_or(255)
    }
}

/// Returns the status; the error is one of the connection.
fn ended(answer: Result<std::process::ExitStatus, Error>) -> Result<i32, Error> {
    match answer {
        Ok(status) => Ok(crate::local::exit_status(status)),
        // The crate's reading of status 127.
        Err(Error::Remote(error)) if error.kind() == io::ErrorKind::NotFound => Ok(127),
        Err(error) => Err(error),
    }
}

impl SshHost {
    /// Connects, or takes over a connection that an earlier program left open.
    ///
    /// # Errors
    /// [`HostError::Unreachable`], [`HostError::HostKey`], [`HostError::Start`] without `ssh`.
    pub async fn connect(target: &SshTarget, identity: &Identity) -> Result<Self, HostError> {
        Self::connect_below(&connect::control_directory(), target, identity).await
    }

    /// As [`SshHost::connect`] with the control socket in a stated directory.
    ///
    /// # Errors
    /// As [`SshHost::connect`].
    pub async fn connect_below(
        control_directory: &Utf8Path,
        target: &SshTarget,
        identity: &Identity,
    ) -> Result<Self, HostError> {
        let session = connect::session(control_directory, target, identity).await?;
        Ok(Self { name: target.name.clone(), session: Arc::new(session) })
    }

    /// Starts a program and returns its three streams. Its deadline does not count.
    ///
    /// # Errors
    /// [`HostError::Unreachable`].
    pub async fn spawn(&self, command: &Command) -> Result<Conversation, HostError> {
        let line = format!("exec {}", quote::bare_line(command));
        self.start(&line).await
    }

    async fn start(&self, line: &str) -> Result<Conversation, HostError> {
        let mut remote = Arc::clone(&self.session).arc_raw_command(line);
        remote.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = remote.spawn().await.map_err(|error| self.broken(&error))?;
        let (stdin, stdout) = (child.stdin().take(), child.stdout().take());
        let stderr = child.stderr().take();
        Ok(Conversation { child, stdin, stdout, stderr })
    }

    fn broken(&self, error: &Error) -> HostError {
        let mut why = error.to_string();
        let mut source = std::error::Error::source(error);
        while let Some(cause) = source {
            why = format!("{why}: {cause}");
            source = cause.source();
        }
        HostError::Unreachable { host: self.name.clone(), why }
    }

    /// Runs a program with bytes as its input, for content that need not be text.
    ///
    /// # Errors
    /// As [`Host::run`].
    pub async fn run_with_bytes(
        &self,
        command: &Command,
        input: &[u8],
    ) -> Result<Output, HostError> {
        let talk = self.exchange(quote::line(command), input);
        match tokio::time::timeout(command.deadline, talk).await {
            Ok(answer) => answer,
            Err(_) => Err(HostError::Deadline {
                host: self.name.clone(),
                command: command.to_string(),
                seconds: command.deadline.as_secs(),
            }),
        }
    }

    async fn exchange(&self, line: String, input: &[u8]) -> Result<Output, HostError> {
        let Conversation { child, stdin, stdout, stderr } = self.start(&line).await?;
        let (mut out, mut err) = (Vec::new(), Vec::new());
        let feed = async {
            if let Some(mut pipe) = stdin {
                // A program that does not want its input says so by its status.
                drop(pipe.write_all(input).await);
            }
        };
        let read_out = async {
            if let Some(mut pipe) = stdout {
                drop(pipe.read_to_end(&mut out).await);
            }
        };
        let read_err = async {
            if let Some(mut pipe) = stderr {
                drop(pipe.read_to_end(&mut err).await);
            }
        };
        tokio::join!(feed, read_out, read_err);
        let status = match ended(child.wait().await) {
            Ok(status) => status,
            // Ended by a signal, or the connection broke: the master knows.
            Err(Error::RemoteProcessTerminated) if self.session.check().await.is_ok() => 255,
            Err(error) => return Err(self.broken(&error)),
        };
        Ok(Output { status, stdout: out, stderr: err })
    }

    async fn script(
        &self,
        verb: &'static str,
        path: &Utf8Path,
        script: &str,
        args: &[&str],
        input: &[u8],
    ) -> Result<Option<Vec<u8>>, HostError> {
        let shell = Command::new("sh").args(["-c", script, "sh", path.as_str()]);
        let output = self.run_with_bytes(&shell.args(args.iter().copied()), input).await?;
        match output.status {
            0 => Ok(Some(output.stdout)),
            ABSENT => Ok(None),
            _ => Err(self.refused(verb, path, &output.stderr_tail())),
        }
    }

    fn refused(&self, verb: &'static str, path: &Utf8Path, said: &str) -> HostError {
        for kind in ["user", "group"] {
            // `chown: invalid user: 'etcd:etcd'`
            if let Some((_, name)) = said.split_once(&format!("chown: invalid {kind}: ")) {
                let name = name.trim().trim_matches(['\'', '\u{2018}', '\u{2019}']).to_owned();
                return HostError::Account { host: self.name.clone(), kind, name };
            }
        }
        let (host, path) = (self.name.clone(), Utf8PathBuf::from(path));
        HostError::File { host, verb, path, source: io::Error::other(said.to_owned()) }
    }
}

#[async_trait]
impl Host for SshHost {
    fn name(&self) -> &str {
        &self.name
    }

    async fn run(&self, command: &Command) -> Result<Output, HostError> {
        self.run_with_bytes(command, command.stdin_text().unwrap_or_default().as_bytes()).await
    }

    async fn read(&self, path: &Utf8Path) -> Result<Option<Vec<u8>>, HostError> {
        self.script("read", path, READ, &[], b"").await
    }

    async fn write(&self, file: &FileWrite) -> Result<(), HostError> {
        let owner = format!("{}:{}", file.owner, file.group);
        let mode = format!("{:o}", file.mode);
        self.script("write", &file.path, WRITE, &[&owner, &mode], &file.content).await.map(drop)
    }

    async fn make_directory(
        &self,
        path: &Utf8Path,
        owner: &str,
        group: &str,
        mode: u32,
    ) -> Result<(), HostError> {
        let (owner, mode) = (format!("{owner}:{group}"), format!("{mode:o}"));
        let args: &[&str] = &[&owner, &mode];
        self.script("make the directory", path, MAKE_DIRECTORY, args, b"").await.map(drop)
    }

    async fn facts(&self, path: &Utf8Path) -> Result<Option<FileFacts>, HostError> {
        let said = self.script("look at", path, FACTS, &[], b"").await?;
        let Some(said) = said else { return Ok(None) };
        let said = String::from_utf8_lossy(&said).into_owned();
        let facts = parse_facts(said.trim());
        facts.map(Some).ok_or_else(|| self.refused("look at", path, &said))
    }

    async fn remove(&self, path: &Utf8Path) -> Result<bool, HostError> {
        Ok(self.script("remove", path, REMOVE, &[], b"").await?.is_some())
    }
}

fn parse_facts(said: &str) -> Option<FileFacts> {
    let parts: Vec<&str> = said.split('|').collect();
    let [kind, owner, group, mode, len] = parts.as_slice() else { return None };
    Some(FileFacts {
        is_directory: *kind == "directory",
        owner: (*owner).to_owned(),
        group: (*group).to_owned(),
        mode: u32::from_str_radix(mode, 8).ok()?,
        len: len.parse().ok()?,
    })
}
