//! systemd units: enabled or not, running or not, and running with the files that are on disk.
//!
//! The digest of a unit's watched files is remembered when the unit has taken them up, not when they
//! were written. A run that was killed between writing a file and restarting the unit therefore
//! restarts it the next time, although that run finds the file unchanged.

use std::collections::BTreeMap;
use std::time::Duration;

use camino::Utf8PathBuf;
use ennead_host::{Command, Host, HostError};
use ennead_model::{OnChange, sha256_hex};

use super::{Done, Place};
use crate::problem::{Problem, one_line};

/// How long systemd may take to start or stop a unit. Its own limits are 90 s by default; a database
/// that ends a long checkpoint needs more.
const JOB_DEADLINE: Duration = Duration::from_mins(5);

/// Lines of the journal that a failed start repeats.
const JOURNAL_LINES: &str = "20";

/// A unit as an order wants it.
pub(super) struct Wanted<'a> {
    pub(super) name: &'a str,
    pub(super) enabled: bool,
    pub(super) running: bool,
    pub(super) on_change: OnChange,
    pub(super) watches: &'a [Utf8PathBuf],
}

/// A unit as systemd tells it.
#[derive(Debug, Clone, Default, PartialEq, Eq)]
pub(crate) struct UnitState {
    load: String,
    active: String,
    file: String,
    needs_reload: bool,
}

impl UnitState {
    pub(crate) fn exists(&self) -> bool {
        !matches!(self.load.as_str(), "" | "not-found")
    }

    pub(crate) fn is_active(&self) -> bool {
        matches!(self.active.as_str(), "active" | "reloading")
    }

    /// Whether it is on its way up or up.
    pub(crate) fn runs(&self) -> bool {
        self.is_active() || matches!(self.active.as_str(), "activating" | "refreshing")
    }

    pub(crate) fn is_enabled(&self) -> bool {
        // The others cannot be enabled or disabled: other units pull them in.
        !matches!(self.file.as_str(), "" | "disabled" | "masked" | "masked-runtime" | "linked")
    }

    fn can_be_disabled(&self) -> bool {
        matches!(self.file.as_str(), "enabled" | "enabled-runtime" | "linked" | "linked-runtime")
    }

    /// Returns what people are told, for example `failed`.
    pub(crate) fn told(&self) -> &str {
        if self.exists() { &self.active } else { "not found" }
    }
}

/// Returns the state of units in one question.
pub(crate) async fn show_units(
    host: &dyn Host,
    names: &[&str],
) -> Result<BTreeMap<String, UnitState>, HostError> {
    if names.is_empty() {
        return Ok(BTreeMap::new());
    }
    let command = Command::new("systemctl")
        .args(["show", "--property=LoadState,ActiveState,UnitFileState,NeedDaemonReload", "--"])
        .args(names.iter().copied());
    let said = host.run_ok(&command).await?.stdout_text();
    let blocks = said.split("\n\n").map(parse);
    Ok(names.iter().map(|name| (*name).to_owned()).zip(blocks).collect())
}

fn parse(block: &str) -> UnitState {
    let mut state = UnitState::default();
    for (key, value) in block.lines().filter_map(|line| line.split_once('=')) {
        match key {
            "LoadState" => value.clone_into(&mut state.load),
            "ActiveState" => value.clone_into(&mut state.active),
            "UnitFileState" => value.clone_into(&mut state.file),
            "NeedDaemonReload" => state.needs_reload = value == "yes",
            _ => {}
        }
    }
    state
}

async fn show(host: &dyn Host, name: &str) -> Result<UnitState, HostError> {
    Ok(show_units(host, &[name]).await?.remove(name).unwrap_or_default())
}

fn systemctl(verb: &str) -> Command {
    Command::new("systemctl").arg(verb).deadline(JOB_DEADLINE)
}

pub(super) async fn ensure(place: Place<'_>, wanted: &Wanted<'_>) -> Result<Done, Problem> {
    let (host, name) = (place.host, wanted.name);
    let mut state = show(host, name).await?;
    if state.needs_reload || !state.exists() {
        host.run_ok(&systemctl("daemon-reload")).await?;
        state = show(host, name).await?;
    }
    if !state.exists() {
        if wanted.enabled || wanted.running {
            return Err(Problem::new(format!("there is no unit {name}"))
                .hint("its package is missing, or its file was not declared before it"));
        }
        return Ok(Done::Unchanged);
    }
    let mut changed = false;
    if wanted.enabled && !state.is_enabled() {
        host.run_ok(&systemctl("enable").args(["--quiet", "--", name])).await?;
        changed = true;
    } else if !wanted.enabled && state.can_be_disabled() {
        host.run_ok(&systemctl("disable").args(["--quiet", "--", name])).await?;
        changed = true;
    }
    changed |= if wanted.running {
        run_with_current_files(place, wanted, &state).await?
    } else if state.runs() {
        host.run_ok(&systemctl("stop").args(["--", name])).await?;
        true
    } else {
        false
    };
    Ok(Done::changed(changed))
}

/// What has to be done so that a unit runs with its current files.
fn next_verb(wanted: &Wanted<'_>, state: &UnitState, same_files: bool) -> Option<&'static str> {
    match (state.active.as_str(), wanted.on_change) {
        _ if !state.runs() => Some("start"),
        (_, OnChange::Restart) if !same_files => Some("restart"),
        (_, OnChange::Reload) if !same_files => Some("reload-or-restart"),
        // Joins the job that runs, and waits for its end.
        ("activating", _) => Some("start"),
        _ => None,
    }
}

async fn run_with_current_files(
    place: Place<'_>,
    wanted: &Wanted<'_>,
    state: &UnitState,
) -> Result<bool, Problem> {
    let (host, name) = (place.host, wanted.name);
    // Taken before the unit starts: a file that changes meanwhile counts as not yet taken up.
    let digest = digest_of(host, wanted.watches).await?;
    let taken_up = place.state.read_unit(host, name).await?;
    let same_files = taken_up.as_ref() == Some(&digest);
    let verb = next_verb(wanted, state, same_files);
    if let Some(verb) = verb {
        if state.active == "failed" {
            // Or systemd refuses a unit that failed too often.
            host.run_ok(&systemctl("reset-failed").args(["--", name])).await?;
        }
        let output = host.run(&systemctl(verb).args(["--", name])).await?;
        if !output.success() {
            return Err(not_started(host, verb, name, &output.stderr_tail()).await);
        }
    }
    if !same_files {
        place.state.write_unit(host, name, &digest).await?;
    }
    Ok(verb.is_some())
}

async fn digest_of(host: &dyn Host, paths: &[Utf8PathBuf]) -> Result<String, HostError> {
    let mut all = Vec::new();
    for path in paths {
        let content = host.read(path).await?;
        all.push((path.as_str(), content.map_or_else(|| "absent".to_owned(), sha256_hex)));
    }
    Ok(sha256_hex(format!("{all:?}")))
}

async fn not_started(host: &dyn Host, verb: &str, name: &str, said: &str) -> Problem {
    let journal = Command::new("journalctl").args([
        "--unit",
        name,
        "--lines",
        JOURNAL_LINES,
        "--no-pager",
        "--output=cat",
    ]);
    let journal = match host.run(&journal).await {
        Ok(output) => one_line(&output.stdout_text()),
        Err(error) => error.to_string(),
    };
    // systemctl's second line only repeats how to look into the journal.
    let said = said.lines().next().unwrap_or_default();
    Problem::new(format!("systemctl {verb} {name} failed: {said}; its journal: {journal}"))
        .hint(format!("look at `systemctl status {name}` and `journalctl -u {name}` on the node"))
}

#[cfg(test)]
#[path = "unit_tests.rs"]
mod tests;
