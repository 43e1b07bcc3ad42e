//! Whether this machine can carry a lab, and how to get what it lacks.
//!
//! [`probe`] tries each thing for real, because a kernel's configuration says little about what a
//! container or a virtual machine is allowed to do; [`evaluate`] judges what was seen.

use camino::Utf8Path;
use ennead_host::{Command, Host as _, LocalHost, files};
use rustix::process::{Resource, getrlimit};
use serde::Serialize;

use crate::world::mounts;
use crate::world::why::Why;

/// Room for an image, nine servers' disks and their databases.
const DISK_BYTES_MIN: u64 = 10_000_000_000;

/// Nine servers take about 2 GiB when a platform runs on them; as much again for the rest.
const MEMORY_BYTES_MIN: u64 = 4 << 30;

/// The daemon holds some descriptors for each server and request.
const OPEN_FILES_MIN: u64 = 4096;

/// One thing that a lab needs.
#[derive(Debug, Clone, PartialEq, Eq, Serialize)]
pub struct DoctorCheck {
    /// What is needed.
    pub name: &'static str,
    /// Whether it is there.
    pub ok: bool,
    /// What was seen.
    pub seen: String,
    /// How to get it, one line.
    pub fix: &'static str,
}

/// What was seen on a machine. `Err` holds the one line that explains a failure.
#[derive(Debug, Clone)]
pub struct Probes {
    /// Whether this process is root.
    pub root: bool,
    /// Mounting an overlay in the lab's folder.
    pub overlay: Result<(), String>,
    /// Making a namespace with a pair of links.
    pub namespaces: Result<(), String>,
    /// Making an nftables table in a namespace.
    pub nftables: Result<(), String>,
    /// Making a TUN device in a namespace.
    pub tun: Result<(), String>,
    /// Version of mmdebstrap.
    pub mmdebstrap: Result<String, String>,
    /// Version of systemd-nspawn.
    pub nspawn: Result<String, String>,
    /// Version of the SSH client.
    pub ssh: Result<String, String>,
    /// Where Debian's archive keys are.
    pub keyring: Option<&'static str>,
    /// Free bytes in the lab's folder.
    pub disk_free_bytes: Result<u64, String>,
    /// Bytes of memory that can be had without swapping.
    pub memory_available_bytes: Result<u64, String>,
    /// Files that a process may have open; `None` when there is no limit.
    pub open_files: Option<u64>,
}

/// Judges what was seen. The order is the one in which things are best repaired.
pub fn evaluate(probes: &Probes) -> Vec<DoctorCheck> {
    let tried = |name, seen: &Result<(), String>, fix| DoctorCheck {
        name,
        ok: seen.is_ok(),
        seen: seen.clone().err().unwrap_or_else(|| "works".to_owned()),
        fix,
    };
    let program = |name, version: &Result<String, String>, fix| DoctorCheck {
        name,
        ok: version.is_ok(),
        seen: version.clone().unwrap_or_else(|why| why),
        fix,
    };
    let disk = "free 10 GB in the lab's folder, or put it on another disk";
    let memory = "free 4 GiB of memory: end other programs or use a larger machine";
    vec![
        DoctorCheck {
            name: "root",
            ok: probes.root,
            seen: if probes.root { "yes" } else { "no" }.to_owned(),
            fix: "run the lab as root, for example with sudo",
        },
        tried("overlayfs", &probes.overlay, "modprobe overlay; use ext4 or xfs for the lab"),
        tried("network namespaces", &probes.namespaces, "apt install iproute2; modprobe veth"),
        tried("nftables", &probes.nftables, "apt install nftables; modprobe nf_tables"),
        tried("TUN", &probes.tun, "modprobe tun; in a container, hand in /dev/net/tun"),
        program("mmdebstrap", &probes.mmdebstrap, "apt install mmdebstrap"),
        DoctorCheck {
            name: "Debian's archive keys",
            ok: probes.keyring.is_some(),
            seen: probes.keyring.unwrap_or("none").to_owned(),
            fix: "apt install debian-archive-keyring",
        },
        program("systemd-nspawn", &probes.nspawn, "apt install systemd-container"),
        program("SSH client", &probes.ssh, "apt install openssh-client"),
        at_least("disk", &probes.disk_free_bytes, DISK_BYTES_MIN, disk),
        at_least("memory", &probes.memory_available_bytes, MEMORY_BYTES_MIN, memory),
        DoctorCheck {
            name: "open files",
            ok: probes.open_files.is_none_or(|limit| limit >= OPEN_FILES_MIN),
            seen: probes.open_files.map_or_else(|| "no limit".to_owned(), |it| it.to_string()),
            fix: "ulimit -n 4096",
        },
    ]
}

fn at_least(
    name: &'static str,
    seen: &Result<u64, String>,
    min: u64,
    fix: &'static str,
) -> DoctorCheck {
    // Tenths of a gigabyte, without floating point.
    let text = |bytes: u64| format!("{}.{} GB", bytes / 1_000_000_000, bytes / 100_000_000 % 10);
    let (ok, seen) = match seen {
        Ok(bytes) => (*bytes >= min, format!("{} of at least {}", text(*bytes), text(min))),
        Err(why) => (false, why.clone()),
    };
    DoctorCheck { name, ok, seen, fix }
}

/// Tries what a lab in this folder would need; the folder is made. Leaves nothing else behind.
pub async fn probe(state: &Utf8Path) -> Probes {
    let link = ["ip", "link", "add", "probe0", "type", "veth", "peer", "name", "probe1"];
    let table = ["nft", "add", "table", "inet", "probe"];
    let tun = ["ip", "tuntap", "add", "probe", "mode", "tun"];
    Probes {
        root: rustix::process::geteuid().is_root(),
        overlay: try_overlay(state).map_err(|why| why.to_string()),
        namespaces: in_namespace(&link).await,
        nftables: in_namespace(&table).await,
        tun: in_namespace(&tun).await,
        mmdebstrap: version("mmdebstrap", "--version").await,
        nspawn: version("systemd-nspawn", "--version").await,
        ssh: version("ssh", "-V").await,
        keyring: KEYRINGS.into_iter().find(|path| Utf8Path::new(path).exists()),
        disk_free_bytes: disk_free(state),
        memory_available_bytes: memory_available(),
        open_files: getrlimit(Resource::Nofile).current,
    }
}

const KEYRINGS: [&str; 2] = [
    "/usr/share/keyrings/debian-archive-keyring.gpg",
    "/usr/share/keyrings/debian-archive-keyring.pgp",
];

fn try_overlay(state: &Utf8Path) -> Result<(), Why> {
    let folder = state.join("doctor");
    let [lower, upper, work, root] =
        ["lower", "upper", "work", "root"].map(|name| folder.join(name));
    for folder in [&lower, &upper, &work, &root] {
        files::make_directory(folder)?;
    }
    let mounted = mounts::mount_overlay(&lower, &upper, &work, &root);
    mounts::unmount_below(&folder)?;
    files::remove_all(&folder)?;
    mounted
}

async fn in_namespace(program: &[&str]) -> Result<(), String> {
    let command = Command::new("unshare").arg("--net").args(program.iter().copied());
    answer(&command).await.map(drop)
}

/// Returns the first line that a program says of itself; `ssh` writes it to standard error.
async fn version(program: &str, option: &str) -> Result<String, String> {
    let (stdout, stderr) = answer(&Command::new(program).arg(option)).await?;
    let text = if stdout.trim().is_empty() { stderr } else { stdout };
    Ok(text.lines().next().unwrap_or_default().trim().to_owned())
}

async fn answer(command: &Command) -> Result<(String, String), String> {
    let output = LocalHost::new("doctor").run_ok(command).await;
    let output = output.map_err(|error| Why::from(error).to_string().replace('\n', "; "))?;
    Ok((output.stdout_text(), output.stderr_tail()))
}

fn disk_free(state: &Utf8Path) -> Result<u64, String> {
    let facts = rustix::fs::statvfs(state.as_str()).map_err(|error| error.to_string())?;
    Ok(facts.f_bavail.saturating_mul(facts.f_frsize))
}

fn memory_available() -> Result<u64, String> {
    let text = files::read_text(Utf8Path::new("/proc/meminfo"));
    let text = text.map_err(|error| error.to_string())?.unwrap_or_default();
    let line = text.lines().find_map(|line| line.strip_prefix("MemAvailable:"));
    let kib = line.and_then(|line| line.trim().trim_end_matches(" kB").parse::<u64>().ok());
    kib.map(|kib| kib * 1024).ok_or_else(|| "/proc/meminfo does not say".to_owned())
}

#[cfg(test)]
mod tests {
    use super::*;

    fn healthy() -> Probes {
        Probes {
            root: true,
            overlay: Ok(()),
            namespaces: Ok(()),
            nftables: Ok(()),
            tun: Ok(()),
            mmdebstrap: Ok("mmdebstrap 1.3.5".to_owned()),
            nspawn: Ok("systemd 252".to_owned()),
            ssh: Ok("OpenSSH_9.2".to_owned()),
            keyring: Some(KEYRINGS[0]),
            disk_free_bytes: Ok(DISK_BYTES_MIN),
            memory_available_bytes: Ok(MEMORY_BYTES_MIN),
            open_files: Some(OPEN_FILES_MIN),
        }
    }

    fn failing(change: impl FnOnce(&mut Probes)) -> Vec<&'static str> {
        let mut probes = healthy();
        change(&mut probes);
        evaluate(&probes).into_iter().filter(|check| !check.ok).map(|check| check.name).collect()
    }

    #[test]
    fn a_machine_that_has_everything_passes() {
        assert!(failing(|_| {}).is_empty());
        assert!(failing(|probes| probes.open_files = None).is_empty());
    }

    #[test]
    fn each_lack_is_named_and_nothing_else() {
        let no = || Err("no such program".to_owned());
        assert_eq!(failing(|it| it.root = false), ["root"]);
        assert_eq!(failing(|it| it.overlay = Err("denied".to_owned())), ["overlayfs"]);
        assert_eq!(failing(|it| it.mmdebstrap = no()), ["mmdebstrap"]);
        assert_eq!(failing(|it| it.keyring = None), ["Debian's archive keys"]);
        assert_eq!(failing(|it| it.disk_free_bytes = Ok(DISK_BYTES_MIN - 1)), ["disk"]);
        assert_eq!(failing(|it| it.memory_available_bytes = Ok(1)), ["memory"]);
        assert_eq!(failing(|it| it.open_files = Some(1024)), ["open files"]);
    }

    #[test]
    fn amounts_are_told_with_what_is_needed() {
        let mut probes = healthy();
        probes.disk_free_bytes = Ok(2_560_000_000);
        let checks = evaluate(&probes);
        let disk = checks.iter().find(|check| check.name == "disk").unwrap();
        assert_eq!(disk.seen, "2.5 GB of at least 10.0 GB");
    }

    #[tokio::test]
    async fn probing_leaves_the_folder_as_it_was() {
        let folder = tempfile::tempdir().unwrap();
        let state = Utf8Path::from_path(folder.path()).unwrap();
        let probes = probe(state).await;
        assert!(files::list(state).unwrap().is_empty());
        assert!(probes.disk_free_bytes.is_ok() && probes.memory_available_bytes.is_ok());
        let here = [&probes.overlay, &probes.namespaces, &probes.nftables, &probes.tun];
        assert!(here.iter().all(|seen| seen.is_ok()), "{here:?}");
    }
}
