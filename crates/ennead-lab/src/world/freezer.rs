//! Stops everything in a server and lets it go on, by its control group.

use camino::{Utf8Path, Utf8PathBuf};
use ennead_host::files;

use super::cgroup;
use super::why::Why;

/// Stops everything in a group, or lets it go on. What is written: version 1, version 2.
pub(crate) fn set(group: &str, frozen: bool) -> Result<(), Why> {
    let switches = switches(group)?;
    if switches.is_empty() && frozen {
        return Err(Why("this machine has no freezer among its control groups".to_owned()));
    }
    for (path, is_second) in switches {
        let word = match (is_second, frozen) {
            (false, true) => "FROZEN",
            (false, false) => "THAWED",
            (true, true) => "1",
            (true, false) => "0",
        };
        cgroup::write(&path, word)?;
    }
    Ok(())
}

/// Returns whether everything in a group stands still.
pub(crate) fn is_frozen(group: &str) -> Result<bool, Why> {
    for (path, _) in switches(group)? {
        let text = files::read_text(&path)?.unwrap_or_default();
        if matches!(text.trim(), "FROZEN" | "FREEZING" | "1") {
            return Ok(true);
        }
    }
    Ok(false)
}

/// One switch is enough: version 1's where it is there.
fn switches(group: &str) -> Result<Vec<(Utf8PathBuf, bool)>, Why> {
    let mut found = Vec::new();
    for folder in cgroup::folders(group)? {
        for (name, is_second) in [("freezer.state", false), ("cgroup.freeze", true)] {
            let path = folder.join(name);
            if has(&path)? {
                found.push((path, is_second));
            }
        }
    }
    found.sort_by_key(|(_, is_second)| *is_second);
    found.truncate(1);
    Ok(found)
}

fn has(path: &Utf8Path) -> Result<bool, Why> {
    Ok(files::exists(path)?)
}
