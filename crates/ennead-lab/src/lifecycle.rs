//! A lab's end: what it has on this machine, counted and removed.
//!
//! Both work without the daemon and its state, from names that are derived from the lab's name and
//! from its folder, so they also clear up after a daemon that was killed in the middle of anything.

use std::fmt;

use camino::Utf8Path;
use ennead_host::{Command, Host as _, LocalHost, files};
use serde::Serialize;

use crate::world::names::LabNames;
use crate::world::place::MARK;
use crate::world::why::Why;
use crate::world::{WorldError, cgroup, egress, loops, mounts, namespace, network, nspawn};

/// What a lab has on this machine.
#[derive(Debug, Clone, Default, PartialEq, Eq, Serialize)]
pub struct Census {
    /// Processes in its servers and those that run them.
    pub processes: usize,
    /// Mounts below its folder.
    pub mounts: usize,
    /// Network namespaces.
    pub namespaces: usize,
    /// Links in this machine's own namespace.
    pub links: usize,
    /// Routes over those links.
    pub routes: usize,
    /// nftables tables in this machine's own namespace.
    pub tables: usize,
    /// Loop devices over its volumes and over servers' own disks.
    pub loops: usize,
    /// Control groups, one for each hierarchy.
    pub cgroups: usize,
    /// Files and folders directly in its folder.
    pub files: usize,
}

impl Census {
    /// Returns whether nothing is there.
    pub fn is_empty(&self) -> bool {
        *self == Self::default()
    }
}

impl fmt::Display for Census {
    fn fmt(&self, f: &mut fmt::Formatter<'_>) -> fmt::Result {
        write!(
            f,
            "{} processes, {} mounts, {} namespaces, {} links, {} routes, {} tables, {} loop devices, \
             {} cgroups, {} files",
            self.processes,
            self.mounts,
            self.namespaces,
            self.links,
            self.routes,
            self.tables,
            self.loops,
            self.cgroups,
            self.files
        )
    }
}

/// Counts what a lab has on this machine.
///
/// # Errors
/// When this machine does not tell.
pub async fn census(lab: &str, state: &Utf8Path) -> Result<Census, WorldError> {
    count(&LabNames::new(lab), state).await.map_err(|why| why.about(format!("lab {lab}"), "count"))
}

async fn count(names: &LabNames, state: &Utf8Path) -> Result<Census, Why> {
    let link = names.host_link();
    let linked = network::link_exists(&link)?;
    let routes = if linked {
        lines_of(Command::new("ip").args(["-o", "route", "show", "dev", &link])).await?.len()
    } else {
        0
    };
    let table = format!(" {}", names.cgroup());
    let tables = lines_of(Command::new("nft").args(["list", "tables"])).await?;
    Ok(Census {
        processes: cgroup::processes(&names.cgroup())?.len(),
        mounts: mounts::mounts_below(state)?.len(),
        namespaces: namespace::list(&names.namespace_prefix())?.len(),
        links: usize::from(linked),
        routes,
        tables: tables.iter().filter(|line| line.ends_with(&table)).count(),
        loops: loops::below(state)?.len(),
        cgroups: cgroup::folders(&names.cgroup())?.len(),
        files: files::list(state)?.len(),
    })
}

async fn lines_of(command: Command) -> Result<Vec<String>, Why> {
    let output = LocalHost::new("lab").run_ok(&command).await?;
    Ok(output.stdout_text().lines().map(str::to_owned).collect())
}

/// Removes everything that a lab has on this machine, its folder included. No-op when it is gone.
/// Its daemon must not run any more. Images stay: they belong to no lab.
///
/// # Errors
/// When something resists, or the folder is not a lab's.
pub async fn teardown(lab: &str, state: &Utf8Path) -> Result<(), WorldError> {
    remove(&LabNames::new(lab), lab, state)
        .await
        .map_err(|why| why.about(format!("lab {lab}"), "tear down"))
}

async fn remove(names: &LabNames, lab: &str, state: &Utf8Path) -> Result<(), Why> {
    let known = check_mark(lab, state)?;
    // First the way in, so that nothing that dies is still seen.
    network::remove_host_link(names).await?;
    egress::close(names, state).await?;
    let namespaces = namespace::list(&names.namespace_prefix())?;
    if known {
        loops::end_limits(state)?;
    }
    cgroup::kill_all(&names.cgroup()).await?;
    for name in &namespaces {
        namespace::remove(name).await?;
        nspawn::clear_runtime(name)?;
    }
    cgroup::remove(&names.cgroup()).await?;
    if known {
        mounts::unmount_below(state)?;
        loops::release(state).await?;
        let state = state.to_owned();
        let removed = tokio::task::spawn_blocking(move || files::remove_all(&state)).await;
        removed.map_err(|error| Why::of(&error))??;
    }
    Ok(())
}

/// Returns whether there is a folder to remove. One that is not marked as this lab's is refused.
fn check_mark(lab: &str, state: &Utf8Path) -> Result<bool, Why> {
    if files::list(state)?.is_empty() {
        return Ok(files::exists(state)?);
    }
    match files::read_text(&state.join(MARK))? {
        Some(name) if name.trim() == lab => Ok(true),
        Some(name) => Err(Why(format!("{state} belongs to lab {:?}", name.trim()))),
        None => Err(Why(format!("{state} is not a lab's folder: it has no file {MARK}"))),
    }
}

#[cfg(test)]
mod tests {
    use super::*;

    #[tokio::test]
    async fn a_folder_that_is_not_the_lab_s_is_left_alone() {
        let folder = tempfile::tempdir().unwrap();
        let state = Utf8Path::from_path(folder.path()).unwrap();
        files::write(&state.join("letter"), "dear").unwrap();
        let error = teardown("no-such-lab", state).await.unwrap_err();
        assert!(error.why.contains("is not a lab's folder"), "{error}");

        files::write(&state.join(MARK), "other\n").unwrap();
        let error = teardown("no-such-lab", state).await.unwrap_err();
        assert!(error.why.contains("belongs to lab \"other\""), "{error}");
        assert!(state.join("letter").exists());
    }
}
