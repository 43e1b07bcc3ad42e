//! Control groups of servers: one subtree per server in every hierarchy.
//!
//! The container's control group namespace makes the subtree its `/`, so what runs in a server sees
//! and limits only itself, and a container engine in it can make groups of its own. With version 1
//! there is one hierarchy per controller, with version 2 a single one; a machine may have both.

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use ennead_host::clock::wait_until;
use ennead_host::files;

use super::limits::Limits;
use super::process::Process;
use super::why::Why;

/// How long the kernel may take to let go of the groups of what has just been killed.
const REMOVAL_DEADLINE: Duration = Duration::from_secs(20);

/// How long what was killed may take to be gone.
const KILL_DEADLINE: Duration = Duration::from_secs(30);

/// A mounted hierarchy.
#[derive(Debug, Clone, PartialEq, Eq)]
struct Hierarchy {
    mount: Utf8PathBuf,
    version: Version,
}

#[derive(Debug, Clone, Copy, PartialEq, Eq)]
enum Version {
    One,
    Two,
}

fn hierarchies() -> Result<Vec<Hierarchy>, Why> {
    let mounts = files::read_text(Utf8Path::new("/proc/self/mounts"))?.unwrap_or_default();
    Ok(parse_hierarchies(&mounts))
}

fn parse_hierarchies(mounts: &str) -> Vec<Hierarchy> {
    let parse = |line: &str| {
        let mut words = line.split(' ');
        let (mount, kind) = (words.nth(1)?, words.next()?);
        let version = match kind {
            "cgroup" => Version::One,
            "cgroup2" => Version::Two,
            _ => return None,
        };
        Some(Hierarchy { mount: mount.into(), version })
    };
    mounts.lines().filter_map(parse).collect()
}

/// Makes a group in every hierarchy, limits what it uses, and returns the files into which a process
/// writes its id to join it.
pub(crate) fn ensure(group: &str, limits: Limits) -> Result<Vec<Utf8PathBuf>, Why> {
    let mut joins = Vec::new();
    for hierarchy in hierarchies()? {
        let mut folder = hierarchy.mount.clone();
        for part in group.split('/') {
            let parent = folder.clone();
            folder.push(part);
            if hierarchy.version == Version::Two {
                hand_down_controllers(&parent)?;
            }
            files::make_directory(&folder)?;
            inherit_cpuset(&parent, &folder)?;
        }
        limits.put_into(&folder)?;
        joins.push(folder.join("cgroup.procs"));
    }
    Ok(joins)
}

/// Version 2: a group has the controllers that its parent hands down.
fn hand_down_controllers(parent: &Utf8Path) -> Result<(), Why> {
    let controllers = files::read_text(&parent.join("cgroup.controllers"))?.unwrap_or_default();
    for controller in controllers.split_whitespace() {
        // Some cannot be handed down, for example one that is used by a version 1 hierarchy.
        write(&parent.join("cgroup.subtree_control"), &format!("+{controller}"))
            .unwrap_or_default();
    }
    Ok(())
}

/// Version 1: a new group has no processors and cannot be joined before it is given some.
fn inherit_cpuset(parent: &Utf8Path, folder: &Utf8Path) -> Result<(), Why> {
    for name in ["cpuset.cpus", "cpuset.mems"] {
        let Some(own) = files::read_text(&folder.join(name))? else { continue };
        let parents = files::read_text(&parent.join(name))?.unwrap_or_default();
        if own.trim().is_empty() && !parents.trim().is_empty() {
            write(&folder.join(name), parents.trim())?;
        }
    }
    Ok(())
}

/// Writes a setting of a group.
#[expect(clippy::disallowed_methods, reason = "a kernel setting is no file to be put in place")]
pub(crate) fn write(path: &Utf8Path, value: &str) -> Result<(), Why> {
    std::fs::write(path, value).map_err(|error| Why(format!("write {value} to {path}: {error}")))
}

/// Returns the folders of a group, one for each hierarchy in which it exists.
pub(crate) fn folders(group: &str) -> Result<Vec<Utf8PathBuf>, Why> {
    let all = hierarchies()?.into_iter().map(|hierarchy| hierarchy.mount.join(group));
    all.filter_map(|folder| match files::exists(&folder) {
        Ok(true) => Some(Ok(folder)),
        Ok(false) => None,
        Err(error) => Some(Err(error.into())),
    })
    .collect()
}

/// Returns the processes in a group and all groups below it.
pub(crate) fn processes(group: &str) -> Result<Vec<i32>, Why> {
    let mut found = Vec::new();
    for folder in folders(group)? {
        for folder in tree(&folder) {
            let list = files::read_text(&folder.join("cgroup.procs")).ok().flatten();
            let list = list.unwrap_or_default();
            found.extend(list.lines().filter_map(|line| line.parse::<i32>().ok()));
        }
    }
    found.sort_unstable();
    found.dedup();
    Ok(found)
}

/// Kills all processes of a group and all groups below it; returns when there are none.
pub(crate) async fn kill_all(group: &str) -> Result<(), Why> {
    let killing = async {
        loop {
            let held: Vec<Process> =
                processes(group)?.into_iter().filter_map(Process::hold).collect();
            if held.is_empty() {
                return Ok(());
            }
            held.iter().for_each(Process::kill);
            thaw(group);
            for process in held {
                process.ended().await?;
            }
        }
    };
    tokio::time::timeout(KILL_DEADLINE, killing).await.unwrap_or_else(|_| {
        let seconds = KILL_DEADLINE.as_secs();
        Err(Why(format!("control group {group}: killed, but not gone within {seconds} s")))
    })
}

/// What stands still dies only when it goes on (version 1).
fn thaw(group: &str) {
    for folder in folders(group).unwrap_or_default().iter().flat_map(|folder| tree(folder)) {
        let state = folder.join("freezer.state");
        if state.exists() {
            // A group that vanishes meanwhile holds nothing back.
            write(&state, "THAWED").unwrap_or_default();
        }
    }
}

/// Removes a group and all groups below it, once nothing runs in them. The kernel needs a moment
/// after the last process, and groups that a container engine made may need several passes.
pub(crate) async fn remove(group: &str) -> Result<(), Why> {
    wait_until(REMOVAL_DEADLINE, Duration::from_millis(5), || async {
        let folders = folders(group).map_err(|why| why.to_string())?;
        for folder in folders.iter().flat_map(|folder| tree(folder)) {
            rustix::fs::rmdir(folder.as_str()).unwrap_or_default();
        }
        match self::folders(group) {
            Ok(left) if left.is_empty() => Ok(()),
            Ok(left) => Err(format!(
                "{} is still in use",
                left.iter().next_back().map_or("", |folder| folder.as_str())
            )),
            Err(why) => Err(why.to_string()),
        }
    })
    .await
    .map_err(|error| Why(format!("remove control group {group}: {error}")))
}

/// Returns a folder's groups, innermost first, itself last. One that vanishes meanwhile is left out.
fn tree(folder: &Utf8Path) -> Vec<Utf8PathBuf> {
    let mut all = Vec::new();
    for name in files::list(folder).unwrap_or_default() {
        let inner = folder.join(name);
        if inner.is_dir() {
            all.extend(tree(&inner));
        }
    }
    all.push(folder.to_owned());
    all
}

/// Returns what the programs of a group hold in bytes: anonymous and shared memory, without the
/// files that the kernel keeps for speed. `None` when the group is not there.
pub(crate) fn memory_bytes(group: &str) -> Option<u64> {
    let mut stats = folders(group).ok()?.into_iter().map(|folder| folder.join("memory.stat"));
    let text = stats.find_map(|stat| files::read_text(&stat).ok().flatten())?;
    let value = |name: &str| {
        let line = text.lines().find_map(|line| line.strip_prefix(name)?.strip_prefix(' '));
        line.and_then(|value| value.trim().parse::<u64>().ok())
    };
    // The first names are of version 1 hierarchies, the second of version 2.
    let anonymous = value("total_rss").or_else(|| value("anon"))?;
    let shared = value("total_shmem").or_else(|| value("shmem")).unwrap_or(0);
    Some(anonymous + shared)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn hierarchies_of_both_versions_are_found() {
        let mounts = "tmpfs /sys/fs/cgroup tmpfs rw 0 0
cgroup /sys/fs/cgroup/memory cgroup rw,relatime,memory 0 0
cgroup2 /sys/fs/cgroup/unified cgroup2 rw,relatime 0 0
";
        let found: Vec<_> =
            parse_hierarchies(mounts).into_iter().map(|it| (it.mount, it.version)).collect();
        assert_eq!(
            found,
            [
                ("/sys/fs/cgroup/memory".into(), Version::One),
                ("/sys/fs/cgroup/unified".into(), Version::Two),
            ]
        );
    }
}
