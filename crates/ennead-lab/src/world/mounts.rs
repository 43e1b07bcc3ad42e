//! Mounts of this machine that belong to the lab: overlays, found again by their place.

use camino::{Utf8Path, Utf8PathBuf};
use ennead_host::files;
use rustix::mount::{MountFlags, MountPropagationFlags, UnmountFlags};

use super::why::Why;

/// Returns the mount points at or below a folder, innermost first.
pub(crate) fn mounts_below(folder: &Utf8Path) -> Result<Vec<Utf8PathBuf>, Why> {
    let table = files::read_text(Utf8Path::new("/proc/self/mountinfo"))?.unwrap_or_default();
    Ok(parse_mounts_below(&table, folder))
}

fn parse_mounts_below(mountinfo: &str, folder: &Utf8Path) -> Vec<Utf8PathBuf> {
    let points = mountinfo.lines().filter_map(|line| line.split(' ').nth(4));
    let mut found: Vec<Utf8PathBuf> =
        points.map(Utf8PathBuf::from).filter(|point| point.starts_with(folder)).collect();
    // Later mounts lie over or inside earlier ones.
    found.reverse();
    found
}

/// Mounts an overlay: reads fall through to `lower`, writes go to `upper`. No-op when something is
/// mounted there already.
pub(crate) fn mount_overlay(
    lower: &Utf8Path,
    upper: &Utf8Path,
    work: &Utf8Path,
    target: &Utf8Path,
) -> Result<(), Why> {
    if mounts_below(target)?.iter().any(|point| point == target) {
        return Ok(());
    }
    let data = format!("lowerdir={lower},upperdir={upper},workdir={work}");
    let data = std::ffi::CString::new(data).map_err(|error| Why::of(&error))?;
    rustix::mount::mount(
        "overlay",
        target.as_str(),
        "overlay",
        MountFlags::empty(),
        Some(data.as_c_str()),
    )
    .map_err(|error| Why(format!("mount overlay {target}: {error}")))
}

/// Lets what is unmounted in a folder vanish from all other mount namespaces too: every container
/// that is started gets a copy of all mounts, and one of a disk would hold that disk forever. Where
/// systemd is init, all of this machine is like that. No-op when a mount is there already.
pub(crate) fn share(folder: &Utf8Path) -> Result<(), Why> {
    if mounts_below(folder)?.iter().any(|point| point == folder) {
        return Ok(());
    }
    let bound = rustix::mount::mount_bind(folder.as_str(), folder.as_str());
    bound
        .and_then(|()| rustix::mount::mount_change(folder.as_str(), MountPropagationFlags::SHARED))
        .map_err(|error| Why(format!("make {folder} a shared mount: {error}")))
}

/// Unmounts everything at or below a folder. What is still in use vanishes with its last user.
pub(crate) fn unmount_below(folder: &Utf8Path) -> Result<(), Why> {
    for point in mounts_below(folder)? {
        rustix::mount::unmount(point.as_str(), UnmountFlags::empty())
            .or_else(|_| rustix::mount::unmount(point.as_str(), UnmountFlags::DETACH))
            .map_err(|error| Why(format!("unmount {point}: {error}")))?;
    }
    Ok(())
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn mounts_are_found_by_whole_path_parts_innermost_first() {
        let table = "22 1 0:20 / / rw - ext4 /dev/vda rw
30 22 0:31 / /lab/a/root rw - overlay overlay rw
31 30 0:32 / /lab/a/root/proc rw - proc proc rw
32 22 0:33 / /lab/ab/root rw - overlay overlay rw
";
        let found = parse_mounts_below(table, Utf8Path::new("/lab/a"));
        assert_eq!(found, ["/lab/a/root/proc", "/lab/a/root"]);
    }
}
