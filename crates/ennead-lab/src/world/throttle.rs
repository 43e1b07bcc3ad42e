//! Limits how fast a server's disk is, by its control group.
//!
//! With version 1 hierarchies the kernel counts what a program itself waits for: reads, direct
//! writes and `fsync`. What it writes later on its own it does for nobody, that is for the uppermost
//! group; there a disk that one server alone has is limited too.

use camino::{Utf8Path, Utf8PathBuf};
use ennead_host::files;

use super::cgroup;
use super::why::Why;

/// Sets or takes away the limit of a group on the disk on which a folder lies.
pub(crate) fn set(
    group: &str,
    folder: &Utf8Path,
    bytes_per_second: Option<u64>,
) -> Result<(), Why> {
    let device = whole_disk(folder)?;
    let mut done = false;
    for own in cgroup::folders(group)? {
        for name in ["blkio.throttle.read_bps_device", "blkio.throttle.write_bps_device"] {
            let path = own.join(name);
            if files::exists(&path)? {
                cgroup::write(&path, &format!("{device} {}", bytes_per_second.unwrap_or(0)))?;
                done = true;
            }
        }
        let path = own.join("io.max");
        if !done && files::exists(&path)? {
            let limit = bytes_per_second.map_or("max".to_owned(), |bytes| bytes.to_string());
            cgroup::write(&path, &format!("{device} rbps={limit} wbps={limit}"))?;
            done = true;
        }
    }
    if done {
        return Ok(());
    }
    Err(Why("this machine's control groups have neither blkio.throttle nor io.max".to_owned()))
}

/// Limits what the kernel writes by itself to a device that only one server has, or ends that.
/// No-op with version 2, where the kernel knows for whom it writes.
pub(crate) fn set_for_nobody(device: &str, bytes_per_second: Option<u64>) -> Result<(), Why> {
    for own in cgroup::folders("")? {
        for name in ["blkio.throttle.read_bps_device", "blkio.throttle.write_bps_device"] {
            let path = own.join(name);
            let Some(text) = files::read_text(&path)? else { continue };
            // A device outlives its file: what is left here would slow its next user.
            if bytes_per_second.is_some() || text.lines().any(|line| is_about(line, device)) {
                cgroup::write(&path, &format!("{device} {}", bytes_per_second.unwrap_or(0)))?;
            }
        }
    }
    Ok(())
}

fn is_about(line: &str, device: &str) -> bool {
    line.split(' ').next() == Some(device)
}

/// Returns whether a group has a limit.
pub(crate) fn is_set(group: &str) -> Result<bool, Why> {
    for own in cgroup::folders(group)? {
        for name in ["blkio.throttle.read_bps_device", "blkio.throttle.write_bps_device", "io.max"]
        {
            let text = files::read_text(&own.join(name))?.unwrap_or_default();
            if !text.trim().is_empty() {
                return Ok(true);
            }
        }
    }
    Ok(false)
}

/// Returns the number of the disk under a folder: limits are for disks, not for their partitions.
pub(crate) fn whole_disk(folder: &Utf8Path) -> Result<String, Why> {
    let stat =
        rustix::fs::stat(folder.as_str()).map_err(|error| Why(format!("{folder}: {error}")))?;
    let (major, minor) = (rustix::fs::major(stat.st_dev), rustix::fs::minor(stat.st_dev));
    let device = Utf8PathBuf::from(format!("/sys/dev/block/{major}:{minor}"));
    if !files::exists(&device)? {
        return Err(Why(format!("{folder} lies on no disk of its own ({major}:{minor})")));
    }
    if files::exists(&device.join("partition"))? {
        let parent = files::read_text(&device.join("../dev"))?.unwrap_or_default();
        return Ok(parent.trim().to_owned());
    }
    Ok(format!("{major}:{minor}"))
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_limit_is_about_one_device_only() {
        assert!(is_about("7:1 2000000", "7:1"));
        assert!(!is_about("7:11 2000000", "7:1"));
        assert!(!is_about("", "7:1"));
    }
}
