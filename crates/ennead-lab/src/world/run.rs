//! The lab's door to programs that run longer than a question and an answer.
//!
//! Short programs go through `ennead_host::LocalHost`. Two kinds do not fit there: the image's
//! builder, whose progress is shown while it works, and containers, which outlive this process.

use std::collections::VecDeque;
use std::fs::File;
use std::process::Stdio;

use camino::{Utf8Path, Utf8PathBuf};
use ennead_host::{Command, HostError};
use tokio::io::{AsyncBufReadExt as _, BufReader};
use tokio::process::Command as Process;

/// How many of a program's last lines an error shows.
const LAST_LINES: usize = 8;

/// What came of a program that told its progress.
#[derive(Debug)]
pub(crate) struct Told {
    /// Exit status; 128 when ended by a signal.
    pub(crate) status: i32,
    /// The last lines that it wrote.
    pub(crate) last_lines: Vec<String>,
}

/// Runs a program to its end and hands over each line of its standard error as it comes. It has no
/// deadline: who calls may drop the future, which kills it.
pub(crate) async fn told(command: &Command, mut tell: impl FnMut(&str)) -> Result<Told, HostError> {
    let failed =
        |source| HostError::Start { host: HOST.to_owned(), command: command.to_string(), source };
    let mut process = process(command);
    process.stdin(Stdio::null()).stdout(Stdio::null()).stderr(Stdio::piped()).kill_on_drop(true);
    let mut child = process.spawn().map_err(failed)?;
    let mut last_lines = VecDeque::new();
    if let Some(stderr) = child.stderr.take() {
        let mut lines = BufReader::new(stderr).lines();
        while let Some(line) = lines.next_line().await.map_err(failed)? {
            tell(&line);
            last_lines.push_back(line);
            if last_lines.len() > LAST_LINES {
                last_lines.pop_front();
            }
        }
    }
    let status = child.wait().await.map_err(failed)?.code().unwrap_or(128);
    Ok(Told { status, last_lines: last_lines.into() })
}

/// Starts a program that outlives this process; its output goes to a file. Returns its process id.
pub(crate) fn detached(command: &Command, log: &Utf8Path) -> Result<i32, HostError> {
    let output = open_log(log)?;
    let failed =
        |source| HostError::Start { host: HOST.to_owned(), command: command.to_string(), source };
    let errors = output.try_clone().map_err(failed)?;
    let mut process = process(command);
    process.stdin(Stdio::null()).stdout(output).stderr(errors);
    // Dropping the handle does not end the program; the runtime reaps it when it ends.
    let child = process.spawn().map_err(failed)?;
    let id = child.id().and_then(|id| i32::try_from(id).ok());
    id.ok_or_else(|| failed(std::io::Error::other("it ended at once")))
}

/// Renames a file or directory within a file system.
#[expect(clippy::disallowed_methods, reason = "a directory is put in place, not a file")]
pub(crate) fn rename(from: &Utf8Path, to: &Utf8Path) -> Result<(), HostError> {
    std::fs::rename(from, to).map_err(|source| file_error("rename", from, source))
}

fn open_log(log: &Utf8Path) -> Result<File, HostError> {
    let mut options = File::options();
    options.create(true).append(true);
    options.open(log).map_err(|source| file_error("open", log, source))
}

fn file_error(verb: &'static str, path: &Utf8Path, source: std::io::Error) -> HostError {
    HostError::File { host: HOST.to_owned(), verb, path: Utf8PathBuf::from(path), source }
}

const HOST: &str = "lab";

#[expect(clippy::disallowed_methods, reason = "this module is the lab's door to programs")]
fn process(command: &Command) -> Process {
    let mut process = Process::new(&command.program);
    process.args(&command.args).env("LC_ALL", "C.UTF-8");
    process.envs(command.env.iter().map(|(key, value)| (key, value)));
    process
}
