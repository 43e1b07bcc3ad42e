//! Volumes: sparse files that are loop devices while their server runs.
//!
//! A container has no bus on which a disk could appear. It is given the device's node and the link
//! under `/dev/disk/by-id` that the cloud's disks have; both are made anew at each start.

use std::fs::File;
use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use ennead_host::{Command, Host as _, LocalHost, files};
use serde::{Deserialize, Serialize};

use super::nspawn::inside;
use super::place::{LabPlace, ids};
use super::process::Process;
use super::record::{load, save};
use super::why::Why;
use super::{VolumeSeed, VolumeUse, loops, run};

/// A GB of a volume, as the cloud counts it.
pub(super) const GB: u64 = 1 << 30;

/// How long a file system may take to be made; of the largest volume it is some seconds.
const FORMAT_DEADLINE: Duration = Duration::from_mins(5);

/// Makes node and link; mounts when asked for what carries a file system. As in the cloud it is the
/// server that mounts, so a mount that fails is no failure of attaching.
const PLUG: &str = r#"name=$1; numbers=$2; id=$3; automount=$4
link=/dev/disk/by-id/scsi-0HC_Volume_$id; point=/mnt/HC_Volume_$id
mkdir -p /dev/disk/by-id
[ -b "/dev/$name" ] || mknod -m 0660 "/dev/$name" b "${numbers%:*}" "${numbers#*:}"
ln -sfn "../../$name" "$link"
if [ "$automount" = true ]; then
  mkdir -p "$point"
  mountpoint -q "$point" || mount -o discard,nofail "$link" "$point" || true
fi"#;

/// Takes mounts, link and node away. What is in use is unmounted with its last user.
const UNPLUG: &str = r#"name=$1; id=$2
if [ -b "/dev/$name" ]; then
  while grep -q "^/dev/$name \|^/dev/disk/by-id/scsi-0HC_Volume_$id " /proc/self/mounts; do
    umount -A "/dev/$name" || umount -l "/dev/$name"
  done
fi
rmdir "/mnt/HC_Volume_$id" || true
rm -f "/dev/disk/by-id/scsi-0HC_Volume_$id" "/dev/$name""#;

/// A volume's record.
#[derive(Debug, Clone, PartialEq, Eq, Serialize, Deserialize)]
pub(crate) struct VolumeRecord {
    /// As it was created; its size grows.
    pub(crate) seed: VolumeSeed,
    /// Where it is.
    pub(crate) place: Option<VolumeUse>,
}

fn record_path(place: &LabPlace, id: u64) -> Utf8PathBuf {
    place.volumes().join(format!("{id}.json"))
}

fn file_path(place: &LabPlace, id: u64) -> Utf8PathBuf {
    place.volumes().join(format!("{id}.img"))
}

/// Where a volume is made, so that one that is half made is never taken for one.
fn fresh_path(place: &LabPlace, id: u64) -> Utf8PathBuf {
    place.volumes().join(format!("{id}.new"))
}

/// Reads a volume's record; `None` when there is no such volume.
pub(crate) fn find(place: &LabPlace, id: u64) -> Result<Option<VolumeRecord>, Why> {
    load(&record_path(place, id))
}

/// Reads a volume's record.
pub(crate) fn get(place: &LabPlace, id: u64) -> Result<VolumeRecord, Why> {
    find(place, id)?.ok_or_else(|| Why("there is no such volume".to_owned()))
}

/// Writes a volume's record.
pub(crate) fn put(place: &LabPlace, record: &VolumeRecord) -> Result<(), Why> {
    save(&record_path(place, record.seed.id), record)
}

/// Makes a volume's file; no-op when it is there.
pub(crate) async fn create(place: &LabPlace, seed: &VolumeSeed) -> Result<(), Why> {
    if find(place, seed.id)?.is_some() {
        return Ok(());
    }
    files::make_directory(&place.volumes())?;
    let fresh = fresh_path(place, seed.id);
    files::remove(&fresh)?;
    set_size(&fresh, seed.size_gb)?;
    if let Some(format) = &seed.format {
        let options: &[&str] = if format == "ext4" { &["-q", "-F"] } else { &["-q", "-f"] };
        let command = Command::new(format!("mkfs.{format}"))
            .args(options.iter().copied())
            .arg(fresh.as_str())
            .deadline(FORMAT_DEADLINE);
        let made = LocalHost::new("lab").run_ok(&command).await;
        made.map_err(|error| Why(format!("format it as {format}: {}", Why::of(&error))))?;
    }
    run::rename(&fresh, &file_path(place, seed.id))?;
    put(place, &VolumeRecord { seed: seed.clone(), place: None })
}

pub(super) fn set_size(path: &Utf8Path, size_gb: u64) -> Result<(), Why> {
    let failed = |error| Why(format!("resize {path}: {error}"));
    let mut options = File::options();
    let file = options.create(true).append(true).open(path).map_err(failed)?;
    file.set_len(size_gb * GB).map_err(failed)
}

/// Makes a volume larger, in use or not.
pub(crate) async fn resize(place: &LabPlace, id: u64, size_gb: u64) -> Result<(), Why> {
    let mut record = get(place, id)?;
    if size_gb < record.seed.size_gb {
        return Err(Why(format!("it has {} GB and cannot shrink", record.seed.size_gb)));
    }
    set_size(&file_path(place, id), size_gb)?;
    loops::grow(&file_path(place, id)).await?;
    record.seed.size_gb = size_gb;
    put(place, &record)
}

/// Removes a volume; no-op when it is gone.
pub(crate) async fn delete(place: &LabPlace, id: u64) -> Result<(), Why> {
    loops::release(&file_path(place, id)).await?;
    files::remove(&record_path(place, id))?;
    files::remove(&file_path(place, id))?;
    files::remove(&fresh_path(place, id))?;
    Ok(())
}

/// Returns where the volumes of a server are to be.
pub(crate) fn of_server(place: &LabPlace, server: u64) -> Result<Vec<VolumeUse>, Why> {
    let mut found = Vec::new();
    for id in ids(&place.volumes())? {
        let usage = find(place, id)?.and_then(|record| record.place);
        found.extend(usage.filter(|usage| usage.server == server));
    }
    Ok(found)
}

/// Gives a running server a volume.
pub(crate) async fn plug(place: &LabPlace, usage: &VolumeUse, init: &Process) -> Result<(), Why> {
    let device = loops::ensure(&file_path(place, usage.volume)).await?;
    let numbers = device.numbers()?;
    let (id, automount) = (usage.volume.to_string(), usage.automount.to_string());
    script(init, PLUG, &[&device.name, &numbers, &id, &automount]).await
}

/// Takes a volume from a running server.
pub(crate) async fn unplug(place: &LabPlace, id: u64, init: &Process) -> Result<(), Why> {
    let file = file_path(place, id);
    for device in loops::below(&file)? {
        script(init, UNPLUG, &[&device.name, &id.to_string()]).await?;
    }
    Ok(())
}

/// Frees the device of a volume that no server holds.
pub(crate) async fn release(place: &LabPlace, id: u64) -> Result<(), Why> {
    loops::release(&file_path(place, id)).await
}

/// Frees the devices of a server that does not run any more.
pub(crate) async fn release_all(place: &LabPlace, server: u64) -> Result<(), Why> {
    for usage in of_server(place, server)? {
        release(place, usage.volume).await?;
    }
    Ok(())
}

async fn script(init: &Process, script: &str, arguments: &[&str]) -> Result<(), Why> {
    let command =
        inside(init).args(["sh", "-ec", script, "volume"]).args(arguments.iter().copied());
    LocalHost::new("lab").run_ok(&command).await?;
    Ok(())
}
