//! Disks of their own: a sparse file for each server, with an ext4 file system of its type's size.
//!
//! The file is a mounted loop device while its server runs, and while something is copied from or to
//! it. So a server that is off has nothing but a file, which can grow.

use std::fs::File;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use ennead_host::{Command, Host as _, LocalHost, files};
use rustix::fs::FallocateFlags;
use rustix::io::Errno;
use rustix::mount::MountFlags;

use super::place::ServerPlace;
use super::why::Why;
use super::{loops, mounts, run, volume};

/// How long a file system may take to be made, checked or enlarged; seconds at most.
const DEADLINE: Duration = Duration::from_mins(5);

/// No block is reserved for root: a full disk is full for everybody. The journal is kept, so that a
/// disk is whole after a crash of this machine; as large as the largest disks have it, it would take
/// 1 GiB. Nothing that is zero in a sparse file is written.
const MAKE: [&str; 7] = [
    "-q",
    "-F",
    "-m0",
    "-Jsize=64",
    "-E",
    "lazy_itable_init=1,lazy_journal_init=1,nodiscard",
    "--",
];

/// Tables of inodes are not zeroed later either, and what a server removes is given back to this
/// machine.
const OPTIONS: &std::ffi::CStr = c"noinit_itable,discard";

/// How often a disk's last free bytes are looked for while its server still writes and removes.
const ROUNDS: usize = 200;

/// The file that fills a disk. The server sees only the folders beside it.
fn filler(place: &ServerPlace) -> Utf8PathBuf {
    place.own_mount().join("full")
}

/// Makes an empty disk for a server that does not run; one that is there is replaced.
pub(crate) async fn make(place: &ServerPlace, size_gb: u64) -> Result<(), Why> {
    put_away(place).await?;
    files::make_directory(&place.own_mount())?;
    let fresh = place.folder.join("disk.new");
    files::remove(&fresh)?;
    volume::set_size(&fresh, size_gb)?;
    ran(Command::new("mkfs.ext4").args(MAKE).arg(fresh.as_str()), &[0]).await?;
    Ok(run::rename(&fresh, &place.own_disk())?)
}

/// Mounts a server's disk; no-op when it is mounted. A disk is never full at first.
pub(crate) async fn mount(place: &ServerPlace) -> Result<(), Why> {
    let (file, target) = (place.own_disk(), place.own_mount());
    if mounts::mounts_below(&target)?.contains(&target) {
        return Ok(());
    }
    // The file is opened before its folder is mounted: by its name devices are found again, and
    // that name is the one that it has on the mount through which it was opened.
    mounts::unmount_below(&place.folder)?;
    let device = loops::ensure(&file).await?.device();
    mounts::share(&place.folder)?;
    let made = rustix::mount::mount(
        device.as_str(),
        target.as_str(),
        "ext4",
        MountFlags::empty(),
        Some(OPTIONS),
    );
    made.map_err(|error| Why(format!("mount {file} at {target}: {error}")))?;
    empty(place)
}

/// Unmounts the disk of a server that does not run and frees its device; no-op without one.
pub(crate) async fn put_away(place: &ServerPlace) -> Result<(), Why> {
    loops::end_limits(&place.own_disk())?;
    mounts::unmount_below(&place.folder)?;
    loops::release(&place.own_disk()).await
}

/// Makes the disk of a server that does not run larger, with its file system.
pub(crate) async fn grow(place: &ServerPlace, size_gb: u64) -> Result<(), Why> {
    put_away(place).await?;
    let file = place.own_disk();
    let facts = files::facts(&file)?.ok_or_else(|| Why(format!("{file} is missing")))?;
    let has_gb = facts.len / volume::GB;
    if size_gb < has_gb {
        return Err(Why(format!("its disk has {has_gb} GB and cannot shrink")));
    }
    volume::set_size(&file, size_gb)?;
    // It is not enlarged before it was checked. 1: something was put right.
    ran(Command::new("e2fsck").args(["-f", "-p", file.as_str()]), &[0, 1]).await?;
    ran(Command::new("resize2fs").arg(file.as_str()), &[0]).await
}

/// Leaves a mounted disk no byte.
pub(crate) async fn fill(place: &ServerPlace) -> Result<(), Why> {
    let path = filler(place);
    let filled = tokio::task::spawn_blocking(move || fill_with(&path)).await;
    filled.map_err(|error| Why::of(&error))?
}

/// Takes away what fills a disk; no-op when it is not mounted.
pub(crate) fn empty(place: &ServerPlace) -> Result<(), Why> {
    files::remove(&filler(place))?;
    Ok(())
}

/// Gives a file all free blocks of its file system. Blocks are only set aside, so that the file
/// takes nothing of what lies beneath. The file's own map takes blocks too, and a server that runs
/// goes on writing: hence in rounds, the last ones block by block.
fn fill_with(path: &Utf8Path) -> Result<(), Why> {
    let failed = |what: &str, error: Errno| Why(format!("{what} {path}: {error}"));
    let mut options = File::options();
    let file = options.create(true).append(true).open(path);
    let file = file.map_err(|error| Why(format!("open {path}: {error}")))?;
    let mut share = 1;
    for _ in 0..ROUNDS {
        // What was written and has no place yet takes it now.
        rustix::fs::syncfs(&file).map_err(|error| failed("sync the disk of", error))?;
        let space = rustix::fs::fstatvfs(&file).map_err(|error| failed("look at", error))?;
        if space.f_bavail == 0 {
            return Ok(());
        }
        let end = rustix::fs::fstat(&file).map_err(|error| failed("look at", error))?.st_size;
        let end = u64::try_from(end).map_err(|error| Why::of(&error))?;
        let bytes = (space.f_bavail / share).max(1) * space.f_frsize;
        match rustix::fs::fallocate(&file, FallocateFlags::empty(), end, bytes) {
            Ok(()) => share = 1,
            // A single block that finds no place: the rest is not to be had.
            Err(Errno::NOSPC) if share >= space.f_bavail => return Ok(()),
            Err(Errno::NOSPC) => share *= 2,
            Err(error) => return Err(failed("fill the disk with", error)),
        }
    }
    Err(Why(format!("fill the disk with {path}: after {ROUNDS} rounds something is still free")))
}

async fn ran(command: Command, good: &[i32]) -> Result<(), Why> {
    let command = command.deadline(DEADLINE);
    let output = LocalHost::new("lab").run(&command).await?;
    if good.contains(&output.status) {
        return Ok(());
    }
    Err(Why(format!("{command}: {}", output.stderr_tail())))
}
