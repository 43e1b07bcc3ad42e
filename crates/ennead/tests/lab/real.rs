//! A lab whose servers boot: one at a time on this machine, and nothing of it left afterwards.

use std::fs::File;
use std::path::PathBuf;
use std::time::{Duration, Instant};

use camino::Utf8Path;
use ennead_lab::lifecycle::{Census, census};
use ennead_lab::world::names::LabNames;
use serde_json::Value;

use super::machine::Machine;
use crate::support::{Answer, Place, command_output};

/// How long something may take that only has to come true.
const PATIENCE: Duration = Duration::from_mins(1);

/// How long a connection may outlive its server: `ssh` asks three times, three seconds apart.
const CONNECTION_ENDS: Duration = Duration::from_secs(20);

/// A place with booting servers; holds the turn of all such tests.
pub(super) struct Real {
    pub(super) place: Place,
    names: LabNames,
    before: Machine,
    _turn: File,
}

impl Real {
    /// Waits for its turn, then starts the lab.
    pub(super) fn new(lab: &str, spec: &str) -> Self {
        // A lock of a file counts between test binaries and between processes of one runner too.
        let turn = std::env::temp_dir().join("ennead-lab-tests.lock");
        let turn = File::create(turn).unwrap();
        turn.lock().unwrap();
        let before = Machine::look();
        let place = Place::with_lab(lab, spec, &[]);
        let names = LabNames::new(place.lab());
        Self { place, names, before, _turn: turn }
    }

    /// Brings the platform up whatever came before, and returns the summary.
    #[track_caller]
    pub(super) fn up(&self) -> Value {
        self.place.ennead(&["up", "--json"]).expect_code(0).json()
    }

    /// Fails unless `up` has nothing to do and everything is healthy.
    #[track_caller]
    pub(super) fn expect_settled(&self) {
        let summary = self.up();
        assert_eq!(summary["steps"], 0, "{summary}");
        assert_eq!(summary["changed"], 0, "{summary}");
        assert_eq!(summary["healthy"], true, "{summary}");
    }

    /// Runs a shell command on a node.
    pub(super) fn on(&self, node: &str, script: &str) -> Answer {
        self.place.ennead(&["ssh", node, "--", "sh", "-c", script])
    }

    /// Runs a shell command on a node that must succeed, and returns what it wrote.
    #[track_caller]
    pub(super) fn on_ok(&self, node: &str, script: &str) -> String {
        self.on(node, script).expect_code(0).out
    }

    /// Breaks a node with a command that ends its SSH connections, and runs the remedy there as
    /// soon as the returned file is made: by then nobody can log in to do it.
    #[track_caller]
    pub(super) fn break_until_asked(&self, node: &str, harm: &str, remedy: &str) -> PathBuf {
        let end = "pkill -f '^sshd-session' || pkill -f '^sshd: root'";
        let life = format!(
            "{harm}; {end}; until [ -e /root/mended ]; do sleep 0.1; done; rm /root/mended; {remedy}"
        );
        let life = life.replace('\'', "'\\''");
        // The answer may get lost with the connection.
        self.on(node, &format!("systemd-run --quiet --collect sh -c '{life}'"));
        let (id, ..) = self.place.servers().into_iter().find(|one| one.1 == node).unwrap();
        self.place.lab_folder().join(format!("servers/{id}/root/root/mended"))
    }

    /// Returns every instance of a component with the role that it says it has.
    #[track_caller]
    pub(super) fn roles(&self, component: &str) -> Vec<(String, String)> {
        let status = self.status();
        let mut roles = Vec::new();
        for node in status["nodes"].as_array().unwrap() {
            for one in node["components"].as_array().unwrap() {
                if one["name"] == component {
                    let role = one["role"].as_str().unwrap_or("none").to_owned();
                    roles.push((node["name"].as_str().unwrap().to_owned(), role));
                }
            }
        }
        roles
    }

    #[track_caller]
    pub(super) fn status(&self) -> Value {
        self.place.ennead(&["status", "--json"]).expect_code(0).json()
    }

    /// Removes the lab and fails when anything of it is left on this machine.
    #[track_caller]
    pub(super) fn remove(&self) {
        assert!(!self.census().is_empty(), "a lab that runs counts");
        assert!(!self.traces().is_empty(), "and is seen");
        assert!(self.added().len() > 20, "by whole lists too: {:#?}", self.added());
        self.place.ennead(&["lab", "down"]).expect_code(0);
        let left = self.census();
        assert!(left.is_empty(), "left behind: {left}");
        let until = Instant::now() + CONNECTION_ENDS;
        while self.traces().iter().any(|trace| trace.starts_with("process")) {
            assert!(Instant::now() < until, "left behind: {:#?}", self.traces());
        }
        assert_eq!(self.traces(), Vec::<String>::new(), "left behind");
        assert_eq!(self.added(), Vec::<String>::new(), "left behind");
    }

    /// Returns what this machine has now and had not before the lab.
    fn added(&self) -> Vec<String> {
        let own = self.names.host_link();
        let folder = self.place.path().to_str().unwrap();
        Machine::look().since(&self.before, own.trim_start_matches("en"), folder)
    }

    fn census(&self) -> Census {
        let folder = self.place.lab_folder();
        let runtime = tokio::runtime::Builder::new_current_thread().enable_all().build().unwrap();
        let count = census(self.place.lab(), Utf8Path::from_path(&folder).unwrap());
        runtime.block_on(count).unwrap()
    }

    /// Looks by other means than the census: what this machine lists that bears the lab's name or
    /// lies in its folder. Other labs may come and go meanwhile.
    fn traces(&self) -> Vec<String> {
        let folder = self.place.path().to_str().unwrap().to_owned();
        let marks = [folder, self.names.host_link(), self.names.cgroup()];
        let mut traces = Vec::new();
        let mut look = |kind: &str, text: &str| {
            let ours = text.lines().filter(|line| marks.iter().any(|mark| line.contains(mark)));
            traces.extend(ours.map(|line| format!("{kind}: {line}")));
        };
        look("namespace", &command_output("ip", &["netns", "list"]));
        look("link", &command_output("ip", &["-o", "link"]));
        look("route", &command_output("ip", &["route"]));
        look("tables", &command_output("nft", &["list", "tables"]));
        look("mount", &std::fs::read_to_string("/proc/self/mountinfo").unwrap());
        look("process", &command_output("ps", &["-eww", "-o", "pid=,args="]));
        traces
    }
}

/// Waits until `holds`, which takes its time by asking the program.
#[track_caller]
pub(super) fn wait_until(what: &str, holds: impl Fn() -> bool) {
    let until = Instant::now() + PATIENCE;
    while !holds() {
        assert!(Instant::now() < until, "not within {PATIENCE:?}: {what}");
    }
}
