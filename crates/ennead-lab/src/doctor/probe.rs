//! Tries on this machine what every lab needs.

use camino::Utf8Path;
use ennead_host::{Command, Host as _, LocalHost, files};
use rustix::process::{Resource, getrlimit};

use super::{Probes, features};
use crate::world::mounts;
use crate::world::why::Why;

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
        features: features::probe(state).await,
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
pub(super) async fn version(program: &str, option: &str) -> Result<String, String> {
    let (stdout, stderr) = answer(&Command::new(program).arg(option)).await?;
    let text = if stdout.trim().is_empty() { stderr } else { stdout };
    Ok(text.lines().next().unwrap_or_default().trim().to_owned())
}

pub(super) async fn answer(command: &Command) -> Result<(String, String), String> {
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
