//! This machine as a [`Host`]: what the program on a node works with.

use std::io;
use std::process::Stdio;
use std::time::Duration;

use async_trait::async_trait;
use camino::{Utf8Path, Utf8PathBuf};
use nix::sys::signal::{Signal, killpg};
use nix::unistd::Pid;
use tokio::io::{AsyncReadExt as _, AsyncWriteExt as _};
use tokio::process::{Child, Command as Process};

use crate::command::{Command, Output};
use crate::disk::{self, failed};
use crate::host::{FileFacts, FileWrite, Host, HostError};

/// How long output is still collected when a program has ended but left somebody behind who holds
/// its output open, as a daemon that it started does.
const LEFT_OPEN: Duration = Duration::from_millis(300);

/// The machine on which this program runs. Most of its work needs root.
#[derive(Debug, Clone)]
pub struct LocalHost {
    name: String,
}

impl LocalHost {
    /// Makes one. The name is used in errors only.
    pub fn new(name: impl Into<String>) -> Self {
        Self { name: name.into() }
    }

    fn process(&self, command: &Command) -> Result<Process, HostError> {
        let mut process = match &command.user {
            Some(user) => self.process_as(user, command)?,
            None => process(&command.program, &command.args),
        };
        // Answers are parsed, so they must not depend on the operator's language.
        process.env("LC_ALL", "C.UTF-8").envs(command.env.iter().map(|(k, v)| (k, v)));
        process.stdin(if command.stdin.is_some() { Stdio::piped() } else { Stdio::null() });
        process.stdout(Stdio::piped()).stderr(Stdio::piped());
        // A group of its own, so that the deadline ends children too.
        process.process_group(0).kill_on_drop(true);
        Ok(process)
    }

    /// Switches the user with `setpriv`, which sets supplementary groups (unlike the standard
    /// library) and opens no PAM session (unlike `runuser`, which waits for logind).
    fn process_as(&self, user: &str, command: &Command) -> Result<Process, HostError> {
        let account = disk::account(&self.name, user)?;
        if account.uid == nix::unistd::geteuid() {
            return Ok(process(&command.program, &command.args));
        }
        let mut process = process("setpriv", &[]);
        process.arg(format!("--reuid={}", account.uid)).arg(format!("--regid={}", account.gid));
        process.args(["--init-groups", "--"]).arg(&command.program).args(&command.args);
        process.env("HOME", &account.dir).env("USER", user).env("LOGNAME", user);
        process.current_dir(if account.dir.is_dir() {
            account.dir.as_path()
        } else {
            "/".as_ref()
        });
        Ok(process)
    }

    async fn blocking<T: Send + 'static>(
        &self,
        verb: &'static str,
        path: &Utf8Path,
        work: impl FnOnce(Utf8PathBuf) -> io::Result<T> + Send + 'static,
    ) -> Result<T, HostError> {
        let owned = path.to_owned();
        let done = tokio::task::spawn_blocking(move || work(owned)).await;
        done.unwrap_or_else(|gone| Err(io::Error::other(gone)))
            .map_err(failed(&self.name, verb, path))
    }
}

#[expect(clippy::disallowed_methods, reason = "this module is the door to local programs")]
pub(crate) fn process(program: &str, args: &[String]) -> Process {
    let mut process = Process::new(program);
    process.args(args);
    process
}

/// Kills a program's whole group unless it was told that the program has ended.
struct Group {
    leader: Option<Pid>,
}

impl Drop for Group {
    fn drop(&mut self) {
        if let Some(leader) = self.leader {
            // It may just have ended: nothing to do then.
            killpg(leader, Signal::SIGKILL).unwrap_or_default();
        }
    }
}

/// Feeds and reads a program until it has ended and its output is closed.
async fn talk(mut child: Child, input: Option<&str>) -> io::Result<Output> {
    let (mut stdin, stdout, stderr) =
        (child.stdin.take(), child.stdout.take(), child.stderr.take());
    let (mut out, mut err) = (Vec::new(), Vec::new());
    let status = {
        let feed = async {
            if let (Some(mut pipe), Some(text)) = (stdin.take(), input) {
                // A program that does not want its input says so by its status.
                drop(pipe.write_all(text.as_bytes()).await);
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
        let streams = async { tokio::join!(feed, read_out, read_err) };
        tokio::pin!(streams);
        tokio::select! {
            _ = &mut streams => child.wait().await?,
            status = child.wait() => {
                drop(tokio::time::timeout(LEFT_OPEN, &mut streams).await);
                status?
            }
        }
    };
    Ok(Output { status: exit_status(status), stdout: out, stderr: err })
}

/// Returns the status as a shell tells it: 128 + n when ended by signal n.
pub(crate) fn exit_status(status: std::process::ExitStatus) -> i32 {
    use std::os::unix::process::ExitStatusExt as _;
    status.code().unwrap_or_else(|| 128 + status.signal().unwrap_or(0))
}

#[async_trait]
impl Host for LocalHost {
    fn name(&self) -> &str {
        &self.name
    }

    async fn run(&self, command: &Command) -> Result<Output, HostError> {
        let start = |source| HostError::Start {
            host: self.name.clone(),
            command: command.to_string(),
            source,
        };
        let child = self.process(command)?.spawn().map_err(start)?;
        let leader = child.id().and_then(|id| i32::try_from(id).ok()).map(Pid::from_raw);
        let mut group = Group { leader };
        match tokio::time::timeout(command.deadline, talk(child, command.stdin_text())).await {
            Ok(answer) => {
                // Ended by itself: what it left running on purpose goes on.
                group.leader = None;
                answer.map_err(start)
            }
            Err(_) => Err(HostError::Deadline {
                host: self.name.clone(),
                command: command.to_string(),
                seconds: command.deadline.as_secs(),
            }),
        }
    }

    async fn read(&self, path: &Utf8Path) -> Result<Option<Vec<u8>>, HostError> {
        self.blocking("read", path, |path| disk::read(&path)).await
    }

    async fn write(&self, file: &FileWrite) -> Result<(), HostError> {
        let owner = disk::owner(&self.name, &file.owner, &file.group)?;
        let (content, mode) = (file.content.clone(), file.mode);
        let work = move |path: Utf8PathBuf| disk::write(&path, &content, mode, Some(owner));
        self.blocking("write", &file.path, work).await
    }

    async fn make_directory(
        &self,
        path: &Utf8Path,
        owner: &str,
        group: &str,
        mode: u32,
    ) -> Result<(), HostError> {
        let owner = disk::owner(&self.name, owner, group)?;
        let work = move |path: Utf8PathBuf| disk::make_directory(&path, mode, Some(owner));
        self.blocking("make the directory", path, work).await
    }

    async fn facts(&self, path: &Utf8Path) -> Result<Option<FileFacts>, HostError> {
        self.blocking("look at", path, |path| disk::facts(&path)).await
    }

    async fn remove(&self, path: &Utf8Path) -> Result<bool, HostError> {
        self.blocking("remove", path, |path| disk::remove(&path)).await
    }
}
