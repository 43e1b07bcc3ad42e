//! Images that were made from servers: copies of what their disks hold over the image beneath.

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use ennead_host::{Command, Host as _, LocalHost, files};

use super::place::{DiskPlace, LabPlace};
use super::record::ServerRecord;
use super::run;
use super::why::Why;

/// How long a copy may take; a disk with 10 GB takes about a minute.
const COPY_DEADLINE: Duration = Duration::from_mins(10);

/// Names the image beneath. Written last: without it an image is not complete.
const BASE: &str = "base";

fn folder(place: &LabPlace, image: u64) -> Utf8PathBuf {
    place.images().join(image.to_string())
}

/// The parts of a server's disk, each with its name in an image.
fn parts(disk: &DiskPlace) -> Vec<(&'static str, Utf8PathBuf)> {
    let [(containers, _), (pods, _)] = disk.bound();
    vec![("upper", disk.upper()), ("containerd", containers), ("kubelet", pods)]
}

/// Copies a server's disk to an image; no-op when that was done. Returns the bytes that it takes.
pub(crate) async fn create(
    place: &LabPlace,
    image: u64,
    record: &ServerRecord,
) -> Result<u64, Why> {
    let folder = folder(place, image);
    if !files::exists(&folder)? {
        let fresh = place.images().join(format!("new-{image}"));
        files::remove_all(&fresh)?;
        files::make_directory(&fresh)?;
        for (name, from) in parts(&record.disk(place)) {
            copy(&from, &fresh.join(name)).await?;
        }
        files::write(&fresh.join(BASE), format!("{}\n", record.image))?;
        run::rename(&fresh, &folder)?;
    }
    size(&folder).await
}

/// Removes an image; no-op when it is gone.
pub(crate) fn delete(place: &LabPlace, image: u64) -> Result<(), Why> {
    let removed = place.images().join(format!("removed-{image}"));
    if files::exists(&folder(place, image))? {
        files::remove_all(&removed)?;
        run::rename(&folder(place, image), &removed)?;
    }
    files::remove_all(&removed)?;
    files::remove_all(&place.images().join(format!("new-{image}")))?;
    Ok(())
}

/// Empties the disk of a server that does not run, or fills it from an image. Returns the root
/// beneath.
pub(crate) async fn fill(
    place: &LabPlace,
    disk: &DiskPlace,
    image: Option<u64>,
) -> Result<Utf8PathBuf, Why> {
    for (_, part) in parts(disk) {
        files::remove_all(&part)?;
    }
    files::remove_all(&disk.work())?;
    disk.prepare()?;
    let Some(image) = image else { return Ok(place.image.clone()) };
    let folder = folder(place, image);
    let base = files::read_text(&folder.join(BASE))?;
    let base = base.ok_or_else(|| Why(format!("there is no image {image}")))?;
    for (name, part) in parts(disk) {
        copy(&folder.join(name), &part).await?;
    }
    Ok(Utf8PathBuf::from(base.trim()))
}

/// Copies a folder with everything that an overlay keeps in it: devices that stand for removed
/// files, and attributes.
async fn copy(from: &Utf8Path, to: &Utf8Path) -> Result<(), Why> {
    files::make_directory(to)?;
    let command = Command::new("cp")
        .args(["-a", "--reflink=auto", "--"])
        .arg(format!("{from}/."))
        .arg(format!("{to}/"))
        .env("LC_ALL", "C")
        .deadline(COPY_DEADLINE);
    let output = LocalHost::new("lab").run(&command).await?;
    let errors = String::from_utf8_lossy(&output.stderr);
    // A server that runs removes files meanwhile; the cloud promises no more.
    let vanished = |line: &str| line.ends_with("No such file or directory");
    if !output.success() && !errors.lines().all(vanished) {
        return Err(Why(format!("{command}: {}", output.stderr_tail())));
    }
    // It would make two overlays one.
    rustix::fs::removexattr(to.as_str(), "trusted.overlay.uuid").unwrap_or_default();
    Ok(())
}

async fn size(folder: &Utf8Path) -> Result<u64, Why> {
    let command = Command::new("du").args(["-s", "--block-size=1", "--", folder.as_str()]);
    let output = LocalHost::new("lab").run_ok(&command).await?;
    let text = output.stdout_text();
    let bytes = text.split_whitespace().next().and_then(|word| word.parse().ok());
    bytes.ok_or_else(|| Why(format!("{command}: no number in {text:?}")))
}
