//! Loop devices of this machine whose files belong to the lab, found again by those files.

use std::time::Duration;

use camino::{Utf8Path, Utf8PathBuf};
use ennead_host::clock::wait_until;
use ennead_host::{Command, Host as _, LocalHost, files};

use super::throttle;
use super::why::Why;

/// How long the kernel may take to let go of a device after its last user.
const RELEASE_DEADLINE: Duration = Duration::from_secs(10);

/// A loop device in use.
#[derive(Debug, Clone, PartialEq, Eq)]
pub(crate) struct Loop {
    /// For example `loop3`.
    pub(crate) name: String,
    /// Its file.
    pub(crate) file: Utf8PathBuf,
}

impl Loop {
    /// Returns its node, for example `/dev/loop3`.
    pub(crate) fn device(&self) -> String {
        format!("/dev/{}", self.name)
    }

    /// Returns its numbers, for example `7:3`.
    pub(crate) fn numbers(&self) -> Result<String, Why> {
        let path = format!("/sys/block/{}/dev", self.name);
        let text = files::read_text(Utf8Path::new(&path))?;
        text.map(|text| text.trim().to_owned()).ok_or_else(|| Why(format!("{path} is missing")))
    }
}

/// Returns the devices whose files are at or below a path.
pub(crate) fn below(path: &Utf8Path) -> Result<Vec<Loop>, Why> {
    // The kernel tells the file's path without links.
    let path = path.canonicalize_utf8().unwrap_or_else(|_| path.to_owned());
    let mut found = Vec::new();
    for name in files::list(Utf8Path::new("/sys/block"))? {
        if !name.starts_with("loop") {
            continue;
        }
        let backing = format!("/sys/block/{name}/loop/backing_file");
        // Gone when the device was freed meanwhile.
        let file = files::read_text(Utf8Path::new(&backing)).ok().flatten().unwrap_or_default();
        let file = Utf8PathBuf::from(file.trim_end().trim_end_matches(" (deleted)"));
        if file.starts_with(&path) {
            found.push(Loop { name, file });
        }
    }
    Ok(found)
}

/// Returns a file's device; makes one when there is none.
pub(crate) async fn ensure(file: &Utf8Path) -> Result<Loop, Why> {
    if let Some(found) = below(file)?.into_iter().next() {
        return Ok(found);
    }
    run(&["--find", file.as_str()]).await?;
    let made = below(file)?.into_iter().next();
    made.ok_or_else(|| Why(format!("{file} has no loop device after losetup")))
}

/// Ends the limits of the devices of all files at or below a path, so that what is not written yet
/// holds nobody up.
pub(crate) fn end_limits(path: &Utf8Path) -> Result<(), Why> {
    for found in below(path)? {
        throttle::set_for_nobody(&found.numbers()?, None)?;
    }
    Ok(())
}

/// Lets the device of a file that has grown grow too; no-op without one.
pub(crate) async fn grow(file: &Utf8Path) -> Result<(), Why> {
    for found in below(file)? {
        run(&["--set-capacity", &found.device()]).await?;
    }
    Ok(())
}

/// Frees the devices of a file or of all files below a folder; returns when they are free.
pub(crate) async fn release(path: &Utf8Path) -> Result<(), Why> {
    for found in below(path)? {
        // It may have been freed meanwhile. One in use is freed by its last user.
        if let Err(why) = run(&["--detach", &found.device()]).await
            && below(path)?.contains(&found)
        {
            return Err(why);
        }
    }
    wait_until(RELEASE_DEADLINE, Duration::from_millis(5), || async {
        let left = below(path).map_err(|why| why.to_string())?;
        left.first().map_or(Ok(()), |left| Err(format!("{} is still in use", left.device())))
    })
    .await
    .map_err(|error| Why(format!("free the loop device of {path}: {error}")))
}

async fn run(arguments: &[&str]) -> Result<(), Why> {
    let command = Command::new("losetup").args(arguments.iter().copied());
    LocalHost::new("lab").run_ok(&command).await?;
    Ok(())
}
