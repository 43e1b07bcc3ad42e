//! Processes of this machine that belong to a server, told apart from later ones with their number.

use std::os::fd::OwnedFd;

use camino::Utf8Path;
use ennead_host::files;
use rustix::process::{Pid, PidfdFlags, Signal, pidfd_open, pidfd_send_signal};
use tokio::io::Interest;
use tokio::io::unix::AsyncFd;

use super::why::Why;

/// A process that lives, held so that its number cannot mean another one.
#[derive(Debug)]
pub(crate) struct Process {
    id: i32,
    handle: OwnedFd,
}

impl Process {
    /// Takes hold of a process; `None` when it is gone.
    pub(crate) fn hold(id: i32) -> Option<Self> {
        let handle = pidfd_open(Pid::from_raw(id)?, PidfdFlags::empty()).ok()?;
        Some(Self { id, handle })
    }

    /// Its number.
    pub(crate) fn id(&self) -> i32 {
        self.id
    }

    /// Asks it to end; no-op when it is gone.
    pub(crate) fn terminate(&self) {
        pidfd_send_signal(&self.handle, Signal::TERM).unwrap_or_default();
    }

    /// Kills it; no-op when it is gone.
    pub(crate) fn kill(&self) {
        pidfd_send_signal(&self.handle, Signal::KILL).unwrap_or_default();
    }

    /// Returns when it has ended.
    #[expect(
        deprecated,
        reason = "the successor is unsafe; an owned descriptor keeps the promise that it asks for"
    )]
    pub(crate) async fn ended(self) -> Result<(), Why> {
        let handle = AsyncFd::with_interest(self.handle, Interest::READABLE)
            .map_err(|error| Why::of(&error))?;
        // Readable means ended; the guard is dropped without being cleared.
        let guard = handle.readable().await.map_err(|error| Why::of(&error))?;
        drop(guard);
        Ok(())
    }
}

/// A run of a server: which boot of this machine, which process, started when.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Run {
    boot: String,
    process: i32,
    started: String,
}

impl Run {
    /// Parses what the container's starter wrote: a line with the boot's id and a line of
    /// `/proc/PID/stat`.
    pub(crate) fn parse(text: &str) -> Option<Self> {
        let (boot, stat) = text.split_once('\n')?;
        let (process, started) = parse_stat(stat)?;
        Some(Self { boot: boot.to_owned(), process, started })
    }

    /// Returns what [`Run::parse`] reads, for this very process.
    pub(crate) fn of_this_process() -> Result<String, Why> {
        let boot = files::read_text(Utf8Path::new("/proc/sys/kernel/random/boot_id"))?;
        let stat = files::read_text(Utf8Path::new("/proc/self/stat"))?;
        Ok(format!("{}\n{}", boot.unwrap_or_default().trim(), stat.unwrap_or_default()))
    }

    /// Takes hold of its process; `None` when it has ended or belongs to an earlier boot.
    pub(crate) fn hold(&self) -> Result<Option<Process>, Why> {
        let boot = files::read_text(Utf8Path::new("/proc/sys/kernel/random/boot_id"))?;
        if boot.is_none_or(|boot| boot.trim() != self.boot) {
            return Ok(None);
        }
        let Some(process) = Process::hold(self.process) else { return Ok(None) };
        // Looked at after it is held: were the number reused, this would be seen.
        let stat = stat(self.process).unwrap_or_default();
        let state_is_dead = stat.rsplit_once(") ").is_some_and(|(_, rest)| rest.starts_with('Z'));
        let same = parse_stat(&stat).is_some_and(|(_, started)| started == self.started);
        Ok((same && !state_is_dead).then_some(process))
    }
}

fn stat(process: i32) -> Option<String> {
    files::read_text(Utf8Path::new(&format!("/proc/{process}/stat"))).ok().flatten()
}

/// Returns number and start time; the name between them may hold anything.
fn parse_stat(stat: &str) -> Option<(i32, String)> {
    let process = stat.split(' ').next()?.parse().ok()?;
    let (_, rest) = stat.rsplit_once(") ")?;
    // Field 22; the rest begins with field 3.
    let started = rest.split(' ').nth(19)?.trim().to_owned();
    Some((process, started))
}

/// Returns the init of the container that a process runs: its child that is number 1 in a namespace
/// of its own. `None` when it does not run yet or any more.
pub(crate) fn container_init(container: i32) -> Option<Process> {
    let path = format!("/proc/{container}/task/{container}/children");
    let children = files::read_text(Utf8Path::new(&path)).ok().flatten().unwrap_or_default();
    let mut children = children.split_whitespace().filter_map(|child| child.parse::<i32>().ok());
    children.find(|child| is_init(*child)).and_then(Process::hold)
}

fn is_init(process: i32) -> bool {
    let path = format!("/proc/{process}/status");
    let status = files::read_text(Utf8Path::new(&path)).ok().flatten().unwrap_or_default();
    let numbers = status.lines().find_map(|line| line.strip_prefix("NSpid:")).unwrap_or_default();
    numbers.split_whitespace().count() > 1
        && numbers.split_whitespace().next_back().is_some_and(|number| number == "1")
}

#[cfg(test)]
mod tests {
    use super::*;

    const STAT: &str = "7 (a ) b) S 1 7 7 0 -1 4194560 1 2 3 4 5 6 7 8 20 0 1 0 8812 1 2 3";

    #[test]
    fn a_start_time_is_found_behind_any_name() {
        assert_eq!(parse_stat(STAT), Some((7, "8812".to_owned())));
        assert_eq!(parse_stat(""), None);
    }

    #[test]
    fn a_run_of_another_boot_is_over() {
        let run = Run::parse(&format!("another-boot\n{STAT}\n")).unwrap();
        assert!(run.hold().unwrap().is_none());
    }

    #[test]
    fn a_process_with_another_start_time_is_another_one() {
        let boot = files::read_text(Utf8Path::new("/proc/sys/kernel/random/boot_id"));
        let (boot, own) = (boot.unwrap().unwrap(), std::process::id().try_into().unwrap());
        let stat = stat(own).unwrap();
        let run = Run::parse(&format!("{boot}{stat}")).unwrap();
        assert_eq!(run.hold().unwrap().map(|process| process.id()), Some(own));
        let earlier = Run { started: "1".to_owned(), ..run };
        assert!(earlier.hold().unwrap().is_none());
    }
}
