//! A run of the program that a test watches, interrupts or kills.

use std::io::{BufRead as _, BufReader, Read as _};
use std::process::{Child, Command, Stdio};
use std::sync::mpsc::{Receiver, channel};
use std::time::{Duration, Instant};

use super::Answer;

/// How long a line or an end may take before the test fails.
const PATIENCE: Duration = Duration::from_mins(2);

/// A program that runs. Killed when dropped.
pub(crate) struct Running {
    child: Child,
    lines: Receiver<String>,
    said: Vec<String>,
    out: std::thread::JoinHandle<String>,
}

impl Running {
    pub(super) fn start(mut command: Command) -> Self {
        command.stdout(Stdio::piped()).stderr(Stdio::piped());
        let mut child = command.spawn().unwrap();
        let (tell, lines) = channel();
        let err = BufReader::new(child.stderr.take().unwrap());
        std::thread::spawn(move || {
            // A receiver that is gone has nothing more to wait for.
            err.lines().map_while(Result::ok).all(|line| tell.send(line).is_ok())
        });
        let mut stdout = child.stdout.take().unwrap();
        let out = std::thread::spawn(move || {
            let mut text = String::new();
            stdout.read_to_string(&mut text).unwrap();
            text
        });
        Self { child, lines, said: Vec::new(), out }
    }

    /// Waits for a line of standard error that holds the text.
    #[track_caller]
    pub(crate) fn wait_for(&mut self, text: &str) {
        let until = Instant::now() + PATIENCE;
        loop {
            let left = until.saturating_duration_since(Instant::now());
            let Ok(line) = self.lines.recv_timeout(left) else {
                panic!("no {text:?} in:\n{}", self.said.join("\n"));
            };
            let found = line.contains(text);
            self.said.push(line);
            if found {
                return;
            }
        }
    }

    /// Kills the program as a power cut would, and waits until it is gone.
    pub(crate) fn kill(mut self) {
        self.child.kill().unwrap();
        self.child.wait().unwrap();
    }

    /// Sends what Ctrl-C sends.
    pub(crate) fn interrupt(&self) {
        signal("-INT", self.child.id());
    }

    /// Waits for its end.
    #[track_caller]
    pub(crate) fn end(mut self) -> Answer {
        let until = Instant::now() + PATIENCE;
        while let Ok(line) =
            self.lines.recv_timeout(until.saturating_duration_since(Instant::now()))
        {
            self.said.push(line);
        }
        assert!(Instant::now() < until, "it does not end; it said:\n{}", self.said.join("\n"));
        let code = self.child.wait().unwrap().code().unwrap_or(-1);
        let out = std::mem::replace(&mut self.out, std::thread::spawn(String::new));
        Answer { code, out: out.join().unwrap(), err: self.said.join("\n") }
    }
}

impl Drop for Running {
    fn drop(&mut self) {
        // An error means that it has ended, which is all that is wanted.
        drop(self.child.kill());
        drop(self.child.wait());
    }
}

/// Kills a process that is no child of the test and waits until it is gone or a zombie.
pub(super) fn kill(process: i32) {
    signal("-KILL", u32::try_from(process).unwrap());
    let until = Instant::now() + PATIENCE;
    while is_alive(process) {
        assert!(Instant::now() < until, "process {process} does not end");
        std::thread::yield_now();
    }
}

fn is_alive(process: i32) -> bool {
    let stat = std::fs::read_to_string(format!("/proc/{process}/stat")).unwrap_or_default();
    stat.rsplit(") ").next().is_some_and(|rest| !rest.is_empty() && !rest.starts_with('Z'))
}

fn signal(which: &str, process: u32) {
    let sent = Command::new("kill").args([which, &process.to_string()]).status().unwrap();
    assert!(sent.success(), "kill {which} {process}");
}
