//! Files put into a server's root from outside, before anything runs in it.
//!
//! Every path is resolved by the kernel inside that root, so a link in it that says `/etc` means the
//! server's `/etc` and never this machine's.

use std::fs::File;
use std::io::Write as _;
use std::os::fd::OwnedFd;

use camino::Utf8Path;
use rustix::fs::{AtFlags, Mode, OFlags, ResolveFlags};
use rustix::io::Errno;

use super::user_data::RootFile;
use super::why::Why;

/// Writes a file and the folders above it; new folders have mode 0755.
pub(crate) fn write(root: &Utf8Path, file: &RootFile) -> Result<(), Why> {
    let failed = |error| Why(format!("write {} in {root}: {error}", file.path));
    let handle = open_root(root).map_err(failed)?;
    let path = file.path.trim_start_matches('/');
    if let Some((folders, _)) = path.rsplit_once('/') {
        make_folders(&handle, folders).map_err(failed)?;
    }
    let flags = OFlags::WRONLY | OFlags::CREATE | OFlags::TRUNC | OFlags::CLOEXEC;
    let made = open(&handle, path, flags, Mode::from(0o600)).map_err(failed)?;
    rustix::fs::fchmod(&made, Mode::from(file.mode)).map_err(failed)?;
    File::from(made)
        .write_all(&file.content)
        .map_err(|error| Why(format!("write {} in {root}: {error}", file.path)))
}

/// Makes a folder with a mode of its own.
pub(crate) fn make_folder(root: &Utf8Path, path: &str, mode: u32) -> Result<(), Why> {
    let failed = |error| Why(format!("make {path} in {root}: {error}"));
    let handle = open_root(root).map_err(failed)?;
    let folder = make_folders(&handle, path.trim_start_matches('/')).map_err(failed)?;
    rustix::fs::fchmod(&folder, Mode::from(mode)).map_err(failed)
}

/// Removes a file; no-op when it is not there.
pub(crate) fn remove(root: &Utf8Path, path: &str) -> Result<(), Why> {
    let path = path.trim_start_matches('/');
    let (folder, name) = path.rsplit_once('/').unwrap_or((".", path));
    let removed = open_root(root).and_then(|handle| {
        let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
        let folder = open(&handle, folder, flags, Mode::empty())?;
        rustix::fs::unlinkat(&folder, name, AtFlags::empty())
    });
    match removed {
        Ok(()) | Err(Errno::NOENT) => Ok(()),
        Err(error) => Err(Why(format!("remove {path} in {root}: {error}"))),
    }
}

fn open_root(root: &Utf8Path) -> Result<OwnedFd, Errno> {
    let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
    rustix::fs::open(root.as_str(), flags, Mode::empty())
}

fn open(root: &OwnedFd, path: &str, flags: OFlags, mode: Mode) -> Result<OwnedFd, Errno> {
    rustix::fs::openat2(root, path, flags, mode, ResolveFlags::IN_ROOT)
}

/// Opens a folder, making it and those above it where they are missing.
fn make_folders(root: &OwnedFd, path: &str) -> Result<OwnedFd, Errno> {
    let flags = OFlags::DIRECTORY | OFlags::RDONLY | OFlags::CLOEXEC;
    let mut folder = open(root, ".", flags, Mode::empty())?;
    let mut so_far = String::new();
    for part in path.split('/').filter(|part| !part.is_empty()) {
        so_far.push_str(part);
        folder = match open(root, &so_far, flags, Mode::empty()) {
            Err(Errno::NOENT) => {
                rustix::fs::mkdirat(&folder, part, Mode::from(0o755))?;
                open(root, &so_far, flags, Mode::empty())?
            }
            opened => opened?,
        };
        so_far.push('/');
    }
    Ok(folder)
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn a_link_in_the_root_stays_in_the_root() {
        let outside = tempfile::tempdir().unwrap();
        let inside = tempfile::tempdir().unwrap();
        let root = Utf8Path::from_path(inside.path()).unwrap();
        rustix::fs::symlink(outside.path(), root.join("var").as_std_path()).unwrap();
        let real = root.join(outside.path().strip_prefix("/").unwrap().to_str().unwrap());
        std::fs::DirBuilder::new().recursive(true).create(&real).unwrap();

        let file = RootFile { path: "/var/a/b".to_owned(), content: b"x".to_vec(), mode: 0o640 };
        write(root, &file).unwrap();

        assert!(!outside.path().join("a").exists());
        let facts = ennead_host::files::facts(&real.join("a/b")).unwrap().unwrap();
        assert_eq!((facts.mode, facts.len), (0o640, 1));
    }
}
