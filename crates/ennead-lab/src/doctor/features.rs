//! Tries on this machine what single features of a lab need.

use std::fs::File;

use camino::Utf8Path;
use ennead_host::{Command, files};
use rustix::mount::MountFlags;

use super::FeatureProbes;
use super::probe::{answer, version};
use crate::world::cgroup;
use crate::world::limits::{self, Limits};
use crate::world::why::Why;
use crate::world::{freezer, hold, loops, mounts};

/// Enough for ext4 with a journal.
const TRIAL_DISK_BYTES: u64 = 16 << 20;

/// The namespace and the control group in which things are tried.
pub(super) fn trial_name() -> String {
    format!("ennead-doctor-{}", std::process::id())
}

/// Tries all; leaves nothing behind.
pub(super) async fn probe(state: &Utf8Path) -> FeatureProbes {
    let text = |why: Why| why.to_string().replace('\n', "; ");
    let group = trial_name();
    let freezer = try_freezer(&group);
    let cpu_quota = try_cpu_quota(&group);
    let removed = cgroup::remove(&group).await;
    FeatureProbes {
        packet_queue: hold::try_queues(&trial_name()).await.map_err(text),
        real_time: answer(&Command::new("chrt").args(["-f", "1", "true"])).await.map(drop),
        loop_ext4: try_loop(state).await.map_err(text),
        mkfs_xfs: mkfs_xfs().await,
        freezer: freezer.and(removed.clone()).map_err(text),
        cpu_quota: cpu_quota.and(removed).map_err(text),
        inotify_instances: inotify_instances(),
    }
}

fn inotify_instances() -> Result<u64, String> {
    const PATH: &str = "/proc/sys/fs/inotify/max_user_instances";
    let text = files::read_text(Utf8Path::new(PATH)).map_err(|error| error.to_string())?;
    text.and_then(|text| text.trim().parse().ok()).ok_or_else(|| format!("{PATH} has no number"))
}

fn trial_group(group: &str) -> Result<(), Why> {
    cgroup::ensure(group, Limits { memory_bytes: 1 << 30, cores: 1 }).map(drop)
}

fn try_freezer(group: &str) -> Result<(), Why> {
    trial_group(group)?;
    freezer::set(group, true)?;
    freezer::set(group, false)
}

fn try_cpu_quota(group: &str) -> Result<(), Why> {
    trial_group(group)?;
    if limits::has_cpu_quota(group)? {
        return Ok(());
    }
    Err(Why("control groups have neither cpu.cfs_quota_us nor cpu.max".to_owned()))
}

async fn try_loop(state: &Utf8Path) -> Result<(), Why> {
    let folder = state.join("doctor-disk");
    let tried = try_loop_in(&folder).await;
    mounts::unmount_below(&folder)?;
    loops::release(&folder).await?;
    files::remove_all(&folder)?;
    tried
}

async fn try_loop_in(folder: &Utf8Path) -> Result<(), Why> {
    let (disk, point) = (folder.join("disk"), folder.join("point"));
    files::make_directory(&point)?;
    let failed = |error| Why(format!("make {disk}: {error}"));
    let file = File::options().create(true).append(true).open(&disk).map_err(failed)?;
    file.set_len(TRIAL_DISK_BYTES).map_err(failed)?;
    answer(&Command::new("mkfs.ext4").args(["-q", "-F", disk.as_str()])).await.map_err(Why)?;
    let device = loops::ensure(&disk).await?.device();
    let options: Option<&std::ffi::CStr> = None;
    rustix::mount::mount(device.as_str(), point.as_str(), "ext4", MountFlags::empty(), options)
        .map_err(|error| Why(format!("mount {device} with ext4: {error}")))
}

/// The program makes the file system, the kernel mounts it.
async fn mkfs_xfs() -> Result<String, String> {
    let seen = version("mkfs.xfs", "-V").await?;
    let known = files::read_text(Utf8Path::new("/proc/filesystems"));
    let known = known.map_err(|error| error.to_string())?.unwrap_or_default();
    if known.lines().any(|line| line.trim() == "xfs") {
        return Ok(seen);
    }
    // Not loaded yet: the first mount does that.
    let load = Command::new("modprobe").args(["--dry-run", "--quiet", "xfs"]);
    answer(&load).await.map(|_| seen).map_err(|_| "this kernel has no xfs".to_owned())
}
