//! Runs the program as a person would, in a folder and a lab of its own.

#![allow(dead_code, reason = "each test binary uses a part of this")]
#![allow(clippy::allow_attributes, reason = "the part that is unused differs by test binary")]
#![expect(
    clippy::disallowed_methods,
    clippy::unwrap_used,
    clippy::panic,
    reason = "tests run the program from outside; a failure here fails the test"
)]

mod running;
pub(crate) mod scan;

use std::io::Write as _;
use std::path::{Path, PathBuf};
use std::process::{Command, Output, Stdio};

use serde_json::Value;

pub(crate) use running::Running;

/// A folder with a spec, secrets and a lab of its own; removed at the end, also after a failure.
pub(crate) struct Place {
    folder: tempfile::TempDir,
    lab: String,
    lab_started: bool,
}

/// What the program answered.
pub(crate) struct Answer {
    pub(crate) code: i32,
    pub(crate) out: String,
    pub(crate) err: String,
}

impl Answer {
    /// Returns standard output as JSON.
    pub(crate) fn json(&self) -> Value {
        serde_json::from_str(&self.out).unwrap_or_else(|error| panic!("{error}: {self:?}"))
    }

    /// Fails the test unless the exit code is this one.
    #[track_caller]
    pub(crate) fn expect_code(self, code: i32) -> Self {
        assert_eq!(self.code, code, "{self:?}");
        self
    }

    /// Fails the test unless standard error has exactly one line starting with `error:`, holding
    /// the text.
    #[track_caller]
    pub(crate) fn expect_error(self, text: &str) -> Self {
        let errors: Vec<&str> =
            self.err.lines().filter(|line| line.starts_with("error:")).collect();
        assert_eq!(errors.len(), 1, "{self:?}");
        assert!(errors[0].contains(text), "no {text:?} in {self:?}");
        self
    }

    /// Fails the test unless standard error has a line starting with `hint:`, holding the text.
    #[track_caller]
    pub(crate) fn expect_hint(self, text: &str) -> Self {
        let mut hints = self.err.lines().filter(|line| line.starts_with("hint:"));
        assert!(hints.any(|line| line.contains(text)), "no hint with {text:?} in {self:?}");
        self
    }
}

impl std::fmt::Debug for Answer {
    fn fmt(&self, f: &mut std::fmt::Formatter<'_>) -> std::fmt::Result {
        write!(f, "code {}\n--- out\n{}\n--- err\n{}", self.code, self.out, self.err)
    }
}

impl From<Output> for Answer {
    fn from(output: Output) -> Self {
        Self {
            code: output.status.code().unwrap_or(-1),
            out: String::from_utf8_lossy(&output.stdout).into_owned(),
            err: String::from_utf8_lossy(&output.stderr).into_owned(),
        }
    }
}

impl Place {
    /// Makes a place with this spec text; no lab runs yet.
    pub(crate) fn new(lab: &str, spec: &str) -> Self {
        let folder = tempfile::tempdir().unwrap();
        std::fs::write(folder.path().join("ennead.toml"), spec).unwrap();
        Self { folder, lab: format!("{lab}-{}", std::process::id()), lab_started: false }
    }

    /// Makes a place with this spec text and starts its lab.
    pub(crate) fn with_lab(lab: &str, spec: &str, arguments: &[&str]) -> Self {
        let mut place = Self::new(lab, spec);
        place.lab_started = true;
        let started = [&["lab", "up"], arguments].concat();
        place.ennead(&started).expect_code(0);
        place
    }

    /// Returns the folder.
    pub(crate) fn path(&self) -> &Path {
        self.folder.path()
    }

    /// Returns the folder of the lab's state.
    pub(crate) fn lab_folder(&self) -> PathBuf {
        self.path().join("labs").join(&self.lab)
    }

    /// Returns the lab's name.
    pub(crate) fn lab(&self) -> &str {
        &self.lab
    }

    /// Returns the lab's endpoint.
    pub(crate) fn endpoint(&self) -> String {
        self.lab_word("endpoint")
    }

    /// Returns the lab's token.
    pub(crate) fn token(&self) -> String {
        self.lab_word("token")
    }

    fn lab_word(&self, file: &str) -> String {
        std::fs::read_to_string(self.lab_folder().join(file)).unwrap().trim().to_owned()
    }

    /// Returns the process id of the lab's daemon: the second line is its `/proc/PID/stat`.
    pub(crate) fn daemon(&self) -> i32 {
        let text = self.lab_word("daemon");
        text.lines().nth(1).and_then(|stat| stat.split(' ').next()?.parse().ok()).unwrap()
    }

    /// Kills the lab's daemon as a crash would, and waits until it is gone.
    pub(crate) fn kill_daemon(&self) {
        running::kill(self.daemon());
    }

    /// Returns what `lab status` says.
    #[track_caller]
    pub(crate) fn lab_status(&self) -> Value {
        self.ennead(&["lab", "status", "--json"]).expect_code(0).json()
    }

    /// Returns each server of the lab: its number, name and status.
    #[track_caller]
    pub(crate) fn servers(&self) -> Vec<(u64, String, String)> {
        let word = |value: &Value| value.as_str().unwrap().to_owned();
        let status = self.lab_status();
        let servers = status["servers"].as_array().unwrap().iter();
        let server =
            |one: &Value| (one["id"].as_u64().unwrap(), word(&one["name"]), word(&one["status"]));
        servers.map(server).collect()
    }

    /// Writes a file beside the spec.
    pub(crate) fn put(&self, name: &str, text: &str) {
        std::fs::write(self.path().join(name), text).unwrap();
    }

    /// Returns the text of a file beside the spec.
    pub(crate) fn get(&self, name: &str) -> String {
        std::fs::read_to_string(self.path().join(name)).unwrap()
    }

    /// Returns the spec's text.
    pub(crate) fn spec(&self) -> String {
        std::fs::read_to_string(self.path().join("ennead.toml")).unwrap()
    }

    /// Replaces a part of the spec that must be there.
    #[track_caller]
    pub(crate) fn edit_spec(&self, from: &str, to: &str) {
        let path = self.path().join("ennead.toml");
        let text = std::fs::read_to_string(&path).unwrap();
        assert!(text.contains(from), "no {from:?} in {text}");
        std::fs::write(path, text.replace(from, to)).unwrap();
    }

    /// Returns the command, with an environment of its own.
    pub(crate) fn command(&self, arguments: &[&str]) -> Command {
        let mut command = Command::new(env!("CARGO_BIN_EXE_ennead"));
        command
            .current_dir(self.path())
            .env_clear()
            .env("PATH", std::env::var_os("PATH").unwrap())
            .env("HOME", self.path())
            .env("ENNEAD_LAB", &self.lab)
            .env("ENNEAD_LAB_STATE", self.path().join("labs"))
            .args(arguments)
            .stdin(Stdio::null());
        command
    }

    /// Runs the program to its end.
    pub(crate) fn ennead(&self, arguments: &[&str]) -> Answer {
        self.command(arguments).output().unwrap().into()
    }

    /// Runs the program to its end with this on its standard input.
    pub(crate) fn ennead_told(&self, arguments: &[&str], input: &str) -> Answer {
        let mut command = self.command(arguments);
        command.stdin(Stdio::piped()).stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        child.stdin.take().unwrap().write_all(input.as_bytes()).unwrap();
        child.wait_with_output().unwrap().into()
    }

    /// Starts the program; it is killed when the test leaves it.
    pub(crate) fn start(&self, arguments: &[&str]) -> Running {
        Running::start(self.command(arguments))
    }
}

impl Drop for Place {
    fn drop(&mut self) {
        if self.lab_started {
            let answer = self.ennead(&["lab", "down"]);
            assert!(answer.code == 0 || std::thread::panicking(), "{answer:?}");
        }
    }
}

/// Returns a preset's text.
pub(crate) fn preset(name: &str) -> &'static str {
    ennead_spec::preset(name).unwrap().text
}

/// Returns what a program of this machine writes.
pub(crate) fn command_output(program: &str, arguments: &[&str]) -> String {
    let output = Command::new(program).args(arguments).output().unwrap();
    String::from_utf8_lossy(&output.stdout).into_owned()
}
