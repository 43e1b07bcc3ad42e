//! The shared read-only root of all servers in the lab, made from Debian's packages.
//!
//! It stands for "the cloud's Debian image, with the platform's packages installed already": a
//! platform is deployed in seconds because nothing is downloaded. One difference to a server on
//! which the packages are installed for real: Debian starts a package's units at once, here every
//! unit but those of a plain server is disabled. Whoever needs a unit enables it.
//!
//! An image is named after its package list and [`RECIPE`], built beside its place and renamed, so
//! one that is there is whole.

use camino::{Utf8Path, Utf8PathBuf};
use ennead_host::{Command, Host as _, HostError, LocalHost, files};
use ennead_model::digest::sha256_hex;
use thiserror::Error;
use tokio::sync::mpsc::UnboundedSender;

use crate::world::mounts;
use crate::world::run;

/// Where images are kept unless the operator says otherwise.
pub const IMAGE_CACHE: &str = "/var/cache/ennead/images";

/// Debian's release in the image.
const SUITE: &str = "trixie";

/// Changed whenever [`finish`] or the options of the build change what an image holds.
const RECIPE: &str = "5";

/// Packages of a plain Debian 13 server in the cloud.
const BASE: [&str; 23] = [
    "ca-certificates",
    "cloud-init",
    "cron",
    "curl",
    "dbus",
    "e2fsprogs",
    "iproute2",
    "iputils-ping",
    "kmod",
    "less",
    "netbase",
    "nftables",
    "openssh-server",
    "openssh-sftp-server",
    "procps",
    "python3",
    "sudo",
    "systemd",
    "systemd-sysv",
    "systemd-timesyncd",
    "tzdata",
    "udev",
    "wireguard-tools",
];

/// Units of a plain server; all others are off until somebody enables them. cloud-init's do nothing
/// while [`CLOUD_INIT_OFF`] exists.
const PRESET: &str = "enable ssh.service
enable cron.service
enable remote-fs.target
enable dpkg-db-backup.timer
enable cloud-init-main.service
enable cloud-init-local.service
enable cloud-init-network.service
enable cloud-config.service
enable cloud-final.service
disable *
";

/// Terminals that a container does not have.
const MASKED: [&str; 3] = ["console-getty.service", "container-getty@.service", "getty@.service"];

/// Keeps cloud-init from starting: most servers need nothing of it, and it takes seconds.
pub(crate) const CLOUD_INIT_OFF: &str = "etc/cloud/cloud-init.disabled";

/// What the cloud's own image sets: root is the user, `/etc/hosts` is managed. Networks are
/// configured from outside, as the cloud's DHCP would.
const CLOUD_CONFIG: &str = "datasource_list: [NoCloud, None]
disable_root: false
users: []
manage_etc_hosts: true
network: {config: disabled}
growpart: {mode: 'off'}
resize_rootfs: false
";

/// An image that could not be built.
#[derive(Debug, Error)]
pub enum ImageError {
    /// A file or program of this machine failed.
    #[error("image {path}: cannot {step}")]
    Step {
        /// The image's folder.
        path: Utf8PathBuf,
        /// What was tried.
        step: &'static str,
        /// Why.
        source: HostError,
    },
    /// The image builder failed.
    #[error("image {path}: mmdebstrap ended with status {status}: {last_lines}")]
    Build {
        /// The image's folder.
        path: Utf8PathBuf,
        /// Its exit status.
        status: i32,
        /// The last lines that it wrote.
        last_lines: String,
    },
    /// Something of a killed build cannot be cleared away.
    #[error("image {path}: cannot clear an earlier build: {why}")]
    Clear {
        /// The image's folder.
        path: Utf8PathBuf,
        /// Path and reason.
        why: String,
    },
}

/// Returns everything that an image must hold, sorted: a plain server's packages and those that the
/// platform's components declare.
pub fn image_packages(declared: &[String]) -> Vec<String> {
    let mut all: Vec<String> = BASE.iter().map(ToString::to_string).collect();
    all.extend(declared.iter().cloned());
    all.sort();
    all.dedup();
    all
}

/// Returns where the image with these packages is or will be.
pub fn image_path(cache: &Utf8Path, packages: &[String]) -> Utf8PathBuf {
    let text = format!("{SUITE} {RECIPE}\n{}", packages.join("\n"));
    cache.join(sha256_hex(text).chars().take(16).collect::<String>())
}

/// Returns the image with these packages, building it when it is not there. About 45 s and 700 MB
/// for the whole platform. Progress is told line by line; a receiver that is gone does no harm.
///
/// # Guarantees
/// Two builders at once: the second waits and takes the first one's image.
///
/// # Errors
/// [`ImageError`]. What was begun is cleared away by the next build.
pub async fn ensure_image(
    cache: &Utf8Path,
    packages: &[String],
    progress: &UnboundedSender<String>,
) -> Result<Utf8PathBuf, ImageError> {
    let path = image_path(cache, packages);
    let failed =
        |step| move |source| ImageError::Step { path: image_path(cache, packages), step, source };
    if files::exists(&path).map_err(failed("look for it"))? {
        return Ok(path);
    }
    files::make_directory(cache).map_err(failed("make the cache"))?;
    let lock_path = Utf8PathBuf::from(format!("{path}.lock"));
    let locking = tokio::task::spawn_blocking(move || files::lock(&lock_path)).await;
    let _lock = match locking {
        Ok(lock) => lock.map_err(failed("lock it"))?,
        Err(gone) => return Err(ImageError::Clear { path, why: gone.to_string() }),
    };
    if files::exists(&path).map_err(failed("look for it"))? {
        return Ok(path);
    }
    let building = Utf8PathBuf::from(format!("{path}.tmp"));
    mounts::unmount_below(&building)
        .map_err(|why| ImageError::Clear { path: path.clone(), why: why.to_string() })?;
    files::remove_all(&building).map_err(failed("clear an earlier build"))?;
    build(&building, packages, progress).await?;
    finish(&building).await.map_err(failed("finish it"))?;
    run::rename(&building, &path).map_err(failed("put it in place"))?;
    // A closed receiver only means that nobody listens.
    progress.send(format!("image {path} is ready")).unwrap_or_default();
    Ok(path)
}

/// The builder's arguments. Documentation and translations are left out: nobody reads them in the
/// lab, and they are a tenth of the image.
fn build_arguments(root: &Utf8Path, packages: &[String]) -> Vec<String> {
    vec![
        "--variant=minbase".to_owned(),
        "--mode=root".to_owned(),
        "--dpkgopt=path-exclude=/usr/share/man/*".to_owned(),
        "--dpkgopt=path-exclude=/usr/share/locale/*/LC_MESSAGES/*".to_owned(),
        "--dpkgopt=path-exclude=/usr/share/doc/*".to_owned(),
        "--dpkgopt=path-include=/usr/share/doc/*/copyright".to_owned(),
        "--dpkgopt=force-unsafe-io".to_owned(),
        format!("--include={}", packages.join(",")),
        SUITE.to_owned(),
        root.to_string(),
    ]
}

async fn build(
    root: &Utf8Path,
    packages: &[String],
    progress: &UnboundedSender<String>,
) -> Result<(), ImageError> {
    let command = Command::new("mmdebstrap").args(build_arguments(root, packages));
    let told = run::told(&command, |line| progress.send(line.to_owned()).unwrap_or_default())
        .await
        .map_err(|source| ImageError::Step {
            path: root.to_owned(),
            step: "run mmdebstrap",
            source,
        })?;
    if told.status == 0 {
        return Ok(());
    }
    Err(ImageError::Build {
        path: root.to_owned(),
        status: told.status,
        last_lines: told.last_lines.join("; "),
    })
}

/// Makes a root that many servers can share: nothing in it is one server's own.
async fn finish(root: &Utf8Path) -> Result<(), HostError> {
    for name in files::list(&root.join("etc/ssh"))? {
        if name.starts_with("ssh_host_") {
            files::remove(&root.join("etc/ssh").join(name))?;
        }
    }
    let presets = root.join("etc/systemd/system-preset");
    files::make_directory(&presets)?;
    let preset = presets.join("00-ennead-lab.preset");
    files::write(&preset, PRESET)?;
    let apply = Command::new("chroot").arg(root.as_str()).args(["systemctl", "preset-all"]);
    LocalHost::new("image").run_ok(&apply).await?;
    files::remove(&preset)?;
    let mask = Command::new("chroot").arg(root.as_str()).args(["systemctl", "mask"]).args(MASKED);
    LocalHost::new("image").run_ok(&mask).await?;

    files::remove(&root.join("var/lib/dbus/machine-id"))?;
    files::write(&root.join("etc/machine-id"), "")?;
    files::write(&root.join("etc/hostname"), "localhost\n")?;
    files::remove(&root.join("etc/resolv.conf"))?;
    files::write(&root.join("etc/resolv.conf"), "")?;
    files::write(&root.join("etc/cloud/cloud.cfg.d/90-ennead-lab.cfg"), CLOUD_CONFIG)?;
    files::write(&root.join(CLOUD_INIT_OFF), "")?;
    // Newer than /usr, so that no server rebuilds caches that the packages have just built.
    files::write(&root.join("etc/.updated"), "")?;
    files::write(&root.join("var/.updated"), "")
}

#[cfg(test)]
mod tests {
    use super::*;

    #[test]
    fn the_path_depends_on_the_packages_and_not_on_their_order() {
        let cache = Utf8Path::new("/cache");
        let both = image_packages(&["jq".to_owned(), "patroni".to_owned()]);
        let turned = image_packages(&["patroni".to_owned(), "jq".to_owned(), "jq".to_owned()]);
        assert_eq!(image_path(cache, &both), image_path(cache, &turned));
        assert_ne!(image_path(cache, &both), image_path(cache, &image_packages(&[])));
    }

    #[test]
    fn a_plain_server_has_what_it_is_reached_with() {
        let packages = image_packages(&[]);
        for needed in ["systemd-sysv", "openssh-server", "cloud-init", "nftables", "python3"] {
            assert!(packages.iter().any(|package| package == needed), "{needed}");
        }
    }
}
