//! Files of this machine: the blocking half of [`crate::local`] and [`crate::files`].
//!
//! A file is put in place by writing a hidden neighbour, syncing it and renaming it over the old
//! one, so that a crash leaves either the old or the new content. The neighbour's name ends with
//! `.ennead-new`, which no program's `*.conf` pattern takes for configuration.
#![expect(clippy::disallowed_methods, reason = "this module is the door to local files")]

use std::fs;
use std::io::{self, Write as _};
use std::os::unix::fs::{
    DirBuilderExt as _, MetadataExt as _, OpenOptionsExt as _, PermissionsExt as _,
};
use std::sync::atomic::{AtomicU64, Ordering};

use camino::{Utf8Path, Utf8PathBuf};
use nix::unistd::{Gid, Group, Uid, User};

use crate::host::{FileFacts, HostError};

/// Ownership that a written file gets; the caller's own when absent.
pub(crate) type Owner = Option<(Uid, Gid)>;

static NEIGHBOUR: AtomicU64 = AtomicU64::new(0);

/// Makes a [`HostError::File`] of this machine from what went wrong.
pub(crate) fn failed(
    host: &str,
    verb: &'static str,
    path: &Utf8Path,
) -> impl FnOnce(io::Error) -> HostError {
    let (host, path) = (host.to_owned(), path.to_owned());
    move |source| HostError::File { host, verb, path, source }
}

/// Turns "it is not there" into `None`.
fn optional<T>(answer: io::Result<T>) -> io::Result<Option<T>> {
    match answer {
        Ok(value) => Ok(Some(value)),
        Err(error)
            if matches!(error.kind(), io::ErrorKind::NotFound | io::ErrorKind::NotADirectory) =>
        {
            Ok(None)
        }
        Err(error) => Err(error),
    }
}

/// Reads a file; `None` when it does not exist.
pub(crate) fn read(path: &Utf8Path) -> io::Result<Option<Vec<u8>>> {
    optional(fs::read(path))
}

/// Puts a file in place atomically. The parent must exist.
pub(crate) fn write(path: &Utf8Path, content: &[u8], mode: u32, owner: Owner) -> io::Result<()> {
    let neighbour = neighbour(path)?;
    let written = write_neighbour(&neighbour, content, mode, owner)
        .and_then(|()| fs::rename(&neighbour, path));
    if let Err(error) = written {
        // The first error is the one to report; a neighbour that stays is only clutter.
        drop(fs::remove_file(&neighbour));
        return Err(error);
    }
    sync_parent(path)
}

fn neighbour(path: &Utf8Path) -> io::Result<Utf8PathBuf> {
    let name = path
        .file_name()
        .ok_or_else(|| io::Error::new(io::ErrorKind::InvalidInput, "it is not a file's name"))?;
    let number = NEIGHBOUR.fetch_add(1, Ordering::Relaxed);
    Ok(path.with_file_name(format!(".{name}.{}-{number}.ennead-new", std::process::id())))
}

fn write_neighbour(path: &Utf8Path, content: &[u8], mode: u32, owner: Owner) -> io::Result<()> {
    // 0600 until owner and mode are set: a secret is never readable by others, not for a moment.
    let mut file = fs::OpenOptions::new().write(true).create_new(true).mode(0o600).open(path)?;
    file.write_all(content)?;
    if let Some((uid, gid)) = owner {
        nix::unistd::fchown(&file, Some(uid), Some(gid))?;
    }
    file.set_permissions(fs::Permissions::from_mode(mode))?;
    file.sync_all()
}

pub(crate) fn sync_parent(path: &Utf8Path) -> io::Result<()> {
    match path.parent() {
        Some(parent) if !parent.as_str().is_empty() => fs::File::open(parent)?.sync_all(),
        _ => Ok(()),
    }
}

/// Makes a directory and its parents (0755), then sets owner and mode of the last one.
pub(crate) fn make_directory(path: &Utf8Path, mode: u32, owner: Owner) -> io::Result<()> {
    if let Some(parent) = path.parent()
        && !parent.as_str().is_empty()
    {
        fs::DirBuilder::new().recursive(true).mode(0o755).create(parent)?;
    }
    match fs::DirBuilder::new().mode(0o700).create(path) {
        Err(error) if error.kind() == io::ErrorKind::AlreadyExists && path.is_dir() => {}
        other => other?,
    }
    if let Some((uid, gid)) = owner {
        std::os::unix::fs::chown(path, Some(uid.as_raw()), Some(gid.as_raw()))?;
    }
    fs::set_permissions(path, fs::Permissions::from_mode(mode))
}

/// Returns what is known of a path; links are followed.
pub(crate) fn facts(path: &Utf8Path) -> io::Result<Option<FileFacts>> {
    let Some(meta) = optional(fs::metadata(path))? else { return Ok(None) };
    Ok(Some(FileFacts {
        is_directory: meta.is_dir(),
        owner: user_name(meta.uid()),
        group: group_name(meta.gid()),
        mode: meta.mode() & 0o7777,
        len: meta.len(),
    }))
}

fn user_name(uid: u32) -> String {
    match User::from_uid(Uid::from_raw(uid)) {
        Ok(Some(user)) => user.name,
        _ => uid.to_string(),
    }
}

fn group_name(gid: u32) -> String {
    match Group::from_gid(Gid::from_raw(gid)) {
        Ok(Some(group)) => group.name,
        _ => gid.to_string(),
    }
}

/// Removes a file, link or empty directory; true when there was one.
pub(crate) fn remove(path: &Utf8Path) -> io::Result<bool> {
    let Some(meta) = optional(fs::symlink_metadata(path))? else { return Ok(false) };
    let gone = if meta.is_dir() { fs::remove_dir(path) } else { fs::remove_file(path) };
    Ok(optional(gone)?.is_some())
}

/// Removes a directory with everything in it; true when there was one.
pub(crate) fn remove_all(path: &Utf8Path) -> io::Result<bool> {
    Ok(optional(fs::remove_dir_all(path))?.is_some())
}

/// Returns the names in a directory, sorted; none when it does not exist.
pub(crate) fn list(path: &Utf8Path) -> io::Result<Vec<String>> {
    let Some(entries) = optional(fs::read_dir(path))? else { return Ok(Vec::new()) };
    let mut names = Vec::new();
    for entry in entries {
        names.extend(entry?.file_name().into_string());
    }
    names.sort();
    Ok(names)
}

/// Returns the numbers of a user and a group.
pub(crate) fn owner(host: &str, user: &str, group: &str) -> Result<(Uid, Gid), HostError> {
    let missing = |kind, name: &str| HostError::Account {
        host: host.to_owned(),
        kind,
        name: name.to_owned(),
    };
    let found_user = account(host, user)?;
    let found_group =
        Group::from_name(group).ok().flatten().ok_or_else(|| missing("group", group))?;
    Ok((found_user.uid, found_group.gid))
}

/// Returns a user's entry.
pub(crate) fn account(host: &str, user: &str) -> Result<User, HostError> {
    User::from_name(user).ok().flatten().ok_or_else(|| HostError::Account {
        host: host.to_owned(),
        kind: "user",
        name: user.to_owned(),
    })
}

/// Holds a lock between processes until it is dropped.
#[derive(Debug)]
pub struct FileLock {
    _file: nix::fcntl::Flock<fs::File>,
}

/// Takes the lock of a file, which is made when it does not exist; `None` while another holds it.
pub(crate) fn try_lock(path: &Utf8Path) -> io::Result<Option<FileLock>> {
    match nix::fcntl::Flock::lock(open_lock(path)?, nix::fcntl::FlockArg::LockExclusiveNonblock) {
        Ok(file) => Ok(Some(FileLock { _file: file })),
        Err((_, nix::errno::Errno::EWOULDBLOCK)) => Ok(None),
        Err((_, errno)) => Err(errno.into()),
    }
}

/// As [`try_lock`], waiting for another holder.
pub(crate) fn lock(path: &Utf8Path) -> io::Result<FileLock> {
    let locked = nix::fcntl::Flock::lock(open_lock(path)?, nix::fcntl::FlockArg::LockExclusive);
    locked.map(|file| FileLock { _file: file }).map_err(|(_, errno)| errno.into())
}

fn open_lock(path: &Utf8Path) -> io::Result<fs::File> {
    fs::OpenOptions::new().write(true).create(true).truncate(false).mode(0o600).open(path)
}
